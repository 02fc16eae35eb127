//! Whose token a pull secret holds that a controller wrote.
//!
//! `AcrPullBinding` objects (Azure/msi-acrpull) make a controller fetch a registry token in the name of a managed
//! identity and put it into a pull secret. The user name there is the all-zero id, so only the binding tells who
//! pulls. The token is for the binding's registry, and can be for named repositories only.

use smol_str::SmolStr;

use super::cluster::ClusterProfile;
use super::credential::client_id_of;
use super::puller::Puller;
use crate::engine::decision::{AdviceSet, Reason};
use crate::engine::guid::PrincipalId;
use crate::engine::index::Index;
use crate::engine::scope::Scope;

/// The user name that goes with a registry token instead of a password.
pub const TOKEN_USER: &str = "00000000-0000-0000-0000-000000000000";

/// In whose name a token was fetched, and what for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TokenHolder {
    /// Who.
    pub identity: HolderIdentity,
    /// The token's scope as written, such as `repository:team/app:pull`; `None` for the whole registry.
    pub scope: Option<SmolStr>,
}

/// How an `AcrPullBinding` names an identity.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum HolderIdentity {
    /// A managed identity of the nodes, by client id.
    ClientId(SmolStr),
    /// A managed identity of the nodes, by resource id.
    ResourceId(SmolStr),
    /// An identity that trusts a service account's tokens.
    Workload {
        /// Its client id.
        client_id: SmolStr,
        /// The service account, in the namespace of the binding.
        service_account: SmolStr,
    },
    /// Not said here: the controller's own default, or an annotation that is not there.
    NotSaid,
}

/// Whether a Secret is called what the controller calls those of bindings, of either version.
pub(super) fn is_named_for_binding(secret: &str) -> bool {
    secret.starts_with("acr-pull-") || secret.ends_with("-msi-acrpull-secret")
}

impl TokenHolder {
    /// Whether the token may be used to pull a repository: scopes are `TYPE:NAME:ACTION,…`, separated by blanks
    /// (distribution, "Token scope documentation"). Names have no wildcards.
    #[must_use]
    pub fn covers(&self, repository: &str) -> bool {
        let Some(scope) = &self.scope else { return true };
        scope.split_ascii_whitespace().any(|one| {
            let Some((name, actions)) =
                one.strip_prefix("repository:").and_then(|rest| rest.rsplit_once(':'))
            else {
                return false;
            };
            name == repository && actions.split(',').any(|action| matches!(action, "pull" | "*"))
        })
    }
}

impl Index {
    /// The object id of the identity whose token a secret holds.
    pub(super) fn principal_of_holder(
        &self,
        holder: &TokenHolder,
        puller: &Puller<'_>,
        cluster: &ClusterProfile,
        advice: &mut AdviceSet,
    ) -> Result<PrincipalId, Reason> {
        let by_client_id = |text: &str| client_id_of(text).and_then(|id| self.principal_by_client_id(id));
        let principal = match &holder.identity {
            HolderIdentity::ClientId(id) | HolderIdentity::Workload { client_id: id, .. } => by_client_id(id),
            HolderIdentity::ResourceId(id) => {
                Scope::parse(id).ok().and_then(|id| self.principal_by_resource_id(&id))
            }
            HolderIdentity::NotSaid => None,
        };
        let principal = principal.ok_or(Reason::IdentityNotInEstate)?;
        if let HolderIdentity::Workload { service_account, .. } = &holder.identity {
            // Which audience the controller asks for is one of its flags, and no export shows it.
            self.check_federation(principal, (puller.namespace, service_account), None, cluster, advice)?;
        }
        Ok(principal.principal_id)
    }
}

#[cfg(test)]
mod tests {
    use super::{HolderIdentity, TokenHolder};

    #[test]
    fn a_scope_names_repositories_whole_and_actions() {
        let covers = |scope: &str, repository| {
            TokenHolder { identity: HolderIdentity::NotSaid, scope: Some(scope.into()) }.covers(repository)
        };
        assert!(covers("repository:a/b:pull", "a/b"));
        assert!(covers("repository:x:pull  repository:a/b:push,pull", "a/b"));
        assert!(covers("repository:a/b:*", "a/b"));
        for scope in
            ["", "repository:a:pull", "repository:a/b/c:pull", "repository:a/b:push", "registry:catalog:*"]
        {
            assert!(!covers(scope, "a/b"), "{scope}");
        }
        assert!(!covers("repository:*:pull", "a/b") && !covers("repository:a/b", "a/b"));
    }
}
