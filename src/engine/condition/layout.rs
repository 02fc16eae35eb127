//! The text of a condition over lines, as the portal's editor writes it.
//!
//! ```text
//! (
//!  (
//!   !(ActionMatches{'…/content/read'})     the guards: which actions the block is about
//!  )
//!  OR                                      with a blank behind it, in such blocks
//!  (
//!   @Request[…:name] StringStartsWith …    what is asked of them
//!  )
//! )
//! ```
//!
//! One blank a level, connectives on lines of their own, several blocks joined by AND. What no editor writes is laid
//! out by the same rules. Like everything here it loops: depth of the text never becomes depth of the call stack.

use super::display::Within;
use super::token::Connective;
use super::tree::{Condition, Expression};

/// What remains to be written.
enum Piece {
    Text(&'static str),
    /// A line break, and the blanks that the next line begins with.
    Break(usize),
    /// The operands of a join with its connectives between them, or another expression.
    Inside {
        node: usize,
        depth: usize,
    },
    /// One operand, in parentheses if it is a join or `grouped`.
    Operand {
        node: usize,
        depth: usize,
        grouped: bool,
    },
    /// A node on one line.
    OneLine(usize),
}

impl Condition {
    /// The canonical text over lines, in the layout of the portal. It parses to the same tree, and so laid out
    /// again it is the same text. Layout takes bytes: near the limit of
    /// [`MAX_LENGTH`](super::MAX_LENGTH) this can be too long where the text on one line is not.
    ///
    /// ```
    /// use acr_admission::engine::condition::Condition;
    ///
    /// let condition = Condition::parse("Exists @Request[a] && (Exists @Request[b] || Exists @Request[c])")?;
    /// let expected = "Exists @Request[a]\nAND\n(\n Exists @Request[b]\n OR\n Exists @Request[c]\n)";
    /// assert_eq!(condition.over_lines(), expected);
    /// # Ok::<(), acr_admission::engine::condition::ConditionError>(())
    /// ```
    #[must_use]
    pub fn over_lines(&self) -> String {
        let mut text = String::with_capacity(self.text().len());
        let root = self.nodes().len().saturating_sub(1);
        // A single block stands in parentheses of its own, several blocks are joined without.
        let grouped =
            matches!(self.expression(root), Some(Expression::Join { connective: Connective::Or, .. }));
        let mut pieces = vec![if grouped {
            Piece::Operand { node: root, depth: 0, grouped }
        } else {
            Piece::Inside { node: root, depth: 0 }
        }];
        while let Some(piece) = pieces.pop() {
            match piece {
                Piece::Text(part) => text.push_str(part),
                Piece::Break(blanks) => {
                    text.push('\n');
                    text.extend(std::iter::repeat_n(' ', blanks));
                }
                Piece::Inside { node, depth } => self.inside(node, depth, &mut pieces),
                Piece::Operand { node, depth, grouped } => self.operand(node, depth, grouped, &mut pieces),
                Piece::OneLine(node) => {
                    // Writing to a text does not fail.
                    let _ = self.write_one_line(&mut text, node, Within::Group);
                }
            }
        }
        text
    }

    fn expression(&self, node: usize) -> Option<&Expression> {
        self.nodes().get(node).map(|node| &node.expression)
    }

    fn inside(&self, node: usize, depth: usize, pieces: &mut Vec<Piece>) {
        let Some(&Expression::Join { connective, .. }) = self.expression(node) else {
            return pieces.push(Piece::Operand { node, depth, grouped: false });
        };
        let operands = self.operands(node);
        let is_block =
            connective == Connective::Or && operands.last().is_some_and(|first| self.is_guard(*first));
        for (position, operand) in operands.iter().enumerate() {
            pieces.push(Piece::Operand { node: *operand, depth, grouped: is_block });
            if position + 1 < operands.len() {
                pieces.push(Piece::Break(depth));
                pieces.push(Piece::Text(match connective {
                    Connective::And => "AND",
                    // The blank is the portal's.
                    Connective::Or if is_block => "OR ",
                    Connective::Or => "OR",
                }));
                pieces.push(Piece::Break(depth));
            }
        }
    }

    fn operand(&self, node: usize, depth: usize, grouped: bool, pieces: &mut Vec<Piece>) {
        let below = node.saturating_sub(1);
        match self.expression(node) {
            _ if grouped => surround("(", Piece::Inside { node, depth: depth + 1 }, depth, pieces),
            Some(Expression::Join { .. }) => {
                surround("(", Piece::Inside { node, depth: depth + 1 }, depth, pieces);
            }
            Some(Expression::Not) => match self.expression(below) {
                // A negated test of the action alone stays on its line, as the portal writes it.
                Some(Expression::Join { .. }) if !self.is_about_action(below) => {
                    surround("!(", Piece::Inside { node: below, depth: depth + 1 }, depth, pieces);
                }
                Some(Expression::Not) => {
                    pieces.push(Piece::Operand { node: below, depth, grouped: false });
                    pieces.push(Piece::Text("NOT "));
                }
                _ => pieces.push(Piece::OneLine(node)),
            },
            _ => pieces.push(Piece::OneLine(node)),
        }
    }

    /// The nodes of the operands of a join, the last one first: of `a AND b AND c`, which groups from the left, all
    /// three. None for what is no join.
    #[must_use]
    pub fn operands(&self, join: usize) -> Vec<usize> {
        let mut operands = Vec::new();
        let Some(&Expression::Join { connective, .. }) = self.expression(join) else { return operands };
        let mut node = join;
        while let Some(&Expression::Join { connective: own, left }) = self.expression(node) {
            if own != connective {
                break;
            }
            operands.push(node.saturating_sub(1));
            node = left;
        }
        operands.push(node);
        operands
    }

    /// Whether this is what the portal begins a block with: negated tests of the action, joined by AND.
    fn is_guard(&self, node: usize) -> bool {
        let negated_or_joined = matches!(
            self.expression(node),
            Some(Expression::Not | Expression::Join { connective: Connective::And, .. })
        );
        negated_or_joined && self.is_about_action(node)
    }

    /// Whether only the action and the suboperation are asked for.
    fn is_about_action(&self, node: usize) -> bool {
        let mut first = node;
        loop {
            first = match self.expression(first) {
                Some(&Expression::Join { left, .. }) => left,
                Some(Expression::Not) => first.saturating_sub(1),
                _ => break,
            };
        }
        let nodes = self.nodes().get(first..=node).unwrap_or_default();
        nodes.iter().all(|node| match &node.expression {
            Expression::Join { connective, .. } => *connective == Connective::And,
            Expression::Not | Expression::ActionMatches(_) | Expression::SubOperationMatches(_) => true,
            Expression::Exists(_) | Expression::Comparison(_) => false,
        })
    }
}

fn surround(open: &'static str, inner: Piece, depth: usize, pieces: &mut Vec<Piece>) {
    pieces.push(Piece::Text(")"));
    pieces.push(Piece::Break(depth));
    pieces.push(inner);
    pieces.push(Piece::Break(depth + 1));
    pieces.push(Piece::Text(open));
}
