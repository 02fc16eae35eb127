//! From a condition to its [`RepositoryTest`] for one action.
//!
//! First every node that does not depend on the repository's name gets its value. Then the rest is written as a
//! program, from its end to its beginning: whoever writes the left operand of a join must know where the right
//! one begins. NOT is carried down to the single tests, AND and OR changing places on the way (De Morgan's laws
//! hold with three values too).

use super::literal::Literal;
use super::operator::{Extent, Family, Quantifier, Sense};
use super::repository::{Body, RepositoryTest, Side, Step, Target, Test, supplied_by_registry};
use super::token::Connective;
use super::tree::{Comparison, Condition, Expression, Operand};
use super::truth::Truth;
use crate::engine::pattern;

impl Condition {
    /// The condition evaluated for one action of a registry, as far as that goes without the repository's name.
    ///
    /// Agrees with [`evaluate`](Self::evaluate) on every request that supplies nothing but that name.
    #[must_use]
    pub fn specialise(&self, action: &str) -> RepositoryTest {
        let constants = self.constants(action);
        match constants.last() {
            Some(Some(truth)) => RepositoryTest(Body::Constant(*truth)),
            Some(None) => Writer { condition: self, constants: &constants, reversed: Vec::new() }.program(),
            None => RepositoryTest(Body::Constant(Truth::Unknown)),
        }
    }

    /// The value of every node, `None` where it depends on the name.
    fn constants(&self, action: &str) -> Vec<Option<Truth>> {
        let mut constants: Vec<Option<Truth>> = Vec::with_capacity(self.nodes().len());
        for node in self.nodes() {
            let operand = constants.last().copied().flatten();
            let constant = match &node.expression {
                Expression::Join { connective, left } => {
                    join(*connective, constants.get(*left).copied().flatten(), operand)
                }
                Expression::Not => operand.map(|truth| !truth),
                Expression::ActionMatches(pattern) => Some(pattern::action_matches(pattern, action).into()),
                Expression::SubOperationMatches(_) => Some(Truth::False),
                Expression::Exists(attribute) if attribute.is_repository_name() => None,
                Expression::Exists(attribute) => Some(attribute.is_sub_operation().into()),
                Expression::Comparison(comparison) => comparison.constant(),
            };
            constants.push(constant);
        }
        constants
    }
}

fn join(connective: Connective, left: Option<Truth>, right: Option<Truth>) -> Option<Truth> {
    let absorbing = Truth::from(connective == Connective::Or);
    if left == Some(absorbing) || right == Some(absorbing) {
        return Some(absorbing);
    }
    Some(match connective {
        Connective::And => left?.and(right?),
        Connective::Or => left?.or(right?),
    })
}

impl Comparison {
    /// The value, unless it depends on the repository's name.
    fn constant(&self) -> Option<Truth> {
        let (mut varies, mut missing) = (false, false);
        for attribute in [&self.left, &self.right].into_iter().filter_map(Operand::attribute) {
            varies |= attribute.is_repository_name();
            missing |= !attribute.is_repository_name() && !attribute.is_sub_operation();
        }
        (missing || !varies).then(|| self.evaluate(|attribute| supplied_by_registry(attribute, None)))
    }

    /// A comparison of text between the name and literals: the side of the name, the literals, and how many of
    /// them must do.
    fn of_name(&self) -> Option<(Side, &[Literal], Extent)> {
        if self.operator.family != Family::Text {
            return None;
        }
        let quantifier = self.quantifier.unwrap_or(Quantifier { left: Extent::All, right: Extent::All });
        match (&self.left, &self.right) {
            (Operand::Attribute(_), Operand::Literals(literals)) => {
                Some((Side::Left, literals, quantifier.right))
            }
            (Operand::Literals(literals), Operand::Attribute(_)) => {
                Some((Side::Right, literals, quantifier.left))
            }
            (Operand::Attribute(_), Operand::Attribute(_)) | (Operand::Literals(_), Operand::Literals(_)) => {
                None
            }
        }
    }
}

struct Writer<'c> {
    condition: &'c Condition,
    constants: &'c [Option<Truth>],
    /// The steps, last one first; targets count in this order.
    reversed: Vec<Step>,
}

/// What remains to be written.
struct Work {
    node: usize,
    sense: Sense,
    exits: Exits,
    /// Set for a left operand: the exits lead to the right one, which is written by then.
    joined: Option<Connective>,
}

#[derive(Clone, Copy)]
struct Exits {
    then: Target,
    otherwise: Target,
}

