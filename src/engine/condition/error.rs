//! What is wrong with a condition, as data: a stable code, a place, a message and a remedy.

use std::fmt;
use std::ops::Range;

/// The first fault of a condition.
///
/// Prints as `LINE:COLUMN: CODE: message`; the remedy is kept apart in [`help`](Self::help).
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{line}:{column}: {code}: {message}")]
pub struct ConditionError {
    code: Code,
    line: u32,
    column: u32,
    span: Range<usize>,
    message: String,
    help: Option<String>,
}

impl ConditionError {
    /// A fault at a range of bytes of `text`.
    pub(super) fn new(code: Code, text: &str, span: Range<usize>, message: impl Into<String>) -> Self {
        let (line, column) = line_and_column(text, span.start);
        Self { code, line, column, span, message: message.into(), help: None }
    }

    /// Adds the remedy.
    #[must_use]
    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// The line, from 1. CR LF is one line break.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The column, from 1. A tab, like any code point, is one column.
    #[must_use]
    pub fn column(&self) -> u32 {
        self.column
    }

    /// The bytes to underline. Empty where something is missing.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// What is wrong: one line, lower case, no full stop, the user's words in backticks.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

/// Line and column of a byte, both from 1, in code points; CRLF is one break.
#[must_use]
pub fn line_and_column(text: &str, offset: usize) -> (u32, u32) {
    let (mut line, mut column) = (1, 1);
    let mut previous = '\0';
    for (_, character) in text.char_indices().take_while(|&(position, _)| position < offset) {
        match character {
            // The CR before it was the break already.
            '\n' if previous == '\r' => {}
            '\n' | '\r' => {
                line += 1;
                column = 1;
            }
            _ => column += 1,
        }
        previous = character;
    }
    (line, column)
}

/// The code of a [`ConditionError`]. Messages may change, codes may not.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Code {
    /// Nothing but white space.
    Empty,
    /// More than 8192 bytes.
    TooLong,
    /// A character that means nothing here.
    Char,
    /// A double quote.
    Quote,
    /// A string that its line does not close.
    StringOpen,
    /// An attempt at a comment.
    Comment,
    /// `=` and its relatives.
    SymbolOperator,
    /// A `(` that is never closed.
    ParenOpen,
    /// A `)` without its `(`.
    ParenClose,
    /// `()`.
    ParenEmpty,
    /// Two expressions side by side.
    Join,
    /// An expression is missing.
    Operand,
    /// AND and OR at one level.
    Ambiguous,
    /// A comparison operator is missing.
    Operator,
    /// A word where an operator is due, and it is none.
    OperatorUnknown,
    /// A word before a colon that is no quantifier.
    Quantifier,
    /// An operator that has no quantified form.
    QuantifiedOperator,
    /// An operator or function of another dialect.
    OperatorUnpublished,
    /// A value is missing.
    Value,
    /// A string without quotes.
    Unquoted,
    /// A literal of a type that the operator does not take.
    ValueType,
    /// A malformed date-time.
    DateTime,
    /// A malformed GUID.
    Guid,
    /// `null`.
    Null,
    /// A `{` that is never closed.
    SetOpen,
    /// `{}`.
    SetEmpty,
    /// A bad member of a set.
    SetItem,
    /// A set beside an operator without quantifier.
    SetScalar,
    /// The argument of a function.
    FunctionArgument,
    /// `Exists` without attribute.
    Exists,
    /// An unknown attribute source.
    Source,
    /// An attribute without its `@`.
    AtMissing,
    /// An attribute without its brackets.
    AttributeOpen,
    /// A malformed attribute name.
    AttributeName,
    /// A malformed suffix of an attribute key.
    AttributeKey,
    /// An attribute that the service does not declare.
    AttributeUnknown,
    /// An operator that the attribute does not allow.
    OperatorNotForAttribute,
    /// A `conditionVersion` other than 2.0.
    Version,
}

impl Code {
    /// The code as printed and documented, `E_…`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "E_EMPTY",
            Self::TooLong => "E_TOO_LONG",
            Self::Char => "E_CHAR",
            Self::Quote => "E_QUOTE",
            Self::StringOpen => "E_STRING_OPEN",
            Self::Comment => "E_COMMENT",
            Self::SymbolOperator => "E_SYMBOL_OP",
            Self::ParenOpen => "E_PAREN_OPEN",
            Self::ParenClose => "E_PAREN_CLOSE",
            Self::ParenEmpty => "E_PAREN_EMPTY",
            Self::Join => "E_JOIN",
            Self::Operand => "E_OPERAND",
            Self::Ambiguous => "E_AMBIGUOUS",
            Self::Operator => "E_OPERATOR",
            Self::OperatorUnknown => "E_OPERATOR_UNKNOWN",
            Self::Quantifier => "E_QUANTIFIER",
            Self::QuantifiedOperator => "E_QUANT_OP",
            Self::OperatorUnpublished => "E_OP_UNPUBLISHED",
            Self::Value => "E_VALUE",
            Self::Unquoted => "E_UNQUOTED",
            Self::ValueType => "E_VALUE_TYPE",
            Self::DateTime => "E_DATETIME",
            Self::Guid => "E_GUID",
            Self::Null => "E_NULL",
            Self::SetOpen => "E_SET_OPEN",
            Self::SetEmpty => "E_SET_EMPTY",
            Self::SetItem => "E_SET_ITEM",
            Self::SetScalar => "E_SET_SCALAR",
            Self::FunctionArgument => "E_FUNC_ARG",
            Self::Exists => "E_EXISTS",
            Self::Source => "E_SOURCE",
            Self::AtMissing => "E_AT_MISSING",
            Self::AttributeOpen => "E_ATTR_OPEN",
            Self::AttributeName => "E_ATTR_NAME",
            Self::AttributeKey => "E_ATTR_KEY",
            Self::AttributeUnknown => "E_ATTR_UNKNOWN",
            Self::OperatorNotForAttribute => "E_OP_NOT_FOR_ATTR",
            Self::Version => "E_VERSION",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
