//! Rules: what is done with a verdict in some namespaces.

use std::cmp::Reverse;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::document::{Actions, RuleDocument};
use super::selector::NamespaceSelector;
use crate::engine::pull::Question;

/// What is done with verdicts, from strict to lenient.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Refuse what is denied.
    Enforce,
    /// Admit with warnings.
    #[default]
    Warn,
    /// Admit and record.
    Audit,
    /// Do not judge.
    Off,
}

impl Mode {
    /// Every mode, the strictest first.
    pub const ALL: [Self; 4] = [Self::Enforce, Self::Warn, Self::Audit, Self::Off];

    /// The word of settings, logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Warn => "warn",
            Self::Audit => "audit",
            Self::Off => "off",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is done with an image whose verdict is neither allow nor deny, from lenient to strict. A mode other than
/// `enforce` softens `deny`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Nothing.
    Allow,
    /// Admit with a warning.
    Warn,
    /// Refuse.
    Deny,
}

/// What is done in some namespaces.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The rule's name; `default` for the last.
    pub name: SmolStr,
    /// What is done with pods.
    pub pods: Mode,
    /// What is done with everything that makes pods.
    pub workloads: Mode,
    /// Whose permission is asked about.
    pub question: Question,
    /// What is done where the verdict is unknown.
    pub unknown: Action,
    /// What is done with hosts of Azure Container Registry that no export knows.
    pub unlisted_acr: Action,
    /// What is done with all other registries.
    pub other_registries: Action,
    pub(super) namespaces: NamespaceSelector,
}

/// The name of the rule that is asked last.
const DEFAULT_RULE: &str = "default";

impl Rule {
    pub(super) fn new(document: &RuleDocument, namespaces: NamespaceSelector) -> Self {
        let RuleDocument {
            name,
            namespaces: _,
            mode,
            workloads,
            question,
            unknown,
            unlisted_acr,
            other_registries,
        } = document;
        let actions = Actions {
            mode: Some(*mode),
            workloads: *workloads,
            question: *question,
            unknown: *unknown,
            unlisted_acr: *unlisted_acr,
            other_registries: *other_registries,
        };
        Self::with(name.value.as_str().into(), namespaces, &actions)
    }

    pub(super) fn last(actions: &Actions) -> Self {
        Self::with(DEFAULT_RULE.into(), NamespaceSelector::default(), actions)
    }

    /// Fills in what is left out. A rule never takes a value from another rule: whoever reads it sees all of it.
    fn with(name: SmolStr, namespaces: NamespaceSelector, actions: &Actions) -> Self {
        let Actions { mode, workloads, question, unknown, unlisted_acr, other_registries } = actions;
        let pods = mode.unwrap_or_default();
        let workloads = workloads.unwrap_or(pods);
        // Where only one of the two is enforced, the other's mode softens what is too strict for it.
        let is_enforced = [pods, workloads].contains(&Mode::Enforce);
        let unknown = unknown.unwrap_or(if is_enforced { Action::Deny } else { Action::Warn });
        Self {
            name,
            pods,
            workloads,
            question: question.unwrap_or_default(),
            unknown,
            unlisted_acr: unlisted_acr.unwrap_or(unknown),
            other_registries: other_registries.unwrap_or(Action::Allow),
            namespaces,
        }
    }

    /// How strict the rule's actions are, the strictest first: for choosing where the namespace's labels are not
    /// known.
    pub(super) fn strictness(&self) -> [Reverse<Action>; 3] {
        [self.unknown, self.unlisted_acr, self.other_registries].map(Reverse)
    }
}
