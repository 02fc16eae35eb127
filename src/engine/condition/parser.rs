//! Tokens to tree, without recursion: what is still open waits on a list of its own.
//!
//! ```text
//! condition  = or-expr , end ;
//! or-expr    = and-expr , { ( "OR" | "||" ) , and-expr } ;
//! and-expr   = unary , { ( "AND" | "&&" ) , unary } ;
//! unary      = ( "NOT" | "!" ) , unary | primary ;
//! primary    = "(" , or-expr , ")" | function | exists | comparison ;
//! function   = ( "ActionMatches" | "SubOperationMatches" ) , "{" , string , "}" ;
//! exists     = "Exists" , attribute ;
//! comparison = operand , [ quantifier , ":" ] , operator , operand ;
//! operand    = attribute | literal | "{" , literal , { "," , literal } , "}" ;
//! ```
//!
//! The published reference demands parentheses where AND meets OR, so the two beside each other at one level are
//! refused rather than ranked (Azure ABAC, "condition format and syntax").

use super::error::{Code, ConditionError};
use super::lexer::Lexer;
use super::span::Span;
use super::token::{Connective, Function, Token, TokenKind};
use super::tree::{Condition, Expression, Node};

/// Azure's limit of 8 KB, counted in bytes (Azure ABAC, "conditions FAQ").
pub const MAX_LENGTH: usize = 8192;

impl Condition {
    /// Reads the text of a condition, version 2.0.
    ///
    /// # Errors
    /// The first fault in the order of the text, with code, place and remedy.
    pub fn parse(text: &str) -> Result<Self, ConditionError> {
        if text.len() > MAX_LENGTH {
            let message = format!("the condition has {} bytes, the limit is {MAX_LENGTH}", text.len());
            return Err(ConditionError::new(Code::TooLong, text, 0..0, message)
                .with_help("use a prefix, or split it over several role assignments"));
        }
        Parser::new(text).condition()
    }
}

/// The state of one run.
pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    pub(super) lexer: Lexer<'t>,
    nodes: Vec<Node>,
    pending: Vec<Pending>,
}

/// What waits for an expression to be complete.
enum Pending {
    /// A `(` waits for its `)`.
    Open(Span),
    /// `NOT` waits for its operand.
    Not(Span),
    /// `left AND` waits for its right operand.
    Join { connective: Connective, left: usize },
}

