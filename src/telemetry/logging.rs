//! Log lines: JSON in a cluster, text for people. Always on standard error; standard output is for data.
//!
//! Decisions are JSON already. Their event carries one field with the whole record, and that record is the line.

use std::fmt;
use std::io;

use thiserror::Error;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{EnvFilter, LevelFilter, ParseError};
use tracing_subscriber::fmt::format::{Format, Full, Json, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

/// The target of decision records, for filters such as `info,acr_admission::decision=off`.
pub const DECISION_TARGET: &str = "acr_admission::decision";
/// The field of a decision's event that holds the record.
const RECORD: &str = "record";

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// Text for people.
    Text,
}

/// Why logging cannot start.
#[derive(Debug, Error)]
pub enum LoggingError {
    /// The filter does not parse.
    #[error("log filter `{filter}` cannot be read: {source}")]
    Filter {
        /// The filter as given.
        filter: String,
        /// What the parser says.
        source: ParseError,
    },
    /// A word alone that is no level. The parser would take it for a target, and everything else would be silent.
    #[error("log filter `{filter}`: `{word}` is no level{}", did_you_mean(.word))]
    NoLevel {
        /// The filter as given.
        filter: String,
        /// The word.
        word: String,
    },
    /// Somebody has started logging before.
    #[error("logging has been started already")]
    Started(#[from] TryInitError),
}

/// The levels, from the loudest to none.
const LEVELS: [&str; 6] = ["trace", "debug", "info", "warn", "error", "off"];

/// Starts logging for the whole process. `filter` is a level such as `info`, or directives such as
/// `info,acr_admission::decision=off`.
///
/// # Errors
///
/// The filter does not parse or has a word that is no level, or logging was started before.
pub fn start(filter: &str, format: LogFormat) -> Result<(), LoggingError> {
    subscriber(filter, format, io::stderr)?.try_init()?;
    Ok(())
}

/// What [`start`] starts, with another place to write to.
///
/// # Errors
///
/// The filter does not parse, or has a word that is no level.
pub fn subscriber<W>(
    filter: &str,
    format: LogFormat,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, LoggingError>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let registry = tracing_subscriber::registry().with(parsed(filter)?);
    Ok(match format {
        LogFormat::Json => {
            let lines =
                Format::default().json().flatten_event(true).with_current_span(false).with_span_list(false);
            let layer = tracing_subscriber::fmt::layer()
                .fmt_fields(JsonFields::new())
                .event_format(JsonLines(lines))
                .with_writer(writer);
            Box::new(registry.with(layer))
        }
        LogFormat::Text => {
            let layer = tracing_subscriber::fmt::layer()
                .with_ansi(false)
                .event_format(TextLines(Format::default().with_ansi(false)))
                .with_writer(writer);
            Box::new(registry.with(layer))
        }
    })
}

/// A directive is a level, or begins with a target or a span and says a level for it.
fn parsed(filter: &str) -> Result<EnvFilter, LoggingError> {
    let mut words = filter.split(',').filter(|directive| !directive.contains(['=', '[']));
    if let Some(word) = words.find(|word| !word.is_empty() && word.parse::<LevelFilter>().is_err()) {
        return Err(LoggingError::NoLevel { filter: filter.to_owned(), word: word.to_owned() });
    }
    EnvFilter::try_new(filter).map_err(|source| LoggingError::Filter { filter: filter.to_owned(), source })
}

/// Names the level that a word most likely stands for, or all of them.
fn did_you_mean(word: &str) -> String {
    /// Less alike than this is another word.
    const ALIKE: f64 = 0.75;
    let word = word.trim().to_ascii_lowercase();
    let likeness = LEVELS.map(|level| (strsim::jaro_winkler(&word, level), level));
    match likeness.into_iter().max_by(|(left, _), (right, _)| left.total_cmp(right)) {
        Some((likeness, level)) if likeness >= ALIKE => format!("; did you mean `{level}`?"),
        _ => format!(": there are {}", LEVELS.join(", ")),
    }
}

/// JSON lines; a decision is the line.
struct JsonLines(Format<Json>);

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        match record_of(event) {
            Some(record) => write_line(writer, &record),
            None => self.0.format_event(context, writer, event),
        }
    }
}

/// Text lines; a decision is a line of JSON among them.
struct TextLines(Format<Full>);

impl<S, N> FormatEvent<S, N> for TextLines
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        match record_of(event) {
            Some(record) => write_line(writer, &record),
            None => self.0.format_event(context, writer, event),
        }
    }
}

fn write_line(mut writer: Writer<'_>, line: &str) -> fmt::Result {
    writer.write_str(line)?;
    writer.write_char('\n')
}

fn record_of(event: &Event<'_>) -> Option<String> {
    if event.metadata().target() != DECISION_TARGET {
        return None;
    }
    let mut seeker = RecordSeeker(None);
    event.record(&mut seeker);
    seeker.0
}

struct RecordSeeker(Option<String>);

impl Visit for RecordSeeker {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == RECORD {
            self.0 = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{LogFormat, subscriber};

    fn refusal(filter: &str) -> Option<String> {
        subscriber(filter, LogFormat::Json, io::sink).err().map(|error| error.to_string())
    }

    #[test]
    fn a_word_that_is_no_level_is_refused() {
        for (filter, expected) in [
            ("inof", "log filter `inof`: `inof` is no level; did you mean `info`?"),
            ("info,wran", "log filter `info,wran`: `wran` is no level; did you mean `warn`?"),
            ("warning", "log filter `warning`: `warning` is no level; did you mean `warn`?"),
            ("err", "log filter `err`: `err` is no level; did you mean `error`?"),
            ("DEBGU", "log filter `DEBGU`: `DEBGU` is no level; did you mean `debug`?"),
            (" info", "log filter ` info`: ` info` is no level; did you mean `info`?"),
            ("loud", "log filter `loud`: `loud` is no level: there are trace, debug, info, warn, error, off"),
            (
                "acr_admission",
                "log filter `acr_admission`: `acr_admission` is no level: there are trace, debug, info, warn, \
                 error, off",
            ),
        ] {
            assert_eq!(refusal(filter).as_deref(), Some(expected));
        }
        assert!(refusal("acr_admission=inof").is_some(), "the parser knows these");
    }

    #[test]
    fn levels_and_directives_are_taken() {
        for filter in
            ["info", "OFF", "info,acr_admission::decision=off", "warn,kube=debug,[span]=info", "info,"]
        {
            assert_eq!(refusal(filter), None, "{filter}");
        }
    }
}
