//! The inventory: the part of Azure's state that pull verdicts depend on, as plain data.
//!
//! [`crate::inventory`] fills it from exports; [`super::index::Index`] turns it into something that answers
//! quickly. Every value here is already parsed: a scope is a scope, a condition either parsed or carries its
//! error. Order is the order of the exports, because verdicts name the *first* assignment that decided.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use smol_str::SmolStr;

use super::action::PermissionsMode;
use super::assignment::{DenyAssignment, RoleAssignment, RoleDefinition};
use super::conditional_access::ConditionalAccessPolicy;
use super::gap::Gap;
use super::guid::{ClientId, PrincipalId};
use super::scope::Scope;

/// Everything that was exported, merged by id, in file order.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// Container registries.
    pub registries: Vec<Registry>,
    /// Managed identities, service principals and users.
    pub principals: Vec<Principal>,
    /// Groups with their direct members, those included of which only assignments tell.
    pub groups: Vec<Group>,
    /// Those whose groups were exported whole, the groups around groups included.
    pub complete_memberships: BTreeSet<PrincipalId>,
    /// Built-in and custom roles.
    pub role_definitions: Vec<RoleDefinition>,
    /// Role assignments.
    pub role_assignments: Vec<RoleAssignment>,
    /// Deny assignments.
    pub deny_assignments: Vec<DenyAssignment>,
    /// Repository-scoped tokens of the registries.
    pub tokens: Vec<Token>,
    /// The scope maps that tokens point to.
    pub scope_maps: Vec<ScopeMap>,
    /// Federated credentials of managed identities.
    pub federated_credentials: Vec<FederatedCredential>,
    /// AKS clusters.
    pub clusters: Vec<Cluster>,
    /// ACR tasks.
    pub tasks: Vec<Task>,
    /// Conditional Access policies.
    pub conditional_access_policies: Vec<ConditionalAccessPolicy>,
    /// Which management groups lie above which subscription.
    pub management_groups: ManagementGroups,
    /// What the exports say that they could not read.
    pub gaps: Vec<Gap>,
}

/// A container registry (`az acr show`).
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches of the registry, named as Azure names them"
)]
pub struct Registry {
    /// The resource id.
    pub id: Scope,
    /// The resource name; never a host name.
    pub name: SmolStr,
    /// The global login server, lower case, such as `contoso.azurecr.io` or `contoso-hash.azurecr.io`.
    pub login_server: SmolStr,
    /// Regional endpoints that serve pulls as well, lower case.
    pub regional_hosts: Vec<SmolStr>,
    /// Data endpoints: redirect targets only, never part of an image reference. Lower case.
    pub data_hosts: Vec<SmolStr>,
    /// The permissions mode; `None` where the exports do not say, or contradict each other.
    pub mode: Option<PermissionsMode>,
    /// `Basic`, `Standard` or `Premium`, where exported.
    pub sku: Option<SmolStr>,
    /// Whether the admin user can sign in.
    pub admin_user_enabled: bool,
    /// Whether requests without any credential may pull.
    pub anonymous_pull_enabled: bool,
    /// Whether images stay hidden until a scanner passes them.
    pub quarantine_enabled: bool,
    /// Whether Entra tokens for the ARM audience are accepted; `None` where not exported.
    pub arm_audience_tokens_enabled: Option<bool>,
    /// Whether the public network is refused, or limited to a list: advice only, never a verdict.
    pub network_restricted: bool,
    /// Repositories whose lock attribute `readEnabled` is false: nobody pulls from them.
    pub locked_repositories: Vec<SmolStr>,
}

/// What kind of Entra object a principal is.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum PrincipalKind {
    /// A user-assigned or system-assigned managed identity.
    ManagedIdentity,
    /// An application's service principal.
    ServicePrincipal,
    /// A person.
    User,
}

/// Somebody who can sign in and hold assignments.
#[derive(Clone, Debug)]
pub struct Principal {
    /// What kind of object it is.
    pub kind: PrincipalKind,
    /// The object id: what assignments name.
    pub principal_id: PrincipalId,
    /// The client id: what annotations and pull secrets name. Users have none.
    pub client_id: Option<ClientId>,
    /// The resource id of a managed identity.
    pub resource_id: Option<Scope>,
    /// The display name.
    pub name: SmolStr,
}

/// An Entra group and its direct members, groups among them.
#[derive(Clone, Debug)]
pub struct Group {
    /// The object id.
    pub id: PrincipalId,
    /// The display name, empty where not exported.
    pub name: SmolStr,
    /// Direct (or already transitive) members.
    pub members: Vec<PrincipalId>,
    /// Whether an export lists the members, people at least. Without, some may be known from elsewhere.
    pub members_known: bool,
    /// The only member list at hand came from a command that leaves service principals out and shows none.
    pub members_may_be_hidden: bool,
}