/// What must come next.
enum Next {
    Expression,
    Join,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, lexer: Lexer::new(text), nodes: Vec::new(), pending: Vec::new() }
    }

    fn condition(mut self) -> Result<Condition, ConditionError> {
        let mut previous: Option<Token<'t>> = None;
        let mut next = Next::Expression;
        loop {
            let token = self.lexer.next_token()?;
            next = match next {
                Next::Expression => self.expression(token.clone(), previous.as_ref())?,
                Next::Join if matches!(token.kind, TokenKind::End) => return self.finish(),
                Next::Join => self.join(&token)?,
            };
            previous = Some(token);
        }
    }

    /// An expression begins here, or something that may stand before one.
    fn expression(&mut self, token: Token<'t>, previous: Option<&Token<'t>>) -> Result<Next, ConditionError> {
        let span = token.span;
        match token.kind {
            TokenKind::Open => {
                self.pending.push(Pending::Open(span));
                return Ok(Next::Expression);
            }
            TokenKind::Not => {
                self.pending.push(Pending::Not(span));
                return Ok(Next::Expression);
            }
            TokenKind::Function(function) => self.function(function, span)?,
            TokenKind::Exists => self.exists(span)?,
            TokenKind::Attribute(_)
            | TokenKind::Text(_)
            | TokenKind::Boolean(_)
            | TokenKind::Word(_)
            | TokenKind::OpenBrace => {
                let (comparison, span) = self.comparison(token)?;
                self.push(Expression::Comparison(Box::new(comparison)), span);
            }
            TokenKind::Close
            | TokenKind::Connective(_)
            | TokenKind::CloseBrace
            | TokenKind::Comma
            | TokenKind::End => return Err(self.missing_expression(&token, previous)),
        }
        Ok(Next::Join)
    }

    /// An expression is complete: what comes now joins it, closes it or is too much.
    fn join(&mut self, token: &Token<'t>) -> Result<Next, ConditionError> {
        self.apply_not();
        match token.kind {
            TokenKind::Connective(connective) => {
                if let Some(Pending::Join { connective: before, .. }) = self.pending.last()
                    && *before != connective
                {
                    return Err(self
                        .fault(Code::Ambiguous, token.span, "AND and OR are mixed without parentheses")
                        .with_help("write (a AND b) OR c, or a AND (b OR c)"));
                }
                self.apply_join();
                let left = self.nodes.len().saturating_sub(1);
                self.pending.push(Pending::Join { connective, left });
                Ok(Next::Expression)
            }
            TokenKind::Close => {
                self.apply_join();
                let Some(Pending::Open(open)) = self.pending.pop() else {
                    return Err(self.fault(Code::ParenClose, token.span, "this `)` has no `(`"));
                };
                if let Some(group) = self.nodes.last_mut() {
                    group.span = open.through(token.span);
                }
                Ok(Next::Join)
            }
            _ => Err(self.not_joined(token)),
        }
    }

    fn finish(mut self) -> Result<Condition, ConditionError> {
        self.apply_not();
        self.apply_join();
        match self.pending.last() {
            Some(&Pending::Open(open)) => {
                Err(self.fault(Code::ParenOpen, open, "this `(` is never closed").with_help("add `)`"))
            }
            _ => Ok(Condition::new(self.text, self.nodes)),
        }
    }

    /// Every `NOT` directly before the expression that has just been completed.
    fn apply_not(&mut self) {
        while let Some(&Pending::Not(span)) = self.pending.last() {
            self.pending.pop();
            let span = span.through(self.last_span());
            self.push(Expression::Not, span);
        }
    }

    /// At most one join waits at a time: a second one of the same kind completes the first.
    fn apply_join(&mut self) {
        if let Some(&Pending::Join { connective, left }) = self.pending.last() {
            self.pending.pop();
            let start = self.nodes.get(left).map_or_else(Span::default, |node| node.span);
            let span = start.through(self.last_span());
            self.push(Expression::Join { connective, left }, span);
        }
    }

    fn function(&mut self, function: Function, span: Span) -> Result<(), ConditionError> {
        let help = format!("write {}{{'…'}}; a shell may have removed the quotes", function.name());
        let fault = |parser: &Self, span, message: String| {
            Err(parser.fault(Code::FunctionArgument, span, message).with_help(help.clone()))
        };
        let open = self.lexer.next_token()?;
        if !matches!(open.kind, TokenKind::OpenBrace) {
            return fault(self, open.span, format!("{} takes one pattern in braces", function.name()));
        }
        let argument = self.lexer.next_token()?;
        let pattern = match argument.kind {
            TokenKind::Text("") => return fault(self, argument.span, "the pattern is empty".into()),
            TokenKind::Text(pattern) => pattern,
            TokenKind::End => return fault(self, open.span, "this `{` is never closed".into()),
            _ => return fault(self, argument.span, format!("{} takes one quoted pattern", function.name())),
        };
        let close = self.lexer.next_token()?;
        match close.kind {
            TokenKind::CloseBrace => {}
            TokenKind::End => return fault(self, open.span, "this `{` is never closed".into()),
            TokenKind::Comma => {
                return fault(self, close.span, format!("{} takes one pattern only", function.name()));
            }
            _ => return fault(self, close.span, "`}` is expected behind the pattern".into()),
        }
        let expression = match function {
            Function::ActionMatches => Expression::ActionMatches(pattern.into()),
            Function::SubOperationMatches => Expression::SubOperationMatches(pattern.into()),
        };
        self.push(expression, span.through(close.span));
        Ok(())
    }

    fn exists(&mut self, span: Span) -> Result<(), ConditionError> {
        let token = self.lexer.next_token()?;
        let TokenKind::Attribute(attribute) = token.kind else {
            if let TokenKind::Word(word) = token.kind
                && let Some(error) = self.bare_attribute(word, token.span)
            {
                return Err(error);
            }
            return Err(self
                .fault(Code::Exists, token.span, format!("{} is not an attribute", token.quoted(self.text)))
                .with_help("write Exists @Request[…], without parentheses around the attribute"));
        };
        self.push(Expression::Exists(attribute), span.through(token.span));
        Ok(())
    }

    fn push(&mut self, expression: Expression, span: Span) {
        self.nodes.push(Node { expression, span });
    }

    fn last_span(&self) -> Span {
        self.nodes.last().map_or_else(Span::default, |node| node.span)
    }

    fn missing_expression(&self, token: &Token<'t>, previous: Option<&Token<'t>>) -> ConditionError {
        let Some(previous) = previous else {
            if let TokenKind::End = token.kind {
                return ConditionError::new(Code::Empty, self.text, 0..0, "the condition is empty")
                    .with_help("leave the property out to have no condition");
            }
            let message = format!("an expression is missing before {}", token.quoted(self.text));
            return self.fault(Code::Operand, token.span, message);
        };
        if let (TokenKind::Open, TokenKind::Close) = (&previous.kind, &token.kind) {
            return self
                .fault(Code::ParenEmpty, previous.span.through(token.span), "the parentheses are empty")
                .with_help("put an expression inside or remove them");
        }
        let message = format!("an expression is missing behind {}", previous.quoted(self.text));
        self.fault(Code::Operand, token.span, message)
    }

    fn not_joined(&self, token: &Token<'t>) -> ConditionError {
        let message = format!("{} does not continue the expression before it", token.quoted(self.text));
        let help = match (&token.kind, self.nodes.last().map(|node| &node.expression)) {
            (TokenKind::Comma, _) => "separate expressions by AND or OR, not by commas",
            (TokenKind::Word(_), Some(Expression::Exists(_))) => {
                "Exists takes the attribute alone; remove the comparison, or remove Exists"
            }
            _ => "join the two expressions with AND or OR",
        };
        self.fault(Code::Join, token.span, message).with_help(help)
    }

    pub(super) fn fault(&self, code: Code, span: Span, message: impl Into<String>) -> ConditionError {
        ConditionError::new(code, self.text, span.range(), message)
    }
}
