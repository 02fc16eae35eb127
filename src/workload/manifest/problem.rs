//! What is wrong with a document, in three parts: what, where, and what to do.

use std::fmt;
use std::sync::Arc;

/// A document, or an object in it, that could not be read and was passed over.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ManifestProblem {
    /// The file as the caller named it.
    pub file: Arc<str>,
    /// The line in the file, from 1.
    pub line: usize,
    /// The document in the file, from 1.
    pub document: usize,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub hint: &'static str,
}

impl fmt::Display for ManifestProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, document, what, hint } = self;
        write!(formatter, "{what}\n  at {file}:{line} (document {document})\n  help: {hint}")
    }
}

/// A problem before it is known which file and document it is in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Fault {
    /// The line in the document, from 1; `None` is the document as a whole.
    pub(super) line: Option<usize>,
    pub(super) what: String,
    pub(super) hint: &'static str,
}

impl Fault {
    pub(super) fn new(line: Option<usize>, what: impl Into<String>, hint: &'static str) -> Self {
        Self { line, what: what.into(), hint }
    }
}
