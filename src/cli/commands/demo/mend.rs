//! How to mend what was refused: a verified command, or a sentence where no command can be verified.

use jiff::Timestamp;

use super::estate::PodReview;
use crate::azure_cli::{Repair, instruction};
use crate::engine::action::Action;
use crate::engine::authorize::AccessRequest;
use crate::engine::decision::Reason;
use crate::engine::image::ImageReference;
use crate::engine::index::{HostMatch, IdentityMatch, Index, RegistryNumber};

/// What would turn a verdict.
#[derive(Debug)]
pub(super) enum Mending {
    /// A command that was verified to do so.
    Command(Box<Repair>),
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
    if let Some(fix) = grant(index, pod, identity, now) {
        return Some(Mending::Command(Box::new(fix)));
    }
    if reason == Reason::ClientIdNotFederated {
        return Some(Mending::Words(format!(
            "Let the identity trust the subject system:serviceaccount:{}:{}, or take the annotation off.",
            pod.namespace, pod.service_account,
        )));
    }
    instruction(reason).map(|words| Mending::Words(words.to_owned()))
}

/// The verified command about a role that is missing or falls short.
fn grant(index: &Index, pod: &PodReview, identity: &str, now: Timestamp) -> Option<Repair> {
    let registry = registry_of(index, &pod.image)?;
    let reference: ImageReference = pod.image.parse().ok()?;
    let repository = Some(reference.repository().as_str());
    let IdentityMatch::One(found) = index.find_identity(identity) else { return None };
    let principal = found.principal_id;
    let request = AccessRequest { principal, registry, repository, action: Action::Pull, now };
    index.fix(&request).ok().as_ref().map(Repair::from)
}
