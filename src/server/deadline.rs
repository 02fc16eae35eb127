//! The time by which an answer has to be there.

use std::time::Duration;

use tokio::time::Instant;

/// What the API server waits where it does not say: its own default.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// Kept back for the way of the answer.
const MARGIN: Duration = Duration::from_millis(200);
/// The API server allows no more.
const LONGEST: Duration = Duration::from_secs(30);

/// The deadline of a request that arrived at `start`, from the query of its URL (`timeout=5s`): the API server's own
/// less a margin, so that the settings answer and not its failure policy.
pub(super) fn deadline(query: Option<&str>, start: Instant) -> Instant {
    let timeout = query
        .into_iter()
        .flat_map(|query| query.split('&'))
        .find_map(|pair| pair.strip_prefix("timeout="))
        .and_then(parse_go_duration)
        .unwrap_or(DEFAULT_TIMEOUT)
        .min(LONGEST);
    start + timeout.checked_sub(MARGIN).unwrap_or_default().max(timeout / 2)
}

/// A duration as Go prints it, such as `5s`, `1m30s` or `500ms`.
fn parse_go_duration(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !character.is_ascii_digit() && character != '.')?;
        let (number, after) = rest.split_at_checked(digits)?;
        let units = after.find(|character: char| character.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(units)?;
        let seconds = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        let part = Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()?;
        total = total.checked_add(part)?;
        rest = after;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{deadline, parse_go_duration};

    #[test]
    fn durations_as_go_prints_them() {
        for (text, expected) in [
            ("5s", Some(5000)),
            ("1m30s", Some(90_000)),
            ("500ms", Some(500)),
            ("2.5s", Some(2500)),
            ("", None),
            ("5", None),
            ("s", None),
            ("-5s", None),
            ("5x", None),
            ("99999999999999999999999h", None),
        ] {
            assert_eq!(parse_go_duration(text), expected.map(Duration::from_millis), "{text}");
        }
    }

    #[test]
    fn the_answer_leaves_before_the_api_server_gives_up() {
        let start = Instant::now();
        for (query, milliseconds) in [
            (Some("timeout=5s"), 4800),
            (Some("a=b&timeout=1s"), 800),
            (Some("timeout=100ms"), 50),
            (Some("timeout=1h"), 29_800),
            (Some("timeout=nonsense"), 9800),
            (None, 9800),
        ] {
            let expected = start + Duration::from_millis(milliseconds);
            assert_eq!(deadline(query, start), expected, "{query:?}");
        }
    }
}
