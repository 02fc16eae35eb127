//! Metrics and the decision log.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use acr_admission::telemetry::metrics::Metrics;

use crate::support::decision_log::DecisionLog;
use crate::support::webhook::{Webhook, mode, pod_review};

#[test]
fn the_documentation_lists_every_metric_and_no_other() {
    let metrics = Metrics::new();
    let registered: BTreeSet<&str> = metrics.names().iter().map(String::as_str).collect();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md");
    let page = fs::read_to_string(page).unwrap();
    let documented: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .map(|name| name.strip_suffix("_total").or(name.strip_suffix("_info")).unwrap_or(name))
        .collect();
    assert_eq!(registered, documented);
    assert!(registered.iter().all(|name| name.starts_with("acr_admission_")), "{registered:?}");
}

#[tokio::test]
async fn a_decision_is_one_line_of_json_whatever_strangers_write() {
    let log = DecisionLog::start();
    let webhook = Webhook::with_settings(&mode("enforce")).await;
    let mut review =
        pod_review("web", "frontend", &["fabrikamapps.azurecr.io/payments/api:7", "a\nb\u{1b}[2J\u{202e}c"]);
    review["request"]["userInfo"]["username"] = "mallory\n{\"kind\":\"AdmissionDecision\"}".into();
    review["request"]["object"]["spec"]["containers"][0]["env"] =
        serde_json::json!([{"name": "PASSWORD", "value": "hunter2"}]);
    webhook.review(&review).await;
    webhook
        .review(&serde_json::json!({
            "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
            "request": {"uid": "u", "kind": {"version": "v1", "kind": "Pod"}, "operation": "DELETE"}
        }))
        .await;

    let text = log.text();
    let decisions = log.decisions();
    assert_eq!(decisions.len(), 1, "what is skipped is not logged\n{text}");
    assert!(!text.contains("hunter2"));
    assert!(!text.contains(['\u{1b}', '\u{202e}']));
    let mut decision = decisions[0].clone();
    decision["durationMicroseconds"] = "…".into();
    decision["dataVersion"] = "…".into();
    insta::assert_json_snapshot!(decision);
}

#[tokio::test]
async fn a_decision_line_is_bounded() {
    let log = DecisionLog::start();
    let webhook = Webhook::with_settings(&mode("enforce")).await;
    let image = format!("fabrikam.azurecr.io/{}", "x".repeat(20_000));
    webhook.review(&pod_review("web", "default", &vec![image.as_str(); 300])).await;
    let longest = log.text().lines().map(str::len).max().unwrap();
    assert!(longest < 64 * 1024, "{longest}");
    assert!(log.text().contains("\"imagesLeftOut\":260"));
}
