//! What a decision says: verdict, reason, what decided, and advice. Text is made at the edges.

use std::fmt;

use serde::Serialize;

use super::assignment::{DenyAssignment, RoleAssignment};
use super::conditional_access::ConditionalAccessPolicy;
use super::inventory::ScopeMap;

/// The answer for one image. Never fewer than five: unknown is neither deny nor allow until a setting says so.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The identity can pull.
    Allow,
    /// The identity cannot pull.
    Deny,
    /// It could not be determined; the reason says why.
    Unknown,
    /// The host is no login server of a registry in the inventory.
    Unmanaged,
    /// There is nothing to judge.
    Skip,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 5] = [Self::Allow, Self::Deny, Self::Unknown, Self::Unmanaged, Self::Skip];

    /// The word of reports, logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Unknown => "unknown",
            Self::Unmanaged => "unmanaged",
            Self::Skip => "skip",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! coded {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable code, as reports, logs and metrics show it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

coded! {
    /// Why a verdict came out as it did. Codes are stable; the sentences made of them are not.
    Reason {
        /// A role assignment grants the pull.
        AllowedByRole,
        /// A repository-scoped token's scope map covers the repository.
        AllowedByToken,
        /// The registry's admin user may do everything.
        AllowedByAdminUser,
        /// The registry lets everybody pull.
        AllowedByAnonymousPull,
        /// An RBAC-only registry lets its own tasks do everything.
        AllowedByTaskDefaultAccess,
        /// A role would do, its condition excludes the repository.
        ConditionNotMet,
        /// A role would do, its condition cannot be evaluated with what the registry supplies.
        ConditionNotEvaluable,
        /// A role would do, its condition does not parse.
        ConditionInvalid,
        /// Only roles that an ABAC-enabled registry ignores.
        RoleIgnoredInAbacMode,
        /// Only roles that an RBAC-only registry ignores.
        RoleIgnoredInRbacMode,
        /// No assignment with the permission to pull.
        NoPullPermission,
        /// No assignment with the permission for another action than pull.
        NoPermission,
        /// A deny assignment wins.
        DeniedByDenyAssignment,
        /// A Conditional Access policy demands of this person's sign-in what it does not meet.
        BlockedByConditionalAccess,
        /// The registry refuses Entra tokens that were issued for Azure Resource Manager.
        TokenAudienceRejected,
        /// The registry hides the image until it passes the quarantine.
        ImageQuarantined,
        /// The client's registry credential was issued before the registry changed to the mode `rbac-abac`.
        CredentialFromFormerMode,
        /// A connected registry takes its own client tokens only.
        ConnectedRegistryTakesTokensOnly,
        /// The repository is locked against reading, for everybody.
        RepositoryReadLocked,
        /// The ACR task reads its registry with no identity, which an ABAC-enabled registry does not let in.
        TaskHasNoRegistryIdentity,
        /// The spelling of the host, or its cloud, keeps the node from sending its credential.
        NodeCredentialNotSent,
        /// Virtual nodes have no credential of their own.
        VirtualNodeHasNoPullIdentity,
        /// The cluster has no pull identity for this service account.
        NoPullIdentityConfigured,
        /// The annotation is present and empty, which replaces the cluster's default with nothing.
        EmptyAcrClientIdAnnotation,
        /// The pull secret's token is disabled.
        TokenDisabled,
        /// Every password of the pull secret's token has expired.
        TokenPasswordsExpired,
        /// The scope map of the pull secret's token leaves the repository out.
        TokenScopeMapDoesNotCover,
        /// The token that an `AcrPullBinding` asks for leaves the repository out.
        AcrPullBindingScopeDoesNotCover,
        /// The pull secret names the admin user, which is switched off.
        AdminUserDisabled,
        /// One of the pod's pull secrets cannot be read by a kubelet, so nobody tries anything.
        PullSecretMalformed,
        /// The host serves blobs, not images.
        NotALoginServer,
        /// The reference names an image on the node, whoever pulled it.
        ImageIdReference,
        /// The reference is not one.
        InvalidImageReference,
        /// The host is in no export.
        RegistryNotManaged,
        /// The service account does not exist (yet).
        ServiceAccountNotFound,
        /// No identity of the inventory has this id or name.
        IdentityNotInEstate,
        /// A pull secret is named and its content may not or cannot be read here.
        PullSecretNotReadable,
        /// The client id annotation has no matching federated credential.
        ClientIdNotFederated,
        /// A role would do, but a deny assignment names a group whose members no export lists.
        DenyAssignmentMembersUnknown,
        /// A role would do, but the export could not read the deny assignments of the registry's subscription.
        DenyAssignmentsNotExported,
        /// No role does, but the export could not read the role assignments of the registry's subscription.
        RoleAssignmentsNotExported,
        /// The exports do not say which permissions mode the registry is in, and the modes differ.
        RegistryModeUnknown,
        /// A person's sign-in may be stopped by a Conditional Access policy; the exports do not tell.
        ConditionalAccessNotEvaluated,
        /// The inventory does not say who pulls in this cluster.
        ClusterPullIdentityUnknown,
        /// The object cannot be read as the workload it says it is.
        WorkloadUnreadable,
        /// No inventory is loaded, so nothing can be judged.
        InventoryNotLoaded,
        /// The answer was not ready before the API server's deadline.
        DeadlineExceeded,
        /// A fault of this program.
        InternalError,
        /// The image field is empty.
        NoImage,
    }
}

impl Reason {
    /// The verdict that goes with the code.
    #[must_use]
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::AllowedByRole
            | Self::AllowedByToken
            | Self::AllowedByAdminUser
            | Self::AllowedByAnonymousPull
            | Self::AllowedByTaskDefaultAccess => Verdict::Allow,
            Self::ConditionNotMet
            | Self::ConditionNotEvaluable
            | Self::ConditionInvalid
            | Self::RoleIgnoredInAbacMode
            | Self::RoleIgnoredInRbacMode
            | Self::NoPullPermission
            | Self::NoPermission
            | Self::DeniedByDenyAssignment
            | Self::BlockedByConditionalAccess
            | Self::TokenAudienceRejected
            | Self::ImageQuarantined
            | Self::CredentialFromFormerMode
            | Self::ConnectedRegistryTakesTokensOnly
            | Self::RepositoryReadLocked
            | Self::TaskHasNoRegistryIdentity
            | Self::NodeCredentialNotSent
            | Self::VirtualNodeHasNoPullIdentity
            | Self::NoPullIdentityConfigured
            | Self::EmptyAcrClientIdAnnotation
            | Self::TokenDisabled
            | Self::TokenPasswordsExpired
            | Self::TokenScopeMapDoesNotCover
            | Self::AcrPullBindingScopeDoesNotCover
            | Self::AdminUserDisabled
            | Self::PullSecretMalformed
            | Self::NotALoginServer
            | Self::ImageIdReference
            | Self::InvalidImageReference => Verdict::Deny,
            Self::RegistryNotManaged => Verdict::Unmanaged,
            Self::ServiceAccountNotFound
            | Self::IdentityNotInEstate
            | Self::PullSecretNotReadable
            | Self::ClientIdNotFederated
            | Self::DenyAssignmentMembersUnknown
            | Self::DenyAssignmentsNotExported
            | Self::RoleAssignmentsNotExported
            | Self::RegistryModeUnknown
            | Self::ConditionalAccessNotEvaluated
            | Self::ClusterPullIdentityUnknown
            | Self::WorkloadUnreadable
            | Self::InventoryNotLoaded
            | Self::DeadlineExceeded
            | Self::InternalError => Verdict::Unknown,
            Self::NoImage => Verdict::Skip,
        }
    }
}

