//! From a byte offset to what people read: line, column and JSON path.
//!
//! Readers only remember offsets, because a good file needs nothing else. This pass runs over a document once,
//! and only when there is something to tell.

use std::fmt::Write;

/// A position for people.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Location {
    /// From 1.
    pub(super) line: u32,
    /// In characters, from 1.
    pub(super) column: u32,
    /// Such as `$[3].properties.scope`.
    pub(super) path: String,
}

/// Line, column and path of each offset. `offsets` must be sorted; broken text gives the path as far as it is
/// sound.
pub(super) fn locate(text: &str, offsets: &[usize]) -> Vec<Location> {
    let mut scanner = Scanner { steps: Vec::new(), line: 1, line_start: 0, counted: 0 };
    let mut wanted = offsets.iter().copied().peekable();
    let mut found = Vec::with_capacity(offsets.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        let Some(mut target) = wanted.peek().copied() else { break };
        while target <= at && starts_token(byte) {
            found.push(scanner.location(text, target));
            wanted.next();
            let Some(next) = wanted.peek().copied() else { return found };
            target = next;
        }
        at = scanner.step(text, at, byte);
    }
    found.extend(wanted.map(|target| scanner.location(text, target)));
    found
}

const fn starts_token(byte: u8) -> bool {
    !byte.is_ascii_whitespace() && !matches!(byte, b',' | b':')
}

enum Step<'a> {
    Index(usize),
    Key { name: &'a str, awaited: bool },
}

struct Scanner<'a> {
    steps: Vec<Step<'a>>,
    line: u32,
    line_start: usize,
    counted: usize,
}

impl<'a> Scanner<'a> {
    /// Takes in the token at `at` and returns where the next one may start.
    fn step(&mut self, text: &'a str, at: usize, byte: u8) -> usize {
        match byte {
            b'{' => self.steps.push(Step::Key { name: "", awaited: true }),
            b'[' => self.steps.push(Step::Index(0)),
            b'}' | b']' => {
                self.steps.pop();
            }
            b',' => match self.steps.last_mut() {
                Some(Step::Index(index)) => *index += 1,
                Some(Step::Key { awaited, .. }) => *awaited = true,
                None => {}
            },
            b'"' => return self.string(text, at),
            _ => {}
        }
        at + 1
    }

    fn string(&mut self, text: &'a str, at: usize) -> usize {
        let rest = text.get(at + 1..).unwrap_or_default();
        let length = string_length(rest.as_bytes());
        if let Some(Step::Key { name, awaited }) = self.steps.last_mut()
            && *awaited
        {
            *name = rest.get(..length).unwrap_or_default();
            *awaited = false;
        }
        at + length + 2
    }

    fn location(&mut self, text: &str, target: usize) -> Location {
        let target = target.min(text.len());
        let passed = text.as_bytes().get(self.counted..target).unwrap_or_default();
        for (index, byte) in passed.iter().enumerate() {
            if *byte == b'\n' {
                self.line = self.line.saturating_add(1);
                self.line_start = self.counted + index + 1;
            }
        }
        self.counted = self.counted.max(target);
        let column = text.get(self.line_start..target).unwrap_or_default().chars().count();
        let column = u32::try_from(column + 1).unwrap_or(u32::MAX);
        Location { line: self.line, column, path: self.path() }
    }

    fn path(&self) -> String {
        let mut path = String::from("$");
        for step in &self.steps {
            let written = match step {
                Step::Index(index) => write!(path, "[{index}]"),
                Step::Key { name: "", .. } => Ok(()),
                Step::Key { name, .. } if is_plain(name) => write!(path, ".{name}"),
                Step::Key { name, .. } => write!(path, "['{name}']"),
            };
            // Writing to a `String` cannot fail.
            debug_assert!(written.is_ok());
        }
        path
    }
}

/// Whether a key can stand in a path without quotes.
fn is_plain(name: &str) -> bool {
    name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}

/// How many bytes precede the closing quote.
fn string_length(bytes: &[u8]) -> usize {
    let mut escaped = false;
    for (index, byte) in bytes.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index,
            _ => {}
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::locate;

    fn at(text: &str, needle: &str) -> String {
        let location = locate(text, &[text.find(needle).unwrap()]).remove(0);
        format!("{}:{} {}", location.line, location.column, location.path)
    }

    #[test]
    fn a_value_is_found_by_its_way_down() {
        let text = "{\"value\": [\n  {\"a\": 1, \"b\": {\"@odata.type\": \"x\", \"c\": [7, 8]}},\n  true]}";
        assert_eq!(at(text, "[\n"), "1:11 $.value");
        assert_eq!(at(text, "{\"a\""), "2:3 $.value[0]");
        assert_eq!(at(text, "\"x\""), "2:33 $.value[0].b['@odata.type']");
        assert_eq!(at(text, "8"), "2:47 $.value[0].b.c[1]");
        assert_eq!(at(text, "true"), "3:3 $.value[1]");
    }

    #[test]
    fn several_offsets_take_one_pass() {
        let text = "[{\"a\":1},\n{\"a\":\"\\\"}\"},{\"é\":[2]}]";
        let offsets: Vec<usize> =
            ["1}", "\"\\\"", "2"].iter().map(|needle| text.find(needle).unwrap()).collect();
        let found: Vec<String> = locate(text, &offsets)
            .into_iter()
            .map(|location| format!("{}:{} {}", location.line, location.column, location.path))
            .collect();
        assert_eq!(found, ["1:7 $[0].a", "2:6 $[1].a", "2:19 $[2]['é'][0]"]);
    }

    #[test]
    fn the_end_of_a_cut_off_text_is_inside_what_was_open() {
        let text = "[{\"a\": {\"b\": \"unfinis";
        let location = locate(text, &[text.len()]).remove(0);
        assert_eq!(location.path, "$[0].a.b");
    }
}
