//! What a record is, told from its content: the ARM `type`, the id, Graph's annotations, or fields that nothing
//! else has. File names never decide.

use std::borrow::Cow;
use std::fmt;

use super::record::Record;

/// The kinds of record that exports hold.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum RecordKind {
    /// A container registry.
    Registry,
    /// The endpoints of a registry (`az acr show-endpoints`).
    RegistryEndpoints,
    /// A repository-scoped token.
    Token,
    /// A scope map.
    ScopeMap,
    /// An ACR task.
    Task,
    /// A role definition.
    RoleDefinition,
    /// A role assignment.
    RoleAssignment,
    /// An active assignment of Privileged Identity Management.
    ActiveAssignment,
    /// An eligible assignment of Privileged Identity Management.
    EligibleAssignment,
    /// A deny assignment.
    DenyAssignment,
    /// A user-assigned managed identity.
    ManagedIdentity,
    /// A federated credential.
    FederatedCredential,
    /// A service principal.
    ServicePrincipal,
    /// A person.
    User,
    /// A group.
    Group,
    /// The id of a group that a principal is in.
    GroupId,
    /// An AKS cluster.
    Cluster,
    /// A management group.
    ManagementGroup,
    /// A subscription as a child of a management group.
    ManagementGroupSubscription,
    /// A Conditional Access policy.
    ConditionalAccessPolicy,
    /// A hand-written inventory.
    HandWritten,
    /// What an export says of itself.
    Export,
    /// A packed inventory.
    Packed,
    /// Known, and of no influence on any pull.
    NotNeeded,
}

/// ARM types that matter, lower case, commonest first.
const ARM_TYPES: &[(&str, RecordKind)] = &[
    ("microsoft.authorization/roleassignments", RecordKind::RoleAssignment),
    ("microsoft.authorization/roledefinitions", RecordKind::RoleDefinition),
    ("microsoft.authorization/denyassignments", RecordKind::DenyAssignment),
    ("microsoft.authorization/roleassignmentscheduleinstances", RecordKind::ActiveAssignment),
    ("microsoft.authorization/roleeligibilityscheduleinstances", RecordKind::EligibleAssignment),
    ("microsoft.containerregistry/registries", RecordKind::Registry),
    ("microsoft.containerregistry/registries/tokens", RecordKind::Token),
    ("microsoft.containerregistry/registries/scopemaps", RecordKind::ScopeMap),
    ("microsoft.containerregistry/registries/tasks", RecordKind::Task),
    ("microsoft.managedidentity/userassignedidentities", RecordKind::ManagedIdentity),
    (
        "microsoft.managedidentity/userassignedidentities/federatedidentitycredentials",
        RecordKind::FederatedCredential,
    ),
    ("microsoft.containerservice/managedclusters", RecordKind::Cluster),
    ("microsoft.management/managementgroups", RecordKind::ManagementGroup),
    ("microsoft.management/managementgroups/subscriptions", RecordKind::ManagementGroupSubscription),
    ("/subscriptions", RecordKind::ManagementGroupSubscription),
];

/// Beginnings of ARM types that no pull depends on, lower case.
const NOT_NEEDED: &[&str] = &[
    "microsoft.authorization/policy",
    "microsoft.authorization/locks",
    "microsoft.authorization/roleassignmentschedules",
    "microsoft.authorization/roleeligibilityschedules",
    "microsoft.authorization/rolemanagementpolic",
    "microsoft.compute/",
    "microsoft.containerregistry/registries/",
    "microsoft.containerservice/",
    "microsoft.insights/",
    "microsoft.keyvault/",
    "microsoft.managedidentity/userassignedidentities/",
    "microsoft.monitor/",
    "microsoft.network/",
    "microsoft.operationalinsights/",
    "microsoft.operationsmanagement/",
    "microsoft.resources/",
    "microsoft.storage/",
];

