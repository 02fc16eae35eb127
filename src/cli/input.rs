//! Reading what the caller names: a file, or standard input for `-`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use serde::de::DeserializeOwned;

use super::error::CliError;

/// A line longer than this is no question about a registry; a batch of any length needs no more memory than that.
const MAX_LINE: usize = 1024 * 1024;

/// Whether a path means standard input.
pub(crate) fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// A file, or standard input.
///
/// # Errors
/// The file cannot be opened.
pub(crate) fn open(path: &Path) -> Result<Box<dyn BufRead>, CliError> {
    if is_standard_input(path) {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    Ok(Box::new(BufReader::new(file)))
}

/// The whole of a file or of standard input.
///
/// # Errors
/// It cannot be read.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    Ok(bytes)
}

/// The error for a path that cannot be read.
pub(crate) fn unreadable(path: &Path, error: &io::Error) -> CliError {
    let what = match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "no permission to read this".to_owned(),
        io::ErrorKind::IsADirectory => "this is a folder, a file is needed".to_owned(),
        _ => format!("cannot be read: {error}"),
    };
    CliError::input(what, path.display(), "check the path; `-` reads standard input")
}

/// One line of a batch.
pub(crate) enum BatchLine<'a> {
    /// A line with something on it.
    Text(&'a str),
    /// A line that cannot be a question, and why.
    Bad(String),
}

/// The lines of a batch, one at a time in one buffer. Blank lines are passed over.
pub(crate) struct BatchLines {
    input: Box<dyn BufRead>,
    buffer: Vec<u8>,
}

impl BatchLines {
    /// Opens a batch.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub(crate) fn open(path: &Path) -> Result<Self, CliError> {
        Ok(Self { input: open(path)?, buffer: Vec::new() })
    }

    /// The next line; `None` at the end.
    ///
    /// # Errors
    /// The input cannot be read any further.
    pub(crate) fn next(&mut self) -> io::Result<Option<BatchLine<'_>>> {
        loop {
            self.buffer.clear();
            let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
            let read = self.input.by_ref().take(limit).read_until(b'\n', &mut self.buffer)?;
            if read == 0 {
                return Ok(None);
            }
            if read == MAX_LINE && self.buffer.last() != Some(&b'\n') {
                self.skip_line()?;
                return Ok(Some(BatchLine::Bad(format!("the line is longer than {MAX_LINE} bytes"))));
            }
            if !self.buffer.trim_ascii().is_empty() {
                break;
            }
        }
        Ok(Some(match std::str::from_utf8(self.buffer.trim_ascii()) {
            Ok(text) => BatchLine::Text(text),
            Err(_) => BatchLine::Bad("the line is not text in UTF-8".to_owned()),
        }))
    }

    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let available = self.input.fill_buf()?;
            if available.is_empty() {
                return Ok(());
            }
            let (used, ended) = match available.iter().position(|byte| *byte == b'\n') {
                Some(position) => (position + 1, true),
                None => (available.len(), false),
            };
            self.input.consume(used);
            if ended {
                return Ok(());
            }
        }
    }
}

/// A line as what it should be, or why it is not.
pub(crate) fn parse_line<T: DeserializeOwned>(line: &str) -> Result<T, String> {
    // Derived structures would also take a list with the values of the fields in order.
    if !line.starts_with('{') {
        return Err("not a JSON object".to_owned());
    }
    serde_json::from_str(line).map_err(|error| {
        // The parser counts lines within the line, which are always 1.
        error.to_string().replace(" at line 1 column ", " at column ")
    })
}

/// The `id` of a line, echoed as it came; `null` where there is none or the line is no JSON object.
pub(crate) fn id_of(line: &str) -> serde_json::Value {
    serde_json::from_str::<serde_json::Value>(line)
        .ok()
        .and_then(|value| value.get("id").cloned())
        .unwrap_or(serde_json::Value::Null)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::{BatchLine, BatchLines, MAX_LINE};

    #[test]
    fn long_lines_are_named_and_passed_over() {
        let mut text = vec![b'x'; MAX_LINE * 2 + 17];
        text.extend_from_slice(b"\n\n  \n{\"id\":1}\r\n\xff\n{}");
        let mut lines = BatchLines { input: Box::new(Cursor::new(text)), buffer: Vec::new() };
        let mut seen = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            seen.push(match line {
                BatchLine::Text(text) => text.to_owned(),
                BatchLine::Bad(why) => why,
            });
        }
        let long = "the line is longer than 1048576 bytes";
        assert_eq!(seen, [long, "{\"id\":1}", "the line is not text in UTF-8", "{}"]);
    }
}
