//! One document: JSON text, cut into records without copying it.
//!
//! An export is a list, one object, or `{"value": […]}` around a list (what REST and Graph answer). Records are
//! handed out one by one as key and raw value, so a file of 100,000 role assignments costs one pass and no tree:
//!
//! ```text
//! text → records (keys and unread values) → record.rs reads the few values it needs
//! ```
//!
//! Problems are noted by byte offset; [`Document::take_notes`] turns the offsets into lines and paths at the end.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::location::{Location, locate};
use super::problem::{LoadErrorCode, LoadWarningCode};

/// Records of the Azure CLI have some 10 to 40 fields; role assignments 13 to 18.
const USUAL_FIELDS: usize = 20;

/// A problem, and whether it ends the load.
#[derive(Clone, Copy, Debug)]
pub(super) enum Severity {
    Error(LoadErrorCode),
    Warning(LoadWarningCode),
}

/// A problem at a byte offset of a document.
#[derive(Debug)]
pub(super) struct Note {
    pub(super) severity: Severity,
    pub(super) offset: usize,
    pub(super) message: String,
    pub(super) help: String,
}

/// JSON text with what was noted about it.
pub(super) struct Document<'a> {
    text: &'a str,
    /// For text converted from YAML: offset, line and column of each value in the YAML file.
    yaml: Option<&'a [(usize, u32, u32)]>,
    notes: RefCell<Vec<Note>>,
    /// How far lines were counted, and the line there.
    counted: Cell<(usize, u32)>,
}

/// One key of an object and its value, unread.
#[derive(Debug)]
pub(super) struct Field<'a> {
    pub(super) key: Cow<'a, str>,
    pub(super) value: &'a RawValue,
}

