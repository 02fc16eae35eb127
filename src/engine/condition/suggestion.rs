//! "Did you mean": the known name that a mistaken one is closest to.

/// Names longer than this are nobody's slip of the pen; comparing them would only cost time.
const LONGEST_NAME: usize = 64;

/// The candidate that `word` most likely stands for, if any is likely.
///
/// Tries the same words in another order (`StringIgnoreCaseEquals`), then a missing beginning (`StartsWith`), then
/// the fewest typing errors.
pub(super) fn closest<'c>(word: &str, candidates: &[&'c str]) -> Option<&'c str> {
    if word.len() < 2 || word.len() > LONGEST_NAME {
        return None;
    }
    let lowered = word.to_ascii_lowercase();
    let parts = words(word);
    let reordered = candidates.iter().find(|candidate| words(candidate) == parts);
    let completed = || {
        let ends_so = |candidate: &&&str| candidate.to_ascii_lowercase().ends_with(&lowered);
        candidates.iter().find(ends_so).filter(|_| word.len() > 3)
    };
    if let Some(candidate) = reordered.or_else(completed) {
        return Some(candidate);
    }
    candidates
        .iter()
        .map(|&candidate| (distance(&lowered, &candidate.to_ascii_lowercase()), candidate))
        .filter(|&(distance, _)| distance <= 2 + word.len() / 8)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// The capitalised words of a name, sorted.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for character in name.chars() {
        match words.last_mut() {
            Some(word) if !character.is_ascii_uppercase() => word.push(character),
            _ => words.push(character.to_string()),
        }
    }
    words.sort_unstable();
    words
}

/// Insertions, deletions and replacements from one text to the other.
fn distance(from: &str, to: &str) -> usize {
    let mut previous: Vec<usize> = (0..=to.chars().count()).collect();
    for (row, left) in from.chars().enumerate() {
        let mut diagonal = row;
        let mut beside = row + 1;
        let mut current = vec![beside];
        for (right, &above) in to.chars().zip(previous.iter().skip(1)) {
            beside = (diagonal + usize::from(left != right)).min(above + 1).min(beside + 1);
            current.push(beside);
            diagonal = above;
        }
        previous = current;
    }
    previous.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{closest, distance};
    use crate::engine::condition::OPERATORS;

    #[test]
    fn finds_the_operator_that_was_meant() {
        let operators: Vec<_> = OPERATORS.iter().map(|operator| operator.name).collect();
        for (word, expected) in [
            ("StringEqualIgnoreCase", Some("StringEqualsIgnoreCase")),
            ("StringIgnoreCaseEquals", Some("StringEqualsIgnoreCase")),
            ("StartsWith", Some("StringStartsWith")),
            ("stringequal", Some("StringEquals")),
            ("DatetimeGreatherThan", Some("DateTimeGreaterThan")),
            ("hello-world", None),
            ("In", None),
        ] {
            assert_eq!(closest(word, &operators), expected, "{word}");
        }
    }

    #[test]
    fn counts_typing_errors() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }
}
