//! The answer to a review, version 1: always HTTP 200, always the request's uid.
//!
//! Any other status, a body that does not decode or a wrong uid is a failed call to the API server, and then its
//! `failurePolicy` decides, not we. So a denial is a well-formed answer as much as an admission is.

use std::collections::BTreeMap;

use serde::Serialize;

use super::message::limited;
use super::printable::{printable, shortened};

/// The answer to one review.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AdmissionResponse {
    uid: String,
    refusal: Option<String>,
    warnings: Vec<String>,
    annotations: BTreeMap<AuditKey, String>,
}

/// The keys of audit annotations. The API server puts the webhook's name and a `/` before them.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuditKey {
    /// What was done: allow, warn, deny, …
    Decision,
    /// The mode of the rule.
    Mode,
    /// Who was judged.
    Identity,
    /// Why, for the first image that was not simply allowed.
    ReasonCode,
    /// How old the inventory is, in seconds.
    DataAge,
    /// The exception that admitted the request.
    Exception,
}

/// Audit logs are paid by the byte.
const MAX_ANNOTATION: usize = 256;

impl AdmissionResponse {
    /// Admits.
    #[must_use]
    pub fn admit(uid: &str) -> Self {
        Self { uid: uid.to_owned(), refusal: None, warnings: Vec::new(), annotations: BTreeMap::new() }
    }

    /// Refuses with a message. Without one users would read "without explanation".
    #[must_use]
    pub fn refuse(uid: &str, message: String) -> Self {
        Self { refusal: Some(message), ..Self::admit(uid) }
    }

    /// Says these warnings, which users see whether the object is admitted or not: each once, short, and not too
    /// many.
    #[must_use]
    pub fn warn(self, warnings: impl IntoIterator<Item = String>) -> Self {
        Self { warnings: limited(warnings), ..self }
    }

    /// Adds one line to the audit log; empty values are left out.
    #[must_use]
    pub fn annotate(mut self, key: AuditKey, value: &str) -> Self {
        if !value.is_empty() {
            self.annotations.insert(key, shortened(&printable(value), MAX_ANNOTATION).into_owned());
        }
        self
    }

    /// Whether the object is admitted.
    #[must_use]
    pub const fn is_admitted(&self) -> bool {
        self.refusal.is_none()
    }

    /// The body of the answer.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let Self { uid, refusal, warnings, annotations } = self;
        let status = refusal.as_deref().map(|message| Status {
            outcome: "Failure",
            code: 403,
            reason: "Forbidden",
            message,
        });
        let review = WireReview {
            api_version: "admission.k8s.io/v1",
            kind: "AdmissionReview",
            response: WireResponse {
                uid,
                allowed: status.is_none(),
                status,
                warnings,
                audit_annotations: annotations,
            },
        };
        // Texts and maps with text keys always serialise; an empty body would be a failed call.
        serde_json::to_vec(&review).unwrap_or_default()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireReview<'a> {
    api_version: &'static str,
    kind: &'static str,
    response: WireResponse<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireResponse<'a> {
    uid: &'a str,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status<'a>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    warnings: &'a [String],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    audit_annotations: &'a BTreeMap<AuditKey, String>,
}

#[derive(Serialize)]
struct Status<'a> {
    #[serde(rename = "status")]
    outcome: &'static str,
    code: u16,
    reason: &'static str,
    message: &'a str,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{AdmissionResponse, AuditKey};

    #[test]
    fn a_refusal_says_who_refuses_and_how() {
        let response = AdmissionResponse::refuse("u-1", "no".to_owned())
            .warn(vec!["a\nb".to_owned(), String::new(), "a\nb".to_owned()])
            .annotate(AuditKey::ReasonCode, "NoPullPermission")
            .annotate(AuditKey::Identity, "");
        let body: serde_json::Value = serde_json::from_slice(&response.to_json()).unwrap();
        assert_eq!(
            body,
            json!({
                "apiVersion": "admission.k8s.io/v1",
                "kind": "AdmissionReview",
                "response": {
                    "uid": "u-1",
                    "allowed": false,
                    "status": {"status": "Failure", "code": 403, "reason": "Forbidden", "message": "no"},
                    "warnings": ["a\\u{a}b"],
                    "auditAnnotations": {"reason-code": "NoPullPermission"}
                }
            })
        );
    }

    #[test]
    fn an_admission_has_no_status() {
        let body: serde_json::Value =
            serde_json::from_slice(&AdmissionResponse::admit("u-2").to_json()).unwrap();
        assert_eq!(body["response"], json!({"uid": "u-2", "allowed": true}));
    }
}
