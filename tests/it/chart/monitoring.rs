//! Alerts and dashboard ask only for metrics, labels and label values that exist.
//!
//! Ours are those that a webhook tells which has done a bit of everything; another test holds the documentation to the
//! same. Those of API servers are written down here.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::helm::{Helm, documents};
use crate::support::metrics::{Labels, documented, of_a_busy_webhook, without_part};
use crate::support::skip::skip;

/// What API servers count about webhooks, with the labels that they give and, of some, the values.
const API_SERVER: [(&str, &[(&str, &str)]); 3] = [
    (
        "apiserver_admission_webhook_admission_duration_seconds",
        &[("name", WEBHOOKS), ("type", ""), ("operation", ""), ("rejected", "")],
    ),
    ("apiserver_admission_webhook_fail_open_count", &[("name", WEBHOOKS), ("type", "")]),
    (
        "apiserver_admission_webhook_rejection_count",
        &[
            ("name", WEBHOOKS),
            ("type", ""),
            ("operation", ""),
            ("error_type", "calling_webhook_error apiserver_internal_error no_error"),
            ("rejection_code", ""),
        ],
    ),
];
/// What the chart calls the webhooks; see `the_webhooks_are_called_so`.
const WEBHOOKS: &str = "pods.acr-admission.dev workloads.acr-admission.dev";
/// Labels that Prometheus itself adds.
const ADDED: [&str; 4] = ["namespace", "job", "pod", "le"];

