//! Comparing text, with letter case or without it.
//!
//! Without it means simple case mapping, one code point to one code point: `ß` is not `SS`. A mapping that would
//! lead from outside ASCII into it (`ſ` to `S`, `ı` to `I`) is not followed, as in ordinal comparison on .NET, so
//! a plain name has no look-alike.

use crate::engine::pattern::{self, Element};

/// Whether letter case counts.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum LetterCase {
    /// `a` is not `A`.
    Exact,
    /// `a` is `A`.
    Ignored,
}

impl LetterCase {
    /// Whether the texts are the same.
    #[must_use]
    pub fn equal(self, left: &str, right: &str) -> bool {
        match self {
            Self::Exact => left == right,
            Self::Ignored if right.is_ascii() => left.eq_ignore_ascii_case(right),
            Self::Ignored => folded(left).eq(folded(right)),
        }
    }

    /// Whether `text` begins with `prefix`, or is it.
    #[must_use]
    pub fn starts_with(self, text: &str, prefix: &str) -> bool {
        match self {
            Self::Exact => text.starts_with(prefix),
            Self::Ignored if prefix.is_ascii() => text
                .as_bytes()
                .get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes())),
            Self::Ignored => {
                let mut rest = folded(text);
                folded(prefix).all(|character| rest.next() == Some(character))
            }
        }
    }

    /// Whether the whole `text` fits the pattern of a `Like` operator.
    #[must_use]
    pub fn like(self, text: &str, pattern: &str) -> bool {
        let elements = pattern::like_elements(pattern);
        match self {
            Self::Exact => pattern::matches(elements, text.chars()),
            Self::Ignored => pattern::matches(
                elements.map(|element| match element {
                    Element::Literal(literal) => Element::Literal(fold(literal)),
                    Element::AnyRun | Element::AnyOne => element,
                }),
                folded(text),
            ),
        }
    }
}

fn folded(text: &str) -> impl Iterator<Item = char> + Clone {
    text.chars().map(fold)
}

fn fold(character: char) -> char {
    if character.is_ascii() {
        return character.to_ascii_uppercase();
    }
    let mut mapped = character.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(single), None) if !single.is_ascii() => single,
        _ => character,
    }
}
