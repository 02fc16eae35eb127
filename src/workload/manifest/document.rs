//! Where the documents of a file begin and end.
//!
//! A line that begins with `---` begins a document and one that begins with `...` ends it, wherever they stand: YAML
//! allows neither inside a text. So a file is cut up before anything is parsed, and a document that does not parse
//! spoils no other.

/// A piece of a file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Document<'a> {
    /// From its `---` line to the next.
    pub(super) text: &'a str,
    /// The line of the file at which `text` begins, from 1.
    pub(super) first_line: usize,
}

impl Document<'_> {
    /// The line of the file at which the content begins, after markers, comments and blank lines.
    pub(super) fn content_line(&self) -> usize {
        self.first_line + self.text.lines().take_while(|line| !has_content(line)).count()
    }
}

/// The documents that have content: more than blank lines, comments, markers and directives.
pub(super) fn documents(text: &str) -> Vec<Document<'_>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut documents = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while !rest.is_empty() {
        let (document, after) = split_first(rest);
        let lines = document.matches('\n').count();
        if document.lines().any(has_content) {
            documents.push(Document { text: document, first_line: line });
        }
        line += lines;
        rest = after;
    }
    documents
}

/// The text up to the next marker. A marker at the very start belongs to the document.
fn split_first(text: &str) -> (&str, &str) {
    let mut length = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if index > 0 && is_marker(line, "---") {
            break;
        }
        length += line.len();
        if is_marker(line, "...") {
            break;
        }
    }
    text.split_at_checked(length).unwrap_or((text, ""))
}

/// `---` and `...` count when a blank, a line end or nothing follows.
fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker).is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

fn has_content(line: &str) -> bool {
    let line = ["---", "..."]
        .iter()
        .find(|marker| is_marker(line, marker))
        .and_then(|marker| line.strip_prefix(marker))
        .unwrap_or(line);
    let content = line.trim();
    // A directive such as `%YAML 1.2` begins at the margin.
    !(content.is_empty() || content.starts_with('#') || line.starts_with('%'))
}
