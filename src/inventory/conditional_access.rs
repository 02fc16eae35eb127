//! Conditional Access policies, kept whole for the rules that read them.

use super::collection::{Collection, Origin};
use super::record::Record;
use crate::engine::inventory::ConditionalAccessPolicy;

/// Reads Graph's Conditional Access policies.
pub(super) fn read(collection: &mut Collection, origin: Origin, record: &Record<'_, '_>) {
    let Some(id) = record.name("id") else { return record.missing("id", "a Conditional Access policy") };
    let policy = ConditionalAccessPolicy {
        id: id.clone(),
        name: record.name("displayName").unwrap_or_default(),
        state: record.name("state").unwrap_or_default(),
        document: json(record).into(),
    };
    collection.conditional_access_policies.entry(id, origin, || policy);
}

/// The record as JSON text again.
fn json(record: &Record<'_, '_>) -> String {
    let mut text = String::from("{");
    for (key, value) in record.entries() {
        if text.len() > 1 {
            text.push(',');
        }
        // Serialising a string cannot fail.
        text.push_str(&serde_json::to_string(key).unwrap_or_default());
        text.push(':');
        text.push_str(value.get());
    }
    text.push('}');
    text
}
