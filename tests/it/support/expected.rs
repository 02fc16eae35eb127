//! The expected verdicts of `tests/fixtures/workloads`, for every door that can be asked: the library, the command line,
//! the webhook. A door turns its answer into an [`AnswerRow`] and compares.

use std::fs;
use std::path::PathBuf;

use acr_admission::engine::decision::Verdict;
use acr_admission::engine::pull::{Answer, JudgedIdentity};
use jiff::Timestamp;
use serde::Deserialize;

/// The folder of manifests, relative to the crate.
pub(crate) const WORKLOADS: &str = "tests/fixtures/workloads";

/// The exports that the verdicts rest on.
pub(crate) const ESTATE: &str = "tests/fixtures/az";

/// The instant that the verdicts are for.
pub(crate) fn evaluation_date() -> Timestamp {
    "2026-11-22T00:00:00Z".parse().unwrap()
}

/// One workload.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExpectedCase {
    /// The manifest, or the review, below [`WORKLOADS`].
    pub(crate) file: String,
    pub(crate) cluster: String,
    pub(crate) kind: String,
    pub(crate) namespace: String,
    /// With a `*` at its end where the API server makes up the rest.
    pub(crate) name: String,
    pub(crate) service_account: String,
    /// In the order in which the fields are to be found.
    pub(crate) images: Vec<ExpectedImage>,
}

impl ExpectedCase {
    pub(crate) fn path(&self) -> PathBuf {
        PathBuf::from(WORKLOADS).join(&self.file)
    }

    /// Where the objects lie that the workload's cluster knows.
    pub(crate) fn cluster_folder(&self) -> PathBuf {
        PathBuf::from(WORKLOADS).join(&self.cluster)
    }
}

/// One image field.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExpectedImage {
    pub(crate) field: String,
    pub(crate) image: String,
    pub(crate) registry: Option<String>,
    pub(crate) repository: Option<String>,
    actual: AnswerRow,
    workload: AnswerRow,
    actual_without_secret_access: Option<AnswerRow>,
    workload_federation_checked: Option<AnswerRow>,
}

/// Under which circumstances a question is asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Variant {
    /// What the node will do.
    Actual,
    /// The same, where Secrets may not be read.
    ActualWithoutSecretAccess,
    /// The workload's own identity, with federated credentials checked: the default.
    Workload,
    /// The workload's own identity, with client id annotations believed.
    WorkloadTrusted,
}

impl Variant {
    pub(crate) const ALL: [Self; 4] =
        [Self::Actual, Self::ActualWithoutSecretAccess, Self::Workload, Self::WorkloadTrusted];
}

impl ExpectedImage {
    pub(crate) fn answer(&self, variant: Variant) -> &AnswerRow {
        match variant {
            Variant::Actual => &self.actual,
            Variant::ActualWithoutSecretAccess => {
                self.actual_without_secret_access.as_ref().unwrap_or(&self.actual)
            }
            Variant::Workload => self.workload_federation_checked.as_ref().unwrap_or(&self.workload),
            Variant::WorkloadTrusted => &self.workload,
        }
    }
}

/// What every door says about an image.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub(crate) struct AnswerRow {
    #[serde(deserialize_with = "verdict")]
    pub(crate) verdict: String,
    pub(crate) reason: String,
    pub(crate) identity: Option<IdentityRow>,
    pub(crate) by: Option<String>,
}

/// Who decided.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IdentityRow {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) principal_id: Option<String>,
}

impl From<&Answer> for AnswerRow {
    fn from(answer: &Answer) -> Self {
        let identity = answer.identity.as_ref().map(|identity| {
            let JudgedIdentity { kind, name, principal_id } = identity;
            IdentityRow {
                kind: format!("{kind:?}"),
                name: name.to_string(),
                principal_id: principal_id.map(|id| id.to_string()),
            }
        });
        Self {
            verdict: answer.verdict().to_string(),
            reason: answer.reason.to_string(),
            identity,
            by: answer.by.as_ref().map(ToString::to_string),
        }
    }
}

/// Every workload, with at least one image each.
pub(crate) fn cases() -> Vec<ExpectedCase> {
    #[derive(Deserialize)]
    struct File {
        cases: Vec<ExpectedCase>,
    }
    let text = fs::read_to_string(PathBuf::from(WORKLOADS).join("expected.json")).unwrap();
    let File { cases } = serde_json::from_str(&text).unwrap();
    assert!(cases.len() > 20 && cases.iter().all(|case| !case.images.is_empty()));
    cases
}

/// The file says `unknown-identity` where the program says `unknown`.
fn verdict<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let word = String::deserialize(deserializer)?;
    let word = if word == "unknown-identity" { Verdict::Unknown.as_str().to_owned() } else { word };
    let known = Verdict::ALL.iter().any(|verdict| verdict.as_str() == word);
    known.then_some(word).ok_or_else(|| serde::de::Error::custom("no verdict"))
}
