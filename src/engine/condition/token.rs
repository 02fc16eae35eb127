//! The tokens of a condition.

use smol_str::SmolStr;

use super::attribute::Attribute;
use super::span::Span;

/// One token and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Token<'t> {
    /// What it is.
    pub(super) kind: TokenKind<'t>,
    /// Where it stands. Empty, just behind the last token, for the end of the text.
    pub(super) span: Span,
}

/// What a token is. Keywords and names match in any letter case.
#[derive(Clone, Debug)]
pub(super) enum TokenKind<'t> {
    /// `AND`, `&&`, `OR` or `||`.
    Connective(Connective),
    /// `NOT` or `!`.
    Not,
    /// `Exists`.
    Exists,
    /// `ActionMatches` or `SubOperationMatches`.
    Function(Function),
    /// `true` or `false`.
    Boolean(bool),
    /// Any other run of letters, digits, `_`, `.`, `:` and `-`.
    Word(&'t str),
    /// A string, without its quotes.
    Text(&'t str),
    /// `@Source[name]`.
    Attribute(Attribute),
    /// `(`.
    Open,
    /// `)`.
    Close,
    /// `{`.
    OpenBrace,
    /// `}`.
    CloseBrace,
    /// `,`.
    Comma,
    /// The end of the text.
    End,
}

/// What joins two expressions.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Connective {
    /// Both must hold.
    And,
    /// One must hold.
    Or,
}

/// What takes a pattern in braces.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Function {
    /// Matches the action.
    ActionMatches,
    /// Matches the suboperation.
    SubOperationMatches,
}

impl Connective {
    /// The other one: what it becomes under NOT.
    #[must_use]
    pub fn dual(self) -> Self {
        match self {
            Self::And => Self::Or,
            Self::Or => Self::And,
        }
    }

    /// The keyword as published.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::And => "AND",
            Self::Or => "OR",
        }
    }
}

impl Function {
    /// The name as published.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ActionMatches => "ActionMatches",
            Self::SubOperationMatches => "SubOperationMatches",
        }
    }
}

/// The keywords; every other word is an operator, a literal or a mistake.
pub(super) fn word_kind(word: &str) -> TokenKind<'_> {
    let is = |keyword: &str| word.eq_ignore_ascii_case(keyword);
    match word.len() {
        2 if is("OR") => TokenKind::Connective(Connective::Or),
        3 if is("AND") => TokenKind::Connective(Connective::And),
        3 if is("NOT") => TokenKind::Not,
        4 if is("true") => TokenKind::Boolean(true),
        5 if is("false") => TokenKind::Boolean(false),
        6 if is("Exists") => TokenKind::Exists,
        13 if is("ActionMatches") => TokenKind::Function(Function::ActionMatches),
        19 if is("SubOperationMatches") => TokenKind::Function(Function::SubOperationMatches),
        _ => TokenKind::Word(word),
    }
}

impl Token<'_> {
    /// The token as an error message names it.
    pub(super) fn quoted(&self, text: &str) -> SmolStr {
        if let TokenKind::End = self.kind {
            return "the end".into();
        }
        smol_str::format_smolstr!("`{}`", text.get(self.span.range()).unwrap_or_default())
    }
}
