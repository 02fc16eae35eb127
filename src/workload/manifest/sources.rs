//! What manifests of one input know of each other: workloads find their service accounts and secrets here.

use std::collections::BTreeMap;

use super::reader::Manifests;
use crate::engine::pull::{PullSecretState, ServiceAccountFacts};
use crate::workload::puller::PullSources;
use crate::workload::secret::Secret;

/// The service accounts and secrets of an input. It is taken for all there is: what is not in it does not exist, except
/// for the account `default`, which every namespace has.
#[derive(Debug)]
pub struct ManifestSources<'m> {
    accounts: BTreeMap<(&'m str, &'m str), &'m ServiceAccountFacts>,
    secrets: BTreeMap<(&'m str, &'m str), &'m Secret>,
    default_account: ServiceAccountFacts,
}

impl<'m> ManifestSources<'m> {
    /// Arranges the objects of an input. Of two with one name the later counts, as if they were applied in order.
    #[must_use]
    pub fn new(manifests: &'m Manifests, default_namespace: &'m str) -> Self {
        let in_namespace = |namespace: &'m Option<String>| namespace.as_deref().unwrap_or(default_namespace);
        let key = |namespace, name: &'m String| (in_namespace(namespace), name.as_str());
        Self {
            accounts: manifests
                .service_accounts()
                .map(|account| (key(&account.namespace, &account.name), &account.facts))
                .collect(),
            secrets: manifests
                .secrets()
                .map(|secret| (key(&secret.namespace, &secret.name), secret))
                .collect(),
            default_account: ServiceAccountFacts::default(),
        }
    }
}

impl PullSources for ManifestSources<'_> {
    fn service_account(&self, namespace: &str, name: &str) -> Option<&ServiceAccountFacts> {
        let bare = (name == "default").then_some(&self.default_account);
        self.accounts.get(&(namespace, name)).copied().or(bare)
    }

    fn pull_secret<'a>(&'a self, namespace: &str, name: &'a str) -> PullSecretState<'a> {
        match self.secrets.get(&(namespace, name)) {
            Some(secret) => secret.state(),
            None => PullSecretState::Absent { name },
        }
    }
}
