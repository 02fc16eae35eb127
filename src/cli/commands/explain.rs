//! `explain`: why an identity may or may not pull an image, what nearly did, and what would mend it.

use jiff::Timestamp;

use super::ask::{Query, Target, Who, ask};
use crate::cli::args::{DocumentFormat, ExplainArgs};
use crate::cli::error::CliError;
use crate::cli::output::{Outcome, Output};
use crate::cli::settings::load_index;
use crate::engine::authorize::AccessRequest;
use crate::report::{Explanation, write_explanation, write_json, write_yaml};

/// Runs `explain`.
///
/// # Errors
/// The inventory cannot be read, or the question makes no sense.
pub(super) fn run(args: &ExplainArgs, output: &mut Output) -> Result<Outcome, CliError> {
    let ExplainArgs {
        identity,
        image,
        registry,
        repository,
        action,
        sign_in,
        inventory,
        verdicts,
        output: format,
    } = args;
    let index = load_index(inventory, output)?;
    let now = verdicts.now.unwrap_or_else(Timestamp::now);
    let target = match (image, registry) {
        (Some(image), _) => Target::Image(image),
        (None, Some(registry)) => Target::Repository { registry, repository: repository.as_deref() },
        (None, None) => Target::Image(""),
    };
    let who = Who::Identity(identity);
    let sign_in = sign_in.sign_in();
    let query = Query { who, target, action: (*action).into(), sign_in, quarantined: false };
    let reply = ask(&index, &query, now)
        .map_err(|error| CliError::input(error, "the command line", "see `acr-admission explain --help`"))?;

    let mut explanation = Explanation::new(
        &reply.decision,
        query.action,
        reply.identity.clone(),
        reply.registry,
        reply.repository.clone(),
    )
    .with_note(reply.note.as_deref());
    if let Some((principal, registry)) = reply.access {
        let repository = reply.repository.as_deref();
        let request = AccessRequest { principal, registry, repository, action: query.action, now };
        explanation = explanation.with_access(&index, &request);
    }
    let paint = output.data_paint();
    match format {
        DocumentFormat::Table => write_explanation(output.data(), &explanation, paint)?,
        DocumentFormat::Json => write_json(output.data(), &explanation)?,
        DocumentFormat::Yaml => write_yaml(output.data(), &explanation)?,
    }
    Ok(Outcome::of(explanation.verdict).judged_by(verdicts.strict, verdicts.exit_zero))
}
