//! A sign-in: what of it is told, and whether the registry or Entra would stop it.

use smol_str::SmolStr;

use super::policy::{ConditionalAccessPolicy, People};
use crate::engine::action::PermissionsMode;
use crate::engine::assignment::PrincipalType;
use crate::engine::authorize::AccessRequest;
use crate::engine::condition::Truth;
use crate::engine::decision::{Advice, Decider, Decision, Reason, Verdict};
use crate::engine::guid::PrincipalId;
use crate::engine::index::Index;
use crate::engine::inventory::{PrincipalKind, Registry};

/// What the asker says about a sign-in. By default nothing: no control is met.
#[derive(Clone, Copy, Debug, Default)]
pub struct SignIn<'a> {
    /// For whom the Entra token is issued that the registry is shown.
    pub audience: TokenAudience,
    /// The grant controls that the sign-in meets, in Graph's words: `mfa`, `compliantDevice`, ….
    pub controls_met: &'a [SmolStr],
    /// Whether the client still holds a registry credential from before the registry changed to `rbac-abac`. Such
    /// registries refuse it until the client fetches a new one, whatever the roles say.
    pub from_former_mode: bool,
    /// Whether the client asks a connected registry on premises instead of the registry in Azure. Such a registry takes
    /// its own client tokens only (Azure Container Registry, "What is a connected registry?").
    pub at_connected_registry: bool,
}

impl SignIn<'_> {
    /// What becomes of a decision about an account that is no identity of Entra: neither the admin user nor anybody
    /// without a credential is a client of a connected registry.
    #[must_use]
    pub fn mind_account<'index>(&self, decision: Decision<'index>) -> Decision<'index> {
        if self.at_connected_registry && decision.verdict() != Verdict::Deny {
            return Decision { reason: Reason::ConnectedRegistryTakesTokensOnly, by: None, ..decision };
        }
        decision
    }
}

/// The audience of an Entra token.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum TokenAudience {
    /// Azure Container Registry. Every registry takes such tokens.
    #[default]
    Registry,
    /// Azure Resource Manager. Registries refuse such tokens once `azureADAuthenticationAsArmPolicy` is disabled.
    ResourceManager,
}

impl Index {
    /// What becomes of a decision about an Entra identity once its sign-in is looked at. Only takes away.
    pub(in crate::engine) fn mind_sign_in<'index>(
        &'index self,
        request: &AccessRequest<'_>,
        sign_in: &SignIn<'_>,
        registry: &Registry,
        decision: Decision<'index>,
    ) -> Decision<'index> {
        if decision.verdict() == Verdict::Deny {
            return decision;
        }
        if sign_in.at_connected_registry {
            return Decision { reason: Reason::ConnectedRegistryTakesTokensOnly, by: None, ..decision };
        }
        let refuses_arm = registry.arm_audience_tokens_enabled == Some(false);
        if sign_in.audience == TokenAudience::ResourceManager && refuses_arm {
            return Decision { reason: Reason::TokenAudienceRejected, by: None, ..decision };
        }
        if sign_in.from_former_mode {
            match registry.mode {
                Some(PermissionsMode::Rbac) => {}
                Some(PermissionsMode::RbacAbac) => {
                    return Decision { reason: Reason::CredentialFromFormerMode, by: None, ..decision };
                }
                None => return Decision { reason: Reason::RegistryModeUnknown, by: None, ..decision },
            }
        }
        let Some((policy, applies)) = self.stopping_policy(request.principal, sign_in) else {
            return decision;
        };
        match applies {
            Truth::False => decision,
            // An unknown keeps its own cause: the first that stands in the way.
            Truth::Unknown if decision.verdict() == Verdict::Unknown => decision,
            Truth::Unknown => Decision { reason: Reason::ConditionalAccessNotEvaluated, ..decision },
            Truth::True => {
                let by = Some(Decider::ConditionalAccessPolicy(policy));
                let mut blocked = Decision { reason: Reason::BlockedByConditionalAccess, by, ..decision };
                // A token for Resource Manager is issued under the policies of that application, not of this one.
                if !refuses_arm && !policy.applications.all {
                    blocked.advice.insert(Advice::ConditionalAccessMayBeBypassed);
                }
                blocked
            }
        }
    }

    /// The first policy that certainly stops the sign-in, else the first that may.
    fn stopping_policy(
        &self,
        principal: PrincipalId,
        sign_in: &SignIn<'_>,
    ) -> Option<(&ConditionalAccessPolicy, Truth)> {
        let policies = &self.inventory().conditional_access_policies;
        // Most estates export none, and most pulls are made by identities of workloads.
        if policies.is_empty() {
            return None;
        }
        let person = self.is_person(principal);
        if person == Truth::False {
            return None;
        }
        let mut doubtful = None;
        for policy in policies.iter().filter(|policy| !policy.controls.pass(sign_in.controls_met)) {
            match person.and(policy.applies(|people| self.are_among(principal, people))) {
                Truth::True => return Some((policy, Truth::True)),
                Truth::Unknown => drop(doubtful.get_or_insert((policy, Truth::Unknown))),
                Truth::False => {}
            }
        }
        doubtful
    }

    /// Whether an object id is a person's: as exported, else as its role assignments or a cluster tell.
    fn is_person(&self, principal: PrincipalId) -> Truth {
        if let Some(known) = self.principal(principal) {
            return Truth::from(match known.kind {
                PrincipalKind::User => true,
                PrincipalKind::ManagedIdentity | PrincipalKind::ServicePrincipal => false,
            });
        }
        for assignment in self.entries_of(principal).iter().filter_map(|entry| self.assignment(*entry)) {
            match assignment.principal_type {
                PrincipalType::User => return Truth::True,
                PrincipalType::Group | PrincipalType::ServicePrincipal => return Truth::False,
                PrincipalType::Unknown => {}
            }
        }
        let mut kubelets =
            self.inventory().clusters.iter().filter_map(|cluster| cluster.kubelet_identity.as_ref());
        if kubelets.any(|kubelet| kubelet.principal_id == principal) { Truth::False } else { Truth::Unknown }
    }

    fn are_among(&self, principal: PrincipalId, people: &People) -> Truth {
        let around = self.groups_of(principal);
        if people.everyone
            || people.users.contains(&principal)
            || people.groups.iter().any(|group| around.contains(group))
        {
            return Truth::True;
        }
        if people.others || people.groups.iter().any(|group| !self.knows_members_of(*group)) {
            return Truth::Unknown;
        }
        Truth::False
    }

    /// Whether an export lists the people of a group and of every group in it.
    fn knows_members_of(&self, group: PrincipalId) -> bool {
        let groups = &self.inventory().groups;
        let is_known = |id: PrincipalId| groups.iter().any(|known| known.id == id && known.members_known);
        is_known(group)
            && groups
                .iter()
                .filter(|inner| self.groups_of(inner.id).contains(&group))
                .all(|one| one.members_known)
    }
}
