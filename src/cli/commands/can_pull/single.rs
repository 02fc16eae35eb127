//! One question: the answer for people, or as a document, with the trace where it is asked for.

use std::io;

use jiff::Timestamp;
use serde::Serialize;
use smol_str::SmolStr;

use super::batch;
use crate::cli::args::{CanPullArgs, DocumentFormat};
use crate::cli::commands::ask::{Query, Reply, Target, Who, ask};
use crate::cli::error::CliError;
use crate::cli::output::{Outcome, Output};
use crate::cli::settings::load_index;
use crate::engine::action::{Action, PermissionsMode};
use crate::engine::authorize::AccessRequest;
use crate::engine::decision::{Advice, Decider, Reason, Verdict};
use crate::engine::guid::PrincipalId;
use crate::engine::index::Index;
use crate::engine::inventory::Group;
use crate::engine::trace::Considered;
use crate::report::{Cell, Columns, IdentityRow, Paint, write_json, write_yaml};
use crate::review::{printable, sentence};

/// The answer as a document.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AnswerDocument {
    api_version: &'static str,
    kind: &'static str,
    verdict: Verdict,
    reason: Reason,
    message: String,
    action: Action,
    identity: Option<IdentityRow>,
    registry: Option<SmolStr>,
    repository: Option<SmolStr>,
    mode: Option<PermissionsMode>,
    by: Option<String>,
    advice: Vec<Advice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Vec<TraceRow>>,
    /// Groups that would turn the denial if the export hides that the identity is a member.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hidden_memberships: Vec<String>,
}

/// One assignment that was considered.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TraceRow {
    assignment: String,
    role: String,
    scope: String,
    group: Option<String>,
    permission: &'static str,
    outcome: &'static str,
    condition: Option<String>,
}

/// Runs `can-pull`.
///
/// # Errors
/// The inventory or the batch cannot be read, or the question makes no sense.
pub(crate) fn run(args: &CanPullArgs, output: &mut Output) -> Result<Outcome, CliError> {
    let CanPullArgs {
        identity,
        image,
        registry,
        repository,
        task,
        quick_run,
        quarantined,
        sign_in,
        action,
        trace,
        batch,
        inventory,
        verdicts,
        output: format,
    } = args;
    let index = load_index(inventory, output)?;
    let now = verdicts.now.unwrap_or_else(Timestamp::now);
    let sign_in = sign_in.sign_in();
    if let Some(batch) = batch {
        let outcome = batch::run(&index, batch, sign_in, now, output)?;
        return Ok(outcome.judged_by(verdicts.strict, verdicts.exit_zero));
    }
    let target = match (image, registry) {
        (Some(image), _) => Target::Image(image),
        (None, Some(registry)) => Target::Repository { registry, repository: repository.as_deref() },
        (None, None) => Target::Image(""),
    };
    let identity = identity.as_deref().unwrap_or_default();
    let who = match (task, quick_run) {
        (Some(task), _) => Who::Task(task),
        (None, Some(quick_run)) => Who::QuickRun(identity, (*quick_run).into()),
        (None, None) => Who::Identity(identity),
    };
    let query = Query { who, target, action: (*action).into(), sign_in, quarantined: *quarantined };
    let mut reply = ask(&index, &query, now)
        .map_err(|error| CliError::input(error, "the command line", "see `acr-admission can-pull --help`"))?;
    if reply.misses_metadata(&index, &query, now) {
        reply.decision.advice.insert(Advice::MetadataReadMissing);
    }
    let trace = trace.then(|| trace_rows(&index, &query, &reply, now));
    let hidden = if trace.is_some() { hidden_memberships(&index, &query, &reply, now) } else { Vec::new() };
    let document = AnswerDocument { hidden_memberships: hidden, ..document(&query, &reply, trace) };
    write(output, &document, *format)?;
    let outcome = Outcome::of(document.verdict);
    Ok(outcome.judged_by(verdicts.strict, verdicts.exit_zero))
}

fn document(query: &Query<'_>, reply: &Reply<'_>, trace: Option<Vec<TraceRow>>) -> AnswerDocument {
    let reason = reply.decision.reason;
    let message = match &reply.note {
        Some(note) => format!("{}: {note}", sentence::reason(reason)),
        None => sentence::reason(reason).to_owned(),
    };
    AnswerDocument {
        api_version: crate::report::API_VERSION,
        kind: "PullAnswer",
        verdict: reply.decision.verdict(),
        reason,
        message,
        action: query.action,
        identity: reply.identity.clone(),
        registry: reply.registry.map(|registry| registry.name.clone()),
        repository: reply.repository.clone(),
        mode: reply.mode(),
        by: reply.decision.by.as_ref().map(Decider::name),
        advice: reply.decision.advice.iter().collect(),
        trace,
        hidden_memberships: Vec::new(),
    }
}

