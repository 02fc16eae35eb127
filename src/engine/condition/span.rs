//! Where something stands in the text of a condition.

use std::ops::Range;

/// A range of bytes. A condition has at most 8192 of them, so two bytes an end are enough.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Span {
    start: u16,
    end: u16,
}

impl Span {
    /// The bytes from `start` up to, not including, `end`.
    pub(super) fn new(start: usize, end: usize) -> Self {
        Self { start: offset(start), end: offset(end) }
    }

    /// From the start of this to the end of `last`.
    pub(super) fn through(self, last: Self) -> Self {
        Self { start: self.start, end: last.end }
    }

    /// The empty span just behind this one.
    pub(super) fn behind(self) -> Self {
        Self { start: self.end, end: self.end }
    }

    /// The first byte.
    #[must_use]
    pub fn start(self) -> usize {
        self.start.into()
    }

    /// The byte behind the last one.
    #[must_use]
    pub fn end(self) -> usize {
        self.end.into()
    }

    /// As a range, to slice the text with.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start()..self.end()
    }
}

/// Lossless: `Condition::parse` refuses longer texts before it reads the first token.
fn offset(bytes: usize) -> u16 {
    u16::try_from(bytes).unwrap_or(u16::MAX)
}
