//! Choosing namespaces, by name and by label.

use std::collections::BTreeMap;

use super::document::{LabelCondition, LabelOperator};
use super::glob::Glob;

/// The labels of a namespace.
pub type NamespaceLabels = BTreeMap<String, String>;

/// Which namespaces a rule is for; without any condition, all.
#[derive(Clone, Debug, Default)]
pub(super) struct NamespaceSelector {
    pub(super) names: Vec<Glob>,
    pub(super) labels: Vec<LabelRequirement>,
}

/// Whether a rule is for a namespace.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Match {
    Yes,
    No,
    /// The labels decide, and they are not known.
    Unknown,
}

impl NamespaceSelector {
    pub(super) fn matches(&self, name: &str, labels: Option<&NamespaceLabels>) -> Match {
        if !self.names.is_empty() && !self.names.iter().any(|pattern| pattern.matches(name)) {
            return Match::No;
        }
        if self.labels.is_empty() {
            return Match::Yes;
        }
        let Some(labels) = labels else { return Match::Unknown };
        if self.labels.iter().all(|requirement| requirement.holds(labels)) { Match::Yes } else { Match::No }
    }
}

/// One condition on a label.
#[derive(Clone, Debug)]
pub(super) struct LabelRequirement {
    key: String,
    operator: LabelOperator,
    values: Vec<String>,
}

impl LabelRequirement {
    pub(super) fn equal(key: &str, value: &str) -> Self {
        Self { key: key.to_owned(), operator: LabelOperator::In, values: vec![value.to_owned()] }
    }

    /// Kubernetes' rule: `In` and `NotIn` need values, the other two must have none.
    pub(super) fn new(condition: &LabelCondition) -> Result<Self, &'static str> {
        let LabelCondition { key, operator, values } = condition;
        match (operator, values.is_empty()) {
            (LabelOperator::In | LabelOperator::NotIn, true) => Err("`In` and `NotIn` need `values`"),
            (LabelOperator::Exists | LabelOperator::DoesNotExist, false) => {
                Err("`Exists` and `DoesNotExist` take no `values`")
            }
            _ => Ok(Self { key: key.clone(), operator: *operator, values: values.clone() }),
        }
    }

    fn holds(&self, labels: &NamespaceLabels) -> bool {
        let value = labels.get(&self.key);
        let listed = value.is_some_and(|value| self.values.contains(value));
        match self.operator {
            LabelOperator::In => listed,
            LabelOperator::NotIn => !listed,
            LabelOperator::Exists => value.is_some(),
            LabelOperator::DoesNotExist => value.is_none(),
        }
    }
}