coded! {
    /// Something worth knowing beside the verdict. Never changes it.
    Advice {
        /// A management-group assignment was left out: the exports do not show what lies above the subscription.
        ManagementGroupChainUnknown,
        /// An assignment names a role that no export defines; it grants nothing.
        RoleDefinitionUnknown,
        /// An assignment is scoped below the registry, where Azure Container Registry does not look.
        ScopeBelowRegistry,
        /// The grant rests on a wildcard that the registry's custom-role page restricts.
        WildcardInCustomRole,
        /// The image can be pulled; listing tags and referrers will fail without `metadata/read`.
        MetadataReadMissing,
        /// A client that sends no credential at all could pull.
        AnonymousPullWouldWork,
        /// The registry limits the networks it answers; a blocked path fails before any permission is read.
        RegistryNetworkRestricted,
        /// The registry hides images until they pass its quarantine.
        QuarantineEnabled,
        /// The exports do not say which permissions mode the registry is in; both modes give this answer.
        RegistryModeMissing,
        /// The client id annotation is believed without a federated credential: none was exported at all.
        FederationNotChecked,
        /// A group that holds a fitting grant, or that a deny assignment names, may have members that no export shows.
        GroupMembersMayBeHidden,
        /// A custom role with data actions cannot be assigned at a management group; it grants nothing there.
        DataActionsAtManagementGroup,
        /// An assignment's principal is gone; it grants nothing.
        PrincipalDeleted,
        /// A deny assignment's condition cannot be evaluated; it applies.
        DenyConditionNotEvaluable,
        /// The node signs in at every registry of this cloud that a pod names, this foreign one included.
        NodeLogsInAtForeignRegistry,
        /// Somebody with this pull secret could pull once it can be read here.
        PullSecretNotRead,
        /// The registry takes tokens for Azure Resource Manager too, which other Conditional Access policies govern.
        ConditionalAccessMayBeBypassed,
        /// The pull secret is of the kind that an `AcrPullBinding` makes, and the binding is not known here.
        AcrPullBindingNotGiven,
    }
}

