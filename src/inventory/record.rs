//! One record: its fields by name, read as the type that is asked for, with a note where they are not.
//!
//! The Azure CLI prints flat what REST answers below `properties`, so a field is looked for in the record and then
//! there. Names compare without letter case (`issuerURL` and `issuerUrl` are one field in two releases), and
//! `null` is the same as absent, because which of the two a release prints is an accident.

use std::borrow::Cow;
use std::str::FromStr;

use jiff::Timestamp;
use serde::Deserializer;
use serde_json::value::RawValue;
use smol_str::SmolStr;

use super::document::{Document, Field, FieldsVisitor};
use super::intern::Scopes;
use super::problem::{LoadErrorCode, LoadWarningCode};
use crate::engine::scope::Scope;

const EXPORT_AGAIN: &str = "export the file again and leave it unchanged";

/// An object of a document.
pub(super) struct Record<'d, 'a> {
    document: &'d Document<'a>,
    start: usize,
    fields: Vec<Field<'a>>,
    properties: Vec<Field<'a>>,
}

impl<'d, 'a> Record<'d, 'a> {
    pub(super) fn new(document: &'d Document<'a>, start: usize, fields: Vec<Field<'a>>) -> Self {
        let properties = find(&fields, "properties").and_then(fields_of).unwrap_or_default();
        Self { document, start, fields, properties }
    }

    fn nested(document: &'d Document<'a>, value: &'a RawValue) -> Option<Self> {
        let fields = fields_of(value)?;
        Some(Self { document, start: document.offset(value.get()), fields, properties: Vec::new() })
    }

    /// Where the record opens.
    pub(super) const fn start(&self) -> usize {
        self.start
    }

