//! Reads the case files.

use std::fs;
use std::path::Path;

use acr_admission::engine::condition::{AttributeValue, Attributes, Facts};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The cases of one file.
pub(super) fn cases<T: for<'de> Deserialize<'de>>(file: &str) -> Vec<T> {
    #[derive(Deserialize)]
    struct File<T> {
        cases: Vec<T>,
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/conditions").join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file: File<T> =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(!file.cases.is_empty(), "{} has no cases", path.display());
    file.cases
}

/// The rows of one file of `tests/cases/conditions`.
pub(super) fn yaml_cases<T: for<'de> Deserialize<'de>>(file: &str) -> Vec<T> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/conditions").join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// One line of `eval.json` and its relative.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Vector {
    pub(super) id: String,
    pub(super) condition: String,
    pub(super) action: String,
    pub(super) sub_operation: Option<String>,
    pub(super) request: Map<String, Value>,
    pub(super) resource: Map<String, Value>,
    pub(super) principal: Map<String, Value>,
    pub(super) environment: Map<String, Value>,
    pub(super) expect: bool,
}

impl Vector {
    pub(super) fn facts(&self) -> Facts<'_> {
        Facts {
            action: &self.action,
            sub_operation: self.sub_operation.as_deref(),
            request: attributes(&self.request),
            resource: attributes(&self.resource),
            principal: attributes(&self.principal),
            environment: attributes(&self.environment),
        }
    }
}

fn attributes(map: &Map<String, Value>) -> Attributes {
    map.iter().map(|(name, value)| (name.as_str(), attribute_value(value))).collect()
}

pub(super) fn attribute_value(value: &Value) -> AttributeValue {
    match value {
        Value::String(text) => AttributeValue::Text(text.as_str().into()),
        Value::Bool(boolean) => AttributeValue::Boolean(*boolean),
        Value::Number(number) => number.as_i64().map_or(AttributeValue::Other, AttributeValue::Integer),
        Value::Array(values) => AttributeValue::List(values.iter().map(attribute_value).collect()),
        Value::Null | Value::Object(_) => AttributeValue::Other,
    }
}
