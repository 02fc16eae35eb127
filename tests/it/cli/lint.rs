//! `lint`: the exported estate with all its traps, in every format, and the exit codes.

use std::collections::BTreeSet;
use std::fs;

use super::{judging, run, run_with};

#[test]
fn every_finding_says_why_and_what_to_do() {
    insta::assert_snapshot!(run(&judging(&["lint"])));
}

#[test]
fn one_line_a_finding() {
    insta::assert_snapshot!(run(&judging(&["lint", "-o", "table"])));
}

#[test]
fn the_document_for_programs() {
    let report = run(&judging(&["lint", "-o", "json"]));
    assert_eq!((report.code, report.stderr.as_str()), (1, ""));
    insta::assert_snapshot!(report.stdout);
    let yaml: serde_json::Value =
        serde_saphyr::from_str(&run(&judging(&["lint", "-o", "yaml"])).stdout).unwrap();
    assert_eq!(yaml, report.json());
}

#[test]
fn formats_for_pull_requests() {
    for format in ["github", "markdown"] {
        let report = run(&judging(&["lint", "-o", format]));
        insta::assert_snapshot!(format!("lint_{format}"), report.stdout);
    }
}

#[test]
fn code_scanning_finds_a_rule_and_a_place_for_every_result() {
    let sarif = run(&judging(&["lint", "-o", "sarif"])).json();
    assert_eq!(sarif["version"], "2.1.0");
    let scan = &sarif["runs"][0];
    assert_eq!(scan["invocations"][0]["executionSuccessful"], true);
    let rules: BTreeSet<&str> = scan["tool"]["driver"]["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| {
            assert!(
                rule["help"]["text"].is_string() && rule["shortDescription"]["text"].is_string(),
                "{rule}"
            );
            rule["id"].as_str().unwrap()
        })
        .collect();
    let results = scan["results"].as_array().unwrap();
    let mut fingerprints = BTreeSet::new();
    for result in results {
        assert!(rules.contains(result["ruleId"].as_str().unwrap()), "{result}");
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()), "{result}");
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.starts_with("tests/fixtures/az/"), "{result}");
        assert!(place["region"]["startLine"].as_u64().unwrap() > 0, "{result}");
        assert!(
            fingerprints.insert(result["partialFingerprints"]["subjectCode/v1"].as_str().unwrap()),
            "{result}"
        );
    }
    let document = run(&judging(&["lint", "-o", "json"])).json();
    assert_eq!(results.len(), document["findings"].as_array().unwrap().len());
}

#[test]
fn the_exit_code_follows_the_severity_that_was_asked_for() {
    let lint = |inventory: &str, fail_on: &str| {
        let body = format!("apiVersion: acr-admission.dev/v1\nkind: Inventory\n{inventory}");
        run_with(&["lint", "--inventory", "-", "--fail-on", fail_on], body)
    };
    let open = "registries: [{name: open, mode: rbac, adminUser: true}]";
    let codes = ["error", "warning", "info", "never"].map(|fail_on| lint(open, fail_on).code);
    assert_eq!(codes, [0, 1, 1, 0]);
    let clean = lint("registries: [{name: tidy, mode: rbac}]", "info");
    assert_eq!((clean.code, clean.stdout.as_str(), clean.stderr.as_str()), (0, "", "nothing found\n"));
    assert_eq!(run(&["lint", "--inventory", "no/such/folder"]).code, 2);
}

#[test]
fn a_report_goes_to_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lint.json");
    let report = run(&judging(&["lint", "-o", "json", "--output-file", path.to_str().unwrap()]));
    assert_eq!((report.code, report.stdout.as_str()), (1, ""));
    assert!(fs::read_to_string(path).unwrap().contains("\"LintReport\""));
}

#[test]
fn a_valid_condition_is_warned_about_and_passes() {
    let text = "@Resource[Microsoft.ContainerRegistry/registries/repositories:name] StringStartsWith 'Team' or\n\
                @Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEquals 'a'";
    let check = run_with(&["condition", "check", "-"], text);
    assert_eq!((check.code, check.stdout.as_str()), (0, ""), "{check}");
    insta::assert_snapshot!(check.stderr);
}
