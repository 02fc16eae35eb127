//! `inventory`: counts, loose ends, and every problem of broken data at once.

use std::fs;

use super::run;

#[test]
fn showing_counts_what_verdicts_see() {
    insta::assert_snapshot!(run(&["inventory", "show", "--inventory", "tests/fixtures/az"]));
    let json = run(&["inventory", "show", "--inventory", "tests/fixtures/az", "-o", "json"]).json();
    assert_eq!(json["kind"], "InventorySummary");
    assert_eq!(json["counts"]["registries"], 3);
}

#[test]
fn validating_is_silent_on_standard_output() {
    let fine = run(&["inventory", "validate", "--inventory", "tests/fixtures/az"]);
    assert_eq!((fine.code, fine.stdout.as_str()), (0, ""), "{fine}");
    assert!(fine.stderr.contains("the inventory is sound"), "{fine}");
}

#[test]
fn broken_data_is_told_with_file_line_path_and_remedy() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.json"), "").unwrap();
    fs::write(
        folder.path().join("b.json"),
        "[{\"id\": 5,\n \"type\": \"Microsoft.ContainerRegistry/registries\"}]",
    )
    .unwrap();
    fs::write(folder.path().join("c.json"), "[{\"id\": ").unwrap();
    let path = folder.path().to_str().unwrap();
    let broken = run(&["inventory", "validate", "--inventory", path]);
    assert_eq!(broken.code, 2, "{broken}");
    insta::assert_snapshot!(broken.to_string().replace(path, "FOLDER"));
}