/// Kinds that show by a set of fields, for objects that carry no type: any one of the sets is enough.
const BY_FIELDS: &[(&[&str], RecordKind)] = &[
    (&["grantControls", "conditions", "state"], RecordKind::ConditionalAccessPolicy),
    (&["appId", "servicePrincipalType"], RecordKind::ServicePrincipal),
    (&["appId", "servicePrincipalNames"], RecordKind::ServicePrincipal),
    (&["appId", "identifierUris"], RecordKind::NotNeeded),
    (&["appId", "requiredResourceAccess"], RecordKind::NotNeeded),
    (&["userPrincipalName"], RecordKind::User),
    (&["securityEnabled", "displayName"], RecordKind::Group),
    (&["groupTypes", "displayName"], RecordKind::Group),
    (&["tenantId", "environmentName"], RecordKind::NotNeeded),
    (&["tenantId", "cloudName"], RecordKind::NotNeeded),
    (&["tenantId", "subscriptionId"], RecordKind::NotNeeded),
    (&["username", "passwords"], RecordKind::NotNeeded),
    (&["roleDefinitionId", "principalId", "scope"], RecordKind::RoleAssignment),
    (&["denyAssignmentName", "principals"], RecordKind::DenyAssignment),
    (&["clientId", "principalId", "tenantId"], RecordKind::ManagedIdentity),
];

/// What a record is, or what it calls itself where that is unknown.
pub(super) fn recognise(record: &Record<'_, '_>, context: Option<&str>) -> Result<RecordKind, String> {
    if let Some(kind) = record.text("type").and_then(|name| arm_kind(&name)) {
        return Ok(kind);
    }
    if let Some(annotation) = record.text("@odata.type") {
        return Ok(graph_kind(&annotation));
    }
    match record.text("kind").as_deref() {
        Some("Inventory") => return Ok(RecordKind::HandWritten),
        Some("InventoryExport") => return Ok(RecordKind::Export),
        Some("PackedInventory") => return Ok(RecordKind::Packed),
        Some(_) | None => {}
    }
    if record.has("loginServer") && (record.has_structure("dataEndpoints") || record.has("regionalEndpoints"))
    {
        return Ok(RecordKind::RegistryEndpoints);
    }
    if let Some(kind) = record.text("id").and_then(|id| type_of_id(&id)).and_then(|name| arm_kind(&name)) {
        return Ok(kind);
    }
    if let Some(kind) = context.and_then(context_kind) {
        return Ok(kind);
    }
    let fits = |(fields, _): &&(&[&str], RecordKind)| {
        fields.iter().all(|field| record.keys().any(|key| key == *field))
    };
    BY_FIELDS.iter().find(fits).map(|(_, kind)| *kind).ok_or_else(|| own_name(record))
}

fn arm_kind(name: &str) -> Option<RecordKind> {
    let known = ARM_TYPES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    if let Some((_, kind)) = known {
        return Some(*kind);
    }
    let lower = name.to_ascii_lowercase();
    NOT_NEEDED.iter().any(|start| lower.starts_with(start)).then_some(RecordKind::NotNeeded)
}

/// The resource type that an id shows: the last `providers/NAMESPACE/TYPE/NAME/TYPE/NAME` without the names.
fn type_of_id(id: &str) -> Option<Cow<'static, str>> {
    let lower = id.to_ascii_lowercase();
    let (_, resource) = lower.rsplit_once("/providers/")?;
    let mut segments = resource.split('/');
    let mut name = segments.next()?.to_owned();
    for segment in segments.step_by(2) {
        name.push('/');
        name.push_str(segment);
    }
    Some(Cow::Owned(name))
}

fn graph_kind(annotation: &str) -> RecordKind {
    match annotation.rsplit('.').next().unwrap_or_default() {
        "servicePrincipal" => RecordKind::ServicePrincipal,
        "user" => RecordKind::User,
        "group" => RecordKind::Group,
        "conditionalAccessPolicy" => RecordKind::ConditionalAccessPolicy,
        // Devices, contacts and directory roles can be members of groups and never pull.
        _ => RecordKind::NotNeeded,
    }
}

