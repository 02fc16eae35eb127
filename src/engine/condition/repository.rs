//! What is left of a condition for one action of a registry, where the repository's name is all that can vary.
//!
//! Everything else has a fixed value: actions match or do not, there is no suboperation, and no other attribute
//! is supplied. With the constants folded away, what remains is a short program of tests on the name. Each test
//! says where to go on when it holds and when it does not, so running it needs neither stack nor memory:
//!
//! ```text
//! !(Action{read}) OR (name StartsWith 'a/' OR name Equals 'b')        for the action `read`
//!
//!   0: starts with 'a/'   → true, else 1
//!   1: equals 'b'         → true, else false
//! ```

use smol_str::SmolStr;

use super::attribute::Attribute;
use super::compare::Values;
use super::letter_case::LetterCase;
use super::operator::{Relation, Sense};
use super::tree::Comparison;
use super::truth::Truth;

/// A condition evaluated as far as possible for one action. Made by
/// [`Condition::specialise`](super::Condition::specialise).
#[derive(Clone, Debug, PartialEq)]
pub struct RepositoryTest(pub(super) Body);

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Body {
    /// The name does not matter.
    Constant(Truth),
    /// INVARIANT: jumps lead forwards only, so every run ends.
    Program(Box<[Step]>),
}

/// One test and where to go on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) test: Test,
    /// Whether the step asks for the test or for its opposite. Both leave unknown as it is.
    pub(super) sense: Sense,
    pub(super) then: Target,
    pub(super) otherwise: Target,
}

/// Where a program goes on, or what its answer is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Target {
    Step(u16),
    Answer(bool),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    /// Whether there is a name at all.
    Supplied,
    /// Something that cannot be known.
    Unknown,
    /// A comparison of text between the name and one literal: nearly all there is.
    Text { relation: Relation, letter_case: LetterCase, name_is: Side, literal: SmolStr },
    /// Any other comparison.
    Comparison(Box<Comparison>),
}

/// The side of a comparison.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Side {
    Left,
    Right,
}

impl RepositoryTest {
    /// The value of the condition for a repository; `None` where the request names none.
    #[must_use]
    pub fn evaluate(&self, repository: Option<&str>) -> Truth {
        let steps = match &self.0 {
            Body::Constant(truth) => return *truth,
            Body::Program(steps) => steps,
        };
        // Negations stand on single tests only, so the program is monotone: it is true if it is so even with
        // every unknown test taken for failed, and false if it is so even with every one taken for passed.
        let pessimist = run(steps, repository, false);
        if pessimist.answer {
            return Truth::True;
        }
        if pessimist.unknown == Met::Never {
            return Truth::False;
        }
        if run(steps, repository, true).answer { Truth::Unknown } else { Truth::False }
    }

    /// The value, if it does not depend on the repository.
    #[must_use]
    pub fn constant(&self) -> Option<Truth> {
        match self.0 {
            Body::Constant(truth) => Some(truth),
            Body::Program(_) => None,
        }
    }

    /// How many tests are left.
    #[must_use]
    pub fn tests(&self) -> usize {
        match &self.0 {
            Body::Constant(_) => 0,
            Body::Program(steps) => steps.len(),
        }
    }
}

struct Run {
    answer: bool,
    unknown: Met,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Met {
    Never,
    Once,
}

fn run(steps: &[Step], repository: Option<&str>, unknown_passes: bool) -> Run {
    let mut unknown = Met::Never;
    let mut target = Target::Step(0);
    loop {
        let step = match target {
            Target::Answer(answer) => return Run { answer, unknown },
            Target::Step(index) => match steps.get(usize::from(index)) {
                Some(step) => step,
                None => return Run { answer: false, unknown },
            },
        };
        let passes = match step.test.evaluate(repository) {
            Truth::True => step.sense.applied(true),
            Truth::False => step.sense.applied(false),
            Truth::Unknown => {
                unknown = Met::Once;
                unknown_passes
            }
        };
        target = if passes { step.then } else { step.otherwise };
    }
}

impl Test {
    fn evaluate(&self, repository: Option<&str>) -> Truth {
        match self {
            Self::Supplied => repository.is_some().into(),
            Self::Unknown => Truth::Unknown,
            Self::Text { relation, letter_case, name_is, literal } => {
                let Some(name) = repository else { return Truth::Unknown };
                let (left, right) = match name_is {
                    Side::Left => (name, literal.as_str()),
                    Side::Right => (literal.as_str(), name),
                };
                relation.relates_text(*letter_case, left, right).into()
            }
            Self::Comparison(comparison) => {
                comparison.evaluate(|attribute| supplied_by_registry(attribute, repository))
            }
        }
    }
}

/// What a registry supplies: the name, if the request has one, and an empty list of suboperations.
pub(super) fn supplied_by_registry<'a>(
    attribute: &Attribute,
    repository: Option<&'a str>,
) -> Option<Values<'a>> {
    if attribute.is_sub_operation() {
        return Some(Values::Supplied(&[]));
    }
    repository.filter(|_| attribute.is_repository_name()).map(Values::Text)
}