/// A set of [`Advice`] in one word.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct AdviceSet(u32);

impl AdviceSet {
    /// Adds one piece of advice.
    pub fn insert(&mut self, advice: Advice) {
        self.0 |= 1 << advice as u32;
    }

    /// Adds all of another set.
    pub fn extend(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Whether the advice is in the set.
    #[must_use]
    pub const fn contains(self, advice: Advice) -> bool {
        self.0 & (1 << advice as u32) != 0
    }

    /// The advice in the order of the codes.
    pub fn iter(self) -> impl Iterator<Item = Advice> {
        Advice::ALL.iter().copied().filter(move |advice| self.contains(*advice))
    }
}

/// What decided: the object whose id verdicts give as `by`.
#[derive(Clone, Copy, Debug)]
pub enum Decider<'index> {
    /// A role assignment that grants, or the first that would have.
    RoleAssignment(&'index RoleAssignment),
    /// A deny assignment.
    DenyAssignment(&'index DenyAssignment),
    /// The scope map of a token.
    ScopeMap(&'index ScopeMap),
    /// A Conditional Access policy.
    ConditionalAccessPolicy(&'index ConditionalAccessPolicy),
}

impl Decider<'_> {
    /// The name that reports and batches give as `by`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::RoleAssignment(assignment) => assignment.name.to_string(),
            Self::DenyAssignment(deny) => deny.name.to_string(),
            Self::ScopeMap(map) => map.name.to_string(),
            Self::ConditionalAccessPolicy(policy) => policy.id.to_string(),
        }
    }
}

/// The answer to one question about one identity. Borrowed from the index that gave it.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'index> {
    /// Why; the verdict follows from it.
    pub reason: Reason,
    /// What decided, where one object did.
    pub by: Option<Decider<'index>>,
    /// What else is worth knowing.
    pub advice: AdviceSet,
}

impl Decision<'_> {
    /// A decision that no single object made.
    #[must_use]
    pub fn plain(reason: Reason) -> Self {
        Self { reason, by: None, advice: AdviceSet::default() }
    }

    /// The verdict.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.reason.verdict()
    }
}
