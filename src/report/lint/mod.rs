//! The report of `lint`, and the shapes it can be printed in.

mod model;
mod pipelines;
mod text;

pub use self::model::{LintCounts, LintReport, LintRow};

use std::io;

use super::columns::Paint;
use super::document::{write_json, write_yaml};

/// How a lint report is printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LintFormat {
    /// Each finding with why it matters and what to do, for people.
    Text,
    /// One line a finding.
    Table,
    /// The whole document as JSON.
    Json,
    /// The whole document as YAML.
    Yaml,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Workflow commands that annotate a pull request.
    Github,
    /// A table for a comment or a job summary.
    Markdown,
}

/// Prints a lint report.
///
/// # Errors
/// As `to` does.
pub fn write_lint_report(
    to: &mut dyn io::Write,
    report: &LintReport,
    format: LintFormat,
    paint: Paint,
) -> io::Result<()> {
    match format {
        LintFormat::Text => text::write(to, report, paint),
        LintFormat::Table => text::write_table(to, report, paint),
        LintFormat::Json => write_json(to, report),
        LintFormat::Yaml => write_yaml(to, report),
        LintFormat::Sarif => pipelines::write_sarif(to, report),
        LintFormat::Github => pipelines::write_github(to, report),
        LintFormat::Markdown => pipelines::write_markdown(to, report),
    }
}
