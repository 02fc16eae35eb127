//! Instants to 100 nanoseconds, the precision of the language, counted in integers: a float would lose digits.

use std::fmt;

use jiff::civil::{Date, DateTime};

/// A UTC instant of the years 0 to 9999, as units of 100 nanoseconds since the start of 1970.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Instant(i64);

/// Units in one second.
const UNITS: i64 = 10_000_000;

/// Seconds in one day; the language knows no leap seconds.
const DAY: i64 = 86_400;

impl Instant {
    /// Reads `yyyy-mm-ddThh:mm:ssZ` with up to 7 digits of a fraction before the `Z`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
        let (time, fraction) = match time.split_once('.') {
            Some((time, fraction)) => (time, fraction_units(fraction)?),
            None => (time, 0),
        };
        let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
        let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
        let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let days = i64::from(epoch().until(date).ok()?.get_days());
        let seconds = i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second);
        Some(Self((days * DAY + seconds) * UNITS + fraction))
    }

    fn civil(self) -> Option<DateTime> {
        let days = i32::try_from(self.0.div_euclid(UNITS * DAY)).ok()?;
        let seconds = self.0.div_euclid(UNITS).rem_euclid(DAY);
        let midnight = epoch().checked_add(jiff::Span::new().try_days(days).ok()?).ok()?.at(0, 0, 0, 0);
        midnight.checked_add(jiff::Span::new().try_seconds(seconds).ok()?).ok()
    }
}

impl fmt::Display for Instant {
    /// The published form, with as few digits of the fraction as the instant needs, one at least.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let civil = self.civil().unwrap_or_default();
        let (year, month, day) = (civil.year(), civil.month(), civil.day());
        let (hour, minute, second) = (civil.hour(), civil.minute(), civil.second());
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.")?;
        let fraction = format!("{:07}", self.0.rem_euclid(UNITS));
        let digits = fraction.trim_end_matches('0');
        write!(f, "{}Z", if digits.is_empty() { "0" } else { digits })
    }
}

fn epoch() -> Date {
    jiff::civil::date(1970, 1, 1)
}

/// Three numbers of fixed width.
fn numbers(text: &str, separator: char, widths: [usize; 3]) -> Option<[i16; 3]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; 3];
    for (number, width) in numbers.iter_mut().zip(widths) {
        let part = parts.next()?;
        if part.len() != width || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

fn fraction_units(digits: &str) -> Option<i64> {
    if digits.is_empty() || digits.len() > 7 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    format!("{digits:0<7}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::Instant;

    #[test]
    fn keeps_every_digit_and_prints_the_shortest_form() {
        for (text, printed) in [
            ("2022-06-01T23:38:32.8883645Z", "2022-06-01T23:38:32.8883645Z"),
            ("2023-05-01T13:00:00Z", "2023-05-01T13:00:00.0Z"),
            ("2023-05-01T13:00:00.000Z", "2023-05-01T13:00:00.0Z"),
            ("1969-12-31T23:59:59.9999999Z", "1969-12-31T23:59:59.9999999Z"),
            ("0000-01-01T00:00:00.0Z", "0000-01-01T00:00:00.0Z"),
            ("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.9999999Z"),
            ("2024-02-29T00:00:00.50Z", "2024-02-29T00:00:00.5Z"),
        ] {
            let instant = Instant::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(instant.to_string(), printed);
            assert_eq!(Instant::parse(printed), Some(instant));
        }
    }

    #[test]
    fn refuses_every_other_form() {
        for text in [
            "",
            "tomorrow",
            "2023-05-01",
            "2023-13-01T13:00:00.0Z",
            "2023-02-29T13:00:00.0Z",
            "2023-05-01T24:00:00.0Z",
            "2023-05-01T13:60:00.0Z",
            "2023-05-01T13:00:60.0Z",
            "2023-05-01T13:00:00.Z",
            "2023-05-01T13:00:00.12345678Z",
            "2023-05-01T13:00:00.0+02:00",
            "2023-05-01t13:00:00.0z",
            "2023-05-01 13:00:00.0Z",
            "23-5-1T13:00:00.0Z",
            "+023-05-01T13:00:00.0Z",
            "2023-05-01-01T13:00:00.0Z",
        ] {
            assert_eq!(Instant::parse(text), None, "{text}");
        }
    }
}
