//! `kind: InventoryExport`: what an export says of itself. When it was made, by what, and what it could not read.
//!
//! File times say when a file was copied; only the export knows how old its data is.

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::collection::Collection;
use super::document::Document;
use super::own_kind::{Section, check_version};
use super::problem::{LoadWarning, LoadWarningCode, Place};
use super::record::Record;
use crate::engine::gap::{Gap, GapKind};

/// What an export says of itself.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "InventoryExport")]
pub struct ExportDocument {
    /// `acr-admission.dev/v1`.
    #[schemars(extend("const" = "acr-admission.dev/v1"))]
    pub api_version: String,
    /// `InventoryExport`.
    #[schemars(extend("const" = "InventoryExport"))]
    pub kind: String,
    /// When the export began: the age of the inventory.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub exported_at: Timestamp,
    /// The tenant that was exported.
    pub tenant_id: Option<String>,
    /// The subscriptions that were exported.
    #[serde(default)]
    pub subscriptions: Vec<String>,
    /// What made the export, with its version.
    pub tool: Option<String>,
    /// What could not be read.
    #[serde(default)]
    pub gaps: Vec<GapItem>,
}

/// Something that could not be read.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GapItem {
    /// What could not be read.
    #[schemars(schema_with = "gap_kinds")]
    pub what: GapKind,
    /// Of whom: a subscription, registry, cluster, identity or group.
    pub scope: String,
    /// The command that failed.
    #[serde(default)]
    pub command: String,
    /// Why it failed: the last line that the command printed.
    #[serde(default)]
    pub why: String,
}

/// The engine, which owns the kinds, knows no schemas.
fn gap_kinds(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "enum": GapKind::ALL})
}

const SCHEMA: &str = "docs/schemas/inventory-export.schema.json";

const FIELDS: &[&str] = &["apiVersion", "kind", "exportedAt", "tenantId", "subscriptions", "tool", "gaps"];

/// What all exports of a load say of themselves.
#[derive(Debug, Default)]
pub(super) struct Exports {
    /// When the oldest was made.
    pub(super) exported_at: Option<Timestamp>,
    /// What they could not read.
    pub(super) gaps: Vec<(Place, Gap)>,
}

impl Exports {
    pub(super) fn note_time(&mut self, exported_at: Timestamp) {
        self.exported_at = Some(self.exported_at.map_or(exported_at, |known| known.min(exported_at)));
    }

    pub(super) fn note_gap(&mut self, place: Place, gap: Gap) {
        if !self.gaps.iter().any(|(_, known)| *known == gap) {
            self.gaps.push((place, gap));
        }
    }
}

/// Reads one document; problems are noted in it.
pub(super) fn read(
    collection: &mut Collection,
    document: &Document<'_>,
    record: &Record<'_, '_>,
    file_name: &str,
) {
    check_version(record, "an export's description");
    match record.time("exportedAt") {
        Some(time) => collection.exports.note_time(time),
        None => record.missing("exportedAt", "an export's description"),
    }
    // Read for their types alone: nothing is judged by them.
    drop((record.text("tenantId"), record.texts("subscriptions"), record.text("tool")));
    for (key, value) in record.entries() {
        let section = Section { document, file_name, key, value, schema: SCHEMA };
        match key {
            "gaps" => {
                for (place, item) in section.items::<GapItem>() {
                    collection.exports.note_gap(place, item.into());
                }
            }
            known if FIELDS.contains(&known) => {}
            _ => section.unknown(FIELDS),
        }
    }
}

impl From<GapItem> for Gap {
    fn from(item: GapItem) -> Self {
        let GapItem { what, scope, command, why } = item;
        Self { what, scope: one_line(&scope), command: one_line(&command), why: one_line(&why) }
    }
}

impl From<&Gap> for GapItem {
    fn from(gap: &Gap) -> Self {
        let Gap { what, scope, command, why } = gap;
        Self { what: *what, scope: scope.to_string(), command: command.to_string(), why: why.to_string() }
    }
}

/// Commands and messages of tools may be broken into lines; warnings and findings are not.
fn one_line(text: &str) -> SmolStr {
    text.split_whitespace().collect::<Vec<_>>().join(" ").into()
}

/// Takes out the gaps and warns of each.
pub(super) fn finish(collection: &mut Collection) -> Vec<Gap> {
    let gaps = std::mem::take(&mut collection.exports.gaps);
    let warn = |(place, gap): (Place, Gap)| {
        collection.warnings.push(warning(place, &gap));
        gap
    };
    gaps.into_iter().map(warn).collect()
}

fn warning(place: Place, gap: &Gap) -> LoadWarning {
    let why = if gap.why.is_empty() { String::new() } else { format!(" ({})", gap.why) };
    let message = format!("the export could not read {gap}{why}: {}", gap.what.weakens());
    let again = "let the account that exports read it, and export again";
    let help = if gap.command.is_empty() {
        again.to_owned()
    } else {
        format!("{again}; the command was `{}`", gap.command)
    };
    LoadWarning { code: LoadWarningCode::ExportGap, place, message, help }
}

#[cfg(test)]
mod tests {
    use super::{ExportDocument, FIELDS};
    use crate::inventory::own_kind::fields_of_schema;

    #[test]
    fn the_fields_read_here_are_those_of_the_schema() {
        assert_eq!(fields_of_schema::<ExportDocument>(), FIELDS.iter().copied().map(str::to_owned).collect());
    }
}
