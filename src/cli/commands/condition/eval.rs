//! `condition eval`: one evaluation for people, or a batch.

use std::path::Path;

use super::batch;
use super::check::condition_text;
use super::facts::from_pairs;
use crate::cli::args::{ConditionEvalArgs, DocumentFormat};
use crate::cli::error::CliError;
use crate::cli::output::{Outcome, Output};
use crate::engine::condition::{Attributes, Condition, Facts};
use crate::report::{Evaluation, draw_mistake, write_evaluation, write_json, write_yaml};

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
        output: format,
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
    let parsed = Condition::parse(&text);
    let evaluation = Evaluation::of(&text, parsed.as_ref(), &facts);
    let paint = output.data_paint();
    match format {
        DocumentFormat::Table => write_evaluation(output.data(), &evaluation, paint)?,
        DocumentFormat::Json => write_json(output.data(), &evaluation)?,
        DocumentFormat::Yaml => write_yaml(output.data(), &evaluation)?,
    }
    let Err(error) = parsed else { return Ok(Outcome::Fine) };
    let drawing = draw_mistake(&name, &text, &error, output.talk_paint());
    writeln!(output.talk(), "{drawing}")?;
    Ok(Outcome::BadInput)
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