impl Writer<'_> {
    fn program(mut self) -> RepositoryTest {
        let exits = Exits { then: Target::Answer(true), otherwise: Target::Answer(false) };
        let root = self.constants.len().saturating_sub(1);
        let mut work = vec![Work { node: root, sense: Sense::Affirmed, exits, joined: None }];
        while let Some(Work { node, sense, exits, joined }) = work.pop() {
            let exits = joined.map_or(exits, |connective| self.before_last(exits, connective));
            if let Some(Some(_)) = self.constants.get(node) {
                // True and false have been folded away, so what is left is unknown.
                self.write(Test::Unknown, sense, exits);
                continue;
            }
            match self.condition.nodes().get(node).map(|node| &node.expression) {
                Some(Expression::Not) => {
                    work.push(Work {
                        node: node.saturating_sub(1),
                        sense: sense.flipped(),
                        exits,
                        joined: None,
                    });
                }
                Some(&Expression::Join { connective, left }) => {
                    self.plan_join(&mut work, connective, left, &Work { node, sense, exits, joined: None });
                }
                Some(Expression::Comparison(comparison)) => self.write_comparison(comparison, sense, exits),
                Some(Expression::Exists(_)) => self.write(Test::Supplied, sense, exits),
                Some(Expression::ActionMatches(_) | Expression::SubOperationMatches(_)) | None => {
                    self.write(Test::Unknown, sense, exits);
                }
            }
        }
        self.finish()
    }

    /// The right operand now, the left one when that is written; an operand that changes nothing not at all.
    fn plan_join(&self, work: &mut Vec<Work>, connective: Connective, left: usize, join: &Work) {
        let &Work { node, sense, exits, .. } = join;
        let right = node.saturating_sub(1);
        let neutral = Some(Some(Truth::from(connective == Connective::And)));
        let effective = match sense {
            Sense::Affirmed => connective,
            Sense::Negated => connective.dual(),
        };
        let is_neutral = |operand: usize| self.constants.get(operand).copied() == neutral;
        if !is_neutral(left) {
            let joined = (!is_neutral(right)).then_some(effective);
            work.push(Work { node: left, sense, exits, joined });
        }
        if !is_neutral(right) {
            work.push(Work { node: right, sense, exits, joined: None });
        }
    }

    fn write_comparison(&mut self, comparison: &Comparison, sense: Sense, exits: Exits) {
        let Some((name_is, literals, extent)) = comparison.of_name() else {
            return self.write(Test::Comparison(Box::new(comparison.clone())), sense, exits);
        };
        let operator = comparison.operator;
        let connective = match (extent, sense) {
            (Extent::All, Sense::Affirmed) | (Extent::Any, Sense::Negated) => Connective::And,
            (Extent::Any, Sense::Affirmed) | (Extent::All, Sense::Negated) => Connective::Or,
        };
        let sense = if operator.sense == Sense::Negated { sense.flipped() } else { sense };
        let mut exits = exits;
        let first_exits = exits;
        for literal in literals.iter().rev() {
            let Literal::Text(literal) = literal else { continue };
            let (relation, letter_case, literal) = (operator.relation, operator.letter_case, literal.clone());
            self.write(Test::Text { relation, letter_case, name_is, literal }, sense, exits);
            exits = self.before_last(first_exits, connective);
        }
    }

    /// The exits of what stands directly before the step just written and is joined with it.
    fn before_last(&self, exits: Exits, connective: Connective) -> Exits {
        let index = self.reversed.len().saturating_sub(1);
        let onwards = Target::Step(u16::try_from(index).unwrap_or(u16::MAX));
        match connective {
            Connective::And => Exits { then: onwards, ..exits },
            Connective::Or => Exits { otherwise: onwards, ..exits },
        }
    }

    fn write(&mut self, test: Test, sense: Sense, exits: Exits) {
        let Exits { then, otherwise } = exits;
        self.reversed.push(Step { test, sense, then, otherwise });
    }

    fn finish(self) -> RepositoryTest {
        let last = self.reversed.len().saturating_sub(1);
        let turned = |target: Target| match target {
            Target::Step(index) => {
                Target::Step(u16::try_from(last.saturating_sub(index.into())).unwrap_or(u16::MAX))
            }
            Target::Answer(answer) => Target::Answer(answer),
        };
        let steps = self.reversed.into_iter().rev().map(|Step { test, sense, then, otherwise }| Step {
            test,
            sense,
            then: turned(then),
            otherwise: turned(otherwise),
        });
        RepositoryTest(Body::Program(steps.collect()))
    }
}
