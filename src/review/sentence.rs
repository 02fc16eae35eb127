//! What the codes of the engine mean, in words. The one place: denials, warnings, reports and `explain` read it.
//!
//! A sentence stands behind a colon: lower case, no full stop, nothing that varies. Text may change, codes may not.

use crate::engine::decision::{Advice, Reason};
use crate::engine::pull::{IdentityKind, Question};

/// Why a verdict came out as it did.
#[must_use]
pub const fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::AllowedByRole => "a role assignment grants the pull",
        Reason::AllowedByToken => "the scope map of its token covers the repository",
        Reason::AllowedByAdminUser => "the registry's admin user may pull everything",
        Reason::AllowedByAnonymousPull => "the registry lets everybody pull",
        Reason::AllowedByTaskDefaultAccess => "a registry in mode rbac lets its own tasks in",
        Reason::ConditionNotMet => "the condition of its role assignment excludes the repository",
        Reason::ConditionNotEvaluable => {
            "the condition of its role assignment needs what a pull does not carry"
        }
        Reason::ConditionInvalid => "the condition of its role assignment does not parse",
        Reason::RoleIgnoredInAbacMode => "the registry's mode (rbac-abac) ignores the role that it has",
        Reason::RoleIgnoredInRbacMode => "the registry's mode (rbac) ignores the role that it has",
        Reason::NoPullPermission => "no role assignment grants it the pull",
        Reason::NoPermission => "no role assignment grants it this action",
        Reason::DeniedByDenyAssignment => "a deny assignment takes the pull away",
        Reason::BlockedByConditionalAccess => "a Conditional Access policy stops this person's sign-in",
        Reason::TokenAudienceRejected => "the registry refuses tokens issued for Azure Resource Manager",
        Reason::ImageQuarantined => "the image has not passed the registry's quarantine",
        Reason::ConnectedRegistryTakesTokensOnly => "a connected registry takes its own client tokens only",
        Reason::CredentialFromFormerMode => "its credential is from before the registry's change of mode",
        Reason::RepositoryReadLocked => "the repository is locked against reading",
        Reason::TaskHasNoRegistryIdentity => "the task reads its registry with no identity",
        Reason::NodeCredentialNotSent => "the node sends no credential to a host in this spelling or cloud",
        Reason::VirtualNodeHasNoPullIdentity => "virtual nodes have no identity to pull with",
        Reason::NoPullIdentityConfigured => "the cluster has no pull identity for this service account",
        Reason::EmptyAcrClientIdAnnotation => "the annotation acr-client-id is empty, so nobody pulls",
        Reason::TokenDisabled => "the token in the pull secret is disabled",
        Reason::TokenPasswordsExpired => "every password of the token in the pull secret has expired",
        Reason::TokenScopeMapDoesNotCover => "the scope map of the token leaves the repository out",
        Reason::AcrPullBindingScopeDoesNotCover => {
            "the scope of its AcrPullBinding leaves the repository out"
        }
        Reason::AdminUserDisabled => "the pull secret names the admin user, which is switched off",
        Reason::PullSecretMalformed => "a pull secret cannot be read, which stops every pull of the pod",
        Reason::NotALoginServer => "the host serves blobs, not images",
        Reason::ImageIdReference => "an image id names what is on the node, whoever pulled it",
        Reason::InvalidImageReference => "not a valid image reference",
        Reason::RegistryNotManaged => "the registry is in no export",
        Reason::ServiceAccountNotFound => "the service account does not exist (yet)",
        Reason::IdentityNotInEstate => "no export knows this identity",
        Reason::PullSecretNotReadable => "a pull secret is named that may not be read here",
        Reason::ClientIdNotFederated => "no federated credential backs the client id annotation",
        Reason::DenyAssignmentMembersUnknown => {
            "a deny assignment names a group whose members no export lists"
        }
        Reason::DenyAssignmentsNotExported => {
            "the export could not read the deny assignments of the subscription"
        }
        Reason::RoleAssignmentsNotExported => {
            "no role lets it pull, and not all role assignments could be exported"
        }
        Reason::RegistryModeUnknown => "no export shows the registry's permissions mode, and it matters",
        Reason::ConditionalAccessNotEvaluated => "Conditional Access may stop this person's sign-in",
        Reason::ClusterPullIdentityUnknown => "the inventory does not say who pulls in this cluster",
        Reason::WorkloadUnreadable => "the object cannot be read as its kind, or is too big to be judged",
        Reason::InventoryNotLoaded => "no inventory is loaded",
        Reason::DeadlineExceeded => "the answer was not ready in time",
        Reason::InternalError => "acr-admission failed; its log says how",
        Reason::NoImage => "no image is named",
    }
}

