//! The types behind the hand-written form. Their documentation is the schema's.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A hand-written inventory: the part of Azure that decides about image pulls, in short.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(title = "Inventory", extend("required" = ["apiVersion", "kind"]))]
pub struct InventoryDocument {
    /// `acr-admission.dev/v1`.
    #[schemars(extend("const" = "acr-admission.dev/v1"))]
    pub api_version: String,
    /// `Inventory`.
    #[schemars(extend("const" = "Inventory"))]
    pub kind: String,
    /// The subscription of everything that does not name its own; all zeros if left out.
    pub subscription: Option<String>,
    /// The resource group of everything that does not name its own; `acr-admission` if left out.
    pub resource_group: Option<String>,
    /// Container registries.
    pub registries: Vec<RegistryItem>,
    /// Managed identities, service principals and users.
    pub identities: Vec<IdentityItem>,
    /// Entra groups.
    pub groups: Vec<GroupItem>,
    /// Custom roles. Built-in roles are known.
    pub custom_roles: Vec<CustomRoleItem>,
    /// Role assignments.
    pub role_assignments: Vec<RoleAssignmentItem>,
    /// Deny assignments.
    pub deny_assignments: Vec<DenyAssignmentItem>,
    /// AKS (or other) clusters and who pulls for them.
    pub clusters: Vec<ClusterItem>,
    /// Which service accounts may act as which identity.
    pub federated_credentials: Vec<FederatedCredentialItem>,
    /// Repository-scoped tokens.
    pub tokens: Vec<TokenItem>,
    /// What tokens may do.
    pub scope_maps: Vec<ScopeMapItem>,
    /// The management groups above each subscription.
    pub management_groups: Vec<ManagementGroupItem>,
}

/// How a registry authorizes.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum ModeItem {
    /// "RBAC Registry Permissions".
    #[serde(rename = "rbac")]
    Rbac,
    /// "RBAC Registry + ABAC Repository Permissions".
    #[serde(rename = "rbac-abac")]
    RbacAbac,
}

/// A container registry.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "a registry is a list of switches, in Azure as well")]
pub struct RegistryItem {
    /// The resource name.
    pub name: String,
    /// The host that images are pulled from; `NAME.azurecr.io` if left out.
    pub login_server: Option<String>,
    /// The permissions mode; unknown if left out.
    pub mode: Option<ModeItem>,
    /// The whole resource id, instead of subscription and resource group.
    pub id: Option<String>,
    /// The subscription, if another than the document's.
    pub subscription: Option<String>,
    /// The resource group, if another than the document's.
    pub resource_group: Option<String>,
    /// `Basic`, `Standard` or `Premium`.
    pub sku: Option<String>,
    /// Whether the admin user can sign in.
    #[serde(default)]
    pub admin_user: bool,
    /// Whether anybody may pull without signing in.
    #[serde(default)]
    pub anonymous_pull: bool,
    /// Whether images stay hidden until scanned.
    #[serde(default)]
    pub quarantine: bool,
    /// Whether Entra tokens for the ARM audience are accepted.
    pub arm_audience_tokens: Option<bool>,
    /// Whether only some networks reach the registry.
    #[serde(default)]
    pub network_restricted: bool,
    /// Repositories locked against reading (`readEnabled` is false).
    #[serde(default)]
    pub locked_repositories: Vec<String>,
    /// Regional endpoints, which serve pulls as well.
    #[serde(default)]
    pub regional_hosts: Vec<String>,
    /// Data endpoints.
    #[serde(default)]
    pub data_hosts: Vec<String>,
}

/// What kind of Entra object an identity is.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum IdentityKind {
    /// A managed identity.
    #[default]
    ManagedIdentity,
    /// An application's service principal.
    ServicePrincipal,
    /// A person.
    User,
}

/// A managed identity, service principal or user.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IdentityItem {
    /// The display name, by which the rest of the document refers to it.
    pub name: String,
    /// The object id.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub principal_id: Uuid,
    /// The client id, which annotations name.
    #[schemars(with = "Option<String>", extend("format" = "uuid"))]
    pub client_id: Option<Uuid>,
    /// What kind of object it is; a managed identity if left out.
    #[serde(default)]
    pub kind: IdentityKind,
    /// The whole resource id of a managed identity, instead of subscription and resource group.
    pub id: Option<String>,
    /// The subscription, if another than the document's.
    pub subscription: Option<String>,
    /// The resource group, if another than the document's.
    pub resource_group: Option<String>,
}

/// An Entra group. The member list is complete.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GroupItem {
    /// The display name.
    pub name: String,
    /// The object id; made from the name if left out.
    #[schemars(with = "Option<String>", extend("format" = "uuid"))]
    pub id: Option<Uuid>,
    /// Names or object ids of identities and groups.
    #[serde(default)]
    pub members: Vec<String>,
}

