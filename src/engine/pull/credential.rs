//! Whose credential a try sends, and what the registry makes of it.

use jiff::Timestamp;
use smol_str::{SmolStr, format_smolstr};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use super::answer::{IdentityKind, JudgedIdentity, Try};
use super::cluster::ClusterProfile;
use super::federation::AUDIENCE;
use super::holder::{TOKEN_USER, TokenHolder};
use super::node::{Sender, Trust};
use super::puller::Puller;
use crate::engine::account::{decide_admin_user, decide_anonymous};
use crate::engine::action::{Action, PermissionsMode};
use crate::engine::authorize::AccessRequest;
use crate::engine::decision::{Advice, AdviceSet, Decision, Reason, Verdict};
use crate::engine::guid::{ClientId, PrincipalId};
use crate::engine::index::{Index, RegistryNumber};
use crate::engine::inventory::{PrincipalKind, Registry, Token};

/// What is to be pulled, from where and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct PullTarget<'a> {
    pub(super) number: RegistryNumber,
    pub(super) registry: &'a Registry,
    pub(super) repository: &'a str,
    pub(super) now: Timestamp,
}

/// What one try comes to.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) reason: Reason,
    pub(super) identity: Option<JudgedIdentity>,
    pub(super) by: Option<SmolStr>,
    pub(super) advice: AdviceSet,
}

/// Whom a registry takes a login for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Login<'a> {
    Principal(PrincipalId),
    Token(&'a Token),
    AdminUser,
    Anonymous,
}

impl Outcome {
    /// Nobody could be asked.
    pub(super) fn unresolved(reason: Reason) -> Self {
        Self { reason, identity: None, by: None, advice: AdviceSet::default() }
    }
}

impl Index {
    /// Whether somebody who signs in with a user name can pull.
    pub(super) fn outcome_of_user(&self, user: &str, target: PullTarget<'_>) -> Outcome {
        match self.login_of(user, target) {
            Ok(login) => self.outcome_of(login, target),
            Err(reason) => {
                let mut outcome = Outcome::unresolved(reason);
                if user == TOKEN_USER {
                    outcome.advice.insert(Advice::AcrPullBindingNotGiven);
                }
                outcome
            }
        }
    }

    /// Whether the identity whose token a secret holds can pull with that token.
    pub(super) fn outcome_of_holder(
        &self,
        holder: &TokenHolder,
        puller: &Puller<'_>,
        cluster: &ClusterProfile,
        target: PullTarget<'_>,
    ) -> Outcome {
        let mut advice = AdviceSet::default();
        let mut outcome = match self.principal_of_holder(holder, puller, cluster, &mut advice) {
            Ok(principal) => self.outcome_of(Login::Principal(principal), target),
            Err(reason) => Outcome::unresolved(reason),
        };
        outcome.advice.extend(advice);
        if !holder.covers(target.repository) {
            // Whoever it is: with this token nobody pulls.
            let Outcome { identity, advice, .. } = outcome;
            return Outcome { reason: Reason::AcrPullBindingScopeDoesNotCover, identity, by: None, advice };
        }
        outcome
    }

    /// Whether somebody can pull.
    pub(super) fn outcome_of(&self, login: Login<'_>, target: PullTarget<'_>) -> Outcome {
        let decision = self.decide_login(login, Action::Pull, target);
        let mut advice = decision.advice;
        if decision.verdict() == Verdict::Allow && self.misses_metadata(login, target) {
            advice.insert(Advice::MetadataReadMissing);
        }
        Outcome {
            reason: decision.reason,
            identity: Some(self.identity_of(login, target.registry)),
            by: decision.by.map(|decider| decider.name().into()),
            advice,
        }
    }

