//! The door to what is known of the cluster.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use jiff::Timestamp;

use super::lookup::{FetchError, Known};
use crate::engine::pull::ServiceAccountFacts;
use crate::settings::NamespaceLabels;
use crate::workload::Secret;

/// A look-up on its way; `None` where there is no such object.
pub type Fetch<'a, T> = Pin<Box<dyn Future<Output = Result<Option<Arc<T>>, FetchError>> + Send + 'a>>;

/// What is known of the cluster: from caches without waiting, and from the API server for a price.
pub trait Surroundings: fmt::Debug + Send + Sync {
    /// The service account in the cache.
    fn service_account(&self, namespace: &str, name: &str) -> Known<Arc<ServiceAccountFacts>>;

    /// The namespace's labels in the cache.
    fn namespace(&self, name: &str) -> Known<Arc<NamespaceLabels>>;

    /// A pull secret in the cache. Nothing is ever cached where they may not be read.
    fn pull_secret(&self, namespace: &str, name: &str) -> Known<Arc<Secret>>;

    /// Asks the API server for a service account.
    fn fetch_service_account<'a>(
        &'a self,
        namespace: &'a str,
        name: &'a str,
    ) -> Fetch<'a, ServiceAccountFacts>;

    /// Asks the API server for a namespace's labels.
    fn fetch_namespace<'a>(&'a self, name: &'a str) -> Fetch<'a, NamespaceLabels>;

    /// Asks the API server for a pull secret; `None` where they may not be read, as by default.
    fn fetch_pull_secret<'a>(&'a self, _namespace: &'a str, _name: &'a str) -> Option<Fetch<'a, Secret>> {
        None
    }

    /// The caches and whether they have been filled once. Caches that fall behind later stay filled: an API server
    /// that is away for a minute must not take every webhook out of service.
    fn caches(&self) -> Vec<CacheState>;

    /// What is wrong with the caches at the moment.
    fn failures(&self) -> Vec<CacheFailure> {
        Vec::new()
    }
}

/// Why a cache is not filled, or not kept up to date.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CacheFailure {
    /// The plural of what the cache holds.
    pub kind: &'static str,
    /// Since when.
    pub at: Timestamp,
    /// What is wrong.
    pub error: String,
}

/// The state of one cache.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CacheState {
    /// The plural of what it holds.
    pub kind: &'static str,
    /// How many.
    pub objects: usize,
    /// Whether it has been filled once.
    pub is_synced: bool,
}
