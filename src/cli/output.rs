//! The two streams of a command: data goes to standard output, talk to standard error.
//!
//! Nothing else in the crate prints. A reader that goes away (`| head`) is no error: the rest is swallowed, and
//! the exit code stays what the verdicts make it.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use crate::engine::decision::Verdict;
use crate::report::Paint;

/// How a command ended. The numbers are a contract.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Outcome {
    /// Nothing was denied.
    #[default]
    Fine,
    /// Nothing was denied, but something could not be determined.
    Unknown,
    /// Something was denied.
    Denied,
    /// Usage or input was bad. Verdicts may have been printed, but not for everything that was given.
    BadInput,
}

impl Outcome {
    /// The process's exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Denied => 1,
            Self::BadInput => 2,
            Self::Unknown => 3,
        }
    }

    /// What one verdict makes of the outcome.
    #[must_use]
    pub const fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Deny => Self::Denied,
            Verdict::Unknown => Self::Unknown,
            Verdict::Allow | Verdict::Unmanaged | Verdict::Skip => Self::Fine,
        }
    }

    /// The outcome that the flags ask for: `--strict` takes unknown for denied, `--exit-zero` forgives verdicts,
    /// never input.
    #[must_use]
    pub const fn judged_by(self, strict: bool, exit_zero: bool) -> Self {
        match self {
            Self::Unknown | Self::Denied if exit_zero => Self::Fine,
            Self::Unknown if strict => Self::Denied,
            other => other,
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(outcome.code())
    }
}

/// Where a command writes to.
pub struct Output {
    data: Stream,
    data_paint: Paint,
    talk: Stream,
    talk_paint: Paint,
}

impl Output {
    /// The process's own streams. Colour only where the stream is a terminal and nobody asked for none.
    #[must_use]
    pub fn of_process(no_color: bool) -> Self {
        let plain =
            no_color || is_set("NO_COLOR") || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let paint = |is_terminal: bool| if is_terminal && !plain { Paint::On } else { Paint::Off };
        Self {
            data_paint: paint(io::stdout().is_terminal()),
            talk_paint: paint(io::stderr().is_terminal()),
            data: Stream::new(Box::new(io::BufWriter::new(io::stdout()))),
            talk: Stream::new(Box::new(io::stderr())),
        }
    }

    /// What the caller asked for.
    pub fn data(&mut self) -> &mut dyn Write {
        &mut self.data
    }

    /// Everything else: progress, hints, warnings, errors.
    pub fn talk(&mut self) -> &mut dyn Write {
        &mut self.talk
    }

    /// The colours of the data.
    #[must_use]
    pub const fn data_paint(&self) -> Paint {
        self.data_paint
    }

    /// The colours of the talk.
    #[must_use]
    pub const fn talk_paint(&self) -> Paint {
        self.talk_paint
    }

    /// Sends the data to a file instead; it has no colours.
    ///
    /// # Errors
    /// The file cannot be created.
    pub fn redirect(&mut self, path: &std::path::Path) -> io::Result<()> {
        let file = std::fs::File::create(path)?;
        self.data = Stream::new(Box::new(io::BufWriter::new(file)));
        self.data_paint = Paint::Off;
        Ok(())
    }

    /// Whether the reader of the data is gone, so that going on is of no use to anybody.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.data.closed
    }

    /// Writes what is still held back.
    ///
    /// # Errors
    /// The disk is full, for example.
    pub fn finish(&mut self) -> io::Result<()> {
        self.data.flush()?;
        self.talk.flush()
    }
}

/// Set to anything but an empty text, as <https://no-color.org> has it.
fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| value != OsString::new())
}

/// A stream that turns silent once its reader is gone.
struct Stream {
    inner: Box<dyn Write + Send>,
    closed: bool,
}

impl Stream {
    const fn new(inner: Box<dyn Write + Send>) -> Self {
        Self { inner, closed: false }
    }

    fn quietly<T>(&mut self, outcome: io::Result<T>, instead: T) -> io::Result<T> {
        match outcome {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(instead)
            }
            other => other,
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.closed {
            return Ok(bytes.len());
        }
        let outcome = self.inner.write(bytes);
        self.quietly(outcome, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        let outcome = self.inner.flush();
        self.quietly(outcome, ())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};

    use super::{Outcome, Stream};

    struct Gone;

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn a_reader_that_goes_away_is_no_error() {
        let mut stream = Stream::new(Box::new(Gone));
        writeln!(stream, "line").unwrap();
        stream.flush().unwrap();
        assert!(stream.closed);
    }

    #[test]
    fn strict_takes_unknown_for_denied_and_exit_zero_forgives_verdicts_only() {
        assert_eq!(Outcome::Unknown.judged_by(true, false), Outcome::Denied);
        assert_eq!(Outcome::Unknown.judged_by(true, true), Outcome::Fine);
        assert_eq!(Outcome::Denied.judged_by(false, true), Outcome::Fine);
        assert_eq!(Outcome::BadInput.judged_by(false, true), Outcome::BadInput);
        assert!(Outcome::BadInput > Outcome::Denied && Outcome::Denied > Outcome::Unknown);
    }
}
