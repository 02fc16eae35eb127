//! The settings file: its example, its schema, and everything that can be wrong with it.

use std::fs;
use std::path::Path;

use acr_admission::settings::{Action, Mode, Settings, schema};
use serde::Deserialize;

fn repository(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn the_example_says_what_it_claims() {
    let text = fs::read_to_string(repository("examples/settings.yaml")).unwrap();
    let settings = Settings::from_yaml(&text).unwrap();
    let names: Vec<&str> = settings.rules().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, ["platform", "payments", "watched", "default"]);
    assert_eq!(settings.exceptions().len(), 1);
    // What the example gives for `default` is what the program takes without any file.
    let (from_file, built_in) =
        (settings.rule("elsewhere", Some(&labels(&[])), |rule| rule.pods), Settings::default());
    let built_in = built_in.rule("elsewhere", None, |rule| rule.pods);
    assert_eq!(format!("{from_file:?}"), format!("{built_in:?}"));
}

/// Run with `UPDATE_SCHEMAS=1` to write it anew.
#[test]
fn the_schema_is_that_of_the_program() {
    let path = repository("docs/schemas/settings.schema.json");
    let current = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        fs::write(&path, &current).unwrap();
    }
    let checked_in = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(checked_in, current, "run this test with UPDATE_SCHEMAS=1");
}

#[derive(Deserialize)]
struct BadFile {
    what: String,
    text: String,
    problems: Vec<String>,
}

#[test]
fn every_problem_is_told_at_once_with_its_line() {
    let cases = fs::read_to_string(repository("tests/cases/settings-problems.yaml")).unwrap();
    let cases: Vec<BadFile> = serde_saphyr::from_str(&cases).unwrap();
    for BadFile { what, text, problems } in cases {
        let error = Settings::from_yaml(&text).unwrap_err().to_string();
        let found: Vec<&str> = error.lines().collect();
        assert_eq!(found, problems, "{what}");
    }
}

#[test]
fn every_word_of_the_schema_is_understood() {
    let schema = schema().to_value();
    for (property, words) in [
        ("pullIdentity", &schema["$defs"]["Cluster"]["properties"]["pullIdentity"]["enum"]),
        ("cloud", &schema["$defs"]["Cluster"]["properties"]["cloud"]["enum"]),
        ("federation", &schema["$defs"]["Cluster"]["properties"]["federation"]["enum"]),
    ] {
        for word in words.as_array().unwrap() {
            let text = format!(
                "apiVersion: acr-admission.dev/v1\nkind: Settings\ncluster: {{{property}: {word}}}\n"
            );
            assert!(Settings::from_yaml(&text).is_ok(), "{property} {word}");
        }
    }
    for word in schema["$defs"]["Default"]["properties"]["question"]["enum"].as_array().unwrap() {
        let text =
            format!("apiVersion: acr-admission.dev/v1\nkind: Settings\ndefault: {{question: {word}}}\n");
        assert!(Settings::from_yaml(&text).is_ok(), "{word}");
    }
}

#[test]
fn what_is_left_out_depends_on_the_mode_alone() {
    let text = "
apiVersion: acr-admission.dev/v1
kind: Settings
rules:
  - {name: a, namespaces: {names: [a]}, mode: enforce}
  - {name: b, namespaces: {names: [b]}, mode: audit}
default: {mode: off, unknown: allow, otherRegistries: deny}
";
    let settings = Settings::from_yaml(text).unwrap();
    for (namespace, mode, unknown, other) in [
        ("a", Mode::Enforce, Action::Deny, Action::Allow),
        ("b", Mode::Audit, Action::Warn, Action::Allow),
        ("c", Mode::Off, Action::Allow, Action::Deny),
    ] {
        let rule = settings.rule(namespace, None, |rule| rule.pods);
        assert_eq!((rule.pods, rule.workloads), (mode, mode), "{namespace}");
        assert_eq!((rule.unknown, rule.unlisted_acr), (unknown, unknown), "{namespace}");
        assert_eq!(rule.other_registries, other, "{namespace}");
    }
}

#[test]
fn labels_that_are_not_known_lead_to_the_strictest_rule_that_may_be_meant() {
    let text = "
apiVersion: acr-admission.dev/v1
kind: Settings
rules:
  - {name: sandbox, namespaces: {matchLabels: {stage: sandbox}}, mode: off}
  - {name: strict, namespaces: {matchExpressions: [{key: stage, operator: In, values: [live, beta]}]}, mode: enforce}
  - {name: named, namespaces: {names: ['n-*'], matchExpressions: [{key: old, operator: Exists}]}, mode: audit}
default: {mode: warn}
";
    let settings = Settings::from_yaml(text).unwrap();
    for (namespace, known, expected) in [
        ("x", Some(labels(&[("stage", "sandbox")])), "sandbox"),
        ("x", Some(labels(&[("stage", "live")])), "strict"),
        ("x", Some(labels(&[("stage", "other")])), "default"),
        ("n-1", Some(labels(&[("old", "")])), "named"),
        ("x", Some(labels(&[("old", "")])), "default"),
        ("x", None, "strict"),
        ("n-1", None, "strict"),
    ] {
        let rule = settings.rule(namespace, known.as_ref(), |rule| rule.pods);
        assert_eq!(rule.name, expected, "{namespace} {known:?}");
    }
}

#[test]
fn the_strictest_rule_is_the_one_for_the_object_at_hand() {
    let text = "
apiVersion: acr-admission.dev/v1
kind: Settings
rules:
  - {name: pods, namespaces: {matchLabels: {a: b}}, mode: enforce, workloads: off, unknown: allow}
  - {name: workloads, namespaces: {matchLabels: {c: d}}, mode: warn, workloads: enforce}
  - {name: both, namespaces: {matchLabels: {e: f}}, mode: enforce}
";
    let settings = Settings::from_yaml(text).unwrap();
    assert_eq!(settings.rule("x", None, |rule| rule.workloads).name, "workloads");
    assert_eq!(settings.rule("x", None, |rule| rule.pods).name, "both", "one that also refuses the unknown");
}

#[test]
fn whoever_enforces_anything_refuses_what_is_not_known() {
    for modes in ["mode: enforce", "mode: warn, workloads: enforce", "mode: enforce, workloads: audit"] {
        let text = format!("apiVersion: acr-admission.dev/v1\nkind: Settings\ndefault: {{{modes}}}\n");
        let settings = Settings::from_yaml(&text).unwrap();
        let rule = settings.rule("x", None, |rule| rule.pods);
        assert_eq!((rule.unknown, rule.unlisted_acr), (Action::Deny, Action::Deny), "{modes}");
    }
}

fn labels(pairs: &[(&str, &str)]) -> acr_admission::settings::NamespaceLabels {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}
