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
    let response = response.warn(spoken_warnings(outcome, surround));
    annotated(response, outcome, surround)
}

fn denial(outcome: &Outcome, docs_url: &str) -> String {
    let images: Vec<ImageAnswer<'_>> = with_action(outcome, Action::Deny).map(answer_of).collect();
    Denial { images: &images, question: outcome.question, fix: None, docs_url }.text()
}

/// What users are told beside a verdict. Audit is silent by definition.
fn spoken_warnings(outcome: &Outcome, surround: Surround<'_>) -> Vec<String> {
    let is_silent = matches!(outcome.conclusion, Conclusion::Skip(_) | Conclusion::Exception);
    if is_silent {
        return Vec::new();
    }
    let mut spoken = match outcome.mode {
        // What is refused stands in the denial.
        Mode::Enforce => warnings(with_action(outcome, Action::Warn).map(answer_of)),
        Mode::Warn => {
            warnings(outcome.images.iter().filter(|image| image.action > Action::Allow).map(answer_of))
        }
        Mode::Audit | Mode::Off => return Vec::new(),
    };
    if surround.is_stale
        && let Some(age) = surround.age
    {
        spoken.push(format!("acr-admission judged by role data that is {} h old", age.as_secs() / 3600));
    }
    spoken
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
