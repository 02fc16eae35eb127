//! Text to tokens, one at a time: an earlier grammar error wins over a later bad character.

use super::attribute::{Attribute, Source};
use super::error::{Code, ConditionError};
use super::span::Span;
use super::suggestion;
use super::token::{Connective, Token, TokenKind, word_kind};

/// Reads a text of at most 8192 bytes.
pub(super) struct Lexer<'t> {
    text: &'t str,
    position: usize,
    last: Span,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, position: 0, last: Span::default() }
    }

    /// The text not yet read.
    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.position..).unwrap_or_default()
    }

    /// The next token; behind the last one, [`TokenKind::End`] for ever.
    pub(super) fn next_token(&mut self) -> Result<Token<'t>, ConditionError> {
        let blanks = self.rest().len() - self.rest().trim_start_matches([' ', '\t', '\n', '\r']).len();
        self.position += blanks;
        let Some(first) = self.rest().chars().next() else {
            return Ok(Token { kind: TokenKind::End, span: self.last.behind() });
        };
        let (kind, length) = match first {
            '\'' => self.string()?,
            '@' => self.attribute()?,
            _ if is_word_character(first) => self.word()?,
            _ => self.symbol(first)?,
        };
        let span = self.ahead(length);
        self.position = span.end();
        self.last = span;
        Ok(Token { kind, span })
    }

    fn symbol(&self, first: char) -> Result<(TokenKind<'t>, usize), ConditionError> {
        let second = self.rest().chars().nth(1);
        let kind = match (first, second) {
            ('(', _) => TokenKind::Open,
            (')', _) => TokenKind::Close,
            ('{', _) => TokenKind::OpenBrace,
            ('}', _) => TokenKind::CloseBrace,
            (',', _) => TokenKind::Comma,
            ('&', Some('&')) => return Ok((TokenKind::Connective(Connective::And), 2)),
            ('|', Some('|')) => return Ok((TokenKind::Connective(Connective::Or), 2)),
            ('!', Some('=')) | ('=' | '<' | '>', _) => return Err(self.symbol_operator()),
            ('!', _) => TokenKind::Not,
            ('/', Some('/' | '*')) | ('#', _) => return Err(self.comment()),
            _ => return Err(self.stray(first)),
        };
        Ok((kind, 1))
    }

    fn string(&self) -> Result<(TokenKind<'t>, usize), ConditionError> {
        let inside = self.rest().get(1..).unwrap_or_default();
        match inside.split_once(['\'', '\n', '\r']) {
            Some((content, _)) if inside.get(content.len()..).is_some_and(|rest| rest.starts_with('\'')) => {
                Ok((TokenKind::Text(content), content.len() + 2))
            }
            found => {
                let content = found.map_or(inside, |(content, _)| content);
                Err(self
                    .fault(Code::StringOpen, content.len() + 1, "this string is never closed")
                    .with_help("add a single quote; a string stands on one line"))
            }
        }
    }

    fn word(&self) -> Result<(TokenKind<'t>, usize), ConditionError> {
        let word = leading_word(self.rest());
        if word.starts_with("--") {
            return Err(self.comment());
        }
        Ok((word_kind(word), word.len()))
    }

    fn attribute(&self) -> Result<(TokenKind<'t>, usize), ConditionError> {
        let behind_at = self.rest().get(1..).unwrap_or_default();
        let word = leading_word(behind_at);
        let to_bracket = 1 + word.len();
        let Some(source) = Source::named(word) else { return Err(self.unknown_source(word)) };
        let behind_source = behind_at.get(word.len()..).unwrap_or_default();
        let Some(inside) = behind_source.strip_prefix('[') else {
            return Err(self
                .fault(Code::AttributeOpen, to_bracket, "the attribute has no name in brackets")
                .with_help(format!("write it as `@{}[name]`, without blanks", source.name())));
        };
        let name = match inside.split_once([']', '[', '\n', '\r']) {
            Some((name, _)) if inside.get(name.len()..).is_some_and(|rest| rest.starts_with(']')) => name,
            found => {
                let name = found.map_or(inside, |(name, _)| name);
                return Err(self
                    .fault(Code::AttributeOpen, to_bracket + 1 + name.len(), "the attribute is never closed")
                    .with_help("add `]` behind its name"));
            }
        };
        let length = to_bracket + name.len() + 2;
        match Attribute::new(source, name) {
            Ok(attribute) => Ok((TokenKind::Attribute(attribute), length)),
            Err((code, message)) => Err(self.fault(code, length, message).with_help(name_help(code, name))),
        }
    }

    fn unknown_source(&self, word: &str) -> ConditionError {
        let length = 1 + word.len();
        if word.is_empty() {
            return self
                .fault(Code::Source, length, "no source follows `@`")
                .with_help("the sources are @Request, @Resource, @Principal and @Environment");
        }
        let help = match suggestion::closest(word, &Source::ALL.map(Source::name)) {
            Some(name) => format!("did you mean `@{name}`?"),
            None => "the sources are @Request, @Resource, @Principal and @Environment; \
                     the name follows in brackets"
                .to_owned(),
        };
        self.fault(Code::Source, length, format!("unknown attribute source `@{word}`")).with_help(help)
    }

    fn symbol_operator(&self) -> ConditionError {
        let rest = self.rest();
        let symbol_end =
            rest.find(|character| !matches!(character, '=' | '<' | '>' | '!')).unwrap_or(rest.len());
        let symbol = rest.get(..symbol_end).unwrap_or_default();
        let help = match symbol {
            "=" | "==" => "write StringEquals or StringEqualsIgnoreCase",
            "!=" | "<>" => "write StringNotEquals or StringNotEqualsIgnoreCase",
            _ => {
                "write NumericLessThan, NumericGreaterThan or another operator by name; \
                  replace a placeholder such as `<attribute>` by what it stands for"
            }
        };
        self.fault(Code::SymbolOperator, symbol_end, format!("`{symbol}` is not an operator here"))
            .with_help(help)
    }

    fn comment(&self) -> ConditionError {
        let length = self.rest().find(['\n', '\r']).unwrap_or(self.rest().len());
        self.fault(Code::Comment, length, "conditions have no comments")
            .with_help("use the description of the role assignment")
    }

    fn stray(&self, character: char) -> ConditionError {
        let code_point = u32::from(character);
        let (code, message, help) = match character {
            '"' => (Code::Quote, "strings do not have double quotes".into(), Some("use single quotes")),
            '&' => (Code::Char, "`&` alone is not an operator".into(), Some("write AND")),
            '|' => (Code::Char, "`|` alone is not an operator".into(), Some("write either AND or OR")),
            '[' | ']' => (
                Code::Char,
                format!("`{character}` is not allowed here"),
                Some("sets use braces: {'a', 'b'}"),
            ),
            '`' => (
                Code::Char,
                "a backtick is not allowed here".into(),
                Some("remove PowerShell's line continuations"),
            ),
            '\\' => (
                Code::Char,
                "`\\` is not allowed here".into(),
                Some("take the escapes of JSON or the shell out"),
            ),
            '\u{2018}'..='\u{201F}' | '\u{2032}' | '\u{2033}' | '\u{00B4}' => (
                Code::Char,
                format!("U+{code_point:04X} is a typographic quote"),
                Some("retype it as a plain single quote"),
            ),
            '\u{FEFF}' => {
                (Code::Char, "U+FEFF is a byte order mark".into(), Some("save the text without it"))
            }
            '\u{00A0}' => {
                (Code::Char, "U+00A0 is a no-break space".into(), Some("replace it by a plain blank"))
            }
            '\u{200B}'..='\u{200F}' | '\u{2060}' => {
                (Code::Char, format!("U+{code_point:04X} is an invisible character"), Some("delete it"))
            }
            _ if character.is_whitespace() => (
                Code::Char,
                format!("U+{code_point:04X} is no plain white space"),
                Some("replace it by a plain blank"),
            ),
            _ if character.is_ascii_graphic() => {
                (Code::Char, format!("`{character}` is not allowed here"), Some("remove it"))
            }
            _ => (Code::Char, format!("U+{code_point:04X} is not allowed here"), Some("remove it")),
        };
        let error = self.fault(code, character.len_utf8(), message);
        match help {
            Some(help) => error.with_help(help),
            None => error,
        }
    }

    fn fault(&self, code: Code, length: usize, message: impl Into<String>) -> ConditionError {
        ConditionError::new(code, self.text, self.ahead(length).range(), message)
    }

    fn ahead(&self, length: usize) -> Span {
        Span::new(self.position, self.position + length)
    }
}

/// How a damaged attribute name is repaired. Shells are the usual cause.
fn name_help(code: Code, name: &str) -> &'static str {
    if code == Code::AttributeKey {
        return "keep each `$`: `\\$` in double quotes in Bash, a backtick before it in PowerShell, or single quotes \
                around the condition; none of these belong into the condition itself";
    }
    if name.contains('\'') {
        return "the name stands in brackets without quotes";
    }
    "write a name such as Microsoft.ContainerRegistry/registries/repositories:name, without blanks around it"
}

fn leading_word(text: &str) -> &str {
    let end = text.find(|character| !is_word_character(character)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

fn is_word_character(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '.' | ':' | '-')
}
