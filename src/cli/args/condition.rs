//! `condition`.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{ArgGroup, Args, Subcommand};

use super::DocumentFormat;

/// The arguments of `condition`.
#[derive(Args, Debug)]
pub struct ConditionArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub command: ConditionCommand,
}

/// What to do with a condition.
#[derive(Debug, Subcommand)]
pub enum ConditionCommand {
    /// Report what is wrong with a condition as LINE:COLUMN: code: message; exit code 2 if anything is
    Check(ConditionFileArgs),
    /// Evaluate a condition for a request, or many
    ///
    /// Prints true, false, unknown or invalid, then each part of the condition with its own result, its place and
    /// what was supplied of the attributes that it asks for. Attributes that are not given were not supplied. The exit code is 0
    /// whatever the result, and 2 where a condition or a line of the batch is invalid. A line of a batch is
    /// {"id", "condition", "action", "subOperation", "request", "resource", "principal", "environment"},
    /// and its result a line too.
    Eval(ConditionEvalArgs),
    /// Print a condition in its canonical form, over lines as the portal's editor writes it
    ///
    /// The printed text means the same: published spelling, only the parentheses it needs. Printing it again changes
    /// nothing. Where lines and blanks would make it longer than the 8192 bytes that Azure takes, it is printed on
    /// one line.
    Fmt(ConditionFmtArgs),
}

/// `condition check`.
#[derive(Args, Debug)]
pub struct ConditionFileArgs {
    /// A file with one condition's text, or `-` for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// `condition fmt`.
#[derive(Args, Debug)]
pub struct ConditionFmtArgs {
    /// The file.
    #[command(flatten)]
    pub condition: ConditionFileArgs,
    /// Print it on one line, as scripts pass it
    #[arg(long, env = "ACR_ADMISSION_ONE_LINE", value_parser = BoolishValueParser::new())]
    pub one_line: bool,
}

/// The arguments of `condition eval`.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("what").args(["condition", "batch"]).required(true))]
pub struct ConditionEvalArgs {
    /// The condition's text, or `@FILE`
    #[arg(requires = "action", conflicts_with = "batch")]
    pub condition: Option<String>,
    /// The action or data action of the request
    #[arg(long, env = "ACR_ADMISSION_ACTION")]
    pub action: Option<String>,
    /// The sub-operation of the request
    #[arg(long, env = "ACR_ADMISSION_SUB_OPERATION")]
    pub sub_operation: Option<String>,
    /// An attribute of the request, by the text between the brackets. The value is JSON, or else plain text
    #[arg(long, value_name = "NAME=VALUE", env = "ACR_ADMISSION_REQUEST")]
    pub request: Vec<String>,
    /// An attribute of the resource
    #[arg(long, value_name = "NAME=VALUE", env = "ACR_ADMISSION_RESOURCE")]
    pub resource: Vec<String>,
    /// An attribute of the principal
    #[arg(long, value_name = "NAME=VALUE", env = "ACR_ADMISSION_PRINCIPAL")]
    pub principal: Vec<String>,
    /// An attribute of the environment
    #[arg(long, value_name = "NAME=VALUE", env = "ACR_ADMISSION_ENVIRONMENT")]
    pub environment: Vec<String>,
    /// Evaluate JSON lines from a file, or `-` for standard input: one result a line, in order
    #[arg(long, value_name = "FILE", env = "ACR_ADMISSION_BATCH")]
    pub batch: Option<PathBuf>,
    /// How to print a single evaluation
    #[arg(short, long, value_enum, default_value_t, env = "ACR_ADMISSION_OUTPUT")]
    pub output: DocumentFormat,
}
