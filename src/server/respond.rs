//! From an outcome to the answer that the API server gets.

use std::time::Duration;

use super::outcome::{Conclusion, JudgedImage, Outcome};
use crate::review::{AdmissionResponse, AuditKey, Denial, ImageAnswer, warnings};
use crate::settings::{Action, Mode};

/// What every answer of a moment shares.
#[derive(Clone, Copy)]
pub(super) struct Surround<'a> {
    pub(super) docs_url: &'a str,
    /// The inventory's age.
    pub(super) age: Option<Duration>,
    /// Whether it is older than the settings like.
    pub(super) is_stale: bool,
}

/// The answer to a review.
pub(super) fn respond(uid: &str, outcome: &Outcome, surround: Surround<'_>) -> AdmissionResponse {
    let response = if outcome.is_admitted() {
        AdmissionResponse::admit(uid)
    } else {
        AdmissionResponse::refuse(uid, denial(outcome, surround.docs_url))
    };
    let response = response.warn(stale_data(outcome, surround).into_iter().chain(spoken_warnings(outcome)));
    annotated(response, outcome, surround)
}

fn denial(outcome: &Outcome, docs_url: &str) -> String {
    let images: Vec<ImageAnswer<'_>> = with_action(outcome, Action::Deny).map(answer_of).collect();
    let fix = with_action(outcome, Action::Deny).next().and_then(|first| first.fix.as_deref());
    Denial { images: &images, question: outcome.question, fix, docs_url }.text()
}

/// What users are told beside a verdict. Audit is silent by definition.
fn spoken_warnings(outcome: &Outcome) -> impl Iterator<Item = String> {
    let spoken = |image: &&JudgedImage| match image.action {
        Action::Allow => false,
        Action::Warn => true,
        // What is refused stands in the denial.
        Action::Deny => outcome.mode != Mode::Enforce,
    };
    let images = if is_silent(outcome) { &[] } else { outcome.images.as_slice() };
    warnings(images.iter().filter(spoken).map(answer_of))
}

/// Comes before the warnings about images, so that it is never one of those left out.
fn stale_data(outcome: &Outcome, surround: Surround<'_>) -> Option<String> {
    let age = surround.age.filter(|_| surround.is_stale && !is_silent(outcome))?;
    Some(format!("acr-admission judged by role data that is {} h old", age.as_secs() / 3600))
}

fn is_silent(outcome: &Outcome) -> bool {
    matches!(outcome.conclusion, Conclusion::Skip(_) | Conclusion::Exception)
        || matches!(outcome.mode, Mode::Audit | Mode::Off)
}

fn annotated(response: AdmissionResponse, outcome: &Outcome, surround: Surround<'_>) -> AdmissionResponse {
    let response = response
        .annotate(AuditKey::Decision, outcome.conclusion.as_str())
        .annotate(AuditKey::Mode, outcome.mode.as_str())
        .annotate(AuditKey::Exception, outcome.exception.as_deref().unwrap_or_default());
    let Some(image) = outcome.telling_image() else { return response };
    let identity = image.answer.identity.as_ref().map_or("", |identity| &identity.name);
    let age = surround.age.map(|age| age.as_secs().to_string()).unwrap_or_default();
    response
        .annotate(AuditKey::ReasonCode, image.answer.reason.as_str())
        .annotate(AuditKey::Identity, identity)
        .annotate(AuditKey::DataAge, &age)
}

fn with_action(outcome: &Outcome, action: Action) -> impl Iterator<Item = &JudgedImage> {
    outcome.images.iter().filter(move |image| image.action == action)
}

fn answer_of(image: &JudgedImage) -> ImageAnswer<'_> {
    ImageAnswer { image: &image.image, registry: image.registry.as_deref(), answer: &image.answer }
}
