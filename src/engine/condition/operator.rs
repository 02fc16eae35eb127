//! The operators and quantifiers, each in one row of a table that parser, evaluator, printer and tests read.

use std::cmp::Ordering;

use super::letter_case::LetterCase;

/// What a comparison operator does. The rows of [`OPERATORS`] are the only values.
#[derive(Debug, Eq, PartialEq)]
pub struct Operator {
    /// The name as published. Texts may spell it in any letter case.
    pub name: &'static str,
    /// What it compares.
    pub family: Family,
    /// How it compares.
    pub relation: Relation,
    /// Whether it holds when the relation does, or when it does not.
    pub sense: Sense,
    /// Whether letter case counts. Exact for everything but text.
    pub letter_case: LetterCase,
    /// Whether `ForAnyOfAnyValues:` and its relatives may stand before it.
    pub quantifiable: bool,
}

/// The type of the values that an operator compares.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Family {
    /// Strings; the right side of `Like` is a pattern.
    Text,
    /// Whole numbers.
    Number,
    /// Instants, to 100 nanoseconds.
    DateTime,
    /// `true` and `false`.
    Boolean,
    /// GUIDs, whatever their letter case and hyphens.
    Guid,
}

/// How two values relate.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Relation {
    /// They are the same.
    Equals,
    /// The left one begins with the right one. Text only.
    StartsWith,
    /// The left one fits the right one as a pattern. Text only.
    Like,
    /// The left one is greater or later.
    GreaterThan,
    /// The left one is not less.
    GreaterThanEquals,
    /// The left one is less or earlier.
    LessThan,
    /// The left one is not greater.
    LessThanEquals,
}

/// Whether an operator or test states its relation or denies it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Sense {
    /// It holds when the relation does.
    Affirmed,
    /// It holds when the relation does not.
    Negated,
}

/// How the pairs of two lists of values are combined: `For{left}Of{right}Values`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Quantifier {
    /// How many values of the left side must do.
    pub left: Extent,
    /// With how many values of the right side each must do.
    pub right: Extent,
}

/// Some or every value of a list.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Extent {
    /// At least one.
    Any,
    /// Each.
    All,
}

/// Every published operator (Azure ABAC, "condition format and syntax").
pub const OPERATORS: &[Operator] = &[
    text("StringEquals", Relation::Equals).quantifiable(),
    text("StringEqualsIgnoreCase", Relation::Equals).ignoring_case().quantifiable(),
    text("StringNotEquals", Relation::Equals).negated().quantifiable(),
    text("StringNotEqualsIgnoreCase", Relation::Equals).negated().ignoring_case().quantifiable(),
    text("StringStartsWith", Relation::StartsWith),
    text("StringStartsWithIgnoreCase", Relation::StartsWith).ignoring_case(),
    text("StringNotStartsWith", Relation::StartsWith).negated(),
    text("StringNotStartsWithIgnoreCase", Relation::StartsWith).negated().ignoring_case(),
    text("StringLike", Relation::Like).quantifiable(),
    text("StringLikeIgnoreCase", Relation::Like).ignoring_case().quantifiable(),
    text("StringNotLike", Relation::Like).negated().quantifiable(),
    text("StringNotLikeIgnoreCase", Relation::Like).negated().ignoring_case().quantifiable(),
    operator("NumericEquals", Family::Number, Relation::Equals).quantifiable(),
    operator("NumericNotEquals", Family::Number, Relation::Equals).negated().quantifiable(),
    operator("NumericGreaterThan", Family::Number, Relation::GreaterThan).quantifiable(),
    operator("NumericGreaterThanEquals", Family::Number, Relation::GreaterThanEquals).quantifiable(),
    operator("NumericLessThan", Family::Number, Relation::LessThan).quantifiable(),
    operator("NumericLessThanEquals", Family::Number, Relation::LessThanEquals).quantifiable(),
    operator("DateTimeEquals", Family::DateTime, Relation::Equals),
    operator("DateTimeNotEquals", Family::DateTime, Relation::Equals).negated(),
    operator("DateTimeGreaterThan", Family::DateTime, Relation::GreaterThan),
    operator("DateTimeGreaterThanEquals", Family::DateTime, Relation::GreaterThanEquals),
    operator("DateTimeLessThan", Family::DateTime, Relation::LessThan),
    operator("DateTimeLessThanEquals", Family::DateTime, Relation::LessThanEquals),
    operator("BoolEquals", Family::Boolean, Relation::Equals),
    operator("BoolNotEquals", Family::Boolean, Relation::Equals).negated(),
    operator("GuidEquals", Family::Guid, Relation::Equals).quantifiable(),
    operator("GuidNotEquals", Family::Guid, Relation::Equals).negated().quantifiable(),
];

