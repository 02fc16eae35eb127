//! `check`: the worked verdicts of the fixtures, and what happens to bad manifests.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use super::{judging, run, run_with};

const POD: &str = "
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: platform}
spec:
  containers:
    - {name: main, image: contosoapps.azurecr.io/shared/node-agent:1.0}
";

#[test]
fn every_worked_verdict_of_both_questions_comes_out() {
    let expected: Value =
        serde_json::from_str(&fs::read_to_string("tests/fixtures/workloads/expected.json").unwrap()).unwrap();
    for cluster in ["aks-prod", "aks-tenants"] {
        let folder = format!("tests/fixtures/workloads/{cluster}");
        let reviews = "tests/fixtures/workloads/admission";
        let mut args = vec!["check", folder.as_str(), "--cluster", cluster, "-o", "json"];
        if cluster == "aks-prod" {
            // Whole reviews are read as manifests. They lean on the accounts of the folder.
            args.insert(2, reviews);
        }
        let report = run(&judging(&args));
        assert_eq!(report.code, 1, "{}", report.stderr);
        let report = report.json();
        let mut findings: BTreeMap<String, &Value> = BTreeMap::new();
        for finding in report["findings"].as_array().unwrap() {
            assert!(findings.insert(key_of(finding, &finding["field"]), finding).is_none());
        }
        let mut checked = 0;
        for case in expected["cases"].as_array().unwrap() {
            if case["cluster"] != cluster {
                continue;
            }
            for row in case["images"].as_array().unwrap() {
                let key = key_of(case, &row["field"]);
                let finding = findings.remove(&key).unwrap_or_else(|| panic!("no finding for {key}"));
                compare(finding, case, row);
                checked += 1;
            }
        }
        assert!(checked > 10, "{cluster}: {checked}");
        assert!(findings.is_empty(), "not expected: {:?}", findings.keys());
    }
}

fn key_of(object: &Value, field: &Value) -> String {
    let file = object["file"].as_str().unwrap().trim_start_matches("tests/fixtures/workloads/");
    format!("{file} {} {} {}", object["kind"], object["name"], field)
}

fn compare(finding: &Value, case: &Value, row: &Value) {
    let context = format!("{} {}", case["file"], row["field"]);
    for field in ["cluster", "namespace", "serviceAccount"] {
        assert_eq!(finding[field], case[field], "{context} {field}");
    }
    for field in ["image", "registry", "repository"] {
        assert_eq!(finding[field], row.get(field).cloned().unwrap_or_default(), "{context} {field}");
    }
    let workload = row.get("workloadFederationChecked").unwrap_or(&row["workload"]);
    for (question, expected) in [("actual", &row["actual"]), ("workload", workload)] {
        let answer = &finding[question];
        let verdict = match expected["verdict"].as_str().unwrap() {
            "unknown-identity" => "unknown",
            verdict => verdict,
        };
        assert_eq!(answer["verdict"], verdict, "{context} {question}");
        assert_eq!(answer["reason"], expected["reason"], "{context} {question}");
        assert_eq!(answer["by"], expected.get("by").cloned().unwrap_or_default(), "{context} {question}");
        let mut identity = expected["identity"].clone();
        if let Some(identity) = identity.as_object_mut() {
            identity.entry("principalId").or_insert(Value::Null);
        }
        assert_eq!(answer["identity"], identity, "{context} {question}");
    }
}

#[test]
fn the_document_has_the_fields_of_the_contract() {
    let report = run_with(&judging(&["check", "-", "--cluster", "aks-prod", "-o", "json"]), POD);
    assert_eq!(report.code, 0, "{}", report.stderr);
    let principal = "e8485623-dde3-44c1-84f0-5e9ab1f66f99";
    let answer = json!({
        "verdict": "allow",
        "reason": "AllowedByRole",
        "identity": {"kind": "ManagedIdentity", "name": "id-kubelet-prod", "principalId": principal},
        "by": "74d77050-e795-4684-b62f-98357c75a33d",
        "chain": ["node", "pluginAnonymous"],
        "advice": [],
        "fix": null,
    });
    let counts = json!({"allow": 1, "deny": 0, "unknown": 0, "unmanaged": 0, "skip": 0});
    let expected = json!({
        "apiVersion": "acr-admission.dev/v1",
        "kind": "CheckReport",
        "summary": {"actual": counts, "workload": counts},
        "findings": [{
            "file": "-",
            "line": 2,
            "cluster": "aks-prod",
            "namespace": "platform",
            "kind": "Pod",
            "name": "web",
            "serviceAccount": "default",
            "field": "spec.containers[0].image",
            "container": "main",
            "image": "contosoapps.azurecr.io/shared/node-agent:1.0",
            "registry": "contosoapps",
            "repository": "shared/node-agent",
            "mode": "rbac-abac",
            "actual": answer,
            "workload": answer,
        }],
        "skipped": [],
    });
    assert_eq!(report.json(), expected);
}

#[test]
fn a_broken_manifest_is_told_and_the_rest_is_judged() {
    let stdin =
        format!("{POD}---\nkind: Pod\nmetadata: [\n---\napiVersion: v1\nkind: Pod\nspec: 5\n---{POD}");
    let report = run_with(&judging(&["check", "-", "--cluster", "aks-prod", "-o", "json"]), stdin);
    assert_eq!(report.code, 2, "{report}");
    let document = report.json();
    assert_eq!(document["findings"].as_array().unwrap().len(), 2);
    insta::assert_json_snapshot!(document["skipped"]);
    insta::assert_snapshot!(report.stderr);
}

