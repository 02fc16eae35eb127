//! YAML to JSON text, with a table that leads back to the YAML lines.
//!
//! `az … -o yaml` prints the same data as `-o json`, so everything behind this file reads JSON only.

use serde_saphyr::{Budget, Location, Options, Spanned};

use crate::yaml::Node;

/// One YAML document as JSON.
#[derive(Debug)]
pub(super) struct Converted {
    /// JSON text on one line.
    pub(super) json: String,
    /// Where each value of `json` was: JSON offset, YAML line, YAML column; sorted.
    pub(super) positions: Vec<(usize, u32, u32)>,
}

/// Why a text is no YAML.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct YamlError {
    pub(super) line: Option<u32>,
    pub(super) column: Option<u32>,
    pub(super) message: String,
}

/// A tenant's export has some ten million values at most; the crate's own limits are those of settings files.
const MAX_VALUES: usize = 10_000_000;
/// Text in one file: no export comes near, and an alias bomb is stopped.
const MAX_TEXT_BYTES: usize = 512 * 1024 * 1024;
/// Azure nests about ten levels; recursion below stays far from the stack's end.
const MAX_DEPTH: usize = 64;

/// Every document of a YAML text; empty ones are left out.
pub(super) fn convert(text: &str) -> Result<Vec<Converted>, YamlError> {
    let documents: Vec<Spanned<Node>> =
        serde_saphyr::from_multiple_with_options(text, options()).map_err(|error| describe(&error))?;
    Ok(documents.iter().filter(|document| !matches!(document.value, Node::Null)).map(write).collect())
}

fn options() -> Options {
    let mut budget = Budget::default();
    budget.max_events = MAX_VALUES * 2;
    budget.max_nodes = MAX_VALUES;
    budget.max_total_scalar_bytes = MAX_TEXT_BYTES;
    budget.max_depth = MAX_DEPTH;
    let mut options = Options::default();
    options.budget = Some(budget);
    // YAML 1.2: `no` and `on` are texts, and repository names.
    options.strict_booleans = true;
    options
}

fn describe(error: &serde_saphyr::Error) -> YamlError {
    let error = error.without_snippet();
    let position = error.location().filter(|location| *location != Location::UNKNOWN);
    let text = error.to_string();
    let message = text.lines().next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(message);
    let message = message.split_once(" at line ").map_or(message, |(message, _)| message);
    YamlError {
        line: position.map(|position| clamp(position.line())),
        column: position.map(|position| clamp(position.column())),
        message: message.to_owned(),
    }
}

fn clamp(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn write(document: &Spanned<Node>) -> Converted {
    let mut converted = Converted { json: String::new(), positions: Vec::new() };
    converted.node(document);
    converted
}

impl Converted {
    fn node(&mut self, node: &Spanned<Node>) {
        let position = (self.json.len(), clamp(node.referenced.line()), clamp(node.referenced.column()));
        self.positions.push(position);
        match &node.value {
            Node::Null => self.json.push_str("null"),
            Node::Bool(true) => self.json.push_str("true"),
            Node::Bool(false) => self.json.push_str("false"),
            Node::Number(text) => self.json.push_str(text),
            Node::Text(text) => self.text(text),
            Node::List(items) => {
                self.json.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        self.json.push(',');
                    }
                    self.node(item);
                }
                self.json.push(']');
            }
            Node::Map(entries) => {
                self.json.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        self.json.push(',');
                    }
                    self.positions.push((
                        self.json.len(),
                        clamp(key.referenced.line()),
                        clamp(key.referenced.column()),
                    ));
                    self.text(&key.value);
                    self.json.push(':');
                    self.node(value);
                }
                self.json.push('}');
            }
        }
    }

    fn text(&mut self, text: &str) {
        // Serialising a string cannot fail; `null` would be refused by whoever wants text.
        self.json.push_str(&serde_json::to_string(text).unwrap_or_else(|_| "null".to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::convert;

    #[test]
    fn values_keep_their_kind_and_their_line() {
        let text = "- a: 1\n  b: 'x\"y'\n- [true, null, 2.0, '2.0', no]\n";
        let converted = convert(text).unwrap().remove(0);
        assert_eq!(converted.json, r#"[{"a":1,"b":"x\"y"},[true,null,2.0,"2.0","no"]]"#);
        let offset = converted.json.find("\"x").unwrap();
        assert!(converted.positions.contains(&(offset, 2, 6)), "{:?}", converted.positions);
    }

    #[test]
    fn documents_are_told_apart_and_empty_ones_left_out() {
        let converted = convert("a: 1\n---\n---\nb: 2\n").unwrap();
        let texts: Vec<&str> = converted.iter().map(|document| document.json.as_str()).collect();
        assert_eq!(texts, ["{\"a\":1}", "{\"b\":2}"]);
    }

    #[test]
    fn an_error_has_a_line() {
        let error = convert("a: 1\nb: [1, 2\nc: }\n").unwrap_err();
        assert!(error.line.is_some(), "{error:?}");
        assert!(convert("a: 1\na: 2\n").is_err(), "duplicate keys");
    }

    #[test]
    fn an_alias_bomb_is_stopped() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let before = level - 1;
            let references = vec![format!("*a{before}"); 10].join(", ");
            text = format!("{text}a{level}: &a{level} [{references}]\n");
        }
        assert!(convert(&text).is_err());
    }
}