    /// The object id behind a login of the node's plugin.
    pub(super) fn principal_of_sender(
        &self,
        sender: Sender<'_>,
        puller: &Puller<'_>,
        cluster: &ClusterProfile,
        advice: &mut AdviceSet,
    ) -> Result<PrincipalId, Reason> {
        match sender {
            Sender::Kubelet => cluster.kubelet_identity.ok_or(Reason::ClusterPullIdentityUnknown),
            Sender::ServicePrincipal => {
                let client_id = cluster.service_principal.ok_or(Reason::ClusterPullIdentityUnknown)?;
                let principal = self.principal_by_client_id(client_id).ok_or(Reason::IdentityNotInEstate)?;
                Ok(principal.principal_id)
            }
            Sender::ClusterDefault(default) => default.principal_id.ok_or(Reason::IdentityNotInEstate),
            Sender::Annotation { client_id, trust } => {
                let principal = client_id_of(client_id)
                    .and_then(|id| self.principal_by_client_id(id))
                    .ok_or(Reason::IdentityNotInEstate)?;
                match trust {
                    Trust::IdentityBinding => {}
                    Trust::FederatedCredential => {
                        let account = (puller.namespace, puller.service_account_name);
                        self.check_federation(principal, account, Some(AUDIENCE), cluster, advice)?;
                    }
                }
                Ok(principal.principal_id)
            }
        }
    }

    /// Whom the registry knows by the user name of a pull secret. The password is not needed, and not looked at.
    fn login_of(&self, user: &str, target: PullTarget<'_>) -> Result<Login<'_>, Reason> {
        if user.eq_ignore_ascii_case(&target.registry.name) {
            return Ok(Login::AdminUser);
        }
        if let Some(token) = self.token(target.number, user) {
            return Ok(Login::Token(token));
        }
        // The all-zero id goes with a token of anybody, so it finds nobody here either.
        let principal = client_id_of(user).and_then(|id| self.principal_by_client_id(id));
        principal.map(|principal| Login::Principal(principal.principal_id)).ok_or(Reason::IdentityNotInEstate)
    }

    fn decide_login<'index>(
        &'index self,
        login: Login<'index>,
        action: Action,
        target: PullTarget<'_>,
    ) -> Decision<'index> {
        let PullTarget { number, registry, repository, now } = target;
        match login {
            Login::Principal(principal) => self.decide(&AccessRequest {
                principal,
                registry: number,
                repository: Some(repository),
                action,
                now,
            }),
            Login::Token(token) => self.decide_token(token, Some(repository), action, now),
            Login::AdminUser => decide_admin_user(registry, Some(repository), action),
            Login::Anonymous => decide_anonymous(registry, Some(repository), action),
        }
    }

    /// Whether somebody who can pull cannot list tags and referrers. Only registries with repository permissions,
    /// and the scope maps of tokens, tell the two apart.
    fn misses_metadata(&self, login: Login<'_>, target: PullTarget<'_>) -> bool {
        let may_differ = match login {
            Login::Principal(_) => target.registry.mode == Some(PermissionsMode::RbacAbac),
            Login::Token(_) => true,
            Login::AdminUser | Login::Anonymous => false,
        };
        may_differ && self.decide_login(login, Action::List, target).verdict() != Verdict::Allow
    }

    fn identity_of(&self, login: Login<'_>, registry: &Registry) -> JudgedIdentity {
        let other = |kind, name: &str| JudgedIdentity { kind, name: name.into(), principal_id: None };
        match login {
            Login::Principal(id) => {
                let principal = self.principal(id);
                let kind =
                    principal.map_or(IdentityKind::ManagedIdentity, |principal| match principal.kind {
                        PrincipalKind::ManagedIdentity => IdentityKind::ManagedIdentity,
                        PrincipalKind::ServicePrincipal => IdentityKind::ServicePrincipal,
                        PrincipalKind::User => IdentityKind::User,
                    });
                let name = principal
                    .map(|principal| principal.name.clone())
                    .filter(|name| !name.is_empty())
                    .unwrap_or_else(|| format_smolstr!("{id}"));
                JudgedIdentity { kind, name, principal_id: Some(id) }
            }
            Login::Token(token) => other(IdentityKind::Token, &token.name),
            Login::AdminUser => other(IdentityKind::AdminUser, &registry.name),
            Login::Anonymous => other(IdentityKind::Anonymous, "anonymous"),
        }
    }
}

impl Try {
    /// Whether the try stands for the node's plugin logging in.
    pub(super) const fn is_node_login(&self) -> bool {
        matches!(self, Self::Node | Self::ServiceAccountIdentity { .. })
    }
}

/// A client id as Entra ID takes it: hyphenated, in any letter case, with nothing around it.
pub(super) fn client_id_of(text: &str) -> Option<ClientId> {
    let id: ClientId = text.parse().ok().filter(|_| text.len() == Hyphenated::LENGTH)?;
    (id.guid() != Uuid::nil()).then_some(id)
}
