//! SARIF 2.1.0 for code scanning: one rule a reason, one result for every image that is denied or unknown.

use std::collections::BTreeSet;
use std::io;

use serde_json::{Value, json};

use super::document::write_json;
use super::model::{CheckReport, Finding, object_name};
use super::text::explanation;
use crate::engine::decision::{Reason, Verdict};
use crate::engine::pull::Question;
use crate::review::sentence;

/// What code scanning accepts in one run. Beyond it the upload fails as a whole, so the rest is left out and a
/// notification says so.
const MAX_RESULTS: usize = 25_000;

pub(super) fn write(to: &mut dyn io::Write, report: &CheckReport, question: Question) -> io::Result<()> {
    let told: Vec<&Finding> =
        report.findings.iter().filter(|finding| level(finding.answer(question).verdict).is_some()).collect();
    let reasons: BTreeSet<Reason> = told.iter().map(|finding| finding.answer(question).reason).collect();
    let notifications: Vec<Value> = report
        .skipped
        .iter()
        .map(|skipped| {
            json!({
                "level": "error",
                "message": {"text": skipped.why},
                "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri(&skipped.file)}}}],
            })
        })
        .collect();
    let rules: Vec<Value> = reasons.iter().map(|reason| rule(*reason)).collect();
    write_run(to, &rules, notifications, told.iter().map(|finding| result(finding, question)))
}

/// One run as a document. Notifications are about input that could not be read.
pub(super) fn write_run(
    to: &mut dyn io::Write,
    rules: &[Value],
    mut notifications: Vec<Value>,
    results: impl ExactSizeIterator<Item = Value>,
) -> io::Result<()> {
    let everything_was_read = notifications.is_empty();
    if let Some(dropped) = results.len().checked_sub(MAX_RESULTS).filter(|dropped| *dropped > 0) {
        let text = format!("{dropped} further results are left out: {MAX_RESULTS} are accepted in one run");
        notifications.push(json!({"level": "warning", "message": {"text": text}}));
    }
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "acr-admission",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "invocations": [{
                "executionSuccessful": everything_was_read,
                "toolExecutionNotifications": notifications,
            }],
            "results": results.take(MAX_RESULTS).collect::<Vec<_>>(),
        }],
    });
    write_json(to, &document)
}

fn rule(reason: Reason) -> Value {
    json!({
        "id": reason.as_str(),
        "shortDescription": {"text": sentence::reason(reason)},
        "help": {"text": sentence::reason(reason)},
        "defaultConfiguration": {"level": level(reason.verdict()).unwrap_or("note")},
    })
}

fn result(finding: &Finding, question: Question) -> Value {
    let answer = finding.answer(question);
    // Stays the same when lines move or a tag changes, so an alert keeps its history.
    let repository = finding.image.split('@').next().unwrap_or_default();
    let fingerprint = format!("{}|{}|{repository}|{}", object_name(finding), finding.field, answer.reason);
    json!({
        "ruleId": answer.reason.as_str(),
        "level": level(answer.verdict).unwrap_or("note"),
        "message": {"text": explanation(finding, answer)},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": uri(&finding.file)},
            "region": {"startLine": finding.line},
        }}],
        "partialFingerprints": {"objectFieldReason/v1": fingerprint},
    })
}

const fn level(verdict: Verdict) -> Option<&'static str> {
    match verdict {
        Verdict::Deny => Some("error"),
        Verdict::Unknown => Some("warning"),
        Verdict::Allow | Verdict::Unmanaged | Verdict::Skip => None,
    }
}

/// A path as a relative URI: forward slashes, no leading `./`, reserved characters encoded.
pub(super) fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    let mut uri = String::with_capacity(path.len());
    for byte in path.trim_start_matches("./").bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(char::from(byte));
            }
            other => {
                let digit =
                    |value: u8| char::from_digit(value.into(), 16).unwrap_or('0').to_ascii_uppercase();
                uri.extend(['%', digit(other >> 4), digit(other & 15)]);
            }
        }
    }
    uri
}
