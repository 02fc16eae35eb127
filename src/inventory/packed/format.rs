//! The types behind the packed form. Their documentation is the schema's.
//!
//! Scopes and conditions stand in tables and are named by their position, because a tenant has 100,000 assignments
//! but only some thousand of either.

use std::io::{self, Write};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::guid::{ClientId, PrincipalId, RoleId};
use crate::inventory::export::GapItem;
use crate::inventory::hand_written::format::ModeItem;

/// A position in the table of scopes.
pub type ScopeNumber = usize;
/// A position in the table of conditions.
pub type ConditionNumber = usize;

macro_rules! document {
    ($($(#[$doc:meta])* $field:ident: $item:ty,)+) => {
        /// The part of an inventory that verdicts about some clusters and registries need. Made by
        /// `acr-admission inventory pack`; nobody writes it by hand.
        #[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq)]
        #[serde(rename_all = "camelCase", deny_unknown_fields, default)]
        #[schemars(title = "PackedInventory", extend("required" = ["apiVersion", "kind"]))]
        pub struct PackedDocument {
            /// `acr-admission.dev/v1`.
            #[schemars(extend("const" = "acr-admission.dev/v1"))]
            pub api_version: String,
            /// `PackedInventory`.
            #[schemars(extend("const" = "PackedInventory"))]
            pub kind: String,
            /// When the oldest of the exports was made, where one says so.
            #[schemars(with = "Option<String>", extend("format" = "date-time"))]
            pub exported_at: Option<Timestamp>,
            $($(#[$doc])* pub $field: Vec<$item>,)+
        }

        impl PackedDocument {
            /// Writes the document as JSON, each thing on a line of its own, so that two of them can be compared.
            ///
            /// # Errors
            /// Those of the writer.
            pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
                write!(to, r#"{{"apiVersion":"{}","kind":"{}""#, self.api_version, self.kind)?;
                if let Some(exported_at) = self.exported_at {
                    write!(to, r#","exportedAt":"{exported_at}""#)?;
                }
                $(write_list(to, stringify!($field), &self.$field)?;)+
                to.write_all(b"}\n")
            }
        }
    };
}

document! {
    /// What the exports could not read.
    gaps: GapItem,
    /// The scopes and resource ids that the lists below name by position.
    scopes: String,
    /// The conditions that the lists below name by position.
    conditions: ConditionItem,
    /// Container registries.
    registries: RegistryItem,
    /// AKS clusters.
    clusters: ClusterItem,
    /// Managed identities, service principals, and people without their names.
    principals: PrincipalItem,
    /// Groups with the members that are kept.
    groups: GroupItem,
    /// The object ids of those whose groups were exported whole.
    complete_memberships: String,
    /// Roles that are not built into the program.
    role_definitions: RoleItem,
    /// Role assignments, in the order of the exports.
    role_assignments: RoleAssignmentItem,
    /// Deny assignments, in the order of the exports.
    deny_assignments: DenyAssignmentItem,
    /// Repository-scoped tokens.
    tokens: TokenItem,
    /// Scope maps.
    scope_maps: ScopeMapItem,
    /// Federated credentials.
    federated_credentials: FederatedCredentialItem,
    /// ACR tasks.
    tasks: TaskItem,
    /// Conditional Access policies.
    conditional_access_policies: PolicyItem,
    /// The management groups above each subscription.
    management_groups: ManagementGroupsItem,
}

/// Writes nothing for an empty list.
fn write_list<T: Serialize>(to: &mut impl Write, field: &str, items: &[T]) -> io::Result<()> {
    for (index, item) in items.iter().enumerate() {
        if index == 0 {
            write!(to, ",\n\"{}\":[\n", camel_case(field))?;
        } else {
            to.write_all(b",\n")?;
        }
        serde_json::to_writer(&mut *to, item)?;
    }
    if items.is_empty() { Ok(()) } else { to.write_all(b"]") }
}

fn camel_case(field: &str) -> String {
    let mut words = field.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let mut letters = word.chars();
        let capital = letters.next().map(|letter| letter.to_ascii_uppercase());
        name.chars().chain(capital).chain(letters).collect()
    })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference over")]
fn is_false(flag: &bool) -> bool {
    !flag
}

macro_rules! items {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $kind:ty,)+ })+) => {
        $($(#[$meta])*
        #[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name { $($(#[$field_meta])* pub $field: $kind,)+ })+
    };
}

items! {
    /// A condition of an assignment or role.
    ConditionItem {
        /// As exported.
        text: String,
        /// `conditionVersion`, where it is not `2.0`.
        #[serde(skip_serializing_if = "Option::is_none")]
        version: Option<String>,
    }
    /// A container registry.
    RegistryItem {
        /// The resource id.
        id: String,
        /// The resource name.
        name: String,
        /// The global login server.
        login_server: String,
        /// Regional endpoints that serve pulls as well.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        regional_hosts: Vec<String>,
        /// Data endpoints.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        data_hosts: Vec<String>,
        /// The permissions mode; absent where it is not known.
        #[serde(skip_serializing_if = "Option::is_none")]
        mode: Option<ModeItem>,
        /// `Basic`, `Standard` or `Premium`.
        #[serde(skip_serializing_if = "Option::is_none")]
        sku: Option<String>,
        /// Whether the admin user can sign in.
        #[serde(default, skip_serializing_if = "is_false")]
        admin_user_enabled: bool,
        /// Whether requests without any credential may pull.
        #[serde(default, skip_serializing_if = "is_false")]
        anonymous_pull_enabled: bool,
        /// Whether images stay hidden until a scanner passes them.
        #[serde(default, skip_serializing_if = "is_false")]
        quarantine_enabled: bool,
        /// Whether Entra tokens for the ARM audience are accepted; absent where not known.
        #[serde(skip_serializing_if = "Option::is_none")]
        arm_audience_tokens_enabled: Option<bool>,
        /// Whether the network is limited.
        #[serde(default, skip_serializing_if = "is_false")]
        network_restricted: bool,
        /// Repositories that nobody may read.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        locked_repositories: Vec<String>,
    }
    /// An AKS cluster.
    ClusterItem {
        /// The resource id.
        id: String,
        /// The resource name.
        name: String,
        /// The kubelet identity.
        #[serde(skip_serializing_if = "Option::is_none")]
        kubelet_identity: Option<KubeletItem>,
        /// The client id of the cluster's service principal.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        service_principal: Option<ClientId>,
        /// The image-pull profile.
        #[serde(skip_serializing_if = "Option::is_none")]
        service_account_image_pull: Option<ImagePullItem>,
        /// The issuer of the cluster's service account tokens.
        #[serde(skip_serializing_if = "Option::is_none")]
        oidc_issuer: Option<String>,
    }
    /// A kubelet identity.
    KubeletItem {
        /// The resource id.
        #[serde(skip_serializing_if = "Option::is_none")]
        resource_id: Option<ScopeNumber>,
        /// The client id.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        client_id: Option<ClientId>,
        /// The object id.
        #[schemars(with = "String")]
        principal_id: PrincipalId,
    }
    /// An image-pull profile.
    ImagePullItem {
        /// Whether service accounts pull.
        enabled: bool,
        /// The identity of service accounts that name none.
        #[serde(skip_serializing_if = "Option::is_none")]
        default_identity: Option<ScopeNumber>,
    }
    /// Somebody who can sign in.
    PrincipalItem {
        /// The object id.
        #[schemars(with = "String")]
        id: PrincipalId,
        /// What it is.
        kind: PrincipalKindItem,
        /// The client id.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        client_id: Option<ClientId>,
        /// The resource id.
        #[serde(skip_serializing_if = "Option::is_none")]
        resource_id: Option<ScopeNumber>,
        /// The display name; people have none here.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        name: String,
    }
    /// A group.
    GroupItem {
        /// The object id.
        #[schemars(with = "String")]
        id: PrincipalId,
        /// The display name.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        name: String,
        /// The members that are kept.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schemars(with = "Vec<String>")]
        members: Vec<PrincipalId>,
        /// Whether an export lists the members.
        #[serde(default, skip_serializing_if = "is_false")]
        members_known: bool,
        /// Whether that list may leave somebody out.
        #[serde(default, skip_serializing_if = "is_false")]
        members_may_be_hidden: bool,
    }
    /// A role.
    RoleItem {
        /// The GUID.
        #[schemars(with = "String")]
        id: RoleId,
        /// The display name.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        name: String,
        /// Whether Azure ships it.
        #[serde(default, skip_serializing_if = "is_false")]
        built_in: bool,
        /// What it allows.
        permissions: Vec<BlockItem>,
    }
    /// A block of permissions.
    BlockItem {
        /// Control-plane patterns.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        actions: Vec<String>,
        /// Control-plane patterns taken out again.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        not_actions: Vec<String>,
        /// Data-plane patterns.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        data_actions: Vec<String>,
        /// Data-plane patterns taken out again.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        not_data_actions: Vec<String>,
        /// The condition of the block.
        #[serde(skip_serializing_if = "Option::is_none")]
        condition: Option<ConditionNumber>,
    }
    /// A role assignment.
    RoleAssignmentItem {
        /// The last segment of its id.
        name: String,
        /// Where it is made.
        scope: ScopeNumber,
        /// The GUID of the role.
        #[schemars(with = "String")]
        role: RoleId,
        /// The object id of whom it is for.
        #[schemars(with = "String")]
        principal: PrincipalId,
        /// What the export says that the principal is.
        #[serde(skip_serializing_if = "Option::is_none")]
        r#type: Option<PrincipalTypeItem>,
        /// Whether the principal is gone.
        #[serde(default, skip_serializing_if = "is_false")]
        deleted: bool,
        /// What narrows it.
        #[serde(skip_serializing_if = "Option::is_none")]
        condition: Option<ConditionNumber>,
        /// When it counts.
        #[serde(skip_serializing_if = "Option::is_none")]
        window: Option<WindowItem>,
    }
    /// When an assignment counts.
    WindowItem {
        /// First instant that counts.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>", extend("format" = "date-time"))]
        start: Option<Timestamp>,
        /// First instant that does not count any more.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>", extend("format" = "date-time"))]
        end: Option<Timestamp>,
        /// Eligible and not activated.
        #[serde(default, skip_serializing_if = "is_false")]
        eligible_only: bool,
    }
    /// A deny assignment that is enforced.
    DenyAssignmentItem {
        /// The last segment of its id.
        name: String,
        /// The display name.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        display_name: String,
        /// Where it is made.
        scope: ScopeNumber,
        /// Whether what lies below is spared.
        #[serde(default, skip_serializing_if = "is_false")]
        only_this_scope: bool,
        /// Whom it hits; the all-zero id for everyone.
        #[schemars(with = "Vec<String>")]
        principals: Vec<PrincipalId>,
        /// Whom it spares.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schemars(with = "Vec<String>")]
        excluded: Vec<PrincipalId>,
        /// What it takes away.
        permissions: Vec<BlockItem>,
        /// What narrows it.
        #[serde(skip_serializing_if = "Option::is_none")]
        condition: Option<ConditionNumber>,
    }
    /// A token.
    TokenItem {
        /// The registry.
        registry: ScopeNumber,
        /// The name.
        name: String,
        /// The scope map.
        scope_map: ScopeNumber,
        /// Whether it may sign in.
        enabled: bool,
        /// When each password ends, `null` for never; absent where not exported.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<Vec<Option<String>>>")]
        passwords: Option<Vec<Option<Timestamp>>>,
    }
    /// A scope map.
    ScopeMapItem {
        /// The resource id.
        id: ScopeNumber,
        /// The resource name.
        name: String,
        /// Its entries.
        actions: Vec<String>,
    }
    /// A federated credential.
    FederatedCredentialItem {
        /// The identity.
        identity: ScopeNumber,
        /// The issuer.
        issuer: String,
        /// The subject.
        subject: String,
        /// The audiences.
        audiences: Vec<String>,
    }
    /// An ACR task.
    TaskItem {
        /// The registry.
        registry: ScopeNumber,
        /// The name.
        name: String,
        /// The object id of its system-assigned identity.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        system_identity: Option<PrincipalId>,
        /// Its user-assigned identities.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        user_identities: Vec<ScopeNumber>,
        /// `credentials.sourceRegistry.identity`.
        #[serde(skip_serializing_if = "Option::is_none")]
        source_identity: Option<String>,
        /// `credentials.sourceRegistry.loginMode` is `None`.
        #[serde(default, skip_serializing_if = "is_false")]
        login_disabled: bool,
    }
    /// A Conditional Access policy.
    PolicyItem {
        /// The id.
        id: String,
        /// The display name.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        name: String,
        /// Whether it is enforced.
        state: PolicyStateItem,
        /// Whom it includes.
        included: PeopleItem,
        /// Whom it spares.
        excluded: PeopleItem,
        /// What it includes.
        applications: ApplicationsItem,
        /// What it spares.
        excluded_applications: ApplicationsItem,
        /// `clientAppTypes`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        client_app_types: Vec<String>,
        /// Further conditions, which cannot be judged.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unjudged_conditions: Vec<String>,
        /// `block`.
        #[serde(default, skip_serializing_if = "is_false")]
        block: bool,
        /// Operator `AND`.
        #[serde(default, skip_serializing_if = "is_false")]
        all_needed: bool,
        /// The controls it demands.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        controls: Vec<String>,
    }
    /// A choice of people.
    PeopleItem {
        /// `All`.
        #[serde(default, skip_serializing_if = "is_false")]
        everyone: bool,
        /// Users by object id.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schemars(with = "Vec<String>")]
        users: Vec<PrincipalId>,
        /// Groups by object id.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schemars(with = "Vec<String>")]
        groups: Vec<PrincipalId>,
        /// Others, whom no export shows.
        #[serde(default, skip_serializing_if = "is_false")]
        others: bool,
    }
    /// A choice of applications.
    ApplicationsItem {
        /// `All`.
        #[serde(default, skip_serializing_if = "is_false")]
        all: bool,
        /// Azure Container Registry.
        #[serde(default, skip_serializing_if = "is_false")]
        registry: bool,
        /// Others, which no export shows.
        #[serde(default, skip_serializing_if = "is_false")]
        others: bool,
    }
    /// Management groups above a subscription.
    ManagementGroupsItem {
        /// The subscription.
        subscription: String,
        /// All that lie above it, where an export shows the whole chain.
        #[serde(skip_serializing_if = "Option::is_none")]
        ancestors: Option<Vec<String>>,
        /// Those that were seen in its own exports.
        #[serde(skip_serializing_if = "Option::is_none")]
        seen: Option<Vec<String>>,
    }
}

macro_rules! words {
    ($($(#[$meta:meta])* $name:ident = $of:ty { $($variant:ident,)+ })+) => {
        $($(#[$meta])*
        #[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
        #[serde(rename_all = "camelCase")]
        #[expect(missing_docs, reason = "the engine's type of the same words explains them")]
        pub enum $name { $($variant,)+ }

        impl From<$of> for $name {
            fn from(word: $of) -> Self {
                match word { $(<$of>::$variant => Self::$variant,)+ }
            }
        }

        impl From<$name> for $of {
            fn from(word: $name) -> Self {
                match word { $($name::$variant => Self::$variant,)+ }
            }
        })+
    };
}

words! {
    /// What kind of object a principal is.
    PrincipalKindItem = crate::engine::inventory::PrincipalKind { ManagedIdentity, ServicePrincipal, User, }
    /// What an export says that a principal is.
    PrincipalTypeItem = crate::engine::assignment::PrincipalType { User, Group, ServicePrincipal, Unknown, }
    /// Whether a policy is enforced.
    PolicyStateItem = crate::engine::conditional_access::PolicyState { Enabled, ReportOnly, Disabled, Unrecognised, }
}

#[cfg(test)]
mod tests {
    use super::PackedDocument;

    #[test]
    fn an_empty_document_is_one_line() {
        let document =
            PackedDocument { api_version: "v".into(), kind: "k".into(), ..PackedDocument::default() };
        let mut text = Vec::new();
        document.write(&mut text).unwrap();
        assert_eq!(text, b"{\"apiVersion\":\"v\",\"kind\":\"k\"}\n");
    }
}
