//! The formats of a check report: the whole text of each, and that nobody can smuggle markup into one.

use super::{Run, judging, run, run_with};

fn tenants(format: &str) -> Run {
    let folder = "tests/fixtures/workloads/aks-tenants";
    run(&judging(&["check", folder, "--cluster", "aks-tenants", "-o", format]))
}

#[test]
fn formats_for_pipelines() {
    for format in ["junit", "sarif", "github", "markdown"] {
        let report = tenants(format);
        assert_eq!(report.code, 1, "{report}");
        let version = concat!("\"version\": \"", env!("CARGO_PKG_VERSION"), "\"");
        insta::assert_snapshot!(format, report.stdout.replace(version, "\"version\": \"VERSION\""));
    }
}

#[test]
fn yaml_and_json_lines_say_what_json_says() {
    let json = tenants("json").json();
    let lines = tenants("jsonl").json_lines();
    assert_eq!(json["findings"].as_array().unwrap(), &lines);
    let yaml: serde_json::Value = serde_saphyr::from_str(&tenants("yaml").stdout).unwrap();
    assert_eq!(yaml, json);
}

#[test]
fn names_from_manifests_cannot_speak_the_language_of_a_format() {
    let stdin = r#"
apiVersion: v1
kind: Pod
metadata: {name: "x\"><script>|`\n::error::", namespace: "\e[2J"}
spec:
  containers: [{name: main, image: "<a href='x'>contosoapps.azurecr.io/x|y\n::set-output\e[31m%0A"}]
"#;
    let check = |format: &str| {
        let args = judging(&["check", "-", "--cluster", "aks-prod", "-o", format]);
        run_with(&args, stdin).stdout
    };
    for format in ["table", "wide", "junit", "github", "markdown"] {
        let text = check(format);
        assert!(!text.contains('\u{1b}'), "{format}: {text}");
        assert!(
            !text.lines().any(|line| line.starts_with("::set-output") || line.starts_with("::error::")),
            "{text}"
        );
    }
    for format in ["junit", "markdown"] {
        let text = check(format);
        assert!(!text.contains("<script") && !text.contains("<a "), "{format}: {text}");
    }
    // In an annotation the message ends at the line's end, so percent signs are spelled out.
    assert!(check("github").contains("%250A"), "{}", check("github"));
}
