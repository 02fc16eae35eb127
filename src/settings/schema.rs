//! The JSON Schema of the settings file, and comparing a file with it.
//!
//! A deserialiser stops at the first thing it cannot place. Somebody who mends a file wants all of them, so a
//! file that does not fit is compared with the schema, which comes from the same types. Only the keywords that
//! the generator uses for our types are understood; a test breaks each kind of rule once.

use schemars::{Schema, schema_for};
use serde_json::{Map, Value};
use serde_saphyr::Spanned;

use super::document::SettingsDocument;
use super::load::SettingsProblem;
use crate::yaml::Node;

/// The JSON Schema of the settings file.
#[must_use]
pub fn schema() -> Schema {
    schema_for!(SettingsDocument)
}

/// Everything in which a tree does not fit the schema, in the order of the text.
pub(super) fn compare(tree: &Spanned<Node>) -> Vec<SettingsProblem> {
    let schema = schema().to_value();
    let mut comparison = Comparison { root: &schema, problems: Vec::new() };
    comparison.node(tree, &schema, "");
    comparison.problems.sort_by_key(|problem| problem.line);
    comparison.problems
}

struct Comparison<'a> {
    root: &'a Value,
    problems: Vec<SettingsProblem>,
}

impl<'a> Comparison<'a> {
    fn node(&mut self, node: &Spanned<Node>, schema: &'a Value, path: &str) {
        let Some(schema) = self.resolve(schema, &node.value) else { return };
        if let Some(words) = words(schema) {
            return self.word(node, &words, path);
        }
        if let Some(expected) = expected_types(schema)
            && !expected.contains(&node.value.type_name())
        {
            let expected = expected.first().copied().unwrap_or_default();
            let message =
                format!("`{path}` must be {}, not {}", article(expected), article(node.value.type_name()));
            return self.problem(node, message);
        }
        match &node.value {
            Node::Map(entries) => self.map(node, entries, schema, path),
            Node::List(items) => {
                let Some(item_schema) = schema.get("items") else { return };
                for (index, item) in items.iter().enumerate() {
                    self.node(item, item_schema, &format!("{path}[{index}]"));
                }
            }
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) => {}
        }
    }

    /// Follows a reference; of alternatives, takes the one that is not `null`.
    fn resolve(&self, schema: &'a Value, node: &Node) -> Option<&'a Map<String, Value>> {
        let schema = schema.as_object()?;
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let target = self.root.pointer(reference.strip_prefix('#')?)?;
            return self.resolve(target, node);
        }
        if let Some(alternatives) = schema.get("anyOf").and_then(Value::as_array) {
            if matches!(node, Node::Null) {
                return None;
            }
            return self.resolve(alternatives.first()?, node);
        }
        Some(schema)
    }

    fn map(
        &mut self,
        node: &Spanned<Node>,
        entries: &[(Spanned<String>, Spanned<Node>)],
        schema: &'a Map<String, Value>,
        path: &str,
    ) {
        let properties = schema.get("properties").and_then(Value::as_object);
        let is_closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
        for (key, value) in entries {
            let inner = if path.is_empty() { key.value.clone() } else { format!("{path}.{}", key.value) };
            match properties.and_then(|properties| properties.get(&key.value)) {
                Some(property) => self.node(value, property, &inner),
                None if is_closed => {
                    let known = properties.into_iter().flat_map(Map::keys).map(String::as_str);
                    let message = format!("unknown key `{inner}`{}", suggestion(&key.value, known));
                    self.problems.push(SettingsProblem::at(key.referenced.line(), message));
                }
                None => {
                    if let Some(additional) = schema.get("additionalProperties") {
                        self.node(value, additional, &inner);
                    }
                }
            }
        }
        for required in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
            let name = required.as_str().unwrap_or_default();
            if !entries.iter().any(|(key, _)| key.value == name) {
                let inner = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                self.problem(node, format!("`{inner}` is missing"));
            }
        }
    }

    fn word(&mut self, node: &Spanned<Node>, words: &[&Value], path: &str) {
        let fits = |word: &&Value| match &node.value {
            Node::Null => word.is_null(),
            Node::Text(text) => word.as_str() == Some(text),
            Node::Bool(_) | Node::Number(_) | Node::List(_) | Node::Map(_) => false,
        };
        if words.iter().any(fits) {
            return;
        }
        let known: Vec<&str> = words.iter().filter_map(|word| word.as_str()).collect();
        let written = if let Node::Text(text) = &node.value {
            format!("`{text}`{}", suggestion(text, known.iter().copied()))
        } else {
            article(node.value.type_name()).to_owned()
        };
        let message = format!("`{path}` must be one of {}, not {written}", known.join(", "));
        self.problem(node, message);
    }

    fn problem(&mut self, node: &Spanned<Node>, message: String) {
        self.problems.push(SettingsProblem::at(node.referenced.line(), message));
    }
}

/// The words of an enumeration, which the generator writes as a list or, with descriptions, as constants.
fn words(schema: &Map<String, Value>) -> Option<Vec<&Value>> {
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        return Some(words.iter().collect());
    }
    let alternatives = schema.get("oneOf").and_then(Value::as_array)?;
    alternatives.iter().map(|alternative| alternative.get("const")).collect()
}

fn expected_types(schema: &Map<String, Value>) -> Option<Vec<&str>> {
    match schema.get("type")? {
        Value::String(one) => Some(vec![one]),
        Value::Array(several) => Some(several.iter().filter_map(Value::as_str).collect()),
        _ => None,
    }
}

fn article(type_name: &str) -> &'static str {
    match type_name {
        "null" => "nothing",
        "boolean" => "true or false",
        "number" | "integer" => "a number",
        "string" => "a text",
        "array" => "a list",
        _ => "a map",
    }
}

/// The nearest known word, where one is near.
fn suggestion<'a>(written: &str, known: impl Iterator<Item = &'a str>) -> String {
    /// More letters apart than this, and the suggestion would puzzle.
    const FAR: usize = 3;
    let distance = |word: &str| edit_distance(&written.to_ascii_lowercase(), &word.to_ascii_lowercase());
    known
        .map(|word| (distance(word), word))
        .min()
        .filter(|(distance, _)| *distance < FAR)
        .map_or_else(String::new, |(_, word)| format!("; did you mean `{word}`?"))
}

/// Levenshtein's distance, in bytes: keys are ASCII.
fn edit_distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, a) in left.bytes().enumerate() {
        let mut diagonal = line;
        let mut before = line + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(right.bytes()) {
            let replaced = diagonal + usize::from(a != b);
            diagonal = *cell;
            *cell = replaced.min(diagonal + 1).min(before + 1);
            before = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::edit_distance;

    #[test]
    fn distances() {
        for (left, right, distance) in
            [("", "", 0), ("", "abc", 3), ("mode", "mood", 2), ("kitten", "sitting", 3)]
        {
            assert_eq!(edit_distance(left, right), distance, "{left} {right}");
        }
    }
}