#[tokio::test]
async fn only_what_exists_is_asked_for() {
    let helm = match Helm::find() {
        Ok(helm) => helm,
        Err(reason) => return skip(reason),
    };
    let known = known(of_a_busy_webhook().await);
    let mut wrong = Vec::new();
    let mut values = 0;
    for monitor in ["{enabled: true}", "{enabled: false}"] {
        let expressions = expressions(&helm, monitor);
        assert!(expressions.len() > 25, "only {} expressions", expressions.len());
        for expression in &expressions {
            wrong.extend(problems(expression, &known));
            values += selectors(expression).iter().map(|selector| selector.matchers.len()).sum::<usize>();
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(values > 10, "only {values} matchers");
}

/// The test above must see what is wrong.
#[test]
fn what_does_not_exist_is_seen() {
    let known = known(documented());
    for wrong in [
        "sum(acr_admission_nothing)",
        "rate(acr_admission_requests_total{reason=\"x\"}[1m])",
        "acr_admission_exceptions{state=\"ending\"}",
        "acr_admission_decisions_total{verdict=~\"allow|maybe\"}",
        "acr_admission_requests_total{namespace=\"n\",decision!=\"skipped\"}",
        "sum by (kind) (acr_admission_requests_total)",
        "max by (pod, cause) (acr_admission_ready)",
        "apiserver_admission_webhook_rejection_count{error_type!=\"none\"}",
        "apiserver_admission_webhook_fail_open_count{name=\"pods[.]acr-admission[.]io\"}",
    ] {
        assert_eq!(problems(wrong, &known).len(), 1, "{wrong}: {:?}", problems(wrong, &known));
    }
    let right =
        "sum by (le, decision) (rate(acr_admission_request_duration_seconds_bucket{decision!=\"skip\"}[1m]))";
    assert_eq!(problems(right, &known), [""; 0]);
}

#[test]
fn the_webhooks_are_called_so() {
    let helm = match Helm::find() {
        Ok(helm) => helm,
        Err(reason) => return skip(reason),
    };
    let objects = documents(&helm.render(""));
    let configuration = objects.iter().find(|object| object["kind"] == "ValidatingWebhookConfiguration");
    let webhooks = configuration.unwrap()["webhooks"].as_array().unwrap();
    let names: Vec<&str> = webhooks.iter().map(|webhook| webhook["name"].as_str().unwrap()).collect();
    assert_eq!(names.join(" "), WEBHOOKS);
}

/// Without a `ServiceMonitor` of ours nobody knows which labels the series have.
#[test]
fn alerts_rest_on_no_label_that_others_choose() {
    let helm = match Helm::find() {
        Ok(helm) => helm,
        Err(reason) => return skip(reason),
    };
    let alerts = |monitor: &str| -> Vec<String> {
        let values = format!("{{prometheusRule: {{enabled: true}}, serviceMonitor: {monitor}}}");
        let objects = documents(&helm.render(&values));
        let rule = objects.into_iter().find(|object| object["kind"] == "PrometheusRule").unwrap();
        texts(&rule, "expr").into_iter().filter(|expression| expression.contains("acr_admission_")).collect()
    };
    let alone = alerts("{enabled: false}");
    assert!(alone.len() > 8 && alone.iter().all(|one| !one.contains("job=") && !one.contains("namespace=")));
    let own = "{namespace=\"acr-admission\",job=\"acr-admission\"";
    let of_ours = alerts("{enabled: true}");
    assert_eq!(of_ours.len(), alone.len());
    for expression in of_ours {
        let metrics = expression.matches("acr_admission_").count();
        assert_eq!(expression.matches(own).count(), metrics, "{expression}");
    }
}

fn expressions(helm: &Helm, monitor: &str) -> Vec<String> {
    let values = format!(
        "{{prometheusRule: {{enabled: true}}, grafana: {{dashboards: {{enabled: true}}}}, serviceMonitor: {monitor}}}"
    );
    let mut found = Vec::new();
    for object in documents(&helm.render(&values)) {
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

/// Ours, and the API server's. A label without values may have any.
fn known(ours: Labels) -> Labels {
    // A series shows under the names of its parts; a family that has counted nothing does not show at all.
    let mut known = documented();
    known.values_mut().flat_map(BTreeMap::values_mut).for_each(BTreeSet::clear);
    for (metric, labels) in ours {
        known.entry(without_part(&metric).to_owned()).or_default().extend(labels);
    }
    for (metric, labels) in API_SERVER {
        let labels = labels.iter().map(|(label, values)| {
            ((*label).to_owned(), values.split_whitespace().map(str::to_owned).collect())
        });
        known.insert(metric.to_owned(), labels.collect());
    }
    known
}

/// What an expression asks for and nobody tells.
fn problems(expression: &str, known: &Labels) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut labels: BTreeSet<&str> = ADDED.into();
    for Selector { metric, matchers } in selectors(expression) {
        let Some(its) = known.get(without_part(&metric)) else {
            wrong.push(format!("{metric} does not exist: {expression}"));
            continue;
        };
        labels.extend(its.keys().map(String::as_str));
        for Matcher { label, values } in matchers.iter().filter(|one| !ADDED.contains(&&*one.label)) {
            match its.get(label) {
                None => wrong.push(format!("{metric} has no label {label}: {expression}")),
                Some(told) => wrong.extend(
                    values
                        .iter()
                        .filter(|value| !told.contains(*value))
                        .map(|value| format!("{metric}: {label} is never {value}: {expression}")),
                ),
            }
        }
    }
    let grouped =
        expression.split("by (").skip(1).flat_map(|rest| rest.split(')').next().unwrap().split(", "));
    let strange = grouped.filter(|label| !labels.contains(label));
    wrong.extend(strange.map(|label| format!("nothing has a label {label} to group by: {expression}")));
    wrong
}

/// A metric in an expression, with what its braces ask for.
struct Selector {
    metric: String,
    matchers: Vec<Matcher>,
}

struct Matcher {
    label: String,
    /// Whichever way it asks: a value that is excluded and never comes is a mistake as well.
    values: Vec<String>,
}

fn selectors(expression: &str) -> Vec<Selector> {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    // A metric ends where a word ends; what stands in braces right behind it are its matchers.
    let pieces = expression.split_inclusive(|letter| !is_word(letter));
    let mut found = Vec::new();
    let mut rest = expression;
    for piece in pieces {
        rest = rest.strip_prefix(piece).unwrap();
        let metric: String = piece.chars().filter(|letter| is_word(*letter)).collect();
        if metric.starts_with("acr_admission_") || metric.starts_with("apiserver_") {
            let matchers = if piece.ends_with('{') { rest.split('}').next().unwrap() } else { "" };
            let matchers = matchers.split_inclusive("\",").filter_map(matcher).collect();
            found.push(Selector { metric, matchers });
        }
    }
    found
}

/// Such as `name=~"…"`, whose expression is a list of values where dots stand in brackets.
fn matcher(text: &str) -> Option<Matcher> {
    let (label, rest) = text.split_once(['=', '!'])?;
    let (_, values) = rest.split_once('"')?;
    let values = values.trim_end_matches(',').trim_end_matches('"').replace("[.]", ".");
    let values = values.split('|').map(str::to_owned).collect();
    Some(Matcher { label: label.trim().to_owned(), values })
}
