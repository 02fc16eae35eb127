//! Codes in words: one sentence for each reason, and one line for each finding.

use super::model::{AnswerRow, Finding, object_name};
use crate::engine::decision::{Reason, Verdict};

/// One line that is complete in itself: which object, which image, who, and why.
#[must_use]
pub fn explanation(finding: &Finding, answer: &AnswerRow) -> String {
    let verdict = match answer.verdict {
        Verdict::Allow => "can be pulled",
        Verdict::Deny => "cannot be pulled",
        Verdict::Unknown => "may or may not be pulled",
        Verdict::Unmanaged | Verdict::Skip => "is not judged",
    };
    let identity = answer.identity.as_ref().map(|identity| format!(" by {}", identity.name));
    let identity = identity.unwrap_or_default();
    format!(
        "{}: `{}` {verdict}{identity}: {} ({})",
        object_name(finding),
        finding.image,
        meaning(answer.reason),
        answer.reason,
    )
}

/// What a reason means, as half a sentence that can follow a colon.
#[must_use]
pub const fn meaning(reason: Reason) -> &'static str {
    match reason {
        Reason::AllowedByRole => "a role assignment grants it",
        Reason::AllowedByToken => "the scope map of the pull secret's token covers the repository",
        Reason::AllowedByAdminUser => "the pull secret holds the registry's admin user, which is switched on",
        Reason::AllowedByAnonymousPull => "the registry lets everybody pull",
        Reason::ConditionNotMet => "a role would grant it, but its condition leaves this repository out",
        Reason::ConditionNotEvaluable => {
            "a role would grant it, but its condition asks for something that the registry does not supply"
        }
        Reason::ConditionInvalid => {
            "a role would grant it, but its condition does not parse, so it grants nothing"
        }
        Reason::RoleIgnoredInAbacMode => {
            "only roles that a registry in mode rbac-abac ignores, such as AcrPull"
        }
        Reason::RoleIgnoredInRbacMode => {
            "only roles that a registry in mode rbac ignores, such as Container Registry Repository Reader"
        }
        Reason::NoPullPermission => "no role assignment gives the permission to pull",
        Reason::NoPermission => "no role assignment gives the permission for this action",
        Reason::DeniedByDenyAssignment => "a deny assignment takes the permission away",
        Reason::NodeCredentialNotSent => {
            "the node sends its credential only to hosts spelled as the login server of its own cloud"
        }
        Reason::VirtualNodeHasNoPullIdentity => {
            "a virtual node has no credential of its own, so only a pull secret would help"
        }
        Reason::NoPullIdentityConfigured => "no identity pulls for this service account in this cluster",
        Reason::EmptyAcrClientIdAnnotation => {
            "the annotation kubernetes.azure.com/acr-client-id is empty, which switches the cluster's default identity off"
        }
        Reason::TokenDisabled => "the pull secret's token is disabled",
        Reason::TokenPasswordsExpired => "every password of the pull secret's token has expired",
        Reason::TokenScopeMapDoesNotCover => {
            "the scope map of the pull secret's token leaves the repository out"
        }
        Reason::AdminUserDisabled => "the pull secret holds the registry's admin user, which is switched off",
        Reason::PullSecretMalformed => {
            "a pull secret of the pod cannot be read by a kubelet, which then tries nothing at all"
        }
        Reason::NotALoginServer => "the host is a data endpoint of the registry, not its login server",
        Reason::ImageIdReference => {
            "the reference names an image that is on the node already, whoever pulled it"
        }
        Reason::InvalidImageReference => "this is no image reference",
        Reason::RegistryNotManaged => "the host is no registry of the inventory",
        Reason::ServiceAccountNotFound => "the service account was not found",
        Reason::IdentityNotInEstate => "no identity of the inventory has this id or name",
        Reason::PullSecretNotReadable => "a pull secret is named whose content cannot be read here",
        Reason::ClientIdNotFederated => {
            "no federated credential ties the annotated client id to this service account"
        }
        Reason::RegistryModeUnknown => {
            "the inventory does not say which permissions mode the registry is in, and the modes give different answers"
        }
        Reason::ConditionalAccessNotEvaluated => {
            "a role assignment grants it to a person, whose sign-in Conditional Access may stop"
        }
        Reason::ClusterPullIdentityUnknown => "the inventory does not say who pulls in this cluster",
        Reason::WorkloadUnreadable => "the object cannot be read as the workload that it says it is",
        Reason::InventoryNotLoaded => "no inventory is loaded",
        Reason::DeadlineExceeded => "the answer was not ready in time",
        Reason::InternalError => "a fault of acr-admission itself",
        Reason::NoImage => "the image field is empty",
    }
}
