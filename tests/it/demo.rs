//! `demo`: what a newcomer sees first.

use std::time::{Duration, Instant};

use crate::cli::{Run, finish, program, run};

fn demo() -> Run {
    run(&["demo"])
}

#[test]
fn the_demo_tells_every_story_and_ends_well() {
    let demo = demo();
    assert_eq!(demo.code, 0, "{demo}");
    insta::assert_snapshot!(demo);
}

#[test]
fn every_verdict_is_there_in_each_mode() {
    let demo = demo();
    let rows: Vec<Vec<&str>> = demo
        .stdout
        .lines()
        .skip(1)
        .take_while(|line| !line.is_empty())
        .map(|line| line.split_whitespace().collect())
        .collect();
    let has = |verdict: &str, mode: &str| rows.iter().any(|row| row[0] == verdict && row.contains(&mode));
    for mode in ["rbac", "rbac-abac"] {
        assert!(has("allow", mode) && has("deny", mode), "{mode}: {demo}");
    }
    assert!(has("unmanaged", "RegistryNotManaged") && has("unknown", "ClientIdNotFederated"), "{demo}");
}

#[test]
fn the_table_fits_a_hundred_columns() {
    let demo = demo();
    for line in demo.stdout.lines().take_while(|line| !line.is_empty()) {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

#[test]
fn the_demo_needs_nothing_and_leaves_nothing() {
    let empty = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let demo =
        finish(program().arg("demo").current_dir(&empty).env("TMPDIR", empty.path()).env_remove("HOME"));
    assert_eq!(demo.code, 0, "{demo}");
    // Generous: it is a tenth of a second, but test machines are busy.
    assert!(began.elapsed() < Duration::from_secs(20));
    assert_eq!(std::fs::read_dir(&empty).unwrap().count(), 0);
}

#[test]
fn the_files_of_the_demo_work_with_the_other_commands() {
    let check = run(&[
        "check",
        "examples/demo/workloads.yaml",
        "--inventory",
        "examples/demo/inventory.yaml",
        "-o",
        "jsonl",
    ]);
    assert_eq!(check.code, 1, "{check}");
    let told: Vec<String> = check
        .json_lines()
        .iter()
        .map(|finding| finding["workload"]["reason"].to_string().replace('"', ""))
        .collect();
    let demo = demo();
    let shown = demo.stdout.lines().skip(1).take(told.len());
    for (line, reason) in shown.zip(&told) {
        assert!(line.contains(reason.as_str()), "{line} should say {reason}");
    }
}
