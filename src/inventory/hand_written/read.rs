//! The hand-written form to its types, item by item, so that one slip does not hide the next.

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::format::{
    ClusterItem, CustomRoleItem, DenyAssignmentItem, FederatedCredentialItem, GroupItem, IdentityItem,
    ManagementGroupItem, RegistryItem, RoleAssignmentItem, ScopeMapItem, TokenItem,
};
use crate::inventory::document::{Document, message_of, offset_of};
use crate::inventory::problem::{LoadErrorCode, Place};
use crate::inventory::record::Record;
use crate::inventory::spelling::nearest;

const API_VERSION: &str = "acr-admission.dev/v1";

/// Items with where they stand.
pub(super) type Items<T> = Vec<(Place, T)>;

/// One hand-written inventory, names not resolved yet.
#[derive(Debug, Default)]
pub(in crate::inventory) struct HandWritten {
    /// The file's number, for origins.
    pub(super) file: u32,
    pub(super) subscription: Option<String>,
    pub(super) resource_group: Option<String>,
    pub(super) registries: Items<RegistryItem>,
    pub(super) identities: Items<IdentityItem>,
    pub(super) groups: Items<GroupItem>,
    pub(super) custom_roles: Items<CustomRoleItem>,
    pub(super) role_assignments: Items<RoleAssignmentItem>,
    pub(super) deny_assignments: Items<DenyAssignmentItem>,
    pub(super) clusters: Items<ClusterItem>,
    pub(super) federated_credentials: Items<FederatedCredentialItem>,
    pub(super) tokens: Items<TokenItem>,
    pub(super) scope_maps: Items<ScopeMapItem>,
    pub(super) management_groups: Items<ManagementGroupItem>,
}

const FIELDS: &[&str] = &[
    "apiVersion",
    "kind",
    "subscription",
    "resourceGroup",
    "registries",
    "identities",
    "groups",
    "customRoles",
    "roleAssignments",
    "denyAssignments",
    "clusters",
    "federatedCredentials",
    "tokens",
    "scopeMaps",
    "managementGroups",
];

/// Reads one document; problems are noted in it.
pub(in crate::inventory) fn read(
    document: &Document<'_>,
    record: &Record<'_, '_>,
    file: u32,
    file_name: &str,
) -> HandWritten {
    check_version(record);
    let mut result = HandWritten {
        file,
        subscription: record.text("subscription").map(Into::into),
        resource_group: record.text("resourceGroup").map(Into::into),
        ..HandWritten::default()
    };
    for (key, value) in record.entries() {
        let section = Section { document, file_name, key, value };
        match key {
            "apiVersion" | "kind" | "subscription" | "resourceGroup" => {}
            "registries" => result.registries = section.items(),
            "identities" => result.identities = section.items(),
            "groups" => result.groups = section.items(),
            "customRoles" => result.custom_roles = section.items(),
            "roleAssignments" => result.role_assignments = section.items(),
            "denyAssignments" => result.deny_assignments = section.items(),
            "clusters" => result.clusters = section.items(),
            "federatedCredentials" => result.federated_credentials = section.items(),
            "tokens" => result.tokens = section.items(),
            "scopeMaps" => result.scope_maps = section.items(),
            "managementGroups" => result.management_groups = section.items(),
            _ => {
                let (message, help) = unknown_field(key, FIELDS);
                document.error(LoadErrorCode::UnknownField, document.offset(value.get()), message, help);
            }
        }
    }
    result
}

fn check_version(record: &Record<'_, '_>) {
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
            let message = "an inventory without `apiVersion`".to_owned();
            record.error(
                LoadErrorCode::MissingField,
                "kind",
                message,
                format!("write `apiVersion: {API_VERSION}`"),
            );
        }
    }
}

struct Section<'s, 'd, 'a> {
    document: &'d Document<'a>,
    file_name: &'s str,
    key: &'s str,
    value: &'a RawValue,
}

impl Section<'_, '_, '_> {
    fn items<T: DeserializeOwned>(&self) -> Items<T> {
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
        let help = "docs/schemas/inventory.schema.json describes every field";
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

#[cfg(test)]
mod tests {
    use super::FIELDS;
    use crate::inventory::hand_written::format::InventoryDocument;

    #[test]
    fn the_sections_read_here_are_those_of_the_schema() {
        let schema = serde_json::to_value(schemars::schema_for!(InventoryDocument)).unwrap();
        let mut documented: Vec<&str> =
            schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        let mut read = FIELDS.to_vec();
        documented.sort_unstable();
        read.sort_unstable();
        assert_eq!(documented, read);
    }
}