/// A repository-scoped token of one registry (`az acr token list`).
#[derive(Clone, Debug)]
pub struct Token {
    /// The resource id of the registry.
    pub registry: Scope,
    /// The token's name, which is also its user name.
    pub name: SmolStr,
    /// The resource id of the one scope map that it points to.
    pub scope_map: Scope,
    /// Whether it may sign in at all.
    pub enabled: bool,
    /// When each password ends, `None` for never; the list is absent where the export has no credentials.
    pub passwords: Option<Vec<Option<Timestamp>>>,
}

/// A scope map: the repositories and actions that tokens get (`az acr scope-map list`).
#[derive(Clone, Debug)]
pub struct ScopeMap {
    /// The resource id.
    pub id: Scope,
    /// The resource name, which is what verdicts name.
    pub name: SmolStr,
    /// Entries such as `repositories/samples/*/content/read`, as exported.
    pub actions: Vec<SmolStr>,
}

/// Trust of a managed identity in tokens of one issuer, subject and audience.
#[derive(Clone, Debug)]
pub struct FederatedCredential {
    /// The resource id of the managed identity.
    pub identity: Scope,
    /// The issuer's URL; compared as exact text, AKS issuers end with a slash.
    pub issuer: SmolStr,
    /// Such as `system:serviceaccount:web:frontend`; compared as exact text.
    pub subject: SmolStr,
    /// Accepted audiences.
    pub audiences: Vec<SmolStr>,
}

/// An AKS cluster and who pulls for it (`az aks show`, or ARM for the image-pull profile).
#[derive(Clone, Debug)]
pub struct Cluster {
    /// The resource id.
    pub id: Scope,
    /// The resource name.
    pub name: SmolStr,
    /// The kubelet identity, absent on service-principal clusters.
    pub kubelet_identity: Option<KubeletIdentity>,
    /// The cluster's service principal on old clusters; `msi` is not one.
    pub service_principal: Option<ClientId>,
    /// The image-pull profile, where an export shows it. The Azure CLI's own commands never do.
    pub service_account_image_pull: Option<ServiceAccountImagePull>,
    /// The OIDC issuer of the cluster's service account tokens.
    pub oidc_issuer: Option<SmolStr>,
}

/// The identity that a cluster's kubelets pull with by default.
#[derive(Clone, Debug)]
pub struct KubeletIdentity {
    /// Resource id of the user-assigned identity.
    pub resource_id: Option<Scope>,
    /// Client id.
    pub client_id: Option<ClientId>,
    /// Object id.
    pub principal_id: PrincipalId,
}

/// `securityProfile.serviceAccountImagePullProfile` of a managed cluster.
#[derive(Clone, Debug)]
pub struct ServiceAccountImagePull {
    /// Whether service accounts pull instead of the kubelet identity.
    pub enabled: bool,
    /// The identity of service accounts that name none.
    pub default_identity: Option<Scope>,
}

/// An ACR task and the identity it reads its source registry with (`az acr task list`).
#[derive(Clone, Debug)]
pub struct Task {
    /// The resource id of the registry.
    pub registry: Scope,
    /// The resource name.
    pub name: SmolStr,
    /// The object id of its system-assigned identity.
    pub system_identity: Option<PrincipalId>,
    /// Resource ids of its user-assigned identities.
    pub user_identities: Vec<Scope>,
    /// `credentials.sourceRegistry.identity`: `[system]`, a client id, `none`, or absent.
    pub source_identity: Option<SmolStr>,
    /// `credentials.sourceRegistry.loginMode` is `None`: no default access in an RBAC-only registry either.
    pub login_disabled: bool,
}

/// Which management groups lie above a subscription.
///
/// Explicit ancestry data wins. Without it, a management-group record in the export of exactly one
/// subscription shows that this group lies above that subscription, and nothing more is known.
#[derive(Clone, Debug, Default)]
pub struct ManagementGroups {
    /// Subscription to all its ancestors, from ancestry exports. Lower case.
    pub known: BTreeMap<SmolStr, BTreeSet<SmolStr>>,
    /// Subscription to the management groups seen in its own assignment exports. Lower case.
    pub seen: BTreeMap<SmolStr, BTreeSet<SmolStr>>,
}

impl ManagementGroups {
    /// Whether `management_group` is an ancestor of `subscription`; `None` where the exports do not tell.
    /// Both names in lower case.
    #[must_use]
    pub fn is_ancestor(&self, management_group: &str, subscription: &str) -> Option<bool> {
        if let Some(ancestors) = self.known.get(subscription) {
            return Some(ancestors.contains(management_group));
        }
        let seen = self.seen.get(subscription)?;
        seen.contains(management_group).then_some(true)
    }
}
