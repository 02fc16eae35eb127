//! YAML documents, turned into JSON text. The only file that knows the YAML crate.
//!
//! Types come out as `kubectl` resolves them, so that an unquoted `1.10` is a number here as well, and an image of
//! that spelling is refused like the API server refuses it. What a document may cost is bounded: depth, aliases and
//! the length of the JSON that they unfold to.

use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::{DuplicateKeyPolicy, Error, Location, NonFiniteFloatPolicy, Options, Spanned};

use super::json::{DUPLICATE, DUPLICATE_HINT, NESTED_TOO_DEEPLY};
use super::problem::Fault;

/// One YAML document as JSON text.
pub(super) fn to_json(text: &str) -> Result<String, Fault> {
    let limit = text.len().saturating_mul(GROWTH).saturating_add(SMALL_DOCUMENT);
    let mut json = Vec::new();
    serde_saphyr::with_deserializer_from_str_with_options(text, options(text), |deserializer| {
        Transcode { json: &mut json, limit }.deserialize(deserializer)
    })
    .map_err(|error| fault(text, &error))?;
    String::from_utf8(json).map_err(|error| Fault::new(None, error.to_string(), CHECK_SYNTAX))
}

/// The line at which each item of a list begins in its document, from 1, with the items of lists inside.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct ItemLines {
    items: Vec<(usize, Self)>,
}

impl ItemLines {
    /// Empty where the document is no list.
    pub(super) fn of(text: &str) -> Self {
        serde_saphyr::from_str_with_options(text, options(text)).unwrap_or_default()
    }

    /// Line and inner items of the item at this position.
    pub(super) fn item(&self, position: usize) -> Option<(usize, &Self)> {
        self.items.get(position).map(|(line, inner)| (*line, inner))
    }
}

impl<'de> Deserialize<'de> for ItemLines {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ItemLinesVisitor)
    }
}

/// Of an object the elements of its `items`, of a list its elements, of anything else nothing.
struct ItemLinesVisitor;

