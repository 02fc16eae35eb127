//! The canonical text of a condition: published spelling, one blank between tokens, only the parentheses it needs.

use std::fmt;

use super::token::Connective;
use super::tree::{Comparison, Condition, Expression, Operand};

/// What remains to be printed.
enum Piece {
    Text(&'static str),
    /// A node, and whether it must be in parentheses if it is a join of the other kind or a right operand.
    Node {
        node: usize,
        within: Within,
    },
}

/// Where an expression stands, which says whether it needs parentheses.
#[derive(Clone, Copy)]
pub(super) enum Within {
    /// At the start, or in parentheses already.
    Group,
    /// Left of AND or OR: the same connective needs none, because it groups from the left.
    LeftOf(Connective),
    /// Right of AND or OR, or behind NOT: any join needs them.
    Operand,
}

/// Parses to the same tree. The text can be longer than the one it was read from (`&&` becomes `AND`), so a
/// condition close to the limit may be beyond it in this form.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_one_line(f, self.nodes().len().saturating_sub(1), Within::Group)
    }
}

impl Condition {
    /// Writes one node and what is below it.
    pub(super) fn write_one_line(&self, f: &mut dyn fmt::Write, node: usize, within: Within) -> fmt::Result {
        let mut pieces = vec![Piece::Node { node, within }];
        while let Some(piece) = pieces.pop() {
            match piece {
                Piece::Text(text) => f.write_str(text)?,
                Piece::Node { node, within } => self.print(f, node, within, &mut pieces)?,
            }
        }
        Ok(())
    }

    fn print(
        &self,
        f: &mut dyn fmt::Write,
        node: usize,
        within: Within,
        pieces: &mut Vec<Piece>,
    ) -> fmt::Result {
        let Some(expression) = self.nodes().get(node).map(|node| &node.expression) else { return Ok(()) };
        let right = node.saturating_sub(1);
        match expression {
            &Expression::Join { connective, left } => {
                if within.needs_parentheses(connective) {
                    f.write_str("(")?;
                    pieces.push(Piece::Text(")"));
                }
                pieces.push(Piece::Node { node: right, within: Within::Operand });
                pieces.push(Piece::Text(match connective {
                    Connective::And => " AND ",
                    Connective::Or => " OR ",
                }));
                pieces.push(Piece::Node { node: left, within: Within::LeftOf(connective) });
                Ok(())
            }
            Expression::Not => self.print_not(f, right, pieces),
            Expression::ActionMatches(pattern) => write!(f, "ActionMatches{{'{pattern}'}}"),
            Expression::SubOperationMatches(pattern) => write!(f, "SubOperationMatches{{'{pattern}'}}"),
            Expression::Exists(attribute) => write!(f, "Exists {attribute}"),
            Expression::Comparison(comparison) => write!(f, "{comparison}"),
        }
    }

    /// As the portal writes it: `!(ActionMatches{'…'})` and `!(… AND …)`, but `NOT @Request[…] …`.
    fn print_not(&self, f: &mut dyn fmt::Write, operand: usize, pieces: &mut Vec<Piece>) -> fmt::Result {
        let operand_expression = self.nodes().get(operand).map(|node| &node.expression);
        if let Some(Expression::ActionMatches(_) | Expression::Join { .. }) = operand_expression {
            pieces.push(Piece::Text(")"));
            pieces.push(Piece::Node { node: operand, within: Within::Group });
            f.write_str("!(")
        } else {
            pieces.push(Piece::Node { node: operand, within: Within::Operand });
            f.write_str("NOT ")
        }
    }
}

impl Within {
    fn needs_parentheses(self, connective: Connective) -> bool {
        match self {
            Self::Group => false,
            Self::LeftOf(outer) => outer != connective,
            Self::Operand => true,
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(quantifier) = self.quantifier else {
            return write!(f, "{} {} {}", self.left, self.operator.name, self.right);
        };
        // A lone value beside a quantified operator is a set of one and printed as such.
        write!(f, "{:#} {}:{} {:#}", self.left, quantifier.name(), self.operator.name, self.right)
    }
}

/// With `#`, literals are in braces.
impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let literals = match self {
            Self::Attribute(attribute) => return attribute.fmt(f),
            Self::Literals(literals) => literals,
        };
        let (open, close) = if f.alternate() { ("{", "}") } else { ("", "") };
        f.write_str(open)?;
        for (index, literal) in literals.iter().enumerate() {
            write!(f, "{}{literal}", if index == 0 { "" } else { ", " })?;
        }
        f.write_str(close)
    }
}
