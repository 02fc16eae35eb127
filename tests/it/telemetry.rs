//! Metrics and the decision log.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use acr_admission::telemetry::logging::{LogFormat, subscriber};
use acr_admission::telemetry::metrics::Metrics;
use serde_json::Value;

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

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// Everything runs on the test's own thread, so a subscriber of this thread sees it all.
#[tokio::test]
async fn a_decision_is_one_line_of_json_whatever_strangers_write() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = subscriber("info", LogFormat::Json, move || writer.clone()).unwrap();
    let _guard = tracing::subscriber::set_default(subscriber);
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

    let text = lines.text();
    let decisions: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["kind"] == "AdmissionDecision")
        .collect();
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
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = subscriber("info", LogFormat::Json, move || writer.clone()).unwrap();
    let _guard = tracing::subscriber::set_default(subscriber);
    let webhook = Webhook::with_settings(&mode("enforce")).await;
    let long = format!("fabrikam.azurecr.io/{}", "x".repeat(20_000));
    webhook.review(&pod_review("web", "default", &vec![long.as_str(); 300])).await;
    let longest = lines.text().lines().map(str::len).max().unwrap();
    assert!(longest < 64 * 1024, "{longest}");
    assert!(lines.text().contains("\"imagesLeftOut\":260"));
}
