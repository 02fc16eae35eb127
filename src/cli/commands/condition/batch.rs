//! `condition eval --batch`: one evaluation a line, in order, in constant memory.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::facts::JsonAttributes;
use crate::cli::error::CliError;
use crate::cli::input::{BatchLine, BatchLines, id_of, parse_line};
use crate::cli::output::{Outcome, Output};
use crate::engine::condition::{Condition, ConditionError, Facts};
use crate::report::{truth_word, write_json_line};

/// One evaluation. Fields that are not ours are passed over.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    #[serde(default)]
    id: Value,
    condition: String,
    action: String,
    sub_operation: Option<String>,
    #[serde(default)]
    request: JsonAttributes,
    #[serde(default)]
    resource: JsonAttributes,
    #[serde(default)]
    principal: JsonAttributes,
    #[serde(default)]
    environment: JsonAttributes,
}

/// One result.
#[derive(Serialize)]
struct ResultLine<'a> {
    id: &'a Value,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

/// The code of a line that is no evaluation at all.
const BAD_LINE: &str = "E_LINE";

/// Evaluates every line of a file or of standard input.
///
/// # Errors
/// The input cannot be opened or read, or the output not be written. A bad line is no error.
pub(super) fn run(batch: &Path, output: &mut Output) -> Result<Outcome, CliError> {
    let mut lines = BatchLines::open(batch)?;
    let mut outcome = Outcome::Fine;
    while let Some(line) = lines.next()? {
        outcome = outcome.max(evaluate_line(&line, output.data())?);
        if output.is_closed() {
            break;
        }
    }
    Ok(outcome)
}

fn evaluate_line(line: &BatchLine<'_>, to: &mut dyn io::Write) -> io::Result<Outcome> {
    let text = match line {
        BatchLine::Text(text) => *text,
        BatchLine::Bad(why) => return refuse(to, &Value::Null, why),
    };
    let line: Line = match parse_line(text) {
        Ok(line) => line,
        Err(why) => return refuse(to, &id_of(text), &why),
    };
    let condition = match Condition::parse(&line.condition) {
        Ok(condition) => condition,
        Err(error) => return invalid(to, &line.id, &error),
    };
    let facts = Facts {
        action: &line.action,
        sub_operation: line.sub_operation.as_deref(),
        request: line.request.into_attributes(),
        resource: line.resource.into_attributes(),
        principal: line.principal.into_attributes(),
        environment: line.environment.into_attributes(),
    };
    let result = truth_word(condition.evaluate(&facts));
    write_json_line(
        to,
        &ResultLine { id: &line.id, result, line: None, column: None, code: None, message: None },
    )?;
    Ok(Outcome::Fine)
}

fn invalid(to: &mut dyn io::Write, id: &Value, error: &ConditionError) -> io::Result<Outcome> {
    let result = ResultLine {
        id,
        result: "invalid",
        line: Some(error.line()),
        column: Some(error.column()),
        code: Some(error.code().as_str()),
        message: Some(error.message()),
    };
    write_json_line(to, &result)?;
    Ok(Outcome::BadInput)
}

fn refuse(to: &mut dyn io::Write, id: &Value, message: &str) -> io::Result<Outcome> {
    let result = ResultLine {
        id,
        result: "invalid",
        line: None,
        column: None,
        code: Some(BAD_LINE),
        message: Some(message),
    };
    write_json_line(to, &result)?;
    Ok(Outcome::BadInput)
}
