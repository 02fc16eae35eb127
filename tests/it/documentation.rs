//! What the documentation lists must be what the code has.

use std::collections::BTreeSet;
use std::process::Command;

use acr_admission::engine::decision::Reason;
use acr_admission::engine::gap::GapKind;
use acr_admission::inventory::{LoadErrorCode, LoadWarningCode};
use acr_admission::lint::LintCode;

const REASONS: &str = include_str!("../../docs/reasons.md");

#[test]
fn every_reason_has_a_section_and_no_section_is_left_over() {
    let sections: BTreeSet<&str> = REASONS.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let codes: BTreeSet<&str> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(sections, codes);
}

/// What it means, an example, and what to do: in this order, each a paragraph that says something.
#[test]
fn every_reason_has_a_meaning_an_example_and_a_fix() {
    for section in REASONS.split("\n### ").skip(1) {
        let (code, text) = section.split_once('\n').unwrap();
        let text = text.split("\n## ").next().unwrap_or_default();
        let (meaning, rest) =
            text.split_once("\n\nExample: ").unwrap_or_else(|| panic!("{code}: no example"));
        let (example, fix) = rest.split_once("\n\nFix: ").unwrap_or_else(|| panic!("{code}: no fix"));
        assert!(meaning.trim().len() > 20 && example.trim().len() > 20, "{code} says nothing");
        assert!(fix.trim().len() > 10, "{code} does not say what to do");
        assert!(!fix.contains("\n\n"), "{code}: something stands behind the fix");
    }
}

const LINT: &str = include_str!("../../docs/lint.md");

#[test]
fn every_lint_code_has_a_section_with_the_words_of_the_table() {
    let sections: Vec<(&str, &str)> =
        LINT.split("\n### ").skip(1).map(|section| section.split_once('\n').unwrap()).collect();
    let names: Vec<&str> = sections.iter().map(|(name, _)| *name).collect();
    let codes: Vec<&str> = LintCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(names, codes);
    for (code, (_, text)) in LintCode::ALL.iter().zip(sections) {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let severity = format!("{}. Severity: {}.", code.title(), code.severity());
        for part in [severity.as_str(), code.why(), "Example: ", &format!("Fix: {}.", code.fix())] {
            assert!(text.contains(part), "{code} does not say `{part}`");
        }
    }
}

const INVENTORY: &str = include_str!("../../docs/inventory.md");

#[test]
fn the_page_about_the_inventory_has_every_gap_and_code() {
    for kind in GapKind::ALL {
        let row =
            format!("| `{}` | {} |", serde_json::to_value(kind).unwrap().as_str().unwrap(), kind.weakens());
        assert!(INVENTORY.contains(&row), "{row}");
    }
    let codes = LoadErrorCode::ALL.iter().map(|code| code.as_str());
    for code in codes.chain(LoadWarningCode::ALL.iter().map(|code| code.as_str())) {
        assert!(INVENTORY.contains(&format!("`{code}`")), "{code}");
    }
}

const README: &str = include_str!("../../README.md");

#[test]
fn the_readme_shows_the_table_that_the_demo_prints() {
    let demo = Command::new(env!("CARGO_BIN_EXE_acr-admission")).arg("demo").output().unwrap();
    let printed = String::from_utf8(demo.stdout).unwrap();
    let table: String =
        printed.lines().take_while(|line| !line.is_empty()).flat_map(|line| [line, "\n"]).collect();
    assert!(table.starts_with("VERDICT"), "{printed}");
    assert!(README.contains(&table), "the README shows another table than:\n{table}");
}

/// The denial in the README is the one that the API server test asserts whole, but for its file names and length.
#[test]
fn the_readme_shows_a_denial_that_a_test_has_seen() {
    let seen = include_str!("admission/pods.rs");
    let first = README.lines().find(|line| line.contains("denied the request: ")).unwrap();
    let denial = first.split("denied the request: ").nth(1).unwrap();
    for line in [denial, "fix: az role assignment update --role-assignment role-assignment.json"] {
        assert!(seen.contains(line) && README.contains(line), "{line}");
    }
}

#[test]
fn the_commands_that_the_readme_names_exist() {
    let mut named = 0;
    for line in README.lines().filter(|line| line.contains("acr-admission ")) {
        for rest in line.split("acr-admission ").skip(1) {
            let words: Vec<_> = rest.split_whitespace().take(2).collect();
            let commands =
                ["serve", "check", "can-pull", "explain", "condition", "inventory", "lint", "demo"];
            if words.first().is_some_and(|word| commands.contains(word)) {
                let help = Command::new(env!("CARGO_BIN_EXE_acr-admission"))
                    .args([words[0], "--help"])
                    .output()
                    .unwrap();
                assert!(help.status.success(), "{line}");
                named += 1;
            }
        }
    }
    assert!(named >= 4, "the README names only {named} commands");
}

#[test]
fn every_crate_is_accounted_for() {
    let listed = include_str!("../../docs/dependencies.md");
    let manifest = include_str!("../../Cargo.toml");
    let dependencies = manifest.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    let missing: Vec<_> = dependencies
        .lines()
        .filter_map(|line| line.split_once(" = ").map(|(name, _)| name))
        .filter(|name| !listed.contains(name))
        .collect();
    assert!(missing.is_empty(), "docs/dependencies.md says nothing of {missing:?}");
}
