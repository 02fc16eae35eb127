//! The formats of a check report.

use std::io;

use super::columns::Paint;
use super::document::{write_json, write_json_line, write_yaml};
use super::model::CheckReport;
use super::{github, junit, markdown, sarif, table};
use crate::engine::pull::Question;

/// How a check report is printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReportFormat {
    /// One line an image: verdict and reason of both questions.
    Table,
    /// As the table, with identities, deciding assignments and chains.
    Wide,
    /// The whole document as JSON.
    Json,
    /// The whole document as YAML.
    Yaml,
    /// One finding a line, as JSON.
    Jsonl,
    /// `JUnit` XML: one test case an image.
    Junit,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Workflow commands that annotate a pull request.
    Github,
    /// A table for a comment or a job summary.
    Markdown,
}

/// Prints a check report. `question` is the one that formats with a single verdict show.
///
/// # Errors
/// As `to` does.
pub fn write_check_report(
    to: &mut dyn io::Write,
    report: &CheckReport,
    format: ReportFormat,
    question: Question,
    paint: Paint,
) -> io::Result<()> {
    match format {
        ReportFormat::Table => table::write_table(to, report, paint),
        ReportFormat::Wide => table::write_wide(to, report, paint),
        ReportFormat::Json => write_json(to, report),
        ReportFormat::Yaml => write_yaml(to, report),
        ReportFormat::Jsonl => report.findings.iter().try_for_each(|finding| write_json_line(to, finding)),
        ReportFormat::Junit => junit::write(to, report, question),
        ReportFormat::Sarif => sarif::write(to, report, question),
        ReportFormat::Github => github::write(to, report, question),
        ReportFormat::Markdown => markdown::write(to, report, question),
    }
}
