//! What manifests of one input know of each other: workloads find their service accounts and secrets here.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::reader::Manifests;
use crate::engine::pull::{PullSecretState, ServiceAccountFacts};
use crate::workload::pull_binding::PullBinding;
use crate::workload::puller::PullSources;
use crate::workload::secret::Secret;

/// The service accounts and secrets of an input. It is taken for all there is: what is not in it does not exist, except
/// for the account `default`, which every namespace has.
#[derive(Debug)]
pub struct ManifestSources<'m> {
    accounts: Objects<'m, ServiceAccountFacts>,
    secrets: Objects<'m, Secret>,
    default_account: ServiceAccountFacts,
}

/// Objects by namespace and name.
type Objects<'m, T> = BTreeMap<&'m str, BTreeMap<&'m str, Cow<'m, T>>>;

impl<'m> ManifestSources<'m> {
    /// Arranges the objects of an input. Of two with one name the later counts, as if they were applied in order; then
    /// the controller makes Secrets of the bindings and adds them to their service accounts.
    #[must_use]
    pub fn new(manifests: &'m Manifests, default_namespace: &'m str) -> Self {
        let in_namespace = |namespace: &'m Option<String>| namespace.as_deref().unwrap_or(default_namespace);
        let mut sources = Self {
            accounts: BTreeMap::new(),
            secrets: BTreeMap::new(),
            default_account: ServiceAccountFacts::default(),
        };
        for account in manifests.service_accounts() {
            let accounts = sources.accounts.entry(in_namespace(&account.namespace)).or_default();
            accounts.insert(&account.name, Cow::Borrowed(&account.facts));
        }
        for secret in manifests.secrets() {
            let secrets = sources.secrets.entry(in_namespace(&secret.namespace)).or_default();
            secrets.insert(&secret.name, Cow::Borrowed(secret));
        }
        for binding in manifests.pull_bindings() {
            sources.bind(in_namespace(&binding.namespace), binding);
        }
        sources
    }

    fn bind(&mut self, namespace: &'m str, binding: &'m PullBinding) {
        let annotated = binding.annotated_account().and_then(|name| self.service_account(namespace, name));
        if let Some(secret) = binding.to_secret(annotated) {
            self.secrets.entry(namespace).or_default().insert(&binding.secret, Cow::Owned(secret));
        }
        let account = match self.accounts.entry(namespace).or_default().entry(&binding.service_account) {
            Entry::Occupied(account) => account.into_mut(),
            Entry::Vacant(account) if binding.service_account == "default" => account.insert(Cow::default()),
            // Without the account there is no Secret either, and its pods are not admitted.
            Entry::Vacant(_) => return,
        };
        binding.add_to(account.to_mut());
    }
}

impl PullSources for ManifestSources<'_> {
    fn service_account(&self, namespace: &str, name: &str) -> Option<&ServiceAccountFacts> {
        let bare = (name == "default").then_some(&self.default_account);
        self.accounts.get(namespace).and_then(|accounts| accounts.get(name)).map(Cow::as_ref).or(bare)
    }

    fn pull_secret<'a>(&'a self, namespace: &str, name: &'a str) -> PullSecretState<'a> {
        match self.secrets.get(namespace).and_then(|secrets| secrets.get(name)) {
            Some(secret) => secret.state(),
            None => PullSecretState::Absent { name },
        }
    }
}
