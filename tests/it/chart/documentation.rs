//! The table of values in the chart's README is made from the comments in `values.yaml`, each of which begins with
//! the name of its value. With `ACR_ADMISSION_UPDATE_DOCS=1` this test writes it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

const BEGIN: &str =
    "<!-- Made from values.yaml by tests/it/chart/documentation.rs; changes by hand are overwritten. -->\n";
const END: &str = "<!-- The end of the table. -->\n";

#[test]
fn the_table_of_values_is_up_to_date() {
    let page = chart("README.md");
    let written = fs::read_to_string(&page).unwrap();
    let (before, rest) = written.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let current = format!("{before}{BEGIN}{}{END}{after}", table());
    if std::env::var_os("ACR_ADMISSION_UPDATE_DOCS").is_some() {
        fs::write(&page, &current).unwrap();
        return;
    }
    assert!(
        written == current,
        "{} is stale: run this test with ACR_ADMISSION_UPDATE_DOCS=1",
        page.display()
    );
}

#[test]
fn every_value_is_documented_and_every_comment_begins_with_its_value() {
    let keys = keys();
    let mut wrong = Vec::new();
    for key in &keys {
        let name = key.path.rsplit('.').next().unwrap();
        if !key.comment.is_empty() && !key.comment.starts_with(&format!("{name} ")) {
            wrong.push(format!("{}: the comment does not begin with `{name}`", key.path));
        }
        let is_covered = |other: &Key| !other.comment.is_empty() && is_at_or_above(&other.path, &key.path);
        let has_children = keys.iter().any(|other| other.path.starts_with(&format!("{}.", key.path)));
        if !has_children && !keys.iter().any(is_covered) {
            wrong.push(format!("{}: no comment says what it is", key.path));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(keys.len() > 50, "only {} values", keys.len());
}

#[test]
fn the_icon_of_the_chart_is_the_drawing_beside_it() {
    let drawing = BASE64_STANDARD.encode(fs::read(chart("icon.svg")).unwrap());
    let metadata: Value = serde_saphyr::from_str(&fs::read_to_string(chart("Chart.yaml")).unwrap()).unwrap();
    assert_eq!(metadata["icon"], format!("data:image/svg+xml;base64,{drawing}"));
}

/// A key of `values.yaml` and the comment above it.
struct Key {
    path: String,
    comment: String,
}

fn table() -> String {
    let values: Value = serde_saphyr::from_str(&values_file()).unwrap();
    let mut table = String::from("\n| value | default | meaning |\n|---|---|---|\n");
    for Key { path, comment } in keys().into_iter().filter(|key| !key.comment.is_empty()) {
        let pointer = format!("/{}", path.replace('.', "/"));
        let default = values.pointer(&pointer).unwrap().to_string();
        let default = if default.len() > LONGEST_DEFAULT {
            "see values.yaml".to_owned()
        } else {
            format!("`{default}`")
        };
        writeln!(table, "| `{path}` | {default} | {} |", comment.replace('|', "\\|")).unwrap();
    }
    table.push('\n');
    table
}

/// All keys of maps, by the indentation of their lines. Items of lists are not looked into.
fn keys() -> Vec<Key> {
    let text = values_file();
    let (mut keys, mut parents, mut comment) = (Vec::new(), Vec::<String>::new(), Vec::new());
    for line in text.lines() {
        let content = line.trim_start();
        if let Some(words) = content.strip_prefix("# ") {
            comment.push(words);
            continue;
        }
        let is_item =
            content.starts_with("- ") || (line.starts_with("    ") && parents_are_list(&keys, line));
        if let Some((name, _)) = content.split_once(':').filter(|_| !is_item) {
            parents.truncate((line.len() - content.len()) / 2);
            parents.push(name.to_owned());
            keys.push(Key { path: parents.join("."), comment: comment.join(" ") });
        }
        comment.clear();
    }
    keys
}

/// Lines below an item of a list stand deeper than the list's key by four or more; no map of ours does without its
/// own key in between.
fn parents_are_list(keys: &[Key], line: &str) -> bool {
    let depth = (line.len() - line.trim_start().len()) / 2;
    keys.last().is_some_and(|key| key.path.split('.').count() < depth)
}

fn is_at_or_above(upper: &str, lower: &str) -> bool {
    lower == upper || lower.starts_with(&format!("{upper}."))
}

fn values_file() -> String {
    fs::read_to_string(chart("values.yaml")).unwrap()
}

fn chart(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("charts/acr-admission").join(file)
}

const LONGEST_DEFAULT: usize = 40;