#[test]
fn bad_input_is_worse_than_a_denial_and_no_flag_forgives_it() {
    let denied = POD.replace("shared/", "sharedx/");
    let check = |stdin: &str, flags: &[&str]| {
        let mut args = judging(&["check", "-", "--cluster", "aks-prod"]);
        args.extend(flags);
        run_with(&args, stdin).code
    };
    assert_eq!(check(&denied, &[]), 1);
    assert_eq!(check(&denied, &["--exit-zero"]), 0);
    let broken = format!("{denied}---\nkind: [\n");
    assert_eq!(check(&broken, &[]), 2);
    assert_eq!(check(&broken, &["--exit-zero"]), 2);
}

#[test]
fn the_question_decides_the_exit_code() {
    // The frontend's own identity may pull this, the kubelet's may not.
    let stdin = "
apiVersion: v1
kind: ServiceAccount
metadata:
  name: frontend
  namespace: web
  annotations: {azure.workload.identity/client-id: 7ad6a952-141d-489e-adf7-47133949161e}
---
apiVersion: v1
kind: Pod
metadata: {name: frontend, namespace: web}
spec:
  serviceAccountName: frontend
  containers: [{name: main, image: contosoapps.azurecr.io/base/init:1.4}]
";
    let check = |question| {
        run_with(&judging(&["check", "-", "--cluster", "aks-prod", "--question", question]), stdin).code
    };
    assert_eq!(check("workload"), 0);
    assert_eq!(check("actual"), 1);
}

#[test]
fn unknown_is_three_and_strict_makes_it_one() {
    let stdin = POD.replace("spec:", "spec:\n  serviceAccountName: not-in-these-files");
    let check = |flags: &[&str]| {
        let mut args = judging(&["check", "-", "--cluster", "aks-prod"]);
        args.extend(flags);
        run_with(&args, stdin.as_str()).code
    };
    assert_eq!(check(&[]), 3);
    assert_eq!(check(&["--strict"]), 1);
    assert_eq!(check(&["--exit-zero"]), 0);
}

#[test]
fn a_secret_that_is_not_in_the_files_may_exist_all_the_same() {
    let stdin =
        POD.replace("shared/", "sharedx/").replace("spec:", "spec:\n  imagePullSecrets: [{name: elsewhere}]");
    let report = run_with(&judging(&["check", "-", "--cluster", "aks-prod", "-o", "json"]), stdin);
    assert_eq!(report.code, 3, "{report}");
    assert_eq!(report.json()["findings"][0]["actual"]["reason"], "PullSecretNotReadable");
}

#[test]
fn a_namespace_is_given_to_objects_without_one() {
    let stdin = POD.replace(", namespace: platform", "");
    let report =
        run_with(&judging(&["check", "-", "--cluster", "aks-prod", "-n", "team-a", "-o", "json"]), stdin);
    assert_eq!(report.json()["findings"][0]["namespace"], "team-a");
}

#[test]
fn the_tables_are_for_eyes() {
    let folder = "tests/fixtures/workloads/aks-tenants";
    insta::assert_snapshot!("table", run(&judging(&["check", folder, "--cluster", "aks-tenants"])));
    insta::assert_snapshot!(
        "wide",
        run(&judging(&["check", folder, "--cluster", "aks-tenants", "-o", "wide"]))
    );
}

#[test]
fn a_report_can_go_to_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.json");
    let args = ["check", "-", "--cluster", "aks-prod", "-o", "json", "--output-file", file.to_str().unwrap()];
    let report = run_with(&judging(&args), POD);
    assert_eq!((report.code, report.stdout.as_str()), (0, ""));
    assert!(fs::read_to_string(file).unwrap().contains("\"CheckReport\""));
}

#[test]
fn a_cluster_is_assumed_only_where_there_is_no_choice() {
    let one = "
apiVersion: acr-admission.dev/v1
kind: Inventory
registries: [{name: shop, mode: rbac}]
identities: [{name: id-kubelet, principalId: 8a1f6a3e-6a0e-4d0c-9d5e-0e5b8b1f0a01}]
roleAssignments: [{principal: id-kubelet, role: AcrPull, scope: shop}]
clusters: [{name: kind, kubeletIdentity: id-kubelet}]
";
    let pod = POD.replace("contosoapps.azurecr.io", "shop.azurecr.io");
    let check = |inventory: &str, flags: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("inventory.yaml");
        fs::write(&file, inventory).unwrap();
        let mut args = vec!["check", "-", "--inventory", file.to_str().unwrap(), "-o", "jsonl"];
        args.extend(flags);
        run_with(&args, pod.as_str())
    };
    let chosen = check(one, &[]);
    assert_eq!(chosen.code, 0, "{chosen}");
    assert!(chosen.stderr.contains("judging for cluster `kind`"), "{chosen}");
    let none = one.replace("clusters: [{name: kind, kubeletIdentity: id-kubelet}]", "");
    let nobody = check(&none, &[]);
    assert_eq!(nobody.json_lines()[0]["actual"]["reason"], "NoPullIdentityConfigured", "{nobody}");
    assert_eq!(nobody.json_lines()[0]["cluster"], Value::Null);
}
