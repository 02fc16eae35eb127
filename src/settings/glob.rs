//! Patterns of settings: `*` stands for any run of characters, everything else for itself, and a pattern covers
//! the whole text. Without a star it is an exact name.

use crate::engine::pattern::{Element, matches};

/// A pattern for names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Glob(String);

impl Glob {
    /// `None` for an empty pattern, which would match nothing.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        (!pattern.is_empty()).then(|| Self(pattern.to_owned()))
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let elements = self.0.chars().map(|character| match character {
            '*' => Element::AnyRun,
            other => Element::Literal(other),
        });
        matches(elements, text.chars())
    }
}

#[cfg(test)]
mod tests {
    use super::Glob;

    #[test]
    fn covers_the_whole_text_and_minds_case() {
        for (pattern, text, expected) in [
            ("web", "web", true),
            ("web", "web-2", false),
            ("web-*", "web-2", true),
            ("web-*", "my-web-2", false),
            ("*", "anything", true),
            ("a?c", "abc", false),
            ("Web", "web", false),
            ("contoso.azurecr.io/team-a/*", "contoso.azurecr.io/team-a/x/y", true),
            ("contoso.azurecr.io/team-a/*", "contoso.azurecr.io.evil.com/team-a/x", false),
        ] {
            assert_eq!(Glob::new(pattern).unwrap().matches(text), expected, "{pattern} {text}");
        }
        assert_eq!(Glob::new(""), None);
    }
}
