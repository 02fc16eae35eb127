//! Exports to one inventory: every shape, every mistake, and the laws that hold for all of them.

mod diagnostics;
mod exports;
mod facts;
mod folders;
mod hand_written;
mod laws;
mod scheduled;
mod shapes;

use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};

use acr_admission::engine::inventory::Inventory;
use acr_admission::inventory::{self, LoadErrors, Loaded};

/// A folder or file of `tests/fixtures`.
fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path)
}

fn load(path: &str) -> Loaded {
    load_all(&[path])
}

fn load_all(paths: &[&str]) -> Loaded {
    let paths: Vec<PathBuf> = paths.iter().map(|path| fixture(path)).collect();
    inventory::load(&paths).unwrap_or_else(|errors| panic!("{errors}"))
}

/// Loads texts under file names.
fn read(documents: &[(&str, &str)]) -> Result<Loaded, LoadErrors> {
    let named = |(name, text): &(&str, &str)| ((*name).to_owned(), text.as_bytes().to_vec());
    inventory::from_documents(documents.iter().map(named))
}

/// Every JSON file below a folder, sorted.
fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(json_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// An inventory without what carries no meaning: order, letter case.
fn normal_form(inventory: &Inventory) -> Vec<String> {
    let mut inventory = inventory.clone();
    inventory.groups.iter_mut().for_each(|group| group.members.sort_unstable());
    for registry in &mut inventory.registries {
        registry.regional_hosts.sort_unstable();
        registry.data_hosts.sort_unstable();
    }
    let mut lines = Vec::new();
    lines.extend(lower(&inventory.registries));
    lines.extend(lower(&inventory.principals));
    lines.extend(lower(&inventory.groups));
    lines.extend(lower(&inventory.role_definitions));
    lines.extend(lower(&inventory.role_assignments));
    lines.extend(lower(&inventory.deny_assignments));
    lines.extend(lower(&inventory.tokens));
    lines.extend(lower(&inventory.scope_maps));
    lines.extend(lower(&inventory.federated_credentials));
    lines.extend(lower(&inventory.clusters));
    lines.extend(lower(&inventory.tasks));
    lines.extend(lower(&inventory.conditional_access_policies));
    lines.extend(lower(&[inventory.management_groups]));
    lines.sort_unstable();
    lines
}

fn lower<T: Debug>(things: &[T]) -> Vec<String> {
    things.iter().map(|thing| format!("{thing:?}").to_lowercase()).collect()
}
