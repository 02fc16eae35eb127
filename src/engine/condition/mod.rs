//! Azure role-assignment conditions (Azure ABAC), version 2.0: read once, evaluated often.
//!
//! A condition narrows what a role assignment grants, such as pulling to repositories whose name begins with
//! `team-a/`. It never denies by itself. Rules: Azure RBAC, "condition format and syntax"; what Microsoft does not
//! publish is decided towards no access, and never stated as a fact about Azure.
//!
//! ```text
//! text → lexer → parser → Condition ─┬─ evaluate(facts) → Truth
//!                                    ├─ specialise(action) → RepositoryTest → evaluate(repository) → Truth
//!                                    ├─ Display, over_lines → canonical text
//!                                    └─ validate(profile) → faults of meaning
//! ```
//!
//! Nothing here recurses: 8 KB of open parentheses need no more stack than one.

mod attribute;
mod compare;
mod culprit;
mod display;
mod error;
mod evaluate;
mod facts;
mod instant;
mod layout;
mod letter_case;
mod lexer;
mod literal;
mod operator;
mod parse_comparison;
mod parser;
mod repository;
mod span;
mod specialise;
mod suggestion;
mod token;
mod tree;
mod truth;
mod validate;

pub use self::attribute::{Attribute, REPOSITORY_NAME, Source};
pub use self::culprit::Culprit;
pub use self::error::{Code, ConditionError, line_and_column};
pub use self::facts::{AttributeValue, Attributes, Facts};
pub use self::instant::Instant;
pub use self::letter_case::LetterCase;
pub use self::literal::Literal;
pub use self::operator::{
    Extent, Family, OPERATORS, Operator, QUANTIFIERS, Quantifier, Relation, Sense, UNPUBLISHED,
};
pub use self::parser::MAX_LENGTH;
pub use self::repository::RepositoryTest;
pub use self::span::Span;
pub use self::token::Connective;
pub use self::tree::{Comparison, Condition, Expression, Node, Operand};
pub use self::truth::Truth;
pub use self::validate::{Profile, validate_version};
