//! The document of `lint`. Field names are a contract.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::lint::{LintCode, LintFinding, Severity};
use crate::report::API_VERSION;

/// Every problem of an inventory, as one document.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LintReport {
    /// `acr-admission.dev/v1`.
    pub api_version: &'static str,
    /// `LintReport`.
    pub kind: &'static str,
    /// How many findings there are.
    pub summary: LintCounts,
    /// The findings, the worst first.
    pub findings: Vec<LintRow>,
}

/// How many findings of each severity and code there are.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LintCounts {
    /// Findings that are errors.
    pub error: usize,
    /// Findings that are warnings.
    pub warning: usize,
    /// Findings that are worth knowing only.
    pub info: usize,
    /// By code; codes without finding are left out.
    pub codes: BTreeMap<&'static str, usize>,
}

/// One finding.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LintRow {
    #[serde(serialize_with = "code")]
    pub(super) code: LintCode,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about: a kind of object, its id and what people call it.
    pub subject: SubjectRow,
    /// The file that it stands in.
    pub file: Option<String>,
    /// The line in that file.
    pub line: Option<u32>,
    /// The part of the condition that it is about.
    pub condition: Option<SpotRow>,
    /// What is wrong.
    pub what: String,
    /// Why it matters.
    pub why: &'static str,
    /// What to do.
    pub fix: String,
    /// The command that does it, for a POSIX shell.
    pub command: Option<String>,
}

/// What a finding is about.
#[derive(Clone, Debug, Serialize)]
pub struct SubjectRow {
    /// `roleAssignment`, `registry`, `token` and so on.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// A part of a condition.
#[derive(Clone, Debug, Serialize)]
pub struct SpotRow {
    /// The line in the condition's text.
    pub line: u32,
    /// The column in code points.
    pub column: u32,
    /// The part itself.
    pub text: String,
}

impl LintReport {
    /// The report of these findings.
    #[must_use]
    pub fn new(findings: Vec<LintFinding>) -> Self {
        let mut summary = LintCounts::default();
        for finding in &findings {
            *match finding.severity() {
                Severity::Error => &mut summary.error,
                Severity::Warning => &mut summary.warning,
                Severity::Info => &mut summary.info,
            } += 1;
            *summary.codes.entry(finding.code.as_str()).or_default() += 1;
        }
        let findings = findings.into_iter().map(LintRow::from).collect();
        Self { api_version: API_VERSION, kind: "LintReport", summary, findings }
    }
}

impl From<LintFinding> for LintRow {
    fn from(finding: LintFinding) -> Self {
        let (severity, why) = (finding.severity(), finding.why());
        let LintFinding { code, subject, place, spot, what, fix, command } = finding;
        let place = place.filter(|place| !place.file.is_empty());
        Self {
            code,
            severity,
            subject: SubjectRow { kind: subject.kind, id: subject.id, name: subject.name },
            line: place.as_ref().and_then(|place| place.line),
            file: place.map(|place| place.file),
            condition: spot.map(|spot| SpotRow { line: spot.line, column: spot.column, text: spot.text }),
            what,
            why,
            fix,
            command,
        }
    }
}

impl LintRow {
    /// `FILE:LINE`, or the id of what stands in no file.
    pub(super) fn location(&self) -> String {
        match (&self.file, self.line) {
            (Some(file), Some(line)) => format!("{file}:{line}"),
            (Some(file), None) => file.clone(),
            (None, _) => self.subject.id.clone(),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields over by reference")]
fn code<S: serde::Serializer>(code: &LintCode, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(code.as_str())
}
