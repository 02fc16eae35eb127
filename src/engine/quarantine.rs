//! Quarantine: images that a registry hides until a scanner has passed them.
//!
//! No export shows which images those are, so the asker says it of an image. Where the registry's quarantine policy is
//! on, such an image is not found by its tag, and by digest only holders of both quarantine permissions get it; the
//! ordinary permissions to pull do not count for it (Azure Container Registry, preview "quarantine pattern").
//! What accounts without roles may do is not documented: they count as ordinary pullers, who may not.

use super::account::mind_lock;
use super::action::{Action, Permission, PermissionsMode};
use super::authorize::{AccessRequest, View};
use super::conditional_access::SignIn;
use super::decision::{Decision, Reason, Verdict};
use super::index::Index;
use super::inventory::Registry;

/// How a reference names its image.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NamedBy {
    /// By a tag, be it the one that is meant where none is written.
    Tag,
    /// By a digest, whatever tag stands beside it.
    Digest,
}

impl Index {
    /// Whether somebody may pull an image that has not passed the quarantine.
    #[must_use]
    pub fn decide_quarantined(
        &self,
        request: &AccessRequest<'_>,
        named_by: NamedBy,
        sign_in: &SignIn<'_>,
    ) -> Decision<'_> {
        let (registry, entry) = (self.registry(request.registry), self.registry_entry(request.registry));
        let (Some(registry), Some(entry)) = (registry, entry) else {
            return Decision::plain(Reason::RegistryNotManaged);
        };
        if !registry.quarantine_enabled || request.action != Action::Pull {
            return self.decide_signed_in(request, sign_in);
        }
        if named_by == NamedBy::Tag {
            return Decision::plain(Reason::ImageQuarantined);
        }
        // Both modes ask for the same pair.
        let mode = registry.mode.unwrap_or(PermissionsMode::Rbac);
        let view = View { index: self, supposed: None };
        let mut decision = view.decide_permissions(request, entry, &Permission::QUARANTINE, mode);
        if decision.verdict() == Verdict::Deny && decision.reason != Reason::DeniedByDenyAssignment {
            decision = Decision { reason: Reason::ImageQuarantined, by: None, ..decision };
        }
        let decision = self.mind_sign_in(request, sign_in, registry, decision);
        mind_lock(registry, request.repository, request.action, decision)
    }
}

/// What becomes of the decision about an account without roles where the image has not passed the quarantine.
#[must_use]
pub fn mind_quarantine<'index>(
    registry: &Registry,
    action: Action,
    decision: Decision<'index>,
) -> Decision<'index> {
    if registry.quarantine_enabled && action == Action::Pull && decision.verdict() == Verdict::Allow {
        return Decision { reason: Reason::ImageQuarantined, by: None, ..decision };
    }
    decision
}
