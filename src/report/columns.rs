//! Tables the way `kubectl` prints them: left-aligned columns, two spaces between, no borders.
//!
//! One row is one line, always: a table that is piped into `grep` or `awk` must not wrap.

use std::io;

use crate::engine::decision::Verdict;
use crate::lint::Severity;
use crate::review::printable;

/// The gap between two columns.
const GAP: usize = 2;

/// Whether to colour.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Paint {
    /// Plain text.
    #[default]
    Off,
    /// ANSI colours.
    On,
}

impl Paint {
    /// The text in the colour of a verdict.
    #[must_use]
    pub fn verdict(self, verdict: Verdict, text: &str) -> String {
        let code = match verdict {
            Verdict::Allow => "32",
            Verdict::Deny => "31",
            Verdict::Unknown => "33",
            Verdict::Unmanaged | Verdict::Skip => "2",
        };
        self.with(code, text)
    }

    /// The text in the colour of a severity.
    #[must_use]
    pub fn severity(self, severity: Severity, text: &str) -> String {
        match severity {
            Severity::Error => self.alarming(text),
            Severity::Warning => self.attention(text),
            Severity::Info => self.dim(text),
        }
    }

    /// The text in bold.
    #[must_use]
    pub fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    /// The text in the background of the eye.
    #[must_use]
    pub fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    /// A word that wants attention.
    #[must_use]
    pub fn attention(self, text: &str) -> String {
        self.with("33;1", text)
    }

    /// A word that alarms.
    #[must_use]
    pub fn alarming(self, text: &str) -> String {
        self.with("31;1", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        match self {
            Self::Off => text.to_owned(),
            Self::On => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
        }
    }
}

/// One cell.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    text: String,
    colour: Option<Colour>,
}

/// What gives a cell its colour.
#[derive(Clone, Copy, Debug)]
enum Colour {
    Verdict(Verdict),
    Severity(Severity),
}

impl Cell {
    /// Text, made printable; `-` where there is none.
    #[must_use]
    pub fn text(text: &str) -> Self {
        let text = if text.is_empty() { "-".to_owned() } else { printable(text).into_owned() };
        Self { text, colour: None }
    }

    /// Nothing, not even a dash: the row goes on with the one before.
    #[must_use]
    pub fn blank() -> Self {
        Self::default()
    }

    /// Text in the colour of a verdict.
    #[must_use]
    pub fn verdict(verdict: Verdict, text: &str) -> Self {
        Self { colour: Some(Colour::Verdict(verdict)), ..Self::text(text) }
    }

    /// A severity in its colour.
    #[must_use]
    pub fn severity(severity: Severity) -> Self {
        Self { colour: Some(Colour::Severity(severity)), ..Self::text(severity.as_str()) }
    }
}

/// A table.
#[derive(Debug)]
pub struct Columns {
    head: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

impl Columns {
    /// A table with these headings.
    #[must_use]
    pub const fn new(head: Vec<&'static str>) -> Self {
        Self { head, rows: Vec::new() }
    }

    /// Adds a row; it should have as many cells as the head.
    pub fn push(&mut self, row: Vec<Cell>) {
        self.rows.push(row);
    }

    /// Writes the table.
    ///
    /// # Errors
    /// As `to` does.
    pub fn write(&self, to: &mut dyn io::Write, paint: Paint) -> io::Result<()> {
        let widths = self.widths();
        let head: Vec<Cell> = self.head.iter().map(|title| Cell::text(title)).collect();
        write_row(to, &head, &widths, |cell| paint.bold(&cell.text))?;
        for row in &self.rows {
            write_row(to, row, &widths, |cell| match cell.colour {
                Some(Colour::Verdict(verdict)) => paint.verdict(verdict, &cell.text),
                Some(Colour::Severity(severity)) => paint.severity(severity, &cell.text),
                None => cell.text.clone(),
            })?;
        }
        Ok(())
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.head.iter().map(|title| title.chars().count()).collect();
        for row in &self.rows {
            for (cell, width) in row.iter().zip(&mut widths) {
                *width = (*width).max(cell.text.chars().count());
            }
        }
        widths
    }
}

fn write_row(
    to: &mut dyn io::Write,
    row: &[Cell],
    widths: &[usize],
    painted: impl Fn(&Cell) -> String,
) -> io::Result<()> {
    for (number, (cell, width)) in row.iter().zip(widths).enumerate() {
        to.write_all(painted(cell).as_bytes())?;
        // No blanks at the end of a line.
        if number + 1 < row.len() {
            let blanks = width.saturating_sub(cell.text.chars().count()) + GAP;
            write!(to, "{:blanks$}", "")?;
        }
    }
    to.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::{Cell, Columns, Paint};
    use crate::engine::decision::Verdict;

    fn table() -> Columns {
        let mut table = Columns::new(vec!["VERDICT", "IMAGE"]);
        table.push(vec![Cell::verdict(Verdict::Allow, "allow"), Cell::text("a")]);
        table.push(vec![Cell::verdict(Verdict::Unmanaged, "unmanaged"), Cell::text("")]);
        table
    }

    #[test]
    fn columns_line_up_and_lines_have_no_tail() {
        let mut text = Vec::new();
        table().write(&mut text, Paint::Off).unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), "VERDICT    IMAGE\nallow      a\nunmanaged  -\n");
    }

    #[test]
    fn colour_does_not_shift_columns() {
        let mut text = Vec::new();
        table().write(&mut text, Paint::On).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("\u{1b}[32mallow\u{1b}[0m      a\n"), "{text:?}");
    }
}
