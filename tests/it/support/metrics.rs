//! Metrics as a webhook tells them, and as the documentation lists them.

use std::collections::{BTreeMap, BTreeSet};

use super::webhook::{Webhook, pod_review, settings};

/// The values of each label of each metric.
pub(crate) type Labels = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// What the documentation says: each metric with its labels, and the values of those that have few.
pub(crate) fn documented() -> Labels {
    let page = include_str!("../../../docs/metrics.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').collect();
        let name = cells[0].trim().trim_end_matches('`').to_owned();
        // `label` (value, value), `label` …
        let pieces: Vec<&str> = cells[2].split('`').skip(1).collect();
        let labels = pieces.chunks(2).map(|piece| {
            let behind = piece.get(1).copied().unwrap_or_default();
            let values = behind.trim().strip_prefix('(').and_then(|rest| rest.split_once(')'));
            let values = values.map(|(values, _)| values.split(", ").map(str::to_owned).collect());
            (piece[0].to_owned(), values.unwrap_or_default())
        });
        (name, labels.collect())
    })
    .collect()
}

/// What a webhook tells that has allowed, denied, not known, made an exception, and failed to load its settings anew.
pub(crate) async fn of_a_busy_webhook() -> Labels {
    let keys = "default: {mode: enforce}\nexceptionsEnabled: true\nexceptions:\n
  - {name: a, namespaces: [legacy], images: ['*'], reason: r, expiresAt: '2026-11-30T00:00:00Z'}";
    let webhook = Webhook::with_settings(&settings(keys)).await;
    for (namespace, account, image, reason) in [
        ("web", "default", "fabrikam.azurecr.io/a:1", "AllowedByRole"),
        ("web", "default", "fabrikamapps.azurecr.io/payments/api:7", "NoPullPermission"),
        ("legacy", "default", "fabrikamapps.azurecr.io/payments/api:7", "NoPullPermission"),
        ("web", "nobody", "fabrikam.azurecr.io/a:1", "ServiceAccountNotFound"),
        ("web", "default", "docker.io/library/nginx:1", "RegistryNotManaged"),
    ] {
        let response = webhook.review(&pod_review(namespace, account, &[image])).await;
        assert_eq!(response["auditAnnotations"]["reason-code"], reason, "{response:#}");
    }
    std::fs::write(webhook.path("settings.yaml"), "{").unwrap();
    let failing = "acr_admission_input_failing{input=\"settings\"}";
    webhook.until("the new settings are refused", async || webhook.metric(failing).await > 0.0).await;
    let text = webhook.health("/metrics").await.text();
    told(&text)
}

/// The labels of every series in the text of `/metrics`.
fn told(text: &str) -> Labels {
    let mut found = Labels::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, _) = line.rsplit_once(' ').unwrap();
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let metric = found.entry(name.to_owned()).or_default();
        for label in labels.trim_end_matches('}').split_inclusive("\",").filter(|label| !label.is_empty()) {
            let (label, value) = label.trim_end_matches(',').split_once('=').unwrap();
            metric.entry(label.to_owned()).or_default().insert(value.trim_matches('"').to_owned());
        }
    }
    found
}

/// The name of the histogram whose part this is.
pub(crate) fn without_part(metric: &str) -> &str {
    // API servers have counters that end so.
    let parts: &[&str] =
        if metric.starts_with("apiserver_") { &["_bucket"] } else { &["_bucket", "_sum", "_count"] };
    parts.iter().find_map(|part| metric.strip_suffix(part)).unwrap_or(metric)
}
