//! `inventory pack`: one file, the same bytes each time, that loads like an export.

use std::fs;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::{finish, program, run};

const ESTATE: [&str; 2] = ["--inventory", "tests/fixtures/az"];

fn pack(more: &[&str]) -> Vec<u8> {
    let output = program().args(["inventory", "pack"]).args(more).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn pack_estate(more: &[&str]) -> Vec<u8> {
    pack(&[&ESTATE, more].concat())
}

fn counts(path: &str) -> Value {
    run(&["inventory", "show", "--inventory", path, "-o", "json"]).json()
}

#[test]
fn the_packed_estate_is_shown_and_loads() {
    let packed = String::from_utf8(pack_estate(&["--cluster", "aks-prod"])).unwrap();
    // This estate's export does not say when it was made: its newest file tells, which is as old as the checkout.
    let (before, rest) = packed.split_once(",\"exportedAt\":\"").unwrap();
    let (_, after) = rest.split_once('"').unwrap();
    insta::assert_snapshot!(format!("{before}{after}"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("inventory.json.gz");
    let path = file.to_str().unwrap();
    let written = run(&[&["inventory", "pack", "--gzip", "-O", path][..], &ESTATE].concat());
    assert_eq!((written.code, written.stdout.as_str()), (0, ""), "{written}");
    assert!(written.stderr.contains("packed 2"), "{written}");
    let document = counts(folder.path().to_str().unwrap());
    assert_eq!(document["counts"]["registries"], 3);
    assert_eq!(document["documents"], 1);
}

#[test]
fn packing_makes_nothing_younger() {
    let folder = tempfile::tempdir().unwrap();
    let (older, newer) = (folder.path().join("a.json"), folder.path().join("b.json"));
    for (file, seconds) in [(&older, 1_700_000_000), (&newer, 1_735_689_600)] {
        fs::write(file, "[]").unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        fs::File::options().write(true).open(file).unwrap().set_modified(time).unwrap();
    }
    let given = ["--inventory", folder.path().to_str().unwrap()];
    let document: Value = serde_json::from_slice(&pack(&given)).unwrap();
    assert_eq!(document["exportedAt"], "2025-01-01T00:00:00Z");
    let packed = folder.path().join("packed.json");
    fs::write(&packed, pack(&given)).unwrap();
    let again: Value = serde_json::from_slice(&pack(&["--inventory", packed.to_str().unwrap()])).unwrap();
    assert_eq!(again["exportedAt"], "2025-01-01T00:00:00Z");
}

#[test]
fn neither_the_order_of_files_nor_packing_again_changes_a_byte() {
    let parts =
        ["acr-list.json", "role-assignment-list.json", "identity-list.json", "aks-show.aks-prod.json"];
    let paths = parts.map(|part| format!("tests/fixtures/az/{part}"));
    let arguments = |order: &[usize]| -> Vec<u8> {
        let given: Vec<&str> = order.iter().flat_map(|at| ["--inventory", &paths[*at]]).collect();
        pack(&given)
    };
    let first = arguments(&[0, 1, 2, 3]);
    assert_eq!(first, arguments(&[3, 1, 0, 2]));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("packed.json");
    fs::write(&file, &first).unwrap();
    assert_eq!(pack(&["--inventory", file.to_str().unwrap()]), first);
}

/// Each registry in a file of its own: together they answer as the whole.
#[test]
fn parts_in_one_folder_answer_as_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    for registry in ["contosoprod", "contosoapps", "contosoedge"] {
        let part = pack_estate(&["--registry", registry, "--gzip"]);
        fs::write(folder.path().join(format!("{registry}.json.gz")), part).unwrap();
    }
    let ask = |inventory: &str| {
        let batch = "tests/cases/can-pull.jsonl";
        let now = ["--now", "2026-11-22T12:00:00Z"];
        let judged = run(&[&["can-pull", "--batch", batch, "--inventory", inventory][..], &now].concat());
        judged.stdout.lines().map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    let (whole, parts) = (ask("tests/fixtures/az"), ask(folder.path().to_str().unwrap()));
    assert!(whole.len() > 20, "{whole:#?}");
    for (whole, parts) in whole.iter().zip(&parts) {
        let about = |line: &str| {
            let line: Value = serde_json::from_str(line).unwrap();
            ["id", "verdict", "reason", "registry", "repository", "mode"].map(|field| line[field].clone())
        };
        assert_eq!(about(whole), about(parts));
    }
    assert_eq!(whole.len(), parts.len());
}

#[test]
fn names_that_the_inventory_does_not_hold_are_refused_with_those_that_it_does() {
    for (flag, name, known) in
        [("--cluster", "aks-none", "`aks-prod`"), ("--registry", "none", "`contosoprod`")]
    {
        let refused = run(&[&["inventory", "pack", flag, name][..], &ESTATE].concat());
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused}");
        assert!(refused.stderr.contains(name) && refused.stderr.contains(known), "{refused}");
    }
}

#[test]
fn too_large_is_told_with_the_size_and_the_other_ways() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("packed.json");
    let path = file.to_str().unwrap();
    let refused = run(&[&["inventory", "pack", "--max-size", "100", "-O", path][..], &ESTATE].concat());
    assert_eq!(refused.code, 2, "{refused}");
    for part in ["bytes", "100", "--gzip", "--registry", "volume"] {
        assert!(refused.stderr.contains(part), "{refused} without {part}");
    }
    assert!(!file.exists(), "nothing was written");

    let hosts: Vec<String> = (0..40_000).map(|number| format!("\"r{number:030}.example\"")).collect();
    let large = format!(
        r#"{{"apiVersion":"acr-admission.dev/v1","kind":"Inventory","registries":[{{"name":"a","regionalHosts":[{}]}}]}}"#,
        hosts.join(",")
    );
    let input = folder.path().join("large.json");
    fs::write(&input, large).unwrap();
    let told =
        finish(program().args(["inventory", "pack", "-O", path, "--inventory", input.to_str().unwrap()]));
    assert_eq!(told.code, 0, "{told}");
    assert!(told.stderr.contains("more than a ConfigMap holds (1048576 bytes)"), "{told}");
    assert!(file.exists());
}
