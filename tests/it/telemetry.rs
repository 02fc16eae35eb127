//! Metrics and the decision log.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use acr_admission::telemetry::metrics::Metrics;

use crate::support::decision_log::DecisionLog;
use crate::support::metrics::{documented, of_a_busy_webhook, without_part};
use crate::support::webhook::{Webhook, mode, pod_review, with_secrets, write_secrets};

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
async fn labels_and_their_values_are_those_of_the_documentation() {
    let documented = documented();
    let mut wrong = Vec::new();
    for (metric, labels) in of_a_busy_webhook().await {
        let known = &documented[without_part(&metric)];
        let told: BTreeSet<&String> = labels.keys().filter(|label| *label != "le").collect();
        if told != known.keys().collect() {
            wrong.push(format!("{metric} has the labels {told:?}"));
            continue;
        }
        for (label, values) in labels.into_iter().filter(|(label, _)| label != "le") {
            let known = &known[&label];
            let others: Vec<&String> = values.iter().filter(|value| !known.contains(*value)).collect();
            if !known.is_empty() && !others.is_empty() {
                wrong.push(format!("{metric}: {label} is {others:?} as well"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Prometheus sees no increase in a series that begins with 1, so an alert would miss the first time.
#[test]
fn counters_that_alerts_watch_are_there_before_they_count() {
    let text = Metrics::new().encode();
    for series in [
        "acr_admission_inventory_reloads_total{result=\"failure\"} 0",
        "acr_admission_settings_reloads_total{result=\"failure\"} 0",
        "acr_admission_certificate_reloads_total{result=\"success\"} 0",
        "acr_admission_shed_total{cause=\"requests\"} 0",
        "acr_admission_shed_total{cause=\"bytes\"} 0",
        "acr_admission_shed_total{cause=\"caches\"} 0",
        "acr_admission_panics_total 0",
    ] {
        assert!(text.lines().any(|line| line == series), "no {series} in\n{text}");
    }
}

#[tokio::test]
async fn an_unknown_verdict_is_counted_as_such_where_it_is_refused() {
    let webhook = Webhook::start(&mode("enforce"), |options, _| options.inventory.clear()).await;
    let response = webhook.review(&pod_review("web", "default", &["fabrikam.azurecr.io/a:1"])).await;
    assert_eq!(
        (&response["allowed"], &response["auditAnnotations"]["decision"]),
        (&false.into(), &"deny".into())
    );
    let series = "acr_admission_decisions_total{verdict=\"unknown\",reason=\"InventoryNotLoaded\",registry_mode=\"none\"}";
    assert!((webhook.metric(series).await - 1.0).abs() < f64::EPSILON);
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
    let secrets: Vec<String> = (0..300).map(|number| format!("{number}-{}", "s".repeat(200))).collect();
    let webhook = Webhook::start(&mode("enforce"), |options, folder| {
        write_secrets(options, folder, &secrets, &"u".repeat(5000), &["fabrikam.azurecr.io".to_owned()]);
    })
    .await;
    let image =
        format!("fabrikam.azurecr.io/{}:{}@sha256:{}", "x".repeat(200), "t".repeat(128), "a".repeat(64));
    let review = with_secrets(
        pod_review("web", "default", &vec![image.as_str(); 300]),
        secrets.iter().map(String::as_str),
    );
    webhook.review(&review).await;
    let decision = log.take_one();
    let longest = decision.to_string().len();
    assert!(longest < 96 * 1024, "{longest}");
    assert_eq!(decision["imagesLeftOut"], 260);
    let image = &decision["images"][0];
    assert_eq!(image["chain"].as_array().unwrap().len(), 6);
    assert_eq!(image["chainLeftOut"], 300 + 2 - 6, "{image:#}");
}
