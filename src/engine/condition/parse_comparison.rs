//! The part of the parser that reads one comparison: two sides, an operator, and the types of the values.

use super::attribute::{Attribute, Source};
use super::error::{Code, ConditionError};
use super::instant::Instant;
use super::literal::{Literal, is_integer, parse_guid};
use super::operator::{Family, OPERATORS, Operator, QUANTIFIERS, Quantifier, UNPUBLISHED};
use super::parser::Parser;
use super::span::Span;
use super::suggestion;
use super::token::{Token, TokenKind};
use super::tree::{Comparison, Operand};

/// A side of a comparison as read; what its literals mean depends on the operator.
enum Side<'t> {
    Attribute(Attribute, Span),
    Literal(Untyped<'t>),
    Set(Vec<Untyped<'t>>, Span),
}

/// A literal whose operator is not known yet.
struct Untyped<'t> {
    form: Form<'t>,
    span: Span,
}

/// How a literal is written. A word is a number or a GUID by its shape; 32 digits are both.
#[derive(Clone, Copy)]
enum Form<'t> {
    Text(&'t str),
    Boolean(bool),
    Word(&'t str),
}

impl<'t> Parser<'t> {
    /// Reads a comparison that begins with `first`.
    pub(super) fn comparison(&mut self, first: Token<'t>) -> Result<(Comparison, Span), ConditionError> {
        let left = self.left_side(first)?;
        let (operator, quantifier, operator_span) = self.operator()?;
        let left_span = left.span();
        let left = self.typed(left, operator, quantifier)?;
        let right = self.right_side(operator)?;
        let right_span = right.span();
        let right = self.typed(right, operator, quantifier)?;
        let span = left_span.through(right_span);
        Ok((Comparison { left, quantifier, operator, right, left_span, operator_span, right_span }, span))
    }

    fn left_side(&mut self, token: Token<'t>) -> Result<Side<'t>, ConditionError> {
        let span = token.span;
        match token.kind {
            TokenKind::Attribute(attribute) => Ok(Side::Attribute(attribute, span)),
            TokenKind::Text(text) => Ok(Side::Literal(Untyped { form: Form::Text(text), span })),
            TokenKind::Boolean(boolean) => Ok(Side::Literal(Untyped { form: Form::Boolean(boolean), span })),
            TokenKind::Word(word) if is_literal(word) => {
                Ok(Side::Literal(Untyped { form: Form::Word(word), span }))
            }
            TokenKind::OpenBrace => self.set(span),
            TokenKind::Word(word) => Err(self.no_expression(word, span)),
            _ => Err(self.fault(Code::Operand, span, "an expression is missing")),
        }
    }

    fn right_side(&mut self, operator: &Operator) -> Result<Side<'t>, ConditionError> {
        let token = self.lexer.next_token()?;
        let span = token.span;
        match token.kind {
            TokenKind::Attribute(attribute) => Ok(Side::Attribute(attribute, span)),
            TokenKind::Text(text) => Ok(Side::Literal(Untyped { form: Form::Text(text), span })),
            TokenKind::Boolean(boolean) => Ok(Side::Literal(Untyped { form: Form::Boolean(boolean), span })),
            TokenKind::Word(word) if is_literal(word) => {
                Ok(Side::Literal(Untyped { form: Form::Word(word), span }))
            }
            TokenKind::OpenBrace => self.set(span),
            TokenKind::Word(word) => Err(self.no_value(word, span, operator)),
            _ => {
                let message = format!("a value is missing behind {}", operator.name);
                let error = self.fault(Code::Value, span, message);
                Err(match token.kind {
                    TokenKind::Open => error.with_help("sets use braces: {'a', 'b'}"),
                    _ => error,
                })
            }
        }
    }

    fn set(&mut self, open: Span) -> Result<Side<'t>, ConditionError> {
        let mut members: Vec<Untyped<'t>> = Vec::new();
        loop {
            let token = self.lexer.next_token()?;
            let span = token.span;
            let form = match token.kind {
                TokenKind::CloseBrace if members.is_empty() => {
                    return Err(self
                        .fault(Code::SetEmpty, open.through(span), "the set is empty")
                        .with_help("give it at least one value"));
                }
                TokenKind::CloseBrace | TokenKind::Comma => {
                    return Err(self.fault(Code::SetItem, span, "a value is missing in the set"));
                }
                TokenKind::Text(text) => Form::Text(text),
                TokenKind::Boolean(boolean) => Form::Boolean(boolean),
                TokenKind::Word(word) if is_literal(word) => Form::Word(word),
                _ => return Err(self.no_member(&token, open)),
            };
            if members.first().is_some_and(|first| !first.form.is_like(form)) {
                return Err(self.fault(Code::SetItem, span, "the members of a set must have one type"));
            }
            members.push(Untyped { form, span });
            let token = self.lexer.next_token()?;
            match token.kind {
                TokenKind::Comma => {}
                TokenKind::CloseBrace => return Ok(Side::Set(members, open.through(token.span))),
                TokenKind::Text(_) | TokenKind::Boolean(_) | TokenKind::Word(_) => {
                    return Err(self
                        .fault(Code::SetItem, token.span, "a comma is missing in the set")
                        .with_help("separate the members by commas: {'a', 'b'}"));
                }
                _ => return Err(self.no_member(&token, open)),
            }
        }
    }

    fn no_member(&self, token: &Token<'t>, open: Span) -> ConditionError {
        match token.kind {
            TokenKind::End | TokenKind::Close | TokenKind::Connective(_) => {
                self.fault(Code::SetOpen, open, "this `{` is never closed").with_help("add `}`")
            }
            _ => self
                .fault(Code::SetItem, token.span, format!("{} is not a value", token.quoted(self.text)))
                .with_help("members are quoted strings, whole numbers or GUIDs, separated by commas"),
        }
    }

    fn operator(&mut self) -> Result<(&'static Operator, Option<Quantifier>, Span), ConditionError> {
        let token = self.lexer.next_token()?;
        let span = token.span;
        match token.kind {
            TokenKind::Word(word) if word.eq_ignore_ascii_case("null") => Err(self.null(span)),
            TokenKind::Word(word) if !is_literal(word) => {
                let (quantifier, name) = self.quantifier(word, span)?;
                let Some(operator) = Operator::named(name) else {
                    return Err(self.unknown_operator(name, span));
                };
                if quantifier.is_some() && !operator.quantifiable {
                    return Err(self.not_quantifiable(operator, span));
                }
                Ok((operator, quantifier, span))
            }
            TokenKind::Not => {
                Err(self.fault(Code::OperatorUnknown, span, "NOT is not a comparison operator").with_help(
                    "write NOT before the attribute, or use the negated operator such as StringNotEquals",
                ))
            }
            TokenKind::Function(function) => {
                let message = format!("{} is a function, not a comparison operator", function.name());
                let help = format!("write {}{{'…'}} as an expression of its own", function.name());
                Err(self.fault(Code::OperatorUnknown, span, message).with_help(help))
            }
            TokenKind::Exists => Err(self
                .fault(Code::OperatorUnknown, span, "Exists is not a comparison operator")
                .with_help("write Exists before the attribute")),
            _ => Err(self
                .fault(Code::Operator, span, "a comparison operator is missing")
                .with_help("write one such as StringEqualsIgnoreCase between attribute and value")),
        }
    }

    fn quantifier<'w>(
        &self,
        word: &'w str,
        span: Span,
    ) -> Result<(Option<Quantifier>, &'w str), ConditionError> {
        let (name, operator) = word.split_once(':').unwrap_or((word, ""));
        let quantifier = Quantifier::named(name);
        if quantifier.is_some() && operator.is_empty() {
            return Err(self
                .fault(Code::OperatorUnknown, span, format!("no operator follows the quantifier `{name}`"))
                .with_help(format!("write one behind a colon: {name}:StringEquals")));
        }
        if !word.contains(':') {
            return Ok((None, word));
        }
        let Some(quantifier) = quantifier else {
            let names = QUANTIFIERS.iter().map(|&(name, _)| name).collect::<Vec<_>>();
            let help = match suggestion::closest(name, &names) {
                Some(close) => format!("did you mean `{close}`?"),
                None => format!("the quantifiers are {}", names.join(", ")),
            };
            let message = format!("unknown quantifier `{name}`");
            return Err(self.fault(Code::Quantifier, span, message).with_help(help));
        };
        Ok((Some(quantifier), operator))
    }

    fn not_quantifiable(&self, operator: &Operator, span: Span) -> ConditionError {
        let message = format!("{} has no published form with a quantifier", operator.name);
        let help = match operator.family {
            Family::Text => {
                "join several comparisons with OR, or use ForAnyOfAnyValues:StringLike {'a/*', 'b/*'}"
            }
            Family::Number | Family::DateTime | Family::Boolean | Family::Guid => {
                "join several comparisons with OR"
            }
        };
        self.fault(Code::QuantifiedOperator, span, message).with_help(help)
    }

    fn unknown_operator(&self, name: &str, span: Span) -> ConditionError {
        if let Some(error) = self.unpublished(name, span) {
            return error;
        }
        let operators = OPERATORS.iter().map(|operator| operator.name).collect::<Vec<_>>();
        let help = match name.to_ascii_lowercase().as_str() {
            "in" | "contains" | "anyof" => "write ForAnyOfAnyValues:StringEquals {'a', 'b'}".to_owned(),
            "notin" => "write ForAnyOfAllValues:StringNotEquals {'a', 'b'}".to_owned(),
            "is" | "eq" | "equal" | "equals" => "write StringEquals or StringEqualsIgnoreCase".to_owned(),
            _ => match suggestion::closest(name, &operators) {
                Some(close) => format!("did you mean `{close}`?"),
                None => "operators have names such as StringEqualsIgnoreCase".to_owned(),
            },
        };
        self.fault(Code::OperatorUnknown, span, format!("unknown operator `{name}`")).with_help(help)
    }

    fn unpublished(&self, name: &str, span: Span) -> Option<ConditionError> {
        let name = UNPUBLISHED.iter().find(|known| known.eq_ignore_ascii_case(name))?;
        let message = format!("`{name}` is not part of the published language");
        let help = if *name == "NotExists" {
            "write NOT Exists @Request[…]"
        } else if name.starts_with("String") {
            "use StringStartsWith, or StringLike with `*`"
        } else {
            "it occurs only in an open-source policy engine; Azure documents no such operator or function"
        };
        Some(self.fault(Code::OperatorUnpublished, span, message).with_help(help))
    }

    /// A word where an expression begins, and it is not a literal.
    fn no_expression(&self, word: &str, span: Span) -> ConditionError {
        if word.eq_ignore_ascii_case("null") {
            return self.null(span);
        }
        if let Some(error) = self.bare_attribute(word, span).or_else(|| self.unpublished(word, span)) {
            return error;
        }
        let help = if word.bytes().all(|byte| byte == b'.') {
            "replace the placeholder by an expression or remove it"
        } else if Operator::named(word.rsplit(':').next().unwrap_or(word)).is_some() {
            "the operator stands between attribute and value"
        } else {
            "an expression begins with an attribute such as @Request[…], ActionMatches, Exists or NOT"
        };
        self.fault(Code::Operand, span, format!("`{word}` does not begin an expression")).with_help(help)
    }

    /// A word where a value is due, and it is not a literal.
    fn no_value(&self, word: &str, span: Span, operator: &Operator) -> ConditionError {
        if word.eq_ignore_ascii_case("null") {
            return self.null(span);
        }
        if let Some(error) = self.bare_attribute(word, span) {
            return error;
        }
        if operator.family == Family::Text {
            return self
                .fault(Code::Unquoted, span, format!("`{word}` has no quotes"))
                .with_help(format!("string values need single quotes: '{word}'"));
        }
        self.wrong_type(span, operator)
    }

    fn null(&self, span: Span) -> ConditionError {
        self.fault(Code::Null, span, "`null` is neither operator nor value")
            .with_help("for an attribute that is absent write NOT Exists @Resource[…]")
    }

    /// `Request[…]`: a word directly before a bracket.
    pub(super) fn bare_attribute(&self, word: &str, span: Span) -> Option<ConditionError> {
        self.lexer.rest().starts_with('[').then(|| {
            let source = match Source::named(word) {
                Some(source) => source.name(),
                None => word,
            };
            self.fault(Code::AtMissing, span, format!("the attribute source `{word}` has no `@`"))
                .with_help(format!("write @{source}[…]"))
        })
    }

    fn typed(
        &self,
        side: Side<'t>,
        operator: &Operator,
        quantifier: Option<Quantifier>,
    ) -> Result<Operand, ConditionError> {
        let literals = match side {
            Side::Attribute(attribute, _) => return Ok(Operand::Attribute(attribute)),
            Side::Literal(literal) => vec![literal],
            Side::Set(_, span) if quantifier.is_none() => {
                return Err(self
                    .fault(
                        Code::SetScalar,
                        span,
                        format!("{} takes a single value, not a set", operator.name),
                    )
                    .with_help(if operator.quantifiable {
                        format!("write ForAnyOfAnyValues:{}", operator.name)
                    } else {
                        "join several comparisons with OR".to_owned()
                    }));
            }
            Side::Set(members, _) => members,
        };
        let typed =
            literals.iter().map(|literal| self.literal(literal, operator)).collect::<Result<_, _>>()?;
        Ok(Operand::Literals(typed))
    }

    fn literal(&self, literal: &Untyped<'t>, operator: &Operator) -> Result<Literal, ConditionError> {
        let read = match (operator.family, literal.form) {
            (Family::Text, Form::Text(text)) => Some(Literal::Text(text.into())),
            (Family::Number, Form::Word(word)) => word.parse().ok().map(Literal::Integer),
            (Family::DateTime, Form::Text(text)) => {
                let Some(instant) = Instant::parse(text) else {
                    return Err(self
                        .fault(Code::DateTime, literal.span, format!("`{text}` is not a date-time"))
                        .with_help("use the form 2023-05-01T13:00:00.0Z, in UTC"));
                };
                Some(Literal::DateTime(instant))
            }
            (Family::Boolean, Form::Boolean(boolean)) => Some(Literal::Boolean(boolean)),
            (Family::Guid, Form::Word(text) | Form::Text(text)) => parse_guid(text).map(Literal::Guid),
            _ => None,
        };
        read.ok_or_else(|| self.wrong_type(literal.span, operator))
    }

    fn wrong_type(&self, span: Span, operator: &Operator) -> ConditionError {
        let (code, needs) = match operator.family {
            Family::Text => (Code::ValueType, "a string in single quotes"),
            Family::Number => (Code::ValueType, "a whole number of at most 64 bits, without quotes"),
            Family::DateTime => {
                (Code::ValueType, "a date-time in single quotes, such as '2023-05-01T13:00:00.0Z'")
            }
            Family::Boolean => (Code::ValueType, "true or false, without quotes"),
            Family::Guid => (Code::Guid, "a GUID: the id of the role definition or principal, not its name"),
        };
        let given = self.text.get(span.range()).unwrap_or_default();
        self.fault(code, span, format!("`{given}` is no value for {}", operator.name))
            .with_help(format!("it needs {needs}"))
    }
}

impl Side<'_> {
    fn span(&self) -> Span {
        match self {
            Self::Attribute(_, span) | Self::Set(_, span) => *span,
            Self::Literal(literal) => literal.span,
        }
    }
}

impl Form<'_> {
    /// Whether the two may stand in one set.
    fn is_like(self, other: Self) -> bool {
        match (self, other) {
            (Self::Text(_), Self::Text(_)) | (Self::Boolean(_), Self::Boolean(_)) => true,
            (Self::Word(one), Self::Word(other)) => {
                is_integer(one) && is_integer(other)
                    || parse_guid(one).is_some() && parse_guid(other).is_some()
            }
            (Self::Text(_) | Self::Boolean(_) | Self::Word(_), _) => false,
        }
    }
}

fn is_literal(word: &str) -> bool {
    is_integer(word) || parse_guid(word).is_some()
}
