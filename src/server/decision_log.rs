//! The decision log: one JSON line for each review that was not skipped.
//!
//! Names only: no environment, no secret, no token. Texts of strangers are shortened and made printable, and a
//! line holds no more than [`MAX_IMAGES`] images and [`MAX_TRIES`] tries of each, so that nobody can fill a disk with
//! one request.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::outcome::{JudgedImage, Outcome};
use super::policy::Policy;
use crate::engine::action::PermissionsMode;
use crate::engine::decision::{Reason, Verdict};
use crate::engine::pull::{JudgedIdentity, Question, Try};
use crate::review::{AdmissionRequest, printable, shortened};
use crate::settings::Mode;
use crate::telemetry::logging::DECISION_TARGET;

/// The schema's version; fields are added, never changed.
const SCHEMA_VERSION: &str = "1";
/// More images than this are counted, not listed.
const MAX_IMAGES: usize = 40;
/// As many tries of an image are listed, the others counted.
const MAX_TRIES: usize = 6;
/// No text in a record is longer.
const MAX_TEXT: usize = 320;
/// No try is longer: the name of a secret and a user that both are its author's choice.
const MAX_TRY: usize = 120;

/// Writes the record of one review.
pub(super) fn write(
    request: &AdmissionRequest<'_>,
    outcome: &Outcome,
    policy: &Policy,
    now: Timestamp,
    duration: Duration,
) {
    if !tracing::enabled!(target: DECISION_TARGET, tracing::Level::INFO) {
        return;
    }
    let estate = policy.estate.as_ref();
    let record = Record {
        kind: "AdmissionDecision",
        schema_version: SCHEMA_VERSION,
        time: now,
        uid: text(&request.uid),
        dry_run: request.dry_run,
        operation: request.operation.as_str(),
        mode: outcome.mode,
        rule: &outcome.rule,
        question: outcome.question,
        decision: outcome.conclusion.as_str(),
        admitted: outcome.is_admitted(),
        exception: outcome.exception.as_deref(),
        namespace: text(&request.namespace),
        object_kind: text(&request.kind.kind),
        sub_resource: text(&request.sub_resource),
        name: text(&request.name),
        user: text(&request.user.username),
        service_account: text(&outcome.service_account),
        images: outcome.images.iter().take(MAX_IMAGES).map(image_record).collect(),
        images_left_out: outcome.images.len().saturating_sub(MAX_IMAGES),
        data_version: estate.map(|estate| format!("{:016x}", estate.source.fingerprint)),
        data_age_seconds: policy.age(now).map(|age| age.as_secs()),
        duration_microseconds: u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
    };
    // Texts, numbers and lists of them always serialise.
    let json = serde_json::to_string(&record).unwrap_or_default();
    tracing::info!(target: DECISION_TARGET, record = json);
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    kind: &'static str,
    schema_version: &'static str,
    time: Timestamp,
    uid: String,
    dry_run: bool,
    operation: &'static str,
    mode: Mode,
    rule: &'a str,
    question: Question,
    decision: &'static str,
    admitted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    exception: Option<&'a str>,
    namespace: String,
    object_kind: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    sub_resource: String,
    name: String,
    user: String,
    service_account: String,
    images: Vec<ImageRecord<'a>>,
    #[serde(skip_serializing_if = "is_zero")]
    images_left_out: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_age_seconds: Option<u64>,
    duration_microseconds: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ImageRecord<'a> {
    field: String,
    container: String,
    image: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    registry: Option<&'a str>,
    host: String,
    repository: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    registry_mode: Option<&'static str>,
    verdict: Verdict,
    reason: Reason,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<&'a JudgedIdentity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a str>,
    chain: Vec<String>,
    #[serde(skip_serializing_if = "is_zero")]
    chain_left_out: usize,
}

fn image_record(judged: &JudgedImage) -> ImageRecord<'_> {
    let JudgedImage { field, owner, image, repository, registry, registry_mode, answer, action: _, fix: _ } =
        judged;
    let (host, path) = repository.split_once('/').unwrap_or_default();
    ImageRecord {
        field: field.clone(),
        container: text(owner),
        image: text(image),
        registry: registry.as_deref(),
        host: text(host),
        repository: text(path),
        registry_mode: registry_mode.map(PermissionsMode::as_str),
        verdict: answer.verdict(),
        reason: answer.reason,
        identity: answer.identity.as_ref(),
        by: answer.by.as_deref(),
        chain: answer.chain.iter().take(MAX_TRIES).map(attempt).collect(),
        chain_left_out: answer.chain.len().saturating_sub(MAX_TRIES),
    }
}

fn attempt(attempt: &Try) -> String {
    shortened(&printable(&attempt.to_string()), MAX_TRY).into_owned()
}

fn text(text: &str) -> String {
    shortened(&printable(text), MAX_TEXT).into_owned()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
const fn is_zero(number: &usize) -> bool {
    *number == 0
}
