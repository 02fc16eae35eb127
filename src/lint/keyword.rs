//! Keywords and sources of a condition in a letter case that nobody published.

use std::ops::Range;

/// The words of the language that are published in one letter case. Operators are accepted in any, by Azure's own
/// help, so they are not among them.
const KEYWORDS: [&str; 8] =
    ["AND", "OR", "NOT", "Exists", "ActionMatches", "SubOperationMatches", "true", "false"];

/// The sources of attributes.
const SOURCES: [&str; 4] = ["Request", "Resource", "Principal", "Environment"];

/// Every such word of a text that parses: where, as written, as published.
pub(super) fn unusual_keywords(text: &str) -> impl Iterator<Item = (Range<usize>, &str, &'static str)> {
    words(text).filter_map(|(start, after_at, word)| {
        let known: &[&'static str] = if after_at { &SOURCES } else { &KEYWORDS };
        let published = known.iter().find(|known| known.eq_ignore_ascii_case(word))?;
        (*published != word).then(|| (start..start + word.len(), word, *published))
    })
}

/// The words outside strings and attribute names, with whether an `@` stands before each.
fn words(text: &str) -> impl Iterator<Item = (usize, bool, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = text.get(at..)?;
            let first = rest.chars().next()?;
            let start = at;
            match first {
                '\'' | '[' => {
                    let close = if first == '[' { ']' } else { '\'' };
                    let inner = rest.get(1..).unwrap_or_default();
                    at += 1 + inner.find(close).map_or(inner.len(), |end| end + 1);
                }
                _ if is_word(first) => {
                    let length = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
                    at += length;
                    let after_at = text.get(..start).is_some_and(|before| before.ends_with('@'));
                    return Some((start, after_at, rest.get(..length).unwrap_or_default()));
                }
                other => at += other.len_utf8(),
            }
        }
    })
}

fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | ':' | '-')
}

#[cfg(test)]
mod tests {
    use super::unusual_keywords;

    #[test]
    fn words_in_strings_and_names_are_no_keywords() {
        let text = "not @request[a/and:or] StringEquals 'and or' And Exists @Request[not] && !(true)";
        let found: Vec<_> = unusual_keywords(text).map(|(_, word, published)| (word, published)).collect();
        assert_eq!(found, [("not", "NOT"), ("request", "Request"), ("And", "AND")]);
    }
}
