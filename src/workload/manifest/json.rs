//! JSON documents, read strictly: every key once.
//!
//! The values themselves are not built. The text goes on as it is, and the line of a list item is found by where
//! its text lies in the document's.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::problem::Fault;

/// The JSON values of a document, one after another, as far as they can be read.
pub(super) fn values(text: &str) -> (Vec<&str>, Option<Fault>) {
    let mut values = Vec::new();
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<UniqueKeys>();
    let mut start = 0;
    while let Some(outcome) = stream.next() {
        if let Err(error) = outcome {
            return (values, Some(fault(&error)));
        }
        let end = stream.byte_offset();
        values.extend(text.get(start..end));
        start = end;
    }
    (values, None)
}

/// Finds the line of a piece of a text by where it lies in it.
pub(super) struct Lines<'a> {
    text: &'a str,
    /// INVARIANT: ascending.
    breaks: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, breaks: text.match_indices('\n').map(|(position, _)| position).collect() }
    }

    /// The line at which the content of `part` begins, from 1. `part` is borrowed from the text.
    pub(super) fn of(&self, part: &str) -> usize {
        let offset = part.trim_start().as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        self.breaks.partition_point(|line_break| *line_break < offset) + 1
    }
}

fn fault(error: &serde_json::Error) -> Fault {
    let message = error.to_string();
    let what = message.split(" at line ").next().unwrap_or(&message);
    let line = Some(error.line());
    if error.is_eof() {
        return Fault::new(
            line,
            "the JSON text ends too early",
            "write the file again, it may have been cut off",
        );
    }
    if let Some(key) = what.strip_prefix(DUPLICATE) {
        return Fault::new(line, format!("{DUPLICATE}{key}"), DUPLICATE_HINT);
    }
    if what.starts_with("recursion limit") {
        return Fault::new(line, NESTED_TOO_DEEPLY, "no Kubernetes object is nested like this");
    }
    Fault::new(line, format!("not JSON: {what}"), "check the JSON syntax at this line")
}

/// Anything at all, with no key named twice in one object.
struct UniqueKeys;

impl<'de> Deserialize<'de> for UniqueKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueKeysVisitor).map(|()| Self)
    }
}

impl<'de> DeserializeSeed<'de> for UniqueKeysVisitor {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

#[derive(Clone, Copy)]
struct UniqueKeysVisitor;

impl<'de> Visitor<'de> for UniqueKeysVisitor {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if keys.contains(&key) {
                return Err(A::Error::custom(format_args!("{DUPLICATE}`{key}`")));
            }
            map.next_value_seed(self)?;
            keys.insert(key);
        }
        Ok(())
    }
}

/// The beginning of the message about a key that is named twice, in JSON and YAML alike.
pub(super) const DUPLICATE: &str = "a key is named twice: ";

pub(super) const DUPLICATE_HINT: &str = "keep one of the two: readers do not agree on which one counts";

pub(super) const NESTED_TOO_DEEPLY: &str = "nested too deeply";
