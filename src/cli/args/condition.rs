//! `condition`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

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
    /// Prints true, false, unknown or invalid. Attributes that are not given were not supplied. The exit code is 0
    /// whatever the result, and 2 where a condition or a line of the batch is invalid. A line of a batch is
    /// {"id", "condition", "action", "subOperation", "request", "resource", "principal", "environment"}.
    Eval(ConditionEvalArgs),
    /// Print a condition in its canonical form
    Fmt(ConditionFileArgs),
}

/// `condition check` and `condition fmt`.
#[derive(Args, Debug)]
pub struct ConditionFileArgs {
    /// A file with one condition's text, or `-` for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
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
}