/// One element of a document.
pub(super) enum Element<'a> {
    /// An object: where it starts, and its fields.
    Record(usize, Vec<Field<'a>>),
    /// A bare text, as in a list of group ids.
    Text(Cow<'a, str>),
    /// Something else: its type in words.
    Other(&'static str),
}

/// What stands around the elements.
#[derive(Debug, Default)]
pub(super) struct Envelope {
    /// `@odata.context`, which names what a Graph answer holds.
    pub(super) context: Option<String>,
    /// Whether the document is a list, bare or in `value`.
    pub(super) is_list: bool,
    /// Whether the list stands in `value`.
    pub(super) is_wrapped: bool,
}

impl<'a> Document<'a> {
    pub(super) const fn new(text: &'a str, yaml: Option<&'a [(usize, u32, u32)]>) -> Self {
        Self { text, yaml, notes: RefCell::new(Vec::new()), counted: Cell::new((0, 1)) }
    }

    /// The byte offset of a part of this document's text. A part of anything else counts as the start.
    pub(super) fn offset(&self, part: &str) -> usize {
        let offset = part.as_ptr().addr().wrapping_sub(self.text.as_ptr().addr());
        if offset <= self.text.len() { offset } else { 0 }
    }

    pub(super) fn error(&self, code: LoadErrorCode, offset: usize, message: String, help: impl Into<String>) {
        self.note(Severity::Error(code), offset, message, help.into());
    }

    pub(super) fn warn(
        &self,
        code: LoadWarningCode,
        offset: usize,
        message: String,
        help: impl Into<String>,
    ) {
        self.note(Severity::Warning(code), offset, message, help.into());
    }

    fn note(&self, severity: Severity, offset: usize, message: String, help: String) {
        self.notes.borrow_mut().push(Note { severity, offset, message, help });
    }

    /// The line of an offset. Cheap as long as offsets do not decrease.
    pub(super) fn line(&self, offset: usize) -> u32 {
        if let Some(yaml) = self.yaml {
            return yaml_position(yaml, offset).0;
        }
        let (counted, line) = self.counted.get();
        let (counted, line) = if counted <= offset { (counted, line) } else { (0, 1) };
        let passed = self.text.as_bytes().get(counted..offset).unwrap_or_default();
        let passed = line_feeds(passed);
        let line = line.saturating_add(u32::try_from(passed).unwrap_or(u32::MAX));
        self.counted.set((offset, line));
        line
    }

    /// What was noted, in the order of the text, each with its location.
    pub(super) fn take_notes(&self) -> Vec<(Note, Location)> {
        let mut notes = self.notes.take();
        notes.sort_by_key(|note| note.offset);
        // A field that two readers want is told once.
        notes.dedup_by(|one, other| one.offset == other.offset && one.message == other.message);
        let offsets: Vec<usize> = notes.iter().map(|note| note.offset).collect();
        let mut locations = locate(self.text, &offsets);
        if let Some(yaml) = self.yaml {
            for (location, offset) in locations.iter_mut().zip(&offsets) {
                (location.line, location.column) = yaml_position(yaml, *offset);
            }
        }
        notes.into_iter().zip(locations).collect()
    }

    /// Hands every element to `each`, with its index in the list (0 for a single object). Returns what stood
    /// around them, which is all there is of an empty list.
    pub(super) fn each_element(&self, each: &mut dyn FnMut(&Envelope, usize, Element<'a>)) -> Envelope {
        match self.text.trim_start().bytes().next() {
            Some(b'[') => {
                let envelope = Envelope { is_list: true, ..Envelope::default() };
                self.list(self.text, &mut |index, element| each(&envelope, index, element));
                envelope
            }
            Some(b'{') => self.object(each),
            _ => {
                self.error(
                    LoadErrorCode::WrongType,
                    0,
                    "the document is neither a list nor an object".to_owned(),
                    "give the unchanged output of an `az … -o json` or `-o yaml` command",
                );
                Envelope::default()
            }
        }
    }

    fn object(&self, each: &mut dyn FnMut(&Envelope, usize, Element<'a>)) -> Envelope {
        let mut reader = serde_json::Deserializer::from_str(self.text);
        let fields = (&mut reader).deserialize_map(FieldsVisitor);
        let fields = match fields.and_then(|fields| reader.end().map(|()| fields)) {
            Ok(fields) => fields,
            Err(error) => {
                self.syntax_error(self.text, &error);
                return Envelope::default();
            }
        };
        self.refuse_repeated(&fields);
        let field = |name: &str| fields.iter().find(|field| field.key == name).map(|field| field.value.get());
        let text = |name: &str| field(name).and_then(|raw| serde_json::from_str::<String>(raw).ok());
        for link in ["nextLink", "@odata.nextLink"] {
            if let (Some(raw), Some(url)) = (field(link), text(link))
                && !url.is_empty()
            {
                self.incomplete(link, raw);
            }
        }
        let mut envelope = Envelope { context: text("@odata.context"), ..Envelope::default() };
        match field("value") {
            Some(list) if list.starts_with('[') => {
                (envelope.is_list, envelope.is_wrapped) = (true, true);
                self.list(list, &mut |index, element| each(&envelope, index, element));
            }
            _ => {
                let start = self.text.len() - self.text.trim_start().len();
                each(&envelope, 0, Element::Record(start, fields));
            }
        }
        envelope
    }

    /// One of two lists under one name would be lost without a word.
    fn refuse_repeated(&self, fields: &[Field<'a>]) {
        let mut seen = BTreeSet::new();
        for field in fields.iter().filter(|field| !seen.insert(field.key.as_ref())) {
            self.error(
                LoadErrorCode::BadValue,
                self.offset(field.value.get()),
                format!("`{}` is given twice", field.key),
                "keep one of them, with everything that belongs there",
            );
        }
    }

    fn incomplete(&self, link: &str, raw: &str) {
        self.error(
            LoadErrorCode::IncompleteExport,
            self.offset(raw),
            format!("incomplete export: `{link}` says that there are more pages"),
            "`az rest` prints one page: call it again with that URL until there is no such link, one file a page",
        );
    }

    fn list(&self, list: &'a str, each: &mut dyn FnMut(usize, Element<'a>)) {
        let mut reader = serde_json::Deserializer::from_str(list);
        let visitor = ListVisitor { document: self, each };
        let read = (&mut reader).deserialize_seq(visitor).and_then(|()| reader.end());
        if let Err(error) = read {
            self.syntax_error(list, &error);
        }
    }

    fn syntax_error(&self, part: &str, error: &serde_json::Error) {
        let offset = self.offset(part) + offset_of(part, error);
        if error.is_eof() {
            self.error(
                LoadErrorCode::Syntax,
                offset,
                "the JSON text is cut off".to_owned(),
                "the command or the copy was interrupted: export the file again",
            );
        } else {
            self.error(
                LoadErrorCode::Syntax,
                offset,
                format!("not valid JSON: {}", message_of(error)),
                "a file holds the output of one command, unchanged: export it again",
            );
        }
    }
}

/// The message of a JSON error without its position.
pub(super) fn message_of(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or_else(|| text.clone(), |(message, _)| message.to_owned())
}

/// The byte offset that a JSON error means.
pub(super) fn offset_of(text: &str, error: &serde_json::Error) -> usize {
    let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    (before + error.column().saturating_sub(1)).min(text.len())
}

/// Counts in runs that fit a byte, which the compiler turns into wide instructions: five times as fast as a
/// plain count, and counting lines was an eighth of loading a big tenant.
fn line_feeds(bytes: &[u8]) -> usize {
    let count = |run: &[u8]| run.iter().fold(0_u8, |sum, byte| sum.wrapping_add(u8::from(*byte == b'\n')));
    bytes.chunks(usize::from(u8::MAX)).map(|run| usize::from(count(run))).sum()
}

fn yaml_position(yaml: &[(usize, u32, u32)], offset: usize) -> (u32, u32) {
    let after = yaml.partition_point(|(start, _, _)| *start <= offset);
    yaml.get(after.saturating_sub(1)).map_or((1, 1), |(_, line, column)| (*line, *column))
}

struct ListVisitor<'v, 'a> {
    document: &'v Document<'a>,
    each: &'v mut dyn FnMut(usize, Element<'a>),
}

impl<'a> Visitor<'a> for ListVisitor<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut access: A) -> Result<(), A::Error> {
        let mut index = 0;
        while let Some(element) = access.next_element_seed(ElementSeed { document: self.document })? {
            (self.each)(index, element);
            index += 1;
        }
        Ok(())
    }
}

struct ElementSeed<'v, 'a> {
    document: &'v Document<'a>,
}

impl<'a> DeserializeSeed<'a> for ElementSeed<'_, 'a> {
    type Value = Element<'a>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Element<'a>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for ElementSeed<'_, 'a> {
    type Value = Element<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<A: MapAccess<'a>>(self, access: A) -> Result<Element<'a>, A::Error> {
        let fields = FieldsVisitor.visit_map(access)?;
        let document = self.document;
        // The first field leads back to the brace before it; a record is named by where it opens.
        let first = fields.first().map_or(0, |field| match &field.key {
            Cow::Borrowed(key) => document.offset(key),
            Cow::Owned(_) => document.offset(field.value.get()),
        });
        let start = document.text.get(..first).and_then(|before| before.rfind('{')).unwrap_or(first);
        Ok(Element::Record(start, fields))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut access: A) -> Result<Element<'a>, A::Error> {
        while access.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Element::Other("a list"))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'a str) -> Result<Element<'a>, E> {
        Ok(Element::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Element<'a>, E> {
        Ok(Element::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Element<'a>, E> {
        Ok(Element::Other("a truth value"))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Element<'a>, E> {
        Ok(Element::Other("a number"))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Element<'a>, E> {
        Ok(Element::Other("a number"))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Element<'a>, E> {
        Ok(Element::Other("a number"))
    }

    fn visit_unit<E: Error>(self) -> Result<Element<'a>, E> {
        Ok(Element::Other("null"))
    }
}

/// Reads an object into its fields, values unread.
pub(super) struct FieldsVisitor;

impl<'a> Visitor<'a> for FieldsVisitor {
    type Value = Vec<Field<'a>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut access: A) -> Result<Vec<Field<'a>>, A::Error> {
        let mut fields = Vec::with_capacity(USUAL_FIELDS);
        while let Some(key) = access.next_key_seed(KeySeed)? {
            fields.push(Field { key, value: access.next_value()? });
        }
        Ok(fields)
    }
}

impl Envelope {
    /// The JSON path of the list, empty where there is none.
    pub(super) const fn list_path(&self) -> &'static str {
        match (self.is_list, self.is_wrapped) {
            (false, _) => "",
            (true, false) => "$",
            (true, true) => "$.value",
        }
    }
}

/// A key, borrowed where it has no escapes. `Cow`'s own implementation always copies.
struct KeySeed;

impl<'a> DeserializeSeed<'a> for KeySeed {
    type Value = Cow<'a, str>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Cow<'a, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for KeySeed {
    type Value = Cow<'a, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E: Error>(self, key: &'a str) -> Result<Cow<'a, str>, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Cow<'a, str>, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}
