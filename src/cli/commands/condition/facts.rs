//! Attributes from JSON and from the command line.

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::Value;

use crate::engine::condition::{AttributeValue, Attributes};

/// The attributes of one source, as a JSON object. `null` supplies nothing.
#[derive(Debug, Default)]
pub(super) struct JsonAttributes(Vec<(String, AttributeValue)>);

impl JsonAttributes {
    pub(super) fn into_attributes(self) -> Attributes {
        self.0.into_iter().collect()
    }
}

impl<'de> Deserialize<'de> for JsonAttributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AttributesVisitor)
    }
}

struct AttributesVisitor;

impl<'de> Visitor<'de> for AttributesVisitor {
    type Value = JsonAttributes;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object with the attributes' values by name")
    }

    fn visit_unit<E: Error>(self) -> Result<JsonAttributes, E> {
        Ok(JsonAttributes::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JsonAttributes, A::Error> {
        let mut attributes: Vec<(String, AttributeValue)> = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if attributes.iter().any(|(known, _)| *known == name) {
                return Err(A::Error::custom(format_args!("attribute `{name}` is given twice")));
            }
            // `null` is how JSON writers say that there is none.
            if let Some(value) = attribute_value(&value) {
                attributes.push((name, value));
            }
        }
        Ok(JsonAttributes(attributes))
    }
}

/// A JSON value as the language sees it; `None` for `null`.
pub(super) fn attribute_value(value: &Value) -> Option<AttributeValue> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(truth) => AttributeValue::Boolean(*truth),
        Value::Number(number) => number.as_i64().map_or(AttributeValue::Other, AttributeValue::Integer),
        Value::String(text) => AttributeValue::Text(text.into()),
        Value::Array(values) => AttributeValue::List(
            values.iter().map(|value| attribute_value(value).unwrap_or(AttributeValue::Other)).collect(),
        ),
        Value::Object(_) => AttributeValue::Other,
    })
}

/// `NAME=VALUE` pairs of the command line. A value that is no JSON is text.
///
/// # Errors
/// The first pair without a `=`.
pub(super) fn from_pairs(pairs: &[String]) -> Result<Attributes, String> {
    let pairs = pairs.iter().map(|pair| {
        let (name, value) = pair.split_once('=').ok_or_else(|| pair.clone())?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
        Ok(attribute_value(&value).map(|value| (name.to_owned(), value)))
    });
    let known: Result<Vec<Option<(String, AttributeValue)>>, String> = pairs.collect();
    Ok(known?.into_iter().flatten().collect())
}
