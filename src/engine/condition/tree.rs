//! The tree of a condition, kept flat.
//!
//! Nodes stand in one list, operands before what joins them (postfix). Whoever walks it loops, so the depth of a
//! text, which can be thousands of parentheses, never becomes depth of the call stack; dropping the tree is
//! dropping a list.

use smol_str::SmolStr;

use super::attribute::Attribute;
use super::literal::Literal;
use super::operator::{Operator, Quantifier};
use super::span::Span;
use super::token::Connective;

/// A parsed condition: valid by construction.
///
/// ```
/// use acr_admission::engine::condition::{Condition, Facts, Truth};
///
/// let read = "Microsoft.ContainerRegistry/registries/repositories/content/read";
/// let condition = Condition::parse(&format!(
///     "!(ActionMatches{{'{read}'}}) OR \
///      @Request[Microsoft.ContainerRegistry/registries/repositories:name] StringStartsWith 'team-a/'"
/// ))?;
/// let pull = condition.specialise(read);
/// assert_eq!(pull.evaluate(Some("team-a/app")), Truth::True);
/// assert_eq!(pull.evaluate(Some("team-b/app")), Truth::False);
/// // What was not supplied is unknown, and unknown grants nothing.
/// assert_eq!(condition.evaluate(&Facts::new(read)), Truth::Unknown);
/// # Ok::<(), acr_admission::engine::condition::ConditionError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Condition {
    text: Box<str>,
    // INVARIANT: never empty, and each operand of a node stands before it: the last one directly, the left one of
    // a join where the join says. The node of the whole condition is the last.
    nodes: Vec<Node>,
}

/// One expression and where it stands, the parentheses around it included.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it says.
    pub expression: Expression,
    /// Where it stands.
    pub span: Span,
}

/// What one node says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Expression {
    /// `left AND right`, `left OR right`. The right operand is the node just before this one.
    Join {
        /// AND or OR.
        connective: Connective,
        /// The index of the node of the left operand.
        left: usize,
    },
    /// `NOT operand`. The operand is the node just before this one.
    Not,
    /// `ActionMatches{'pattern'}`.
    ActionMatches(SmolStr),
    /// `SubOperationMatches{'pattern'}`.
    SubOperationMatches(SmolStr),
    /// `Exists @Source[name]`.
    Exists(Attribute),
    /// `left Operator right`.
    Comparison(Box<Comparison>),
}

/// `left Quantifier:Operator right`.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The left side.
    pub left: Operand,
    /// How many values must do, if that is said.
    pub quantifier: Option<Quantifier>,
    /// The row of the operator table.
    pub operator: &'static Operator,
    /// The right side.
    pub right: Operand,
    /// Where the left side stands.
    pub left_span: Span,
    /// Where operator and quantifier stand.
    pub operator_span: Span,
    /// Where the right side stands.
    pub right_span: Span,
}

/// One side of a comparison.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Operand {
    /// What the request or its surroundings supply.
    Attribute(Attribute),
    /// What the text gives: one value without quantifier, a set of one or more with it.
    Literals(Box<[Literal]>),
}

impl Condition {
    pub(super) fn new(text: &str, nodes: Vec<Node>) -> Self {
        Self { text: text.into(), nodes }
    }

    /// The text as given. The spans of the nodes are ranges of it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Every node, operands before what joins them, the whole condition last.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Every comparison, in the order of the text.
    pub fn comparisons(&self) -> impl Iterator<Item = &Comparison> {
        self.nodes.iter().filter_map(|node| match &node.expression {
            Expression::Comparison(comparison) => Some(&**comparison),
            Expression::Join { .. }
            | Expression::Not
            | Expression::ActionMatches(_)
            | Expression::SubOperationMatches(_)
            | Expression::Exists(_) => None,
        })
    }
}

impl Operand {
    /// The attribute, if it is one.
    #[must_use]
    pub fn attribute(&self) -> Option<&Attribute> {
        match self {
            Self::Attribute(attribute) => Some(attribute),
            Self::Literals(_) => None,
        }
    }
}

/// Two conditions are the same when their trees are; white space, spelling and redundant parentheses do not count.
impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        let expressions = self.nodes.iter().map(|node| &node.expression);
        expressions.eq(other.nodes.iter().map(|node| &node.expression))
    }
}

impl Eq for Condition {}

impl PartialEq for Comparison {
    fn eq(&self, other: &Self) -> bool {
        let Self { left, quantifier, operator, right, left_span: _, operator_span: _, right_span: _ } = self;
        *left == other.left
            && *quantifier == other.quantifier
            && *operator == other.operator
            && *right == other.right
    }
}

impl Eq for Comparison {}
