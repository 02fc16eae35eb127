//! What a condition came to, and which of its tests are to blame.

use std::ops::Range;

use serde::Serialize;

use crate::engine::action::Permission;
use crate::engine::assignment::{AssignmentCondition, ConditionFault};
use crate::engine::condition::{
    AttributeValue, Condition, ConditionError, Culprit, Expression, Facts, Operand, REPOSITORY_NAME,
};
use crate::report::evaluation::truth_word;

/// A condition and what it came to.
#[derive(Clone, Debug, Serialize)]
pub struct ConditionRow {
    /// The text as exported.
    pub text: String,
    /// `true`, `false`, `unknown` or `invalid`.
    pub result: &'static str,
    /// The tests because of which it is not true.
    pub failing: Vec<FailingRow>,
    /// Why it cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(skip)]
    pub(super) mistake: Option<ConditionError>,
}

/// One test of a condition.
#[derive(Clone, Debug, Serialize)]
pub struct FailingRow {
    /// The test as written.
    pub text: String,
    /// Where it begins and ends, in bytes of the condition's text.
    pub start: usize,
    /// Behind its last byte.
    pub end: usize,
    /// `true`, `false` or `unknown`; below a NOT it is *true* that fails.
    pub result: &'static str,
    /// What the request supplied, where the test asks for an attribute.
    pub actual: Option<String>,
    /// The attribute that nobody supplied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

impl ConditionRow {
    pub(super) fn of(
        condition: &AssignmentCondition,
        permission: Permission,
        repository: Option<&str>,
    ) -> Self {
        let text = condition.text().to_owned();
        if let Some(fault) = condition.fault() {
            let mistake = match fault {
                ConditionFault::Syntax(error) => Some(error.clone()),
                ConditionFault::Version(_) => None,
            };
            return Self {
                text,
                result: "invalid",
                failing: Vec::new(),
                error: Some(fault.to_string()),
                mistake,
            };
        }
        let result = match condition.evaluate(permission, repository) {
            Some(truth) => truth_word(truth),
            None => "invalid",
        };
        let failing = Condition::parse(&text).map(|parsed| failing(&parsed, permission, repository));
        Self { text, result, failing: failing.unwrap_or_default(), error: None, mistake: None }
    }

    pub(super) fn places(&self) -> Vec<(Range<usize>, String)> {
        self.failing.iter().map(|failing| (failing.start..failing.end, failing.note())).collect()
    }
}

impl FailingRow {
    fn note(&self) -> String {
        match (&self.missing, &self.actual) {
            (Some(missing), _) => format!("{}: no registry supplies {missing} here", self.result),
            (None, Some(actual)) => format!("{}: the repository is `{actual}`", self.result),
            (None, None) => self.result.to_owned(),
        }
    }
}

/// What the registry supplies: the repository's name, for data actions of repositories only.
fn facts<'a>(permission: Permission, repository: Option<&str>) -> Facts<'a> {
    let supplied =
        repository.filter(|_| permission.is_data_action() && permission != Permission::CatalogRead);
    Facts {
        request: supplied
            .map(|name| (REPOSITORY_NAME, AttributeValue::Text(name.into())))
            .into_iter()
            .collect(),
        ..Facts::new(permission.as_str())
    }
}

fn failing(condition: &Condition, permission: Permission, repository: Option<&str>) -> Vec<FailingRow> {
    let facts = facts(permission, repository);
    let culprits = condition.culprits(&facts);
    // The guards of the action are as they should be; what they guard says why.
    let is_guard = |culprit: &Culprit<'_>| matches!(culprit.node.expression, Expression::ActionMatches(_));
    let only_guards = culprits.iter().all(is_guard);
    let telling = culprits.iter().filter(|culprit| only_guards || !is_guard(culprit));
    telling.map(|culprit| row(condition, culprit, &facts, repository)).collect()
}

fn row(
    condition: &Condition,
    culprit: &Culprit<'_>,
    facts: &Facts<'_>,
    repository: Option<&str>,
) -> FailingRow {
    let attributes: Vec<_> = match &culprit.node.expression {
        Expression::Exists(attribute) => vec![attribute],
        Expression::Comparison(comparison) => {
            [&comparison.left, &comparison.right].into_iter().filter_map(Operand::attribute).collect()
        }
        Expression::ActionMatches(_)
        | Expression::SubOperationMatches(_)
        | Expression::Not
        | Expression::Join { .. } => Vec::new(),
    };
    let missing = attributes.iter().find(|attribute| facts.value(attribute).is_none());
    let asks_name = attributes.iter().any(|attribute| attribute.is_repository_name());
    // The parentheses around a test are not the test.
    let span = culprit.node.span.range();
    let text = condition.text().get(span.clone()).unwrap_or_default();
    let bare = text.trim_matches(|one: char| one == '(' || one == ')' || one.is_whitespace());
    let start = span.start + text.find(bare).unwrap_or_default();
    FailingRow {
        text: bare.to_owned(),
        start,
        end: start + bare.len(),
        result: truth_word(culprit.truth),
        actual: repository.filter(|_| asks_name && missing.is_none()).map(str::to_owned),
        missing: missing.map(ToString::to_string),
    }
}