/// What else is worth knowing.
#[must_use]
pub const fn advice(advice: Advice) -> &'static str {
    match advice {
        Advice::ManagementGroupChainUnknown => {
            "an assignment at a management group was left out: no export shows what lies above the subscription"
        }
        Advice::RoleDefinitionUnknown => {
            "an assignment names a role that no export defines; it grants nothing"
        }
        Advice::ScopeBelowRegistry => "an assignment is scoped below the registry, where it grants nothing",
        Advice::WildcardInCustomRole => {
            "the grant rests on a wildcard in a custom role, which registries may refuse"
        }
        Advice::MetadataReadMissing => "tags and referrers cannot be listed without metadata/read",
        Advice::AnonymousPullWouldWork => "a client that sends no credential at all could pull",
        Advice::RegistryNetworkRestricted => "the registry limits the networks that it answers",
        Advice::QuarantineEnabled => "the registry hides images until they pass its quarantine",
        Advice::RegistryModeMissing => {
            "no export shows the registry's permissions mode; both modes give this answer"
        }
        Advice::FederationNotChecked => {
            "the client id annotation is believed: no federated credential was exported at all"
        }
        Advice::GroupMembersMayBeHidden => {
            "a group with a fitting grant may have members that the export hides"
        }
        Advice::DataActionsAtManagementGroup => {
            "a custom role with data actions grants nothing at a management group"
        }
        Advice::PrincipalDeleted => "an assignment's principal is gone; it grants nothing",
        Advice::DenyConditionNotEvaluable => "a deny assignment's condition cannot be evaluated; it applies",
        Advice::NodeLogsInAtForeignRegistry => {
            "the node signs in at every registry of its cloud that a pod names, this foreign one included"
        }
        Advice::ConditionalAccessMayBeBypassed => {
            "the registry takes tokens for Resource Manager too, which this Conditional Access policy does not govern"
        }
        Advice::AcrPullBindingNotGiven => {
            "who pulls with this secret only its AcrPullBinding tells: give that beside the workload"
        }
        Advice::PullSecretNotRead => "a pull secret that is not read here may hold a login that can pull",
    }
}

/// What a question asks, as denials name it.
#[must_use]
pub const fn question(question: Question) -> &'static str {
    match question {
        Question::Workload => "may the workload's own identity pull",
        Question::Actual => "will the node manage to pull",
    }
}

/// A kind of account, before its name.
#[must_use]
pub const fn identity_kind(kind: IdentityKind) -> &'static str {
    match kind {
        IdentityKind::ManagedIdentity => "managed identity",
        IdentityKind::ServicePrincipal => "service principal",
        IdentityKind::User => "user",
        IdentityKind::Token => "token",
        IdentityKind::AdminUser => "admin user",
        IdentityKind::Anonymous => "an anonymous pull",
    }
}

/// No sentence about a reason is longer: the first line of a denial has room for this much.
pub const LONGEST_REASON: usize = 72;

#[cfg(test)]
mod tests {
    use super::{LONGEST_REASON, advice, reason};
    use crate::engine::decision::{Advice, Reason};

    #[test]
    fn sentences_fit_behind_a_colon() {
        let reasons = Reason::ALL.iter().map(|code| reason(*code));
        for sentence in reasons.clone().chain(Advice::ALL.iter().map(|code| advice(*code))) {
            assert!(!sentence.ends_with('.') && !sentence.contains('\n'), "{sentence}");
        }
        for sentence in reasons {
            assert!(sentence.chars().count() <= LONGEST_REASON, "{sentence}");
        }
    }
}
