//! "Did you mean": the candidate nearest to a mistyped word.

/// The candidate that a typing mistake most likely turned into `word`, if one is near enough.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let allowed = (word.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (distance(&word, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance: how many letters to add, drop or replace.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for (row, letter) in left.chars().enumerate() {
        let mut current = vec![row + 1];
        for ((other, diagonal), above) in right.iter().zip(&previous).zip(previous.iter().skip(1)) {
            let beside = current.last().copied().unwrap_or_default();
            let replaced = diagonal + usize::from(letter != *other);
            current.push(replaced.min(above + 1).min(beside + 1));
        }
        previous = current;
    }
    previous.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_is_recognised_and_a_stranger_is_not() {
        let fields = ["loginServer", "mode", "name"];
        assert_eq!(nearest("loginserver", fields), Some("loginServer"));
        assert_eq!(nearest("logonServer", fields), Some("loginServer"));
        assert_eq!(nearest("mod", fields), Some("mode"));
        assert_eq!(nearest("quarantine", fields), None);
    }
}