fn trace_rows(index: &Index, query: &Query<'_>, reply: &Reply<'_>, now: Timestamp) -> Vec<TraceRow> {
    let Some((principal, registry)) = reply.access else { return Vec::new() };
    let repository = reply.repository.as_deref();
    let request = AccessRequest { principal, registry, repository, action: query.action, now };
    let modes = reply.mode().map_or_else(|| PermissionsMode::ALL.to_vec(), |mode| vec![mode]);
    let considered = modes.into_iter().flat_map(|mode| index.trace(&request, mode));
    considered.map(|line| trace_row(index, &line)).collect()
}

fn trace_row(index: &Index, line: &Considered<'_>) -> TraceRow {
    let Considered { assignment, group, permission, contribution } = *line;
    let group_name = |id: PrincipalId| {
        let found = index.inventory().groups.iter().find(|group| group.id == id);
        found.map_or_else(|| id.to_string(), name_of)
    };
    TraceRow {
        assignment: assignment.name.to_string(),
        role: index.role_name(assignment.role).map_or_else(|| assignment.role.to_string(), str::to_owned),
        scope: assignment.scope.to_string(),
        group: group.map(group_name),
        permission: permission.as_str(),
        outcome: contribution.as_str(),
        condition: assignment.condition.as_ref().map(|condition| condition.text().to_owned()),
    }
}

fn hidden_memberships(index: &Index, query: &Query<'_>, reply: &Reply<'_>, now: Timestamp) -> Vec<String> {
    let Some((principal, registry)) = reply.access else { return Vec::new() };
    let repository = reply.repository.as_deref();
    let request = AccessRequest { principal, registry, repository, action: query.action, now };
    index.groups_that_might_help(&request, &reply.decision).map(name_of).collect()
}

fn name_of(group: &Group) -> String {
    if group.name.is_empty() { group.id.to_string() } else { group.name.to_string() }
}

fn write(output: &mut Output, document: &AnswerDocument, format: DocumentFormat) -> io::Result<()> {
    let paint = output.data_paint();
    match format {
        DocumentFormat::Table => write_text(output.data(), document, paint),
        DocumentFormat::Json => write_json(output.data(), document),
        DocumentFormat::Yaml => write_yaml(output.data(), document),
    }
}

fn write_text(to: &mut dyn io::Write, document: &AnswerDocument, paint: Paint) -> io::Result<()> {
    let verdict = paint.verdict(document.verdict, document.verdict.as_str());
    writeln!(to, "{verdict}  {}: {}", document.reason, printable(&document.message))?;
    let mut line = |title: &str, text: &str| writeln!(to, "  {title:<11}{}", printable(text));
    if let Some(identity) = &document.identity {
        let id = identity.principal_id.map(|id| format!(" ({id})")).unwrap_or_default();
        line("identity", &format!("{}{id}", identity.name))?;
    }
    if let Some(registry) = &document.registry {
        let mode = document.mode.map_or("mode unknown", PermissionsMode::as_str);
        line("registry", &format!("{registry} ({mode})"))?;
    }
    if let Some(repository) = &document.repository {
        line("repository", repository)?;
    }
    line("action", document.action.as_str())?;
    if let Some(by) = &document.by {
        line("by", by)?;
    }
    for advice in &document.advice {
        line("advice", advice.as_str())?;
    }
    if let Some(trace) = &document.trace {
        write_trace(to, trace, paint)?;
    }
    for group in &document.hidden_memberships {
        let group = printable(group);
        writeln!(to, "\nnear miss: group `{group}` would do; its member list may hide this identity")?;
    }
    Ok(())
}

fn write_trace(to: &mut dyn io::Write, trace: &[TraceRow], paint: Paint) -> io::Result<()> {
    if trace.is_empty() {
        return writeln!(to, "\nno role assignment names this identity or a group of it");
    }
    let mut table = Columns::new(vec!["OUTCOME", "ASSIGNMENT", "ROLE", "THROUGH", "PERMISSION", "SCOPE"]);
    for row in trace {
        let outcome = match row.outcome {
            "Granted" => Cell::verdict(Verdict::Allow, row.outcome),
            other => Cell::text(other),
        };
        table.push(vec![
            outcome,
            Cell::text(&row.assignment),
            Cell::text(&row.role),
            Cell::text(row.group.as_deref().unwrap_or_default()),
            Cell::text(row.permission),
            Cell::text(&row.scope),
        ]);
    }
    to.write_all(b"\n")?;
    table.write(to, paint)
}
