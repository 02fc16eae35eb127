//! The corpora of the fuzz targets, replayed: what fuzzing asserts of any input holds of every file under
//! `tests/corpora` with the stable compiler too. Target and test share these modules, so they cannot drift apart.

mod condition;
mod image;
mod inventory;
mod manifest;
mod review;
mod secret;
mod text;

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// What holds of any input; it panics where it does not.
type Check = fn(&[u8]);

/// Every target with its check.
const TARGETS: [(&str, Check); 6] = [
    ("condition", condition::check),
    ("image", image::check),
    ("inventory", inventory::check),
    ("manifest", manifest::check),
    ("review", review::check),
    ("secret", secret::check),
];

/// A corpus with fewer files would prove little.
const FEWEST: usize = 25;
/// What is committed is small: a corpus that grew while fuzzing belongs elsewhere.
const MOST_BYTES: u64 = 1024 * 1024;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn what_fuzzing_asserts_holds_of_every_file_of_the_corpora() {
    let mut broken = Vec::new();
    for (target, check) in TARGETS {
        let files = files(&root().join("tests/corpora").join(target));
        assert!(files.len() >= FEWEST, "the corpus of {target} has {} files", files.len());
        for file in files {
            let input = fs::read(&file).unwrap();
            if catch_unwind(AssertUnwindSafe(|| check(&input))).is_err() {
                broken.push(file.display().to_string());
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Whoever adds a target adds a corpus, and lists it above.
#[test]
fn every_target_has_a_corpus_and_is_replayed() {
    let stems = |folder: &str| -> BTreeSet<String> {
        let files = files(&root().join(folder));
        files.iter().map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    };
    let replayed: BTreeSet<String> = TARGETS.iter().map(|(target, _)| (*target).to_owned()).collect();
    assert_eq!(stems("fuzz/fuzz_targets"), replayed);
    assert_eq!(stems("tests/corpora"), replayed);
    let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
    for target in &replayed {
        let source = fs::read_to_string(root().join(format!("fuzz/fuzz_targets/{target}.rs"))).unwrap();
        assert!(
            source.contains(&format!("../../tests/it/corpora/{target}.rs")),
            "{target} checks something else"
        );
        assert!(manifest.contains(&format!("name = \"{target}\"")), "{target} is not built");
    }
}

#[test]
fn the_corpora_are_small() {
    let folders = TARGETS.map(|(target, _)| root().join("tests/corpora").join(target));
    let bytes: u64 =
        folders.iter().flat_map(|folder| files(folder)).map(|file| fs::metadata(file).unwrap().len()).sum();
    assert!(bytes < MOST_BYTES, "{bytes} bytes");
}
