//! The hand-written form to its types, item by item, so that one slip does not hide the next.

use super::format::{
    ClusterItem, CustomRoleItem, DenyAssignmentItem, FederatedCredentialItem, GroupItem, IdentityItem,
    ManagementGroupItem, RegistryItem, RoleAssignmentItem, ScopeMapItem, TokenItem,
};
use crate::inventory::document::Document;
use crate::inventory::own_kind::{Items, Section, check_version};
use crate::inventory::record::Record;

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

const SCHEMA: &str = "docs/schemas/inventory.schema.json";

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
    check_version(record, "an inventory");
    let mut result = HandWritten {
        file,
        subscription: record.text("subscription").map(Into::into),
        resource_group: record.text("resourceGroup").map(Into::into),
        ..HandWritten::default()
    };
    for (key, value) in record.entries() {
        let section = Section { document, file_name, key, value, schema: SCHEMA };
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
            _ => section.unknown(FIELDS),
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::FIELDS;
    use crate::inventory::hand_written::format::InventoryDocument;
    use crate::inventory::own_kind::fields_of_schema;

    #[test]
    fn the_sections_read_here_are_those_of_the_schema() {
        assert_eq!(
            fields_of_schema::<InventoryDocument>(),
            FIELDS.iter().copied().map(str::to_owned).collect()
        );
    }
}
