//! Documents of our own kinds (`apiVersion: acr-admission.dev/v1`): read strictly, because a field that nobody knows
//! is a slip of the pen, and entry by entry, so that one slip does not hide the next.

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::document::{Document, message_of, offset_of};
use super::problem::{LoadErrorCode, Place};
use super::record::Record;
use super::spelling::nearest;

const API_VERSION: &str = "acr-admission.dev/v1";

/// Entries with where they stand.
pub(super) type Items<T> = Vec<(Place, T)>;

/// Refuses a document of another version.
pub(super) fn check_version(record: &Record<'_, '_>, what: &str) {
    match record.text("apiVersion").as_deref() {
        Some(API_VERSION) => {}
        Some(other) => {
            let message = format!("`apiVersion` is `{other}`");
            record.error(
                LoadErrorCode::BadValue,
                "apiVersion",
                message,
                format!("write `apiVersion: {API_VERSION}`"),
            );
        }
        None => {
            let message = format!("{what} without `apiVersion`");
            record.error(
                LoadErrorCode::MissingField,
                "kind",
                message,
                format!("write `apiVersion: {API_VERSION}`"),
            );
        }
    }
}

/// One field of a document of our own.
pub(super) struct Section<'s, 'd, 'a> {
    pub(super) document: &'d Document<'a>,
    pub(super) file_name: &'s str,
    pub(super) key: &'s str,
    pub(super) value: &'a RawValue,
    /// The schema that describes the kind of document.
    pub(super) schema: &'static str,
}

impl Section<'_, '_, '_> {
    /// Refuses the field, because the kind of document has none of this name.
    pub(super) fn unknown(&self, known: &[&str]) {
        let (message, help) = unknown_field(self.key, known);
        let offset = self.document.offset(self.value.get());
        self.document.error(LoadErrorCode::UnknownField, offset, message, help);
    }

    /// The entries of a list, each with its place.
    pub(super) fn items<T: DeserializeOwned>(&self) -> Items<T> {
        let raw = self.value.get();
        if raw == "null" {
            return Vec::new();
        }
        let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(raw) else {
            let message = format!("`{}` is not a list", self.key);
            let help = "start every entry with `- `".to_owned();
            self.document.error(LoadErrorCode::WrongType, self.document.offset(raw), message, help);
            return Vec::new();
        };
        list.into_iter().enumerate().filter_map(|(index, item)| self.item(index, item.get())).collect()
    }

    fn item<T: DeserializeOwned>(&self, index: usize, raw: &str) -> Option<(Place, T)> {
        let start = self.document.offset(raw);
        match serde_json::from_str(raw) {
            Ok(item) => {
                let place = Place {
                    file: self.file_name.to_owned(),
                    line: Some(self.document.line(start)),
                    column: None,
                    path: format!("$.{}[{index}]", self.key),
                };
                Some((place, item))
            }
            Err(error) => {
                self.refuse(start, raw, &error);
                None
            }
        }
    }

    fn refuse(&self, start: usize, raw: &str, error: &serde_json::Error) {
        let message = message_of(error);
        let mut quoted = message.split('`').skip(1).step_by(2);
        if message.starts_with("unknown field") {
            let field = quoted.next().unwrap_or_default();
            let known: Vec<&str> = quoted.collect();
            // serde reports the place behind the key; the key itself is what people look for. One byte into it
            // lies on its line and leads to its path.
            let at = raw.find(&format!("\"{field}\"")).map_or(0, |quote| quote + 1);
            let (message, help) = unknown_field(field, &known);
            return self.document.error(LoadErrorCode::UnknownField, start + at, message, help);
        }
        if message.starts_with("missing field") {
            let field = quoted.next().unwrap_or_default();
            let message = format!("an entry of `{}` without `{field}`", self.key);
            return self.document.error(
                LoadErrorCode::MissingField,
                start,
                message,
                format!("add `{field}`"),
            );
        }
        let code = if message.starts_with("invalid type") {
            LoadErrorCode::WrongType
        } else {
            LoadErrorCode::BadValue
        };
        let help = format!("{} describes every field", self.schema);
        self.document.error(code, start + offset_of(raw, error).saturating_sub(1), message, help);
    }
}

fn unknown_field(field: &str, known: &[&str]) -> (String, String) {
    let help = match nearest(field, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!(
            "the fields are {}",
            known.iter().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ")
        ),
    };
    (format!("unknown field `{field}`"), help)
}

/// The fields of a kind of document as its schema has them: what a reader of that kind has to know.
#[cfg(test)]
pub(super) fn fields_of_schema<T: schemars::JsonSchema>() -> std::collections::BTreeSet<String> {
    let schema = serde_json::to_value(schemars::schema_for!(T)).unwrap();
    schema["properties"].as_object().unwrap().keys().cloned().collect()
}
