//! What came back, and whether it is what it must be.

use serde_json::{Value, json};

use crate::settings::Mode;

/// The webhook's answer about one image.
#[derive(Debug)]
pub(super) struct Answer {
    is_admitted: bool,
    /// The word of the decision, in every mode the same.
    pub(super) decision: String,
    pub(super) reason: String,
    mode: String,
    /// What a user reads.
    said: String,
}

impl Answer {
    pub(super) fn of(response: &Value) -> Self {
        let text =
            |pointer: &str| response.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let message = text("/status/message");
        let mut warnings = response.pointer("/warnings").and_then(Value::as_array).into_iter().flatten();
        let first_warning = warnings.find_map(Value::as_str).unwrap_or_default();
        let said = message.lines().next().unwrap_or(first_warning).to_owned();
        Self {
            is_admitted: response.get("allowed").and_then(Value::as_bool).unwrap_or_default(),
            decision: text("/auditAnnotations/decision"),
            reason: text("/auditAnnotations/reason-code"),
            mode: text("/auditAnnotations/mode"),
            said,
        }
    }

    /// Whether the webhook decided so, and did what its mode says.
    pub(super) fn is(&self, decision: &str) -> bool {
        let refuses = decision == "deny" && self.mode == Mode::Enforce.as_str();
        self.decision == decision && self.is_admitted != refuses
    }

    /// One line for people.
    pub(super) fn in_words(&self) -> String {
        let Self { is_admitted, decision, reason, mode, said } = self;
        let done = if *is_admitted { "admitted" } else { "refused" };
        let mut words = format!("{done} in mode {mode}, decision {decision}");
        for part in [reason, said] {
            if !part.is_empty() {
                words.push_str(": ");
                words.push_str(part);
            }
        }
        words
    }
}

/// A review of a new pod. It is marked as a dry run, so nothing is recorded as having been created.
pub(super) fn review(namespace: &str, service_account: &str, image: &str) -> Vec<u8> {
    let name = "acr-admission-self-test";
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace},
        "spec": {"serviceAccountName": service_account, "containers": [{"name": "test", "image": image}]},
    });
    let review = json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": name,
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "name": name,
            "namespace": namespace,
            "operation": "CREATE",
            "userInfo": {"username": name},
            "object": pod,
            "dryRun": true,
        },
    });
    review.to_string().into_bytes()
}
