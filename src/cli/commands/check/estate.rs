//! What the manifests know of each other, and what they cannot know.

use crate::engine::pull::{PullSecretState, ServiceAccountFacts};
use crate::workload::PullSources;
use crate::workload::manifest::ManifestSources;

/// The service accounts and Secrets that the manifests bring along.
///
/// Secrets are seldom kept beside the manifests that name them, so one that is not here may well exist in the
/// cluster: its content cannot be read, which is not the same as its being absent.
#[derive(Debug)]
pub(super) struct Estate<'m>(pub(super) ManifestSources<'m>);

impl PullSources for Estate<'_> {
    fn service_account(&self, namespace: &str, name: &str) -> Option<&ServiceAccountFacts> {
        self.0.service_account(namespace, name)
    }

    fn pull_secret<'a>(&'a self, namespace: &str, name: &'a str) -> PullSecretState<'a> {
        match self.0.pull_secret(namespace, name) {
            PullSecretState::Absent { name } => PullSecretState::NotReadable { name },
            known => known,
        }
    }
}
