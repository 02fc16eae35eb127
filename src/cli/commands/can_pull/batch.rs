//! Many questions, one JSON line each: answered one after the other, in order, in constant memory.

use std::io;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cli::commands::ask::{Query, Reply, Target, Who, ask};
use crate::cli::error::CliError;
use crate::cli::input::{BatchLine, BatchLines, id_of, parse_line};
use crate::cli::output::{Outcome, Output};
use crate::engine::action::{Action, PermissionsMode};
use crate::engine::conditional_access::SignIn;
use crate::engine::decision::{Decider, Reason, Verdict};
use crate::engine::index::Index;
use crate::report::write_json_line;

/// One question. Fields that are not ours are passed over, so that a line may carry what its author needs.
#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    id: Value,
    identity: String,
    image: Option<String>,
    registry: Option<String>,
    repository: Option<String>,
    action: Option<String>,
    #[serde(default)]
    quarantined: bool,
}

/// One answer.
#[derive(Serialize)]
struct AnswerLine<'a> {
    id: &'a Value,
    verdict: Verdict,
    reason: Reason,
    registry: Option<&'a str>,
    repository: Option<&'a str>,
    mode: Option<PermissionsMode>,
    by: Option<String>,
}

/// What a bad line gets.
#[derive(Serialize)]
struct ErrorLine<'a> {
    id: &'a Value,
    verdict: &'static str,
    message: &'a str,
}

/// Answers every line of a file or of standard input.
///
/// # Errors
/// The input cannot be opened or read, or the output not be written. A bad line is no error.
pub(super) fn run(
    index: &Index,
    batch: &Path,
    sign_in: SignIn<'_>,
    now: Timestamp,
    output: &mut Output,
) -> Result<Outcome, CliError> {
    let mut lines = BatchLines::open(batch)?;
    let mut outcome = Outcome::Fine;
    while let Some(line) = lines.next()? {
        outcome = outcome.max(answer_line(index, &line, sign_in, now, output.data())?);
        if output.is_closed() {
            break;
        }
    }
    Ok(outcome)
}

fn answer_line(
    index: &Index,
    line: &BatchLine<'_>,
    sign_in: SignIn<'_>,
    now: Timestamp,
    to: &mut dyn io::Write,
) -> io::Result<Outcome> {
    let text = match line {
        BatchLine::Text(text) => *text,
        BatchLine::Bad(why) => return refuse(to, &Value::Null, why),
    };
    let line: Line = match parse_line(text) {
        Ok(line) => line,
        Err(why) => return refuse(to, &id_of(text), &why),
    };
    let action = match line.action.as_deref().map(str::parse::<Action>).transpose() {
        Ok(action) => action.unwrap_or_default(),
        Err(error) => return refuse(to, &line.id, &format!("unknown action: {error}")),
    };
    let target = match (&line.image, &line.registry) {
        (Some(image), None) => Target::Image(image),
        (None, Some(registry)) => Target::Repository { registry, repository: line.repository.as_deref() },
        (None, None) => return refuse(to, &line.id, "neither `image` nor `registry` is given"),
        (Some(_), Some(_)) => return refuse(to, &line.id, "both `image` and `registry` are given"),
    };
    if line.quarantined && line.image.is_none() {
        return refuse(
            to,
            &line.id,
            "`quarantined` needs `image`: it makes a difference how the image is named",
        );
    }
    let who = Who::Identity(&line.identity);
    let query = Query { who, target, action, sign_in, quarantined: line.quarantined };
    match ask(index, &query, now) {
        Ok(reply) => write_answer(to, &line.id, &reply),
        Err(error) => refuse(to, &line.id, &error.to_string()),
    }
}

fn write_answer(to: &mut dyn io::Write, id: &Value, reply: &Reply<'_>) -> io::Result<Outcome> {
    let answer = AnswerLine {
        id,
        verdict: reply.decision.verdict(),
        reason: reply.decision.reason,
        registry: reply.registry.map(|registry| registry.name.as_str()),
        repository: reply.repository.as_deref(),
        mode: reply.mode(),
        by: reply.decision.by.as_ref().map(Decider::name),
    };
    write_json_line(to, &answer)?;
    Ok(Outcome::of(answer.verdict))
}

fn refuse(to: &mut dyn io::Write, id: &Value, message: &str) -> io::Result<Outcome> {
    write_json_line(to, &ErrorLine { id, verdict: "error", message })?;
    Ok(Outcome::BadInput)
}
