//! The Helm chart: what its values accept, what it renders, and that a real API server takes it.
//!
//! Every file of `charts/acr-admission/ci` is an installation that somebody may have; a new one is tested everywhere.

mod alerts;
mod documentation;
mod export;
mod gitops;
mod kustomize;
mod monitoring;
mod notes;
mod objects;
mod pods;
mod rendering;
mod server;
mod upgrades;
mod values;

use std::fs;
use std::path::Path;

/// The values of each installation that is tested, with their name, in the order of names.
fn installations() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("charts/acr-admission/ci");
    let mut found: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            let name = name.strip_suffix("-values.yaml").expect("chart tools look for *-values.yaml");
            (name.to_owned(), fs::read_to_string(&path).unwrap())
        })
        .collect();
    assert!(found.len() > 2, "found only {} installations", found.len());
    found.sort();
    found
}
