//! From a pod spec to what its pulls are judged by: the account and the secrets that a kubelet would look up.

use super::pod::PodFacts;
use crate::engine::pull::{PullSecretState, Puller, ServiceAccountFacts, ServiceAccountState};

/// Where service accounts and secrets come from: other objects of the same input, or a cluster.
pub trait PullSources {
    /// The service account with this name, if there is one.
    fn service_account(&self, namespace: &str, name: &str) -> Option<&ServiceAccountFacts>;

    /// What is known of the secret with this name.
    fn pull_secret<'a>(&'a self, namespace: &str, name: &'a str) -> PullSecretState<'a>;
}

impl PodFacts<'_> {
    /// What the pod's pulls are judged by in this namespace.
    ///
    /// The account's pull secrets count where the pod lists none. In a review they are copied into the pod already,
    /// so that finding them here again changes nothing.
    #[must_use]
    pub fn puller<'a>(&'a self, namespace: &'a str, sources: &'a impl PullSources) -> Puller<'a> {
        let account = sources.service_account(namespace, &self.service_account);
        let names = self.pull_secret_names(account).into_iter();
        let pull_secrets = names.map(|name| sources.pull_secret(namespace, name)).collect();
        Puller {
            namespace,
            service_account_name: &self.service_account,
            service_account: account.map_or(ServiceAccountState::NotFound, ServiceAccountState::Found),
            pull_secrets,
            virtual_node: self.placement.is_virtual_node(),
            windows: self.placement.is_windows(),
        }
    }
}