/// What the `@odata.context` of a Graph answer says that its elements are.
pub(super) fn context_kind(context: &str) -> Option<RecordKind> {
    match context_name(context) {
        "servicePrincipals" => Some(RecordKind::ServicePrincipal),
        "users" => Some(RecordKind::User),
        "groups" => Some(RecordKind::Group),
        "identity/conditionalAccess/policies" => Some(RecordKind::ConditionalAccessPolicy),
        "applications" | "devices" | "directoryRoles" | "organization" => Some(RecordKind::NotNeeded),
        _ => None,
    }
}

/// The part of an `@odata.context` behind `#`, without `$entity` and selected fields.
pub(super) fn context_name(context: &str) -> &str {
    let name = context.rsplit_once('#').map_or(context, |(_, name)| name);
    let name = name.strip_suffix("/$entity").unwrap_or(name);
    if name.starts_with("Collection(") { name } else { name.split('(').next().unwrap_or(name) }
}

fn own_name(record: &Record<'_, '_>) -> String {
    if let Some(name) = record.text("type") {
        return format!("a record of type `{name}`");
    }
    if let Some(kind) = record.text("kind") {
        return format!("an object of kind `{kind}`");
    }
    let keys: Vec<String> = record.keys().take(5).map(|key| format!("`{key}`")).collect();
    if keys.is_empty() { "an empty object".to_owned() } else { format!("an object with {}", keys.join(", ")) }
}

impl RecordKind {
    /// What people call such a record, in the plural.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registry => "registries",
            Self::RegistryEndpoints => "registry endpoints",
            Self::Token => "tokens",
            Self::ScopeMap => "scope maps",
            Self::Task => "tasks",
            Self::RoleDefinition => "role definitions",
            Self::RoleAssignment => "role assignments",
            Self::ActiveAssignment => "active assignments",
            Self::EligibleAssignment => "eligible assignments",
            Self::DenyAssignment => "deny assignments",
            Self::ManagedIdentity => "managed identities",
            Self::FederatedCredential => "federated credentials",
            Self::ServicePrincipal => "service principals",
            Self::User => "users",
            Self::Group => "groups",
            Self::GroupId => "group ids",
            Self::Cluster => "clusters",
            Self::ManagementGroup => "management groups",
            Self::ManagementGroupSubscription => "subscriptions",
            Self::ConditionalAccessPolicy => "conditional access policies",
            Self::HandWritten => "hand-written inventories",
            Self::Export => "descriptions of exports",
            Self::Packed => "packed inventories",
            Self::NotNeeded => "not needed",
        }
    }
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::{RecordKind, arm_kind, context_name, type_of_id};

    #[test]
    fn types_are_read_in_any_letter_case_and_from_ids() {
        assert_eq!(arm_kind("Microsoft.ContainerService/ManagedClusters"), Some(RecordKind::Cluster));
        assert_eq!(
            arm_kind("Microsoft.ContainerService/managedClusters/agentPools"),
            Some(RecordKind::NotNeeded)
        );
        assert_eq!(arm_kind("Microsoft.Sql/servers"), None);
        let id = "/subscriptions/s/resourcegroups/g/providers/Microsoft.ContainerRegistry/registries/r/scopeMaps/m";
        assert_eq!(type_of_id(id).as_deref(), Some("microsoft.containerregistry/registries/scopemaps"));
        assert_eq!(type_of_id("/subscriptions/s"), None);
    }

    #[test]
    fn a_graph_context_names_its_elements() {
        for (context, name) in [
            ("https://graph.microsoft.com/beta/$metadata#directoryObjects", "directoryObjects"),
            ("https://graph.microsoft.com/v1.0/$metadata#groups/$entity", "groups"),
            ("https://graph.microsoft.com/v1.0/$metadata#groups(id,displayName)", "groups"),
            ("https://graph.microsoft.com/v1.0/$metadata#Collection(Edm.String)", "Collection(Edm.String)"),
        ] {
            assert_eq!(context_name(context), name);
        }
    }
}
