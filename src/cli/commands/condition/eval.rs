//! `condition eval`: one evaluation for people, or a batch.

use std::path::Path;

use super::batch::{self, word};
use super::check::condition_text;
use super::facts::from_pairs;
use crate::cli::args::ConditionEvalArgs;
use crate::cli::error::CliError;
use crate::cli::output::{Outcome, Output};
use crate::engine::condition::{Attributes, Condition, Facts};
use crate::report::draw_mistake;

/// Runs `condition eval`.
///
/// # Errors
/// The input cannot be read, or the arguments make no sense.
pub(super) fn run(args: &ConditionEvalArgs, output: &mut Output) -> Result<Outcome, CliError> {
    let ConditionEvalArgs {
        condition,
        action,
        sub_operation,
        request,
        resource,
        principal,
        environment,
        batch,
    } = args;
    if let Some(batch) = batch {
        return batch::run(batch, output);
    }
    let (name, text) = match condition.as_deref().unwrap_or_default() {
        argument if argument.starts_with("@/") || argument.starts_with("@.") => from_file(argument)?,
        // `@Request[…]` begins a condition; no file is called like that.
        argument if argument.starts_with('@') && !argument.contains('[') => from_file(argument)?,
        argument => ("condition".to_owned(), argument.to_owned()),
    };
    let facts = Facts {
        action: action.as_deref().unwrap_or_default(),
        sub_operation: sub_operation.as_deref(),
        request: attributes("--request", request)?,
        resource: attributes("--resource", resource)?,
        principal: attributes("--principal", principal)?,
        environment: attributes("--environment", environment)?,
    };
    match Condition::parse(&text) {
        Ok(condition) => {
            writeln!(output.data(), "{}", word(condition.evaluate(&facts)))?;
            Ok(Outcome::Fine)
        }
        Err(error) => {
            writeln!(output.data(), "invalid")?;
            let drawing = draw_mistake(&name, &text, &error, output.talk_paint());
            writeln!(output.talk(), "{drawing}")?;
            Ok(Outcome::BadInput)
        }
    }
}

fn from_file(argument: &str) -> Result<(String, String), CliError> {
    let file = argument.strip_prefix('@').unwrap_or(argument);
    Ok((file.to_owned(), condition_text(Path::new(file))?))
}

fn attributes(flag: &str, pairs: &[String]) -> Result<Attributes, CliError> {
    from_pairs(pairs).map_err(|pair| {
        CliError::input(
            format!("`{pair}` is no attribute"),
            flag,
            "write NAME=VALUE, such as Contoso/things:name=a",
        )
    })
}
