//! Values written into a condition, and their types.

use std::fmt;

use smol_str::SmolStr;
use uuid::Uuid;

use super::instant::Instant;

/// A value in the text of a condition, already of the type that its operator compares.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Literal {
    /// `'text'`. Holds neither single quotes nor line breaks.
    Text(SmolStr),
    /// `10`.
    Integer(i64),
    /// `true`.
    Boolean(bool),
    /// `7f951dda-4ed3-4680-a7ca-43fe172d538d`.
    Guid(Uuid),
    /// `'2023-05-01T13:00:00.0Z'`.
    DateTime(Instant),
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "'{text}'"),
            Self::Integer(integer) => integer.fmt(f),
            Self::Boolean(boolean) => boolean.fmt(f),
            Self::Guid(guid) => guid.hyphenated().fmt(f),
            Self::DateTime(instant) => write!(f, "'{instant}'"),
        }
    }
}

/// A GUID with or without hyphens, and in no other form that it is written in elsewhere.
pub(super) fn parse_guid(text: &str) -> Option<Uuid> {
    // The parser of the type also takes braces and `urn:uuid:`, which have other lengths.
    matches!(text.len(), 32 | 36).then(|| Uuid::try_parse(text).ok()).flatten()
}

/// Whether a word is a whole number, of any size.
pub(super) fn is_integer(word: &str) -> bool {
    let digits = word.strip_prefix('-').unwrap_or(word);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}
