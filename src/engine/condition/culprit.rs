//! What keeps a condition from being true: the tests that would have to come out otherwise.

use super::facts::Facts;
use super::tree::{Condition, Expression, Node};
use super::truth::Truth;

/// A test that has a share in a condition's not being true.
#[derive(Clone, Copy, Debug)]
pub struct Culprit<'a> {
    /// The test: an action match, a comparison or the like, never AND, OR or NOT.
    pub node: &'a Node,
    /// What it came to.
    pub truth: Truth,
}

impl Condition {
    /// The tests because of which the condition is not true for a request, in the order of the text. Empty where it
    /// is true.
    #[must_use]
    pub fn culprits(&self, facts: &Facts<'_>) -> Vec<Culprit<'_>> {
        let truths = self.truths(facts);
        let truth_of = |node: usize| truths.get(node).copied().unwrap_or(Truth::Unknown);
        let mut culprits = Vec::new();
        // Each with the value that would have helped: below a NOT it is the other one.
        let mut open = vec![(self.nodes().len().saturating_sub(1), Truth::True)];
        while let Some((number, wanted)) = open.pop() {
            let Some(node) = self.nodes().get(number) else { continue };
            if truth_of(number) == wanted {
                continue;
            }
            let right = number.saturating_sub(1);
            match &node.expression {
                Expression::Not => open.push((right, !wanted)),
                // Whether all that is wrong has to be mended or either will do: both are told.
                Expression::Join { connective: _, left } => open.extend([(*left, wanted), (right, wanted)]),
                Expression::ActionMatches(_)
                | Expression::SubOperationMatches(_)
                | Expression::Exists(_)
                | Expression::Comparison(_) => culprits.push(Culprit { node, truth: truth_of(number) }),
            }
        }
        culprits.sort_by_key(|culprit| culprit.node.span.start());
        culprits
    }
}
