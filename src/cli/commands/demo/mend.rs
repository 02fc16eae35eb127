//! How to mend what was refused: a verified command, or a sentence where no command can be verified.

use jiff::Timestamp;

use super::estate::PodReview;
use crate::engine::action::Action;
use crate::engine::authorize::AccessRequest;
use crate::engine::decision::Reason;
use crate::engine::image::ImageReference;
use crate::engine::index::{HostMatch, IdentityMatch, Index, RegistryNumber};
use crate::report::pull_fix;

/// What would turn a verdict.
#[derive(Debug)]
pub(super) enum Mending {
    /// A command that was verified to do so.
    Command(String),
    /// What to do, in words.
    Words(String),
}

/// The registry that an image is in.
pub(super) fn registry_of(index: &Index, image: &str) -> Option<RegistryNumber> {
    let reference: ImageReference = image.parse().ok()?;
    match index.host(reference.host())? {
        HostMatch::LoginServer(number) => Some(number),
        HostMatch::DataEndpoint(_) => None,
    }
}

/// What would turn the verdict about a pod's image; `None` where nothing has to be done, or nothing can.
pub(super) fn mending(
    index: &Index,
    pod: &PodReview,
    identity: &str,
    reason: Reason,
    now: Timestamp,
) -> Option<Mending> {
    match reason {
        Reason::ConditionNotMet
        | Reason::RoleIgnoredInAbacMode
        | Reason::RoleIgnoredInRbacMode
        | Reason::NoPullPermission => grant(index, pod, identity, now),
        Reason::ClientIdNotFederated => Some(Mending::Words(format!(
            "let the identity trust the subject system:serviceaccount:{}:{}, or take the annotation off",
            pod.namespace, pod.service_account,
        ))),
        _ => None,
    }
}

/// A command, or what else to do, about a role that is missing or falls short.
fn grant(index: &Index, pod: &PodReview, identity: &str, now: Timestamp) -> Option<Mending> {
    let registry = registry_of(index, &pod.image)?;
    let reference: ImageReference = pod.image.parse().ok()?;
    let repository = reference.repository().as_str();
    let IdentityMatch::One(found) = index.find_identity(identity) else { return None };
    let principal = found.principal_id;
    if let Some(command) = pull_fix(index, registry, repository, principal, now) {
        return Some(Mending::Command(command));
    }
    // Azure keeps one assignment for each principal, role and scope: a second one would silently not be made.
    let request =
        AccessRequest { principal, registry, repository: Some(repository), action: Action::Pull, now };
    let existing = index.decide(&request).by?.name();
    Some(Mending::Words(format!(
        "widen the condition of assignment `{existing}` to let `{repository}` through"
    )))
}
