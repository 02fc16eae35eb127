//! Lint reports for pipelines and pull requests: SARIF, workflow commands, Markdown.

use std::collections::BTreeSet;
use std::io;

use serde_json::{Value, json};

use super::model::{LintReport, LintRow};
use crate::lint::{LintCode, Severity};
use crate::report::escape::{markdown, workflow_message, workflow_property};
use crate::report::sarif;
use crate::review::printable;

pub(super) fn write_sarif(to: &mut dyn io::Write, report: &LintReport) -> io::Result<()> {
    let codes: BTreeSet<LintCode> = report.findings.iter().map(|row| row.code).collect();
    let rules: Vec<Value> = codes.iter().map(|code| rule(*code)).collect();
    sarif::write_run(to, &rules, Vec::new(), report.findings.iter().map(result))
}

fn rule(code: LintCode) -> Value {
    json!({
        "id": code.as_str(),
        "shortDescription": {"text": code.title()},
        "fullDescription": {"text": code.why()},
        "help": {"text": code.fix()},
        "defaultConfiguration": {"level": level(code.severity())},
    })
}

fn result(row: &LintRow) -> Value {
    let id = &row.subject.id;
    let mut location = json!({
        "logicalLocations": [{"fullyQualifiedName": id, "name": row.subject.name, "kind": row.subject.kind}],
    });
    if let (Some(file), Some(location)) = (&row.file, location.as_object_mut()) {
        let place = json!({
            "artifactLocation": {"uri": sarif::uri(file)},
            "region": {"startLine": row.line.unwrap_or(1).max(1)},
        });
        location.insert("physicalLocation".to_owned(), place);
    }
    // The spot keeps two findings about one condition apart; an alert keeps its history when lines move.
    let spot = row.condition.as_ref().map_or("", |spot| spot.text.as_str());
    json!({
        "ruleId": row.code.as_str(),
        "level": level(row.severity),
        "message": {"text": explanation(row)},
        "locations": [location],
        "partialFingerprints": {"subjectCode/v1": format!("{id}|{}|{spot}", row.code)},
    })
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn explanation(row: &LintRow) -> String {
    let command = row.command.as_ref().map(|command| format!(": {command}")).unwrap_or_default();
    format!("{}. {}. Fix: {}{command}", row.what, row.why, row.fix)
}

pub(super) fn write_github(to: &mut dyn io::Write, report: &LintReport) -> io::Result<()> {
    for row in &report.findings {
        let level = match row.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let file = row.file.as_ref().map(|file| {
            format!("file={},line={},", workflow_property(&printable(file)), row.line.unwrap_or(1).max(1))
        });
        writeln!(
            to,
            "::{level} {}title={}::{}",
            file.unwrap_or_default(),
            row.code,
            workflow_message(&printable(&explanation(row))),
        )?;
    }
    Ok(())
}

pub(super) fn write_markdown(to: &mut dyn io::Write, report: &LintReport) -> io::Result<()> {
    let counts = &report.summary;
    writeln!(to, "## Inventory lint\n")?;
    writeln!(to, "{} error, {} warning, {} info.", counts.error, counts.warning, counts.info)?;
    if report.findings.is_empty() {
        return Ok(());
    }
    writeln!(to, "\n| Severity | Code | What | Fix |\n|---|---|---|---|")?;
    for row in &report.findings {
        let command = row.command.as_ref().map(|command| format!(": {command}")).unwrap_or_default();
        writeln!(
            to,
            "| {} | {} | {} | {} |",
            row.severity,
            row.code,
            markdown(&row.what),
            markdown(&format!("{}{command}", row.fix)),
        )?;
    }
    Ok(())
}
