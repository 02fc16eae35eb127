//! One problem: what, whom it is about, where it stands, why it matters and what to do.

use super::code::{LintCode, Severity};
use crate::inventory::Place;

/// A problem of an inventory.
#[derive(Clone, Debug)]
pub struct LintFinding {
    /// What kind of problem.
    pub code: LintCode,
    /// What it is about.
    pub subject: Subject,
    /// Where that stands in the input, if it stands in a file.
    pub place: Option<Place>,
    /// Where in the subject's condition, if it is about one.
    pub spot: Option<ConditionSpot>,
    /// What is wrong here: one line, the names of the inventory in backticks.
    pub what: String,
    /// What to do here.
    pub fix: String,
    /// The `az` command that does it, quoted for a POSIX shell, where there is exactly one.
    pub command: Option<String>,
}

/// What a finding is about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Subject {
    /// `roleAssignment`, `roleDefinition`, `registry`, `group`, `token`, `scopeMap` or `federatedCredential`.
    pub kind: &'static str,
    /// The resource id; the object id of a group; the GUID of a role.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// A part of a condition.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConditionSpot {
    /// The line in the condition's text, from 1.
    pub line: u32,
    /// The column in code points, from 1.
    pub column: u32,
    /// The part itself.
    pub text: String,
}

impl LintFinding {
    /// A finding with the remedy that the table of codes gives.
    pub(super) fn new(code: LintCode, subject: Subject, place: Option<Place>, what: String) -> Self {
        Self { code, subject, place, spot: None, what, fix: code.fix().to_owned(), command: None }
    }

    /// Sets a better remedy than the general one.
    #[must_use]
    pub(super) fn with_fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = fix.into();
        self
    }

    /// Adds the command that does it.
    #[must_use]
    pub(super) fn with_command(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }

    /// How bad it is.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// Why it matters.
    #[must_use]
    pub const fn why(&self) -> &'static str {
        self.code.why()
    }
}
