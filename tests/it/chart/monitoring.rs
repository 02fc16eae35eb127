//! Alerts and dashboard ask only for metrics, labels and label values that exist.

use std::collections::BTreeMap;

use crate::support::helm::{Helm, documents};
use crate::support::skip::skip;

const METRICS: &str = include_str!("../../../docs/metrics.md");

/// What API servers count about webhooks, with the labels that they give.
const API_SERVER: [(&str, &str); 3] = [
    ("apiserver_admission_webhook_admission_duration_seconds", "name type operation rejected"),
    ("apiserver_admission_webhook_fail_open_count", "name type"),
    ("apiserver_admission_webhook_rejection_count", "name type operation error_type rejection_code"),
];
/// Labels that Prometheus itself adds.
const ADDED: [&str; 4] = ["namespace", "job", "pod", "le"];

#[test]
fn only_metrics_that_exist_are_asked_for() {
    let helm = match Helm::find() {
        Ok(helm) => helm,
        Err(reason) => return skip(reason),
    };
    let expressions = expressions(&helm);
    assert!(expressions.len() > 25, "only {} expressions", expressions.len());
    let known = known_metrics();
    let mut wrong = Vec::new();
    for expression in &expressions {
        for (metric, labels) in selectors(expression) {
            match known.get(base(&metric)) {
                None => wrong.push(format!("{metric} does not exist: {expression}")),
                Some(known) => wrong.extend(
                    labels
                        .iter()
                        .filter(|label| !known.split(' ').chain(ADDED).any(|one| one == *label))
                        .map(|label| format!("{metric} has no label {label}: {expression}")),
                ),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn expressions(helm: &Helm) -> Vec<String> {
    let values = "{prometheusRule: {enabled: true}, grafana: {dashboards: {enabled: true}}}";
    let mut found = Vec::new();
    for object in documents(&helm.render(values)) {
        if object["kind"] == "PrometheusRule" {
            found.extend(texts(&object, "expr"));
        }
        if let Some(dashboard) = object["data"]["acr-admission.json"].as_str() {
            let dashboard: serde_json::Value = serde_json::from_str(dashboard).unwrap();
            found.extend(texts(&dashboard, "expr"));
            found.extend(
                texts(&dashboard["templating"], "query").into_iter().filter(|text| text.contains('(')),
            );
        }
    }
    found
}

/// Every text below a key of this name.
fn texts(value: &serde_json::Value, key: &str) -> Vec<String> {
    match value {
        serde_json::Value::Object(map) => map
            .iter()
            .flat_map(|(name, value)| match value.as_str() {
                Some(text) if name == key => vec![text.to_owned()],
                _ => texts(value, key),
            })
            .collect(),
        serde_json::Value::Array(items) => items.iter().flat_map(|item| texts(item, key)).collect(),
        _ => Vec::new(),
    }
}

/// Metrics with their labels, from the documentation's table, which another test holds to the program.
fn known_metrics() -> BTreeMap<&'static str, String> {
    let rows = METRICS.lines().filter_map(|line| line.strip_prefix("| `"));
    let ours = rows.map(|row| {
        let cells: Vec<&str> = row.split('|').collect();
        let name = cells[0].trim().trim_end_matches('`');
        let labels: Vec<&str> = cells[2].split('`').skip(1).step_by(2).collect();
        (name, labels.join(" "))
    });
    let known: BTreeMap<_, _> =
        ours.chain(API_SERVER.map(|(name, labels)| (name, labels.to_owned()))).collect();
    assert!(known.len() > 20, "only {} metrics", known.len());
    known
}

/// Each metric in an expression, with the labels that its braces name.
fn selectors(expression: &str) -> Vec<(String, Vec<String>)> {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    // A metric ends where a word ends; what stands in braces right behind it are its matchers.
    let pieces = expression.split_inclusive(|letter| !is_word(letter));
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let mut rest = expression;
    for piece in pieces {
        rest = rest.strip_prefix(piece).unwrap();
        let word: String = piece.chars().filter(|letter| is_word(*letter)).collect();
        if word.starts_with("acr_admission_") || word.starts_with("apiserver_") {
            let matchers = if piece.ends_with('{') { rest.split('}').next().unwrap() } else { "" };
            found.push((word, matchers.split("\",").filter_map(label).collect()));
        }
    }
    found
}

/// The label of a matcher such as `name=~"…`.
fn label(matcher: &str) -> Option<String> {
    let (label, _) = matcher.split_once(['=', '!'])?;
    Some(label.trim().to_owned())
}

/// The name of a histogram whose parts these are.
fn base(metric: &str) -> &str {
    let parts = ["_bucket", "_sum"];
    parts.iter().find_map(|part| metric.strip_suffix(part)).unwrap_or(metric)
}