/// A custom role of one permission block.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CustomRoleItem {
    /// The display name.
    pub name: String,
    /// The role's GUID; made from the name if left out.
    #[schemars(with = "Option<String>", extend("format" = "uuid"))]
    pub id: Option<Uuid>,
    /// Control-plane permissions.
    #[serde(default)]
    pub actions: Vec<String>,
    /// Control-plane permissions taken out again.
    #[serde(default)]
    pub not_actions: Vec<String>,
    /// Data-plane permissions.
    #[serde(default)]
    pub data_actions: Vec<String>,
    /// Data-plane permissions taken out again.
    #[serde(default)]
    pub not_data_actions: Vec<String>,
}

/// One role for one principal at one scope.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoleAssignmentItem {
    /// What verdicts call it; made from the other fields if left out.
    pub name: Option<String>,
    /// Name or object id of an identity or group.
    pub principal: String,
    /// Name or GUID of a role.
    pub role: String,
    /// Name of a registry, `managementGroup:NAME`, `subscription`, or an id.
    pub scope: String,
    /// An Azure ABAC condition, version 2.0.
    pub condition: Option<String>,
    /// When it starts to count (Privileged Identity Management).
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub start: Option<Timestamp>,
    /// When it stops counting.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub end: Option<Timestamp>,
    /// Eligible and not activated: grants nothing.
    #[serde(default)]
    pub eligible_only: bool,
}

/// What is taken away from whom.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DenyAssignmentItem {
    /// What verdicts call it.
    pub name: String,
    /// Names or object ids; `everyone` for all.
    pub principals: Vec<String>,
    /// Whom it spares.
    #[serde(default)]
    pub exclude_principals: Vec<String>,
    /// Name of a registry, `managementGroup:NAME`, `subscription`, or an id.
    pub scope: String,
    /// Control-plane permissions.
    #[serde(default)]
    pub actions: Vec<String>,
    /// Control-plane permissions spared.
    #[serde(default)]
    pub not_actions: Vec<String>,
    /// Data-plane permissions.
    #[serde(default)]
    pub data_actions: Vec<String>,
    /// Data-plane permissions spared.
    #[serde(default)]
    pub not_data_actions: Vec<String>,
    /// An Azure ABAC condition, version 2.0.
    pub condition: Option<String>,
    /// Whether resources below the scope are spared.
    #[serde(default)]
    pub only_this_scope: bool,
    /// Whether it only logs.
    #[serde(default)]
    pub audit_only: bool,
}

/// A cluster and who pulls for it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClusterItem {
    /// The resource name.
    pub name: String,
    /// Name, object id or client id of the identity that the kubelets pull with.
    pub kubelet_identity: Option<String>,
    /// Client id of the cluster's service principal, on old clusters.
    #[schemars(with = "Option<String>", extend("format" = "uuid"))]
    pub service_principal: Option<Uuid>,
    /// Whether service accounts pull instead of the kubelets.
    pub service_account_image_pull: Option<ServiceAccountImagePullItem>,
    /// The issuer of the cluster's service account tokens.
    pub oidc_issuer: Option<String>,
    /// The whole resource id, instead of subscription and resource group.
    pub id: Option<String>,
    /// The subscription, if another than the document's.
    pub subscription: Option<String>,
    /// The resource group, if another than the document's.
    pub resource_group: Option<String>,
}

/// AKS's service-account image pull.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceAccountImagePullItem {
    /// Whether it is on.
    pub enabled: bool,
    /// Name, object id or client id of the identity of service accounts that name none.
    pub default_identity: Option<String>,
}

/// Trust of an identity in one service account.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FederatedCredentialItem {
    /// Name, object id or client id of the identity.
    pub identity: String,
    /// The issuer's URL, with the final slash that AKS issuers have.
    pub issuer: String,
    /// `system:serviceaccount:NAMESPACE:NAME`.
    pub subject: String,
    /// Accepted audiences; `api://AzureADTokenExchange` if left out.
    pub audiences: Option<Vec<String>>,
}

/// A repository-scoped token.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenItem {
    /// The token's name, which is its user name.
    pub name: String,
    /// The registry's name.
    pub registry: String,
    /// The scope map's name.
    pub scope_map: String,
    /// Whether it may sign in; yes if left out.
    pub enabled: Option<bool>,
    /// Its passwords; one that never ends if left out.
    pub passwords: Option<Vec<PasswordItem>>,
}

/// A token's password. The secret itself is never needed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PasswordItem {
    /// When it ends; never if left out.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub expires: Option<Timestamp>,
}

/// What tokens may do.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScopeMapItem {
    /// The scope map's name.
    pub name: String,
    /// The registry's name.
    pub registry: String,
    /// Such as `repositories/samples/*/content/read`.
    pub actions: Vec<String>,
}

/// All management groups above a subscription.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ManagementGroupItem {
    /// The subscription; the document's if left out.
    pub subscription: Option<String>,
    /// The names of all its management groups.
    pub ancestors: Vec<String>,
}
