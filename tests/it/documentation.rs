//! What the documentation lists must be what the code has.

use std::collections::BTreeSet;

use acr_admission::engine::decision::Reason;

const REASONS: &str = include_str!("../../docs/reasons.md");

#[test]
fn every_reason_has_a_section_and_no_section_is_left_over() {
    let sections: BTreeSet<&str> = REASONS.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let codes: BTreeSet<&str> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(sections, codes);
}

#[test]
fn every_section_says_something() {
    for section in REASONS.split("\n### ").skip(1) {
        let (code, text) = section.split_once('\n').unwrap();
        let text = text.split("\n## ").next().unwrap_or_default();
        assert!(text.trim().len() > 40, "{code} says nothing");
    }
}
