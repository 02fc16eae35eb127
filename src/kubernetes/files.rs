//! Surroundings from manifest files, for running without a cluster.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use super::lookup::Known;
use super::surroundings::{CacheState, Fetch, Surroundings};
use crate::engine::pull::ServiceAccountFacts;
use crate::settings::NamespaceLabels;
use crate::workload::manifest::{ManifestContent, ManifestProblem, Manifests};
use crate::workload::{PullBinding, Secret};

/// Service accounts, namespaces and pull secrets as manifests give them. What they do not give does not exist,
/// except each namespace's `default` account, which Kubernetes makes.
#[derive(Debug, Default)]
pub struct FileSurroundings {
    accounts: BTreeMap<(String, String), Arc<ServiceAccountFacts>>,
    namespaces: BTreeMap<String, Arc<NamespaceLabels>>,
    /// `None` for one that a controller makes in a way that the manifests do not tell.
    secrets: BTreeMap<(String, String), Option<Arc<Secret>>>,
}

/// The namespace of objects that name none, as with `kubectl`.
const DEFAULT_NAMESPACE: &str = "default";
/// The account that every namespace has.
const DEFAULT_ACCOUNT: &str = "default";

impl FileSurroundings {
    /// Reads manifests, given as name and bytes.
    ///
    /// # Errors
    ///
    /// Every document that cannot be read. What could be read is not used: half of the accounts would be worse than
    /// none.
    pub fn read<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) -> Result<Self, Vec<ManifestProblem>> {
        let mut manifests = Manifests::default();
        for (name, bytes) in files {
            manifests.read(name, bytes);
        }
        if !manifests.problems.is_empty() {
            return Err(manifests.problems);
        }
        let mut surroundings = Self::default();
        let mut bindings = Vec::new();
        for object in manifests.objects {
            let namespace = object.namespace.unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned());
            match object.content {
                ManifestContent::PullBinding(binding) => bindings.push((namespace, binding)),
                content => surroundings.add(namespace, content),
            }
        }
        for (namespace, binding) in bindings {
            surroundings.bind(&namespace, &binding);
        }
        Ok(surroundings)
    }

    /// What the controller of `AcrPullBinding` makes of one: a Secret, named by a service account.
    fn bind(&mut self, namespace: &str, binding: &PullBinding) {
        let key = |name: &str| (namespace.to_owned(), name.to_owned());
        let annotated = binding.annotated_account().and_then(|name| self.accounts.get(&key(name)));
        let secret = binding.to_secret(annotated.map(|account| &**account));
        self.secrets.insert(key(&binding.secret), secret.map(Arc::new));
        let is_default = binding.service_account == DEFAULT_ACCOUNT;
        let account = match self.accounts.entry(key(&binding.service_account)) {
            Entry::Occupied(account) => account.into_mut(),
            Entry::Vacant(account) if is_default => account.insert(Arc::default()),
            Entry::Vacant(_) => return,
        };
        binding.add_to(Arc::make_mut(account));
    }

    fn add(&mut self, namespace: String, content: ManifestContent) {
        match content {
            ManifestContent::ServiceAccount(account) => {
                self.accounts.insert((namespace, account.name), Arc::new(account.facts));
            }
            ManifestContent::Namespace(namespace) => {
                self.namespaces.insert(namespace.name, Arc::new(namespace.labels));
            }
            ManifestContent::Secret(secret) => {
                self.secrets.insert((namespace, secret.name.clone()), Some(Arc::new(secret)));
            }
            ManifestContent::PullBinding(_)
            | ManifestContent::Workload(_)
            | ManifestContent::WorkloadWithoutPodSpec(_)
            | ManifestContent::Other => {}
        }
    }
}

impl Surroundings for FileSurroundings {
    fn service_account(&self, namespace: &str, name: &str) -> Known<Arc<ServiceAccountFacts>> {
        match self.accounts.get(&(namespace.to_owned(), name.to_owned())) {
            Some(account) => Known::Present(Arc::clone(account)),
            None if name == DEFAULT_ACCOUNT => Known::Present(Arc::default()),
            None => Known::Absent,
        }
    }

    fn namespace(&self, name: &str) -> Known<Arc<NamespaceLabels>> {
        self.namespaces.get(name).map_or(Known::Absent, |labels| Known::Present(Arc::clone(labels)))
    }

    fn pull_secret(&self, namespace: &str, name: &str) -> Known<Arc<Secret>> {
        match self.secrets.get(&(namespace.to_owned(), name.to_owned())) {
            Some(Some(secret)) => Known::Present(Arc::clone(secret)),
            Some(None) => Known::NotCached,
            None => Known::Absent,
        }
    }

    fn fetch_service_account<'a>(&'a self, _: &'a str, _: &'a str) -> Fetch<'a, ServiceAccountFacts> {
        Box::pin(async { Ok(None) })
    }

    fn fetch_namespace<'a>(&'a self, _: &'a str) -> Fetch<'a, NamespaceLabels> {
        Box::pin(async { Ok(None) })
    }

    fn caches(&self) -> Vec<CacheState> {
        vec![
            CacheState { kind: "serviceaccounts", objects: self.accounts.len(), is_synced: true },
            CacheState { kind: "namespaces", objects: self.namespaces.len(), is_synced: true },
        ]
    }
}