    /// The names of the fields, for messages.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.key.as_ref())
    }

    /// The fields with a value, for those who read all of them.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.fields.iter().map(|field| (field.key.as_ref(), field.value))
    }

    /// The value of a field, flat or below `properties`.
    pub(super) fn value(&self, key: &str) -> Option<&'a RawValue> {
        find(&self.fields, key).or_else(|| find(&self.properties, key))
    }

    /// The value of a field below `properties` only.
    pub(super) fn inner_text(&self, key: &str) -> Option<Cow<'a, str>> {
        let value = find(&self.properties, key)?;
        self.text_of(value, key)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.value(key).is_some()
    }

    /// Whether a field is a list or an object.
    pub(super) fn has_structure(&self, key: &str) -> bool {
        self.value(key).is_some_and(|value| value.get().starts_with(['[', '{']))
    }

    /// Where a field's value stands, or the record itself.
    pub(super) fn offset(&self, key: &str) -> usize {
        self.value(key).map_or(self.start, |value| self.document.offset(value.get()))
    }

    pub(super) fn error(&self, code: LoadErrorCode, key: &str, message: String, help: impl Into<String>) {
        self.document.error(code, self.offset(key), message, help);
    }

    pub(super) fn warn(&self, code: LoadWarningCode, key: &str, message: String, help: impl Into<String>) {
        self.document.warn(code, self.offset(key), message, help);
    }

    /// Reports a field that every such record has, unless it is there and merely wrong, which is told already.
    pub(super) fn missing(&self, key: &str, what: &str) {
        if self.value(key).is_some_and(|value| value.get() != "\"\"") {
            return;
        }
        let message = format!("{what} without `{key}`");
        self.document.error(LoadErrorCode::MissingField, self.start, message, EXPORT_AGAIN);
    }

    pub(super) fn text(&self, key: &str) -> Option<Cow<'a, str>> {
        let value = self.value(key)?;
        self.text_of(value, key)
    }

    /// A text, or a number that YAML made of it.
    pub(super) fn loose_text(&self, key: &str) -> Option<Cow<'a, str>> {
        let value = self.value(key)?;
        let raw = value.get();
        if raw.starts_with(|first: char| first.is_ascii_digit()) {
            return Some(Cow::Borrowed(raw));
        }
        self.text_of(value, key)
    }

    /// A short text that outlives the document.
    pub(super) fn name(&self, key: &str) -> Option<SmolStr> {
        self.text(key).map(SmolStr::from)
    }

    /// A text without regard to letter case.
    pub(super) fn lower_name(&self, key: &str) -> Option<SmolStr> {
        self.text(key).map(|text| SmolStr::from(text.to_ascii_lowercase()))
    }

    fn text_of(&self, value: &'a RawValue, key: &str) -> Option<Cow<'a, str>> {
        let raw = value.get();
        let Some(inside) = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
            self.wrong_type(value, key, "text");
            return None;
        };
        if !inside.as_bytes().contains(&b'\\') {
            return Some(Cow::Borrowed(inside));
        }
        let decoded = serde_json::from_str(raw).ok().map(Cow::Owned);
        if decoded.is_none() {
            let message = format!("`{key}` has an escape that is no character");
            self.document.error(LoadErrorCode::Syntax, self.document.offset(raw), message, EXPORT_AGAIN);
        }
        decoded
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        let value = self.value(key)?;
        match value.get() {
            "true" => Some(true),
            "false" => Some(false),
            _ => {
                self.wrong_type(value, key, "`true` or `false`");
                None
            }
        }
    }

    pub(super) fn object(&self, key: &str) -> Option<Self> {
        let value = self.value(key)?;
        let object = Self::nested(self.document, value);
        if object.is_none() {
            self.wrong_type(value, key, "an object");
        }
        object
    }

    /// The elements of a list; none where it is absent.
    fn list(&self, key: &str) -> Option<Vec<&'a RawValue>> {
        let value = self.value(key)?;
        let list = serde_json::from_str(value.get()).ok();
        if list.is_none() {
            self.wrong_type(value, key, "a list");
        }
        list
    }

    /// The objects of a list.
    pub(super) fn records(&self, key: &str) -> Option<Vec<Self>> {
        let list = self.list(key)?;
        let read = |value| {
            let record = Self::nested(self.document, value);
            if record.is_none() {
                self.wrong_type(value, key, "objects");
            }
            record
        };
        Some(list.into_iter().filter(|value| value.get() != "null").filter_map(read).collect())
    }

    /// The texts of a list.
    pub(super) fn texts(&self, key: &str) -> Option<Vec<Cow<'a, str>>> {
        let list = self.list(key)?;
        Some(list.into_iter().filter_map(|value| self.text_of(value, key)).collect())
    }

    /// The texts of a list, short and owned.
    pub(super) fn names(&self, key: &str) -> Option<Vec<SmolStr>> {
        self.texts(key).map(|texts| texts.into_iter().map(SmolStr::from).collect())
    }

    /// A GUID of whatever kind.
    pub(super) fn guid<G: FromStr>(&self, key: &str) -> Option<G> {
        let text = self.text(key).filter(|text| !text.is_empty())?;
        let guid = text.parse().ok();
        if guid.is_none() {
            let message = format!("`{key}` is `{text}`, which is no GUID");
            self.error(LoadErrorCode::BadValue, key, message, EXPORT_AGAIN);
        }
        guid
    }

    pub(super) fn scope(&self, key: &str, scopes: &mut Scopes) -> Option<Scope> {
        let text = self.text(key).filter(|text| !text.is_empty())?;
        match scopes.intern(&text) {
            Ok(scope) => Some(scope),
            Err(error) => {
                let message = format!("`{key}` is `{}`, which is no Azure id: {error}", shorten(&text));
                self.error(LoadErrorCode::BadValue, key, message, EXPORT_AGAIN);
                None
            }
        }
    }

    pub(super) fn time(&self, key: &str) -> Option<Timestamp> {
        let text = self.text(key)?;
        let time = text.parse().ok();
        if time.is_none() {
            let message = format!("`{key}` is `{}`, which is no time", shorten(&text));
            self.error(LoadErrorCode::BadValue, key, message, "write times like `2026-11-22T12:00:00Z`");
        }
        time
    }

    fn wrong_type(&self, value: &RawValue, key: &str, expected: &str) {
        let found = match value.get().as_bytes().first() {
            Some(b'{') => "an object",
            Some(b'[') => "a list",
            Some(b'"') => "text",
            Some(b't' | b'f') => "a truth value",
            Some(b'n') => "null",
            _ => "a number",
        };
        let message = format!("`{key}` is {found}, expected {expected}");
        let offset = self.document.offset(value.get());
        self.document.error(LoadErrorCode::WrongType, offset, message, EXPORT_AGAIN);
    }
}

/// The start of a text, for messages.
pub(super) fn shorten(text: &str) -> String {
    const LONGEST: usize = 80;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let start: String = text.chars().take(LONGEST).collect();
    format!("{start}…")
}

/// The last field of that name wins, as in every JSON reader; `null` is absent.
fn find<'a>(fields: &[Field<'a>], key: &str) -> Option<&'a RawValue> {
    let field = fields.iter().rev().find(|field| field.key.eq_ignore_ascii_case(key))?;
    (field.value.get() != "null").then_some(field.value)
}

fn fields_of(value: &RawValue) -> Option<Vec<Field<'_>>> {
    serde_json::Deserializer::from_str(value.get()).deserialize_map(FieldsVisitor).ok()
}
