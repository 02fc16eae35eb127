//! Laws: what carries no meaning in an export changes nothing in the inventory.

use std::fs;

use acr_admission::inventory;
use proptest::prelude::*;
use serde_json::{Map, Value};

use super::{fixture, json_files, normal_form};

type Documents = Vec<(String, Value)>;

/// The estate as values. Member lists keep their names, because those name the group.
fn estate() -> Documents {
    let read = |path: std::path::PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap())
    };
    json_files(&fixture("az")).into_iter().map(read).collect()
}

fn load(documents: &[(String, String)]) -> Vec<String> {
    let bytes = documents.iter().map(|(name, text)| (name.clone(), text.clone().into_bytes()));
    let loaded = inventory::from_documents(bytes).unwrap_or_else(|errors| panic!("{errors}"));
    normal_form(&loaded.inventory)
}

/// A small source of random numbers, so that one seed describes a whole rewriting.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides.max(1)
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            items.swap(index, self.roll(index + 1));
        }
    }
}

/// What a rewriting may change.
#[derive(Clone, Copy, Debug, Default)]
struct Change {
    keys: bool,
    records: bool,
    ids: bool,
}

/// JSON text of a value, rewritten by `change`.
fn write(value: &Value, change: Change, dice: &mut Dice, depth: usize, text: &mut String) {
    match value {
        Value::Object(fields) => write_object(fields, change, dice, depth, text),
        Value::Array(items) => {
            let mut items: Vec<&Value> = items.iter().collect();
            // Only lists of records are sets; a chain of names or a path is not.
            if change.records && depth <= 1 && items.iter().all(|item| item.is_object()) {
                dice.shuffle(&mut items);
            }
            text.push('[');
            for (index, item) in items.into_iter().enumerate() {
                text.push_str(if index > 0 { ",\n" } else { "" });
                write(item, change, dice, depth + 1, text);
            }
            text.push(']');
        }
        Value::String(string)
            if change.ids && (string.starts_with('/') || string.parse::<uuid::Uuid>().is_ok()) =>
        {
            let upper = dice.roll(2) == 0;
            let string = if upper { string.to_uppercase() } else { string.to_lowercase() };
            text.push_str(&Value::String(string).to_string());
        }
        other => text.push_str(&other.to_string()),
    }
}

fn write_object(
    fields: &Map<String, Value>,
    change: Change,
    dice: &mut Dice,
    depth: usize,
    text: &mut String,
) {
    let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
    if change.keys {
        dice.shuffle(&mut fields);
    }
    text.push('{');
    for (index, (key, value)) in fields.into_iter().enumerate() {
        text.push_str(if index > 0 { "," } else { "" });
        text.push_str(&Value::String(key.clone()).to_string());
        text.push(':');
        write(value, change, dice, depth + 1, text);
    }
    text.push('}');
}

fn rewritten(change: Change, seed: u64) -> Vec<String> {
    let mut dice = Dice(seed);
    let mut documents: Vec<(String, String)> = Vec::new();
    for (name, value) in estate() {
        let mut text = String::new();
        write(&value, change, &mut dice, 0, &mut text);
        documents.push((name, text));
    }
    if change.records {
        dice.shuffle(&mut documents);
    }
    load(&documents)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_keys_records_and_files_means_nothing(seed: u64) {
        let change = Change { keys: true, records: true, ..Change::default() };
        prop_assert_eq!(rewritten(change, seed), rewritten(Change::default(), 0));
    }

    #[test]
    fn the_letter_case_of_ids_means_nothing(seed: u64) {
        let change = Change { ids: true, ..Change::default() };
        prop_assert_eq!(rewritten(change, seed), rewritten(Change::default(), 0));
    }
}

#[test]
fn null_and_absent_are_the_same() {
    for seed in 0..16 {
        let mut fewer = estate();
        let mut dice = Dice(seed);
        for (_, value) in &mut fewer {
            drop_nulls(value, &mut dice);
        }
        let as_text = |documents: &Documents| -> Vec<(String, String)> {
            // Policies are kept as text, nulls and all: what they say is not for this test.
            documents
                .iter()
                .filter(|(name, _)| !name.starts_with("graph-"))
                .map(|(name, value)| (name.clone(), value.to_string()))
                .collect()
        };
        assert_eq!(load(&as_text(&fewer)), load(&as_text(&estate())), "seed {seed}");
    }
}

fn drop_nulls(value: &mut Value, dice: &mut Dice) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null() || dice.roll(2) == 0);
            fields.values_mut().for_each(|value| drop_nulls(value, dice));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| drop_nulls(item, dice)),
        _ => {}
    }
}

#[test]
fn yaml_and_json_are_the_same() {
    let json: Vec<_> = estate().iter().map(|(name, value)| (name.clone(), value.to_string())).collect();
    let yaml: Vec<_> = estate()
        .iter()
        .map(|(name, value)| (name.replace(".json", ".yaml"), serde_saphyr::to_string(value).unwrap()))
        .collect();
    assert_eq!(load(&yaml), load(&json));
}

#[test]
fn loading_twice_is_loading_once() {
    let once: Vec<_> = estate().iter().map(|(name, value)| (name.clone(), value.to_string())).collect();
    let twice: Vec<_> = once.iter().chain(&once).cloned().collect();
    assert_eq!(load(&twice), load(&once));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// What a bad disk or an interrupted copy makes of a file: an error with a place, or data, but no panic.
    #[test]
    fn damaged_files_are_refused_or_read_but_never_fatal(
        file in 0_usize..34,
        at: proptest::sample::Index,
        cut: bool,
        byte: u8,
    ) {
        let files = json_files(&fixture("az"));
        let path = &files[file % files.len()];
        let mut bytes = fs::read(path).unwrap();
        let at = at.index(bytes.len());
        if cut {
            bytes.truncate(at);
        } else {
            bytes[at] = byte;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if let Err(errors) = inventory::from_documents([(name.clone(), bytes)]) {
            for error in errors.as_slice() {
                prop_assert_eq!(&error.place.file, &name);
                prop_assert!(!error.message.is_empty() && !error.help.is_empty());
                prop_assert!(!error.message.contains('\n') && !error.help.contains('\n'), "{}", error);
            }
        }
    }
}