/// Every published quantifier, with its name.
pub const QUANTIFIERS: &[(&str, Quantifier)] = &[
    ("ForAnyOfAnyValues", Quantifier { left: Extent::Any, right: Extent::Any }),
    ("ForAllOfAnyValues", Quantifier { left: Extent::All, right: Extent::Any }),
    ("ForAnyOfAllValues", Quantifier { left: Extent::Any, right: Extent::All }),
    ("ForAllOfAllValues", Quantifier { left: Extent::All, right: Extent::All }),
];

/// Names that occur in an open-source policy engine of Microsoft (microsoft/regorus) but in no published form
/// of the language. People copy them, so they deserve better than "unknown operator".
pub const UNPUBLISHED: &[&str] = &[
    "StringContains",
    "StringContainsIgnoreCase",
    "StringNotContains",
    "StringNotContainsIgnoreCase",
    "StringEndsWith",
    "StringEndsWithIgnoreCase",
    "StringNotEndsWith",
    "StringNotEndsWithIgnoreCase",
    "StringMatches",
    "StringMatchesIgnoreCase",
    "StringNotMatches",
    "StringNotMatchesIgnoreCase",
    "NumericInRange",
    "NumericNotInRange",
    "DateTimeInRange",
    "TimeOfDayEquals",
    "TimeOfDayNotEquals",
    "TimeOfDayGreaterThan",
    "TimeOfDayGreaterThanEquals",
    "TimeOfDayLessThan",
    "TimeOfDayLessThanEquals",
    "TimeOfDayInRange",
    "IpMatch",
    "IpNotMatch",
    "IpInRange",
    "ListContains",
    "ListNotContains",
    "NotExists",
    "ToLower",
    "ToUpper",
    "Trim",
    "NormalizeSet",
    "NormalizeList",
    "AddDays",
    "AddHours",
    "AddMinutes",
    "AddSeconds",
    "ToTime",
];

impl Operator {
    /// The operator of this name, in any letter case.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        OPERATORS.iter().find(|operator| operator.name.eq_ignore_ascii_case(name))
    }

    const fn negated(mut self) -> Self {
        self.sense = Sense::Negated;
        self
    }

    const fn ignoring_case(mut self) -> Self {
        self.letter_case = LetterCase::Ignored;
        self
    }

    const fn quantifiable(mut self) -> Self {
        self.quantifiable = true;
        self
    }
}

const fn text(name: &'static str, relation: Relation) -> Operator {
    operator(name, Family::Text, relation)
}

const fn operator(name: &'static str, family: Family, relation: Relation) -> Operator {
    let (sense, letter_case) = (Sense::Affirmed, LetterCase::Exact);
    Operator { name, family, relation, sense, letter_case, quantifiable: false }
}

impl Quantifier {
    /// The quantifier of this name, in any letter case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        QUANTIFIERS
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|&(_, quantifier)| quantifier)
    }

    /// The name as published.
    #[must_use]
    pub fn name(self) -> &'static str {
        match (self.left, self.right) {
            (Extent::Any, Extent::Any) => "ForAnyOfAnyValues",
            (Extent::All, Extent::Any) => "ForAllOfAnyValues",
            (Extent::Any, Extent::All) => "ForAnyOfAllValues",
            (Extent::All, Extent::All) => "ForAllOfAllValues",
        }
    }
}

impl Extent {
    /// Whether enough of the items pass.
    pub(super) fn of<T>(self, mut items: impl Iterator<Item = T>, test: impl FnMut(T) -> bool) -> bool {
        match self {
            Self::Any => items.any(test),
            Self::All => items.all(test),
        }
    }
}

impl Relation {
    /// Whether values in this order are so related. The two relations of text alone never are.
    pub(super) fn fits(self, order: Ordering) -> bool {
        match self {
            Self::Equals => order.is_eq(),
            Self::GreaterThan => order.is_gt(),
            Self::GreaterThanEquals => order.is_ge(),
            Self::LessThan => order.is_lt(),
            Self::LessThanEquals => order.is_le(),
            Self::StartsWith | Self::Like => false,
        }
    }
}

impl Sense {
    /// The opposite.
    #[must_use]
    pub fn flipped(self) -> Self {
        match self {
            Self::Affirmed => Self::Negated,
            Self::Negated => Self::Affirmed,
        }
    }

    /// What is stated, given whether the relation holds.
    #[must_use]
    pub fn applied(self, holds: bool) -> bool {
        match self {
            Self::Affirmed => holds,
            Self::Negated => !holds,
        }
    }
}
