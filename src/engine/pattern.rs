//! Wildcard patterns, matched in linear space and without backtracking beyond the last star.
//!
//! Azure has two dialects. Action strings know `*`, any run of characters, slashes included, and ignore letter
//! case (Azure RBAC, "Understand role definitions"). The `Like` operators of conditions also know `?` and take a
//! backslash before either as an escape (Azure ABAC, "condition format and syntax"). Neither is a glob.

/// Whether an action such as `Microsoft.ContainerRegistry/registries/pull/read` fits a pattern of a role,
/// deny assignment or `ActionMatches{'…'}`.
#[must_use]
pub fn action_matches(pattern: &str, action: &str) -> bool {
    matches(
        pattern.chars().map(|character| match character {
            '*' => Element::AnyRun,
            other => Element::Literal(other.to_ascii_lowercase()),
        }),
        action.chars().map(|character| character.to_ascii_lowercase()),
    )
}

/// One element of a pattern.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Element {
    /// `*`: any run of characters, the empty one too.
    AnyRun,
    /// `?`: exactly one character.
    AnyOne,
    /// The character itself.
    Literal(char),
}

/// The elements of the pattern of a `Like` operator: `*`, `?`, and both as themselves behind a backslash. A
/// backslash before anything else is itself.
pub fn like_elements(pattern: &str) -> impl Iterator<Item = Element> + Clone {
    let mut rest = pattern.chars();
    std::iter::from_fn(move || {
        Some(match rest.next()? {
            '*' => Element::AnyRun,
            '?' => Element::AnyOne,
            '\\' => {
                let mut ahead = rest.clone();
                match ahead.next() {
                    Some(escaped @ ('*' | '?')) => {
                        rest = ahead;
                        Element::Literal(escaped)
                    }
                    _ => Element::Literal('\\'),
                }
            }
            literal => Element::Literal(literal),
        })
    })
}

/// Matches a whole text against a pattern, both given as cheap-to-clone iterators.
///
/// Remembers only the last star: what follows it is tried again one character later each time, so many stars
/// cost at most pattern × text steps and no memory.
pub fn matches<P, T>(pattern: P, text: T) -> bool
where
    P: Iterator<Item = Element> + Clone,
    T: Iterator<Item = char> + Clone,
{
    let (mut pattern, mut text) = (pattern, text);
    let mut retry: Option<(P, T)> = None;
    loop {
        let mut ahead = pattern.clone();
        match ahead.next() {
            Some(Element::AnyRun) => {
                pattern = ahead;
                retry = Some((pattern.clone(), text.clone()));
                continue;
            }
            element => {
                let mut rest = text.clone();
                match (element, rest.next()) {
                    (None, None) => return true,
                    (Some(element), Some(character)) if element.accepts(character) => {
                        pattern = ahead;
                        text = rest;
                        continue;
                    }
                    _ => {}
                }
            }
        }
        let Some((after_star, mut later)) = retry.take() else { return false };
        if later.next().is_none() {
            return false;
        }
        pattern = after_star.clone();
        text = later.clone();
        retry = Some((after_star, later));
    }
}

impl Element {
    fn accepts(self, character: char) -> bool {
        match self {
            Self::AnyRun | Self::AnyOne => true,
            Self::Literal(literal) => literal == character,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::action_matches;

    #[test]
    fn a_star_covers_any_run_with_slashes_and_case_is_ignored() {
        for pattern in
            ["*", "*/read", "microsoft.containerregistry/*", "Microsoft.ContainerRegistry/registries/*/read"]
        {
            assert!(action_matches(pattern, "Microsoft.ContainerRegistry/registries/pull/READ"), "{pattern}");
        }
        assert!(action_matches("a*b*c", "aXXbYYbZc"));
        assert!(action_matches("a**", "a"));
    }

    #[test]
    fn a_pattern_must_cover_the_whole_text() {
        for pattern in ["", "*/write", "pull/read", "Microsoft.ContainerRegistry", "*/rea?"] {
            assert!(
                !action_matches(pattern, "Microsoft.ContainerRegistry/registries/pull/read"),
                "{pattern}"
            );
        }
        assert!(!action_matches("a*b*c", "aXXbYYb"));
    }
}
