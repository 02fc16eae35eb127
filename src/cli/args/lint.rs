//! `lint`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::InventoryArgs;
use crate::lint::Severity;
use crate::report::LintFormat;

/// The arguments of `lint`.
#[derive(Args, Debug)]
pub struct LintArgs {
    /// The inventory.
    #[command(flatten)]
    pub inventory: InventoryArgs,
    /// The severity from which on findings make the exit code 1
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t, env = "ACR_ADMISSION_FAIL_ON")]
    pub fail_on: FailOn,
    /// Judge as of this time, such as 2026-11-22T12:00:00Z. Without it: now
    #[arg(long, value_name = "TIMESTAMP", env = "ACR_ADMISSION_NOW")]
    pub now: Option<Timestamp>,
    /// How to print the report
    #[arg(short, long, value_enum, default_value_t, env = "ACR_ADMISSION_OUTPUT")]
    pub output: LintFormatArg,
    /// Write the report to this file instead of standard output
    #[arg(long, value_name = "FILE", env = "ACR_ADMISSION_OUTPUT_FILE")]
    pub output_file: Option<PathBuf>,
}

/// The words of `--fail-on`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum FailOn {
    /// Errors
    #[default]
    Error,
    /// Warnings and errors
    Warning,
    /// Every finding
    Info,
    /// Nothing
    Never,
}

impl FailOn {
    /// Whether a finding of this severity makes the exit code 1.
    #[must_use]
    pub fn applies_to(self, severity: Severity) -> bool {
        match self {
            Self::Error => severity >= Severity::Error,
            Self::Warning => severity >= Severity::Warning,
            Self::Info => severity >= Severity::Info,
            Self::Never => false,
        }
    }
}

/// The formats of a lint report.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum LintFormatArg {
    /// Each finding with why it matters and what to do
    #[default]
    Text,
    /// One line a finding
    Table,
    /// One JSON document
    Json,
    /// One YAML document
    Yaml,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Workflow commands, for annotations in pull requests
    Github,
    /// Markdown, for comments and job summaries
    Markdown,
}

impl From<LintFormatArg> for LintFormat {
    fn from(word: LintFormatArg) -> Self {
        match word {
            LintFormatArg::Text => Self::Text,
            LintFormatArg::Table => Self::Table,
            LintFormatArg::Json => Self::Json,
            LintFormatArg::Yaml => Self::Yaml,
            LintFormatArg::Sarif => Self::Sarif,
            LintFormatArg::Github => Self::Github,
            LintFormatArg::Markdown => Self::Markdown,
        }
    }
}
