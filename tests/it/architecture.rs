//! The import rule: a room may only use the rooms below it, and the engine uses nothing but plain data crates.
//!
//! Reads the `use` lines and inline paths of `src`, so it needs no list of files and cannot go stale.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Rooms from the lowest to the highest floor; rooms of one floor do not see each other.
const FLOORS: &[&[&str]] = &[
    &["engine", "yaml"],
    &["workload", "inventory", "telemetry", "azure_cli", "certificates"],
    &["review", "settings", "lint"],
    &["report"],
    &["kubernetes"],
    &["server"],
    &["cli"],
];

/// Upward or sideways arrows that are meant. Each says why.
const MEANT: &[(&str, &str)] = &[];

/// The only crates that the engine may use: plain data, no input or output.
const ENGINE_CRATES: &[&str] = &["std", "serde", "smol_str", "thiserror", "jiff", "uuid", "foldhash"];

/// Parts of the standard library that would make the engine impure.
const IMPURE: &[&str] =
    &["std::fs", "std::env", "std::net", "std::process", "std::thread", "std::io", "Timestamp::now"];

#[test]
fn a_room_uses_only_the_rooms_below_it() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let Some(room) = room_of(&path) else { continue };
        let floor =
            floor_of(&room).unwrap_or_else(|| panic!("src/{room} stands on no floor: add it to FLOORS"));
        for used in mentioned_rooms(&text) {
            let Some(other) = floor_of(&used) else { continue };
            let meant = MEANT.contains(&(room.as_str(), used.as_str()));
            if used != room && other >= floor && !meant {
                wrong.push(format!("{} uses crate::{used}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that point up or sideways:\n{}", wrong.join("\n"));
}

#[test]
fn the_documentation_shows_every_room_on_its_floor() {
    let page = include_str!("../../docs/architecture.md");
    for (number, floor) in (1..).zip(FLOORS) {
        for room in *floor {
            let row = format!("| {number} | `{room}` |");
            assert!(page.contains(&row), "docs/architecture.md has no row `{row}`");
        }
    }
}

#[test]
fn the_engine_is_pure() {
    let mut wrong = Vec::new();
    for (path, text) in sources().into_iter().filter(|(path, _)| room_of(path).as_deref() == Some("engine")) {
        let text = production_part(&text);
        for line in text.lines().map(str::trim) {
            if let Some(used) = line.strip_prefix("use ").or_else(|| line.strip_prefix("pub use ")) {
                let first = used.split("::").next().unwrap_or_default().trim_end_matches(';');
                // A capital letter is a type of the same file, such as an enum whose variants come into scope.
                let inside = ["crate", "super", "self"].contains(&first)
                    || first.starts_with(|letter: char| letter.is_uppercase());
                if !inside && !ENGINE_CRATES.contains(&first) {
                    wrong.push(format!("{} uses {first}", path.display()));
                }
            }
            if let Some(impure) = IMPURE.iter().find(|impure| line.contains(**impure)) {
                wrong.push(format!("{} mentions {impure}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "the engine must stay pure:\n{}", wrong.join("\n"));
}

#[test]
fn every_file_is_compiled() {
    let files: BTreeMap<PathBuf, String> = sources().into_iter().collect();
    let unreachable: Vec<_> = files
        .keys()
        .filter(|path| !["main.rs", "lib.rs"].contains(&path.file_name().unwrap().to_str().unwrap()))
        .filter(|path| {
            let is_folder = path.ends_with("mod.rs");
            let module = if is_folder { path.parent().unwrap() } else { path.as_path() };
            let name = module.file_stem().unwrap().to_str().unwrap();
            let parent = module.parent().unwrap();
            let declared_in = ["mod.rs", "lib.rs", "main.rs"].map(|file| parent.join(file));
            !declared_in.iter().filter_map(|file| files.get(file)).any(|text| {
                text.lines().any(|line| {
                    let line = line.trim().trim_start_matches("pub(crate) ").trim_start_matches("pub ");
                    line == format!("mod {name};")
                })
            })
        })
        .collect();
    assert!(unreachable.is_empty(), "no `mod` line reaches {unreachable:?}");
}

fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    assert!(found.len() > 10, "found only {} source files", found.len());
    found.sort();
    found
}

/// The folder (or file) directly below `src`, except `main.rs` and `lib.rs`, which see everything.
fn room_of(path: &Path) -> Option<String> {
    let below = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let first = Path::new(below.components().next()?.as_os_str());
    let room = first.file_stem()?.to_str()?.to_owned();
    (!["main", "lib"].contains(&room.as_str())).then_some(room)
}

fn floor_of(room: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&room))
}

fn mentioned_rooms(text: &str) -> Vec<String> {
    production_part(text)
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
        .collect()
}

/// Unit tests may use what they like.
fn production_part(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or_default()
}