impl<'de> Visitor<'de> for ItemLinesVisitor {
    type Value = ItemLines;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<ItemLines, E> {
        Ok(ItemLines::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<ItemLines, E> {
        Ok(ItemLines::default())
    }

    fn visit_i128<E>(self, _: i128) -> Result<ItemLines, E> {
        Ok(ItemLines::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<ItemLines, E> {
        Ok(ItemLines::default())
    }

    fn visit_u128<E>(self, _: u128) -> Result<ItemLines, E> {
        Ok(ItemLines::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<ItemLines, E> {
        Ok(ItemLines::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<ItemLines, E> {
        Ok(ItemLines::default())
    }

    fn visit_unit<E>(self) -> Result<ItemLines, E> {
        Ok(ItemLines::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<ItemLines, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element::<Spanned<ItemLines>>()? {
            items.push((usize::try_from(item.referenced.line()).unwrap_or(1), item.value));
        }
        Ok(ItemLines { items })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ItemLines, A::Error> {
        let mut found = ItemLines::default();
        while let Some(key) = map.next_key::<String>()? {
            if key == "items" {
                found = map.next_value()?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

fn options(text: &str) -> Options {
    // Length bounds events and nodes of a text without aliases, so the limits only stop what aliases unfold.
    let most_nodes = text.len().saturating_add(SMALL_DOCUMENT);
    serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::Error,
        with_snippet: false,
        emit_comments: false,
        // `kubectl` reads an exponent beyond all floats, as in `label: 12e4567`, as a text.
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MAX_REPEATED,
            max_replay_stack_depth: 32,
        },
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_events: most_nodes.saturating_mul(2),
            max_nodes: most_nodes,
            max_recorded_anchor_events: MAX_REPEATED,
            max_total_scalar_bytes: text.len().saturating_mul(GROWTH).saturating_add(SMALL_DOCUMENT),
        },
    }
}

/// Writes whatever comes as JSON.
struct Transcode<'j> {
    json: &'j mut Vec<u8>,
    limit: usize,
}

impl Transcode<'_> {
    fn again(&mut self) -> Transcode<'_> {
        Transcode { json: self.json, limit: self.limit }
    }

    fn write<T: serde::Serialize + ?Sized, E: serde::de::Error>(self, value: &T) -> Result<(), E> {
        if self.json.len() > self.limit {
            return Err(E::custom(UNFOLDS_TOO_FAR));
        }
        serde_json::to_writer(self.json, value).map_err(E::custom)
    }
}

impl<'de> DeserializeSeed<'de> for Transcode<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Transcode<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value that JSON can hold")
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        self.write(&value)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        self.write(&value)
    }

    fn visit_i128<E: serde::de::Error>(self, value: i128) -> Result<(), E> {
        self.write(&value)
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        self.write(&value)
    }

    fn visit_u128<E: serde::de::Error>(self, value: u128) -> Result<(), E> {
        self.write(&value)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        self.write(&value)
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        self.write(value)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.write(&())
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<(), E> {
        self.write(&())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        self.json.push(b'[');
        let mut separator = None;
        loop {
            let before = self.json.len();
            self.json.extend(separator);
            if list.next_element_seed(self.again())?.is_none() {
                self.json.truncate(before);
                break;
            }
            separator = Some(b',');
        }
        self.json.push(b']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        self.json.push(b'{');
        let mut separator = None;
        while let Some(key) = map.next_key::<String>()? {
            self.json.extend(separator);
            self.again().write::<_, A::Error>(&key)?;
            self.json.push(b':');
            map.next_value_seed(self.again())?;
            separator = Some(b',');
        }
        self.json.push(b'}');
        Ok(())
    }
}

/// The crate's error in our words where we have some.
fn fault(text: &str, error: &Error) -> Fault {
    let line = error.location().and_then(|location: Location| usize::try_from(location.line()).ok());
    let line = line.filter(|line| *line > 0);
    let faulty = line.and_then(|line| text.lines().nth(line - 1)).unwrap_or_default();
    let error = original(error);
    let message = error.to_string();
    match error {
        Error::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().map(|key| format!("`{key}`")).unwrap_or_default();
            Fault::new(line, format!("{DUPLICATE}{key}"), DUPLICATE_HINT)
        }
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. } => {
            if message.contains("depth") || message.contains("nest") {
                Fault::new(line, NESTED_TOO_DEEPLY, "no Kubernetes object is nested like this")
            } else {
                Fault::new(line, UNFOLDS_TOO_FAR, "write the repeated parts out instead of using aliases")
            }
        }
        _ if message.contains("recursion limit") => {
            Fault::new(line, NESTED_TOO_DEEPLY, "no Kubernetes object is nested like this")
        }
        _ if faulty.contains("{{") => Fault::new(
            line,
            "a chart template that was not rendered",
            "give the output of `helm template` instead",
        ),
        _ if faulty.starts_with('\t') || faulty.trim_start_matches(' ').starts_with('\t') => {
            Fault::new(line, "a tab indents this line", "YAML is indented with spaces")
        }
        _ => {
            let what = message.split(" at line ").next().unwrap_or(&message);
            Fault::new(line, format!("not YAML: {what}"), CHECK_SYNTAX)
        }
    }
}

/// The error inside a repeated part, which the crate wraps into one about the alias.
fn original(error: &Error) -> &Error {
    match error.without_snippet() {
        Error::AliasError { error, .. } => original(error),
        error => error,
    }
}

const CHECK_SYNTAX: &str = "check indentation, quotes and brackets at this line";

const UNFOLDS_TOO_FAR: &str = "aliases unfold to too large a document";

/// Deeper than Kubernetes objects are. The parser recurses, and without optimisation some 80 levels fill the stack
/// of a thread (2 MiB).
const MAX_DEPTH: usize = 64;

/// How much aliases may repeat in one document, in the parser's steps.
const MAX_REPEATED: usize = 200_000;

/// Escapes may make JSON six times as long as YAML; what is longer comes from aliases.
const GROWTH: usize = 8;

/// What a document may unfold to however short it is: bytes of JSON, and nodes.
const SMALL_DOCUMENT: usize = 4 << 20;
