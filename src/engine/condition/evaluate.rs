//! The value of a condition for one request.

use super::attribute::Attribute;
use super::compare::Values;
use super::facts::{AttributeValue, Facts};
use super::token::Connective;
use super::tree::{Condition, Expression, Node};
use super::truth::Truth;
use crate::engine::pattern;

impl Condition {
    /// Whether the condition holds for a request. Only [`Truth::True`] grants.
    #[must_use]
    pub fn evaluate(&self, facts: &Facts<'_>) -> Truth {
        self.truths(facts).last().copied().unwrap_or(Truth::Unknown)
    }

    /// The value of every node, in the order of [`nodes`](Self::nodes): what an explanation shows.
    #[must_use]
    pub fn truths(&self, facts: &Facts<'_>) -> Vec<Truth> {
        let mut truths = Vec::with_capacity(self.nodes().len());
        for node in self.nodes() {
            truths.push(truth(node, &truths, facts));
        }
        truths
    }
}

/// The value of one node, given those of the nodes before it.
fn truth(node: &Node, before: &[Truth], facts: &Facts<'_>) -> Truth {
    let operand = || before.last().copied().unwrap_or(Truth::Unknown);
    match &node.expression {
        Expression::Join { connective, left } => {
            let left = before.get(*left).copied().unwrap_or(Truth::Unknown);
            match connective {
                Connective::And => left.and(operand()),
                Connective::Or => left.or(operand()),
            }
        }
        Expression::Not => !operand(),
        Expression::ActionMatches(pattern) => pattern::action_matches(pattern, facts.action).into(),
        Expression::SubOperationMatches(pattern) => {
            facts.sub_operation.is_some_and(|name| pattern::action_matches(pattern, name)).into()
        }
        Expression::Exists(attribute) => supplied(facts, attribute).is_some().into(),
        Expression::Comparison(comparison) => comparison.evaluate(|attribute| supplied(facts, attribute)),
    }
}

fn supplied<'a>(facts: &'a Facts<'_>, attribute: &Attribute) -> Option<Values<'a>> {
    if attribute.is_sub_operation() {
        return Some(facts.sub_operation.map_or(Values::Supplied(&[]), Values::Text));
    }
    facts.value(attribute).map(|value| match value {
        AttributeValue::List(values) => Values::Supplied(values),
        AttributeValue::Text(text) => Values::Text(text),
        AttributeValue::Integer(_) | AttributeValue::Boolean(_) | AttributeValue::Other => {
            Values::Supplied(std::slice::from_ref(value))
        }
    })
}
