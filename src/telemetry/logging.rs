//! Log lines: JSON in a cluster, text for people. Always on standard error; standard output is for data.
//!
//! Decisions are JSON already. Their event carries one field with the whole record, and that record is the line.

use std::fmt;
use std::io;

use thiserror::Error;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{EnvFilter, ParseError};
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
    /// Somebody has started logging before.
    #[error("logging has been started already")]
    Started(#[from] TryInitError),
}

/// Starts logging for the whole process. `filter` is a level such as `info`, or directives such as
/// `info,acr_admission::decision=off`.
///
/// # Errors
///
/// The filter does not parse, or logging was started before.
pub fn start(filter: &str, format: LogFormat) -> Result<(), LoggingError> {
    subscriber(filter, format, io::stderr)?.try_init()?;
    Ok(())
}

/// What [`start`] starts, with another place to write to.
///
/// # Errors
///
/// The filter does not parse.
pub fn subscriber<W>(
    filter: &str,
    format: LogFormat,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, LoggingError>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let parsed = EnvFilter::try_new(filter)
        .map_err(|source| LoggingError::Filter { filter: filter.to_owned(), source })?;
    let registry = tracing_subscriber::registry().with(parsed);
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
