//! `check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{ClusterArgs, InventoryArgs, QuestionArg, VerdictArgs};
use crate::report::ReportFormat;

/// The arguments of `check`.
#[derive(Args, Debug)]
pub struct CheckArgs {
    /// Manifests: files, folders (searched for .yaml, .yml and .json), or `-` for standard input
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The inventory.
    #[command(flatten)]
    pub inventory: InventoryArgs,
    /// The cluster.
    #[command(flatten)]
    pub cluster: ClusterArgs,
    /// The namespace of objects that name none
    #[arg(short, long, value_name = "NAME", default_value = "default", env = "ACR_ADMISSION_NAMESPACE")]
    pub namespace: String,
    /// The question that decides the exit code and is shown by formats with one verdict
    #[arg(long, value_enum, default_value_t, env = "ACR_ADMISSION_QUESTION")]
    pub question: QuestionArg,
    /// Verdicts and the exit code.
    #[command(flatten)]
    pub verdicts: VerdictArgs,
    /// How to print the report
    #[arg(short, long, value_enum, default_value_t, env = "ACR_ADMISSION_OUTPUT")]
    pub output: CheckFormat,
    /// Write the report to this file instead of standard output
    #[arg(long, value_name = "FILE", env = "ACR_ADMISSION_OUTPUT_FILE")]
    pub output_file: Option<PathBuf>,
}

/// The formats of a check report.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum CheckFormat {
    /// One line an image
    #[default]
    Table,
    /// The same with identities, deciding assignments and places
    Wide,
    /// One JSON document
    Json,
    /// One YAML document
    Yaml,
    /// One JSON line an image
    Jsonl,
    /// `JUnit` XML
    Junit,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Workflow commands, for annotations in pull requests
    Github,
    /// Markdown, for comments and job summaries
    Markdown,
}

impl From<CheckFormat> for ReportFormat {
    fn from(word: CheckFormat) -> Self {
        match word {
            CheckFormat::Table => Self::Table,
            CheckFormat::Wide => Self::Wide,
            CheckFormat::Json => Self::Json,
            CheckFormat::Yaml => Self::Yaml,
            CheckFormat::Jsonl => Self::Jsonl,
            CheckFormat::Junit => Self::Junit,
            CheckFormat::Sarif => Self::Sarif,
            CheckFormat::Github => Self::Github,
            CheckFormat::Markdown => Self::Markdown,
        }
    }
}
