//! Whether one comparison holds for given values.

use uuid::Uuid;

use super::attribute::Attribute;
use super::facts::AttributeValue;
use super::instant::Instant;
use super::letter_case::LetterCase;
use super::literal::{Literal, parse_guid};
use super::operator::{Extent, Family, Operator, Quantifier, Relation};
use super::tree::{Comparison, Operand};
use super::truth::Truth;

/// The values of one side of a comparison. A single value is a list of one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Values<'a> {
    /// From the text of the condition.
    Literals(&'a [Literal]),
    /// An attribute as supplied.
    Supplied(&'a [AttributeValue]),
    /// A single text.
    Text(&'a str),
}

/// One value in the type that an operator compares.
#[derive(Clone, Copy, Debug)]
enum Scalar<'a> {
    Text(&'a str),
    Integer(i64),
    Boolean(bool),
    Guid(Uuid),
    DateTime(Instant),
}

impl Comparison {
    /// The truth of the comparison. `supplied` knows the attributes; `None` is one that nobody supplied.
    pub(super) fn evaluate<'a>(&'a self, supplied: impl Fn(&'a Attribute) -> Option<Values<'a>>) -> Truth {
        let values = |operand: &'a Operand| match operand {
            Operand::Attribute(attribute) => supplied(attribute),
            Operand::Literals(literals) => Some(Values::Literals(literals)),
        };
        let (Some(left), Some(right)) = (values(&self.left), values(&self.right)) else {
            return Truth::Unknown;
        };
        if self.quantifier.is_some() && self.asks_for_no_sub_operation(left, right) {
            return Truth::False;
        }
        // No vacuous truth, and a value of another type spoils the comparison whatever the others are.
        let fits = |values: Values<'a>| {
            values.len() > 0 && values.scalars(self.operator.family).all(|value| value.is_some())
        };
        if !fits(left) || !fits(right) {
            return Truth::Unknown;
        }
        let quantifier = match self.quantifier {
            Some(quantifier) => quantifier,
            None if left.len() == 1 && right.len() == 1 => ONE_TO_ONE,
            // Which of several values a plain operator means is not published.
            None => return Truth::Unknown,
        };
        let lefts = left.scalars(self.operator.family).flatten();
        let holds = quantifier.left.of(lefts, |left| {
            let rights = right.scalars(self.operator.family).flatten();
            quantifier.right.of(rights, |right| holds(self.operator, left, right))
        });
        holds.into()
    }

    /// The older form `@Request[subOperation]` is never missing: without suboperation it is an empty list, on
    /// which the comparison is plainly false (Azure ABAC, "authorization actions and attributes").
    fn asks_for_no_sub_operation(&self, left: Values<'_>, right: Values<'_>) -> bool {
        [(&self.left, left), (&self.right, right)].into_iter().any(|(operand, values)| {
            values.len() == 0 && operand.attribute().is_some_and(Attribute::is_sub_operation)
        })
    }
}

/// With one value on either side, every quantifier says the same.
const ONE_TO_ONE: Quantifier = Quantifier { left: Extent::All, right: Extent::All };

impl<'a> Values<'a> {
    fn len(self) -> usize {
        match self {
            Self::Literals(literals) => literals.len(),
            Self::Supplied(values) => values.len(),
            Self::Text(_) => 1,
        }
    }

    /// Each value in the type of an operator family, `None` where it is of another.
    fn scalars(self, family: Family) -> impl Iterator<Item = Option<Scalar<'a>>> {
        (0..self.len()).map(move |index| match self {
            Self::Literals(literals) => literals.get(index).map(Scalar::from),
            Self::Supplied(values) => Scalar::of_attribute(values.get(index)?, family),
            Self::Text(text) => Scalar::of_text(text, family),
        })
    }
}

impl<'a> Scalar<'a> {
    fn of_attribute(value: &'a AttributeValue, family: Family) -> Option<Self> {
        match (value, family) {
            (AttributeValue::Text(text), _) => Self::of_text(text, family),
            (&AttributeValue::Integer(integer), Family::Number) => Some(Self::Integer(integer)),
            (&AttributeValue::Boolean(boolean), Family::Boolean) => Some(Self::Boolean(boolean)),
            _ => None,
        }
    }

    fn of_text(text: &'a str, family: Family) -> Option<Self> {
        match family {
            Family::Text => Some(Self::Text(text)),
            Family::DateTime => Instant::parse(text).map(Self::DateTime),
            Family::Guid => parse_guid(text).map(Self::Guid),
            Family::Number | Family::Boolean => None,
        }
    }
}

impl<'a> From<&'a Literal> for Scalar<'a> {
    fn from(literal: &'a Literal) -> Self {
        match literal {
            Literal::Text(text) => Self::Text(text),
            Literal::Integer(integer) => Self::Integer(*integer),
            Literal::Boolean(boolean) => Self::Boolean(*boolean),
            Literal::Guid(guid) => Self::Guid(*guid),
            Literal::DateTime(instant) => Self::DateTime(*instant),
        }
    }
}

fn holds(operator: &Operator, left: Scalar<'_>, right: Scalar<'_>) -> bool {
    let related = match (left, right) {
        (Scalar::Text(left), Scalar::Text(right)) => return operator.holds_for_text(left, right),
        (Scalar::Integer(left), Scalar::Integer(right)) => operator.relation.fits(left.cmp(&right)),
        (Scalar::Boolean(left), Scalar::Boolean(right)) => operator.relation.fits(left.cmp(&right)),
        (Scalar::Guid(left), Scalar::Guid(right)) => operator.relation.fits(left.cmp(&right)),
        (Scalar::DateTime(left), Scalar::DateTime(right)) => operator.relation.fits(left.cmp(&right)),
        // Both are of the operator's family, so this is never reached; if it were, nothing would be granted.
        _ => return false,
    };
    operator.sense.applied(related)
}

impl Operator {
    /// Whether an operator of the text family holds.
    fn holds_for_text(&self, left: &str, right: &str) -> bool {
        self.sense.applied(self.relation.relates_text(self.letter_case, left, right))
    }
}

impl Relation {
    /// Whether two texts are so related. For `Like` the right one is the pattern.
    pub(super) fn relates_text(self, letter_case: LetterCase, left: &str, right: &str) -> bool {
        match self {
            Self::Equals => letter_case.equal(left, right),
            Self::StartsWith => letter_case.starts_with(left, right),
            Self::Like => letter_case.like(left, right),
            Self::GreaterThan | Self::GreaterThanEquals | Self::LessThan | Self::LessThanEquals => false,
        }
    }
}
