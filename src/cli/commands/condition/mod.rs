//! `condition`: what is wrong with a condition's text, and what it evaluates to.

mod batch;
mod check;
mod eval;
mod facts;

use crate::cli::args::ConditionCommand;
use crate::cli::error::CliError;
use crate::cli::output::{Outcome, Output};

/// Runs `condition …`.
///
/// # Errors
/// The input cannot be read, or the arguments make no sense.
pub(super) fn run(command: &ConditionCommand, output: &mut Output) -> Result<Outcome, CliError> {
    match command {
        ConditionCommand::Check(args) => check::run(args, output),
        ConditionCommand::Eval(args) => eval::run(args, output),
        ConditionCommand::Fmt(args) => check::format(args, output),
    }
}
