//! The document of `check`: findings, counts and what had to be skipped. Field names are a contract.

use std::fmt;

use serde::Serialize;
use smol_str::SmolStr;

use super::fix::FixRow;
use crate::engine::action::PermissionsMode;
use crate::engine::decision::{Advice, Reason, Verdict};
use crate::engine::guid::PrincipalId;
use crate::engine::pull::{Answer, IdentityKind, JudgedIdentity, Question};

/// The version of every document that the program prints.
pub const API_VERSION: &str = "acr-admission.dev/v1";

/// What `check` prints: one document.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckReport {
    /// `acr-admission.dev/v1`.
    pub api_version: &'static str,
    /// `CheckReport`.
    pub kind: &'static str,
    /// How many findings have which verdict.
    pub summary: Summary,
    /// One per image of each workload, in the order of the input.
    pub findings: Vec<Finding>,
    /// What could not be read, in the order of the input.
    pub skipped: Vec<Skipped>,
}

impl CheckReport {
    /// Counts and wraps findings.
    #[must_use]
    pub fn new(findings: Vec<Finding>, skipped: Vec<Skipped>) -> Self {
        let summary = Summary::of(&findings);
        Self { api_version: API_VERSION, kind: "CheckReport", summary, findings, skipped }
    }
}

/// Counts by verdict, for each question.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Summary {
    /// Will the nodes manage to pull?
    pub actual: Counts,
    /// May the workloads' own identities pull?
    pub workload: Counts,
}

impl Summary {
    fn of(findings: &[Finding]) -> Self {
        let mut summary = Self::default();
        for finding in findings {
            summary.actual.add(finding.actual.verdict);
            summary.workload.add(finding.workload.verdict);
        }
        summary
    }

    /// The counts of one question.
    #[must_use]
    pub const fn of_question(&self, question: Question) -> Counts {
        match question {
            Question::Workload => self.workload,
            Question::Actual => self.actual,
        }
    }
}

/// How many of each verdict.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Counts {
    /// Can pull.
    pub allow: usize,
    /// Cannot.
    pub deny: usize,
    /// Could not be determined.
    pub unknown: usize,
    /// Host not in the inventory.
    pub unmanaged: usize,
    /// Nothing to judge.
    pub skip: usize,
}

impl Counts {
    /// Counts one more verdict.
    pub const fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Allow => self.allow += 1,
            Verdict::Deny => self.deny += 1,
            Verdict::Unknown => self.unknown += 1,
            Verdict::Unmanaged => self.unmanaged += 1,
            Verdict::Skip => self.skip += 1,
        }
    }

    const fn of(self, verdict: Verdict) -> usize {
        match verdict {
            Verdict::Allow => self.allow,
            Verdict::Deny => self.deny,
            Verdict::Unknown => self.unknown,
            Verdict::Unmanaged => self.unmanaged,
            Verdict::Skip => self.skip,
        }
    }
}

/// `3 allow, 1 deny`: what did not occur is left out.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for verdict in Verdict::ALL {
            let count = self.of(verdict);
            if count > 0 {
                write!(f, "{separator}{count} {verdict}")?;
                separator = ", ";
            }
        }
        if separator.is_empty() { f.write_str("none") } else { Ok(()) }
    }
}

/// One image of one workload with its verdicts under both questions.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The file as given or found; `-` for standard input.
    pub file: String,
    /// The line on which the object starts, from 1.
    pub line: usize,
    /// The cluster that was judged for, if any.
    pub cluster: Option<SmolStr>,
    /// The object's namespace, defaults applied.
    pub namespace: String,
    /// The object's kind.
    pub kind: &'static str,
    /// The object's name; a prefix with `*` behind it where the API server makes one up.
    pub name: String,
    /// Who the pods run as.
    pub service_account: String,
    /// The path inside the object, such as `spec.template.spec.containers[0].image`.
    pub field: String,
    /// The container or volume that names the image.
    pub container: String,
    /// The reference as written.
    pub image: String,
    /// The registry's resource name, where the host is one's.
    pub registry: Option<SmolStr>,
    /// The repository in that registry.
    pub repository: Option<SmolStr>,
    /// The registry's permissions mode, where known.
    pub mode: Option<PermissionsMode>,
    /// Will the node manage to pull it?
    pub actual: AnswerRow,
    /// May the workload's own identity pull it?
    pub workload: AnswerRow,
}

impl Finding {
    /// The answer to one question.
    #[must_use]
    pub const fn answer(&self, question: Question) -> &AnswerRow {
        match question {
            Question::Workload => &self.workload,
            Question::Actual => &self.actual,
        }
    }
}

/// The answer to one question.
#[derive(Clone, Debug, Serialize)]
pub struct AnswerRow {
    /// The verdict.
    pub verdict: Verdict,
    /// Its stable code.
    pub reason: Reason,
    /// Who decided; `null` where nobody was asked.
    pub identity: Option<IdentityRow>,
    /// The role assignment, deny assignment or scope map that decided.
    pub by: Option<SmolStr>,
    /// The tries of a kubelet, in order.
    pub chain: Vec<String>,
    /// What else is worth knowing.
    pub advice: Vec<Advice>,
    /// How to mend it; `null` where there is nothing to mend.
    pub fix: Option<FixRow>,
}

impl AnswerRow {
    /// The same answer with how to mend it.
    #[must_use]
    pub fn with_fix(self, fix: Option<FixRow>) -> Self {
        Self { fix, ..self }
    }
}

impl From<&Answer> for AnswerRow {
    fn from(answer: &Answer) -> Self {
        Self {
            verdict: answer.verdict(),
            reason: answer.reason,
            identity: answer.identity.as_ref().map(IdentityRow::from),
            by: answer.by.clone(),
            chain: answer.chain.iter().map(ToString::to_string).collect(),
            advice: answer.advice.iter().collect(),
            fix: None,
        }
    }
}

/// Who an answer is about. The object id is `null` for accounts that have none.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IdentityRow {
    /// What kind of account it is.
    pub kind: IdentityKind,
    /// Its name.
    pub name: SmolStr,
    /// Its object id.
    pub principal_id: Option<PrincipalId>,
}

impl From<&JudgedIdentity> for IdentityRow {
    fn from(identity: &JudgedIdentity) -> Self {
        let JudgedIdentity { kind, name, principal_id } = identity;
        Self { kind: *kind, name: name.clone(), principal_id: *principal_id }
    }
}

/// A document of the input that was not judged.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Skipped {
    /// The file as given or found.
    pub file: String,
    /// Which document of the file, from 1.
    pub document: usize,
    /// Why, in one line.
    pub why: String,
}

/// `web/Deployment/frontend`: an object as reports name it.
#[must_use]
pub fn object_name(finding: &Finding) -> String {
    format!("{}/{}/{}", finding.namespace, finding.kind, finding.name)
}
