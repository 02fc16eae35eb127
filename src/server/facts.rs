//! Who a workload runs as and what its namespace is labelled: from the caches, with one look-up on a miss.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::engine::decision::Reason;
use crate::engine::pull::{PullSecretState, Puller, ServiceAccountFacts, ServiceAccountState};
use crate::kubernetes::{Fetch, FetchError, Known, Surroundings};
use crate::settings::NamespaceLabels;
use crate::telemetry::metrics::{LookupLabels, Metrics};
use crate::workload::{PodFacts, Secret};

/// Secrets that one review has looked up at the API server. What is left after that is not known.
const MAX_SECRET_LOOKUPS: usize = 8;
/// Secrets that one review is judged by, and logins in them: each image is judged by all of them, and the pod's author
/// chooses both. What is left after that is not known.
const MAX_SECRETS: usize = 1000;
const MAX_LOGINS: usize = 10_000;

/// Looks things up, within a time.
#[derive(Clone, Copy)]
pub(super) struct FactFinder<'a> {
    pub(super) surroundings: &'a dyn Surroundings,
    pub(super) metrics: &'a Metrics,
    pub(super) deadline: Instant,
    /// Time for one look-up.
    pub(super) lookup: Duration,
}

/// What was found about the pulls of one pod spec.
pub(super) struct PullFacts {
    /// `None` where there is no such account.
    account: Option<Arc<ServiceAccountFacts>>,
    secrets: Vec<(String, Known<Arc<Secret>>)>,
    /// Why it is not known whether there is one: whatever depends on it is unknown, for this reason.
    pub(super) fault: Option<Reason>,
}

impl FactFinder<'_> {
    /// The labels of a namespace; `None` where they could not be learnt.
    pub(super) async fn labels(&self, namespace: &str) -> Option<Arc<NamespaceLabels>> {
        match self.surroundings.namespace(namespace) {
            Known::Present(labels) => Some(labels),
            Known::Absent => None,
            Known::NotCached => {
                let fetch = self.surroundings.fetch_namespace(namespace);
                self.fetch("namespaces", fetch).await.ok().flatten()
            }
        }
    }

    /// Service account and secrets of a pod spec.
    pub(super) async fn pull_facts(&self, namespace: &str, pod: &PodFacts<'_>) -> PullFacts {
        let mut fault = None;
        let account = match self.surroundings.service_account(namespace, &pod.service_account) {
            Known::Present(account) => Some(account),
            Known::Absent => None,
            Known::NotCached => {
                let fetch = self.surroundings.fetch_service_account(namespace, &pod.service_account);
                let fetched = self.fetch("serviceaccounts", fetch).await;
                fetched.unwrap_or_else(|reason| {
                    fault = Some(reason);
                    None
                })
            }
        };
        let names = pod.pull_secret_names(account.as_deref());
        let secrets = self.pull_secrets(namespace, &names).await;
        PullFacts { account, secrets, fault }
    }

    /// Each secret's content, absence, or that it could not be learnt. All look-ups share the time of one, and there
    /// are few of them: the pod's author chooses the names.
    async fn pull_secrets(&self, namespace: &str, names: &[&str]) -> Vec<(String, Known<Arc<Secret>>)> {
        let limited = Self { deadline: self.deadline.min(Instant::now() + self.lookup), ..*self };
        let (mut lookups, mut logins) = (0, 0);
        let mut secrets = Vec::new();
        for name in names {
            let mut known = self.surroundings.pull_secret(namespace, name);
            if known == Known::NotCached && lookups < MAX_SECRET_LOOKUPS {
                lookups += 1;
                if let Some(fetch) = self.surroundings.fetch_pull_secret(namespace, name) {
                    known = match limited.fetch("secrets", fetch).await {
                        Ok(Some(secret)) => Known::Present(secret),
                        Ok(None) => Known::Absent,
                        Err(_) => Known::NotCached,
                    };
                }
            }
            logins += logins_of(&known);
            if secrets.len() == MAX_SECRETS || logins > MAX_LOGINS {
                // One that is not known is as much as many.
                secrets.push(((*name).to_owned(), Known::NotCached));
                break;
            }
            secrets.push(((*name).to_owned(), known));
        }
        secrets
    }

    async fn fetch<T>(&self, kind: &'static str, fetch: Fetch<'_, T>) -> Result<Option<Arc<T>>, Reason> {
        let deadline = self.deadline.min(Instant::now() + self.lookup);
        let (result, outcome) = match timeout_at(deadline, fetch).await {
            Ok(Ok(Some(object))) => ("found", Ok(Some(object))),
            Ok(Ok(None)) => ("missing", Ok(None)),
            Ok(Err(FetchError(message))) => {
                tracing::warn!(kind, error = message, "the API server could not be asked");
                ("error", Err(Reason::InternalError))
            }
            Err(_) => ("timeout", Err(Reason::DeadlineExceeded)),
        };
        self.metrics.live_lookups.get_or_create(&LookupLabels { kind, result }).inc();
        outcome
    }
}

fn logins_of(secret: &Known<Arc<Secret>>) -> usize {
    match secret {
        Known::Present(secret) => secret.contents.as_ref().map_or(0, |contents| contents.entries.len()),
        Known::Absent | Known::NotCached => 0,
    }
}

impl PullFacts {
    /// What the engine judges by.
    pub(super) fn puller<'a>(&'a self, namespace: &'a str, pod: &'a PodFacts<'_>) -> Puller<'a> {
        Puller {
            namespace,
            service_account_name: &pod.service_account,
            service_account: match &self.account {
                Some(account) => ServiceAccountState::Found(account),
                None => ServiceAccountState::NotFound,
            },
            pull_secrets: self
                .secrets
                .iter()
                .map(|(name, known)| match known {
                    Known::Present(secret) => secret.state(),
                    Known::Absent => PullSecretState::Absent { name },
                    Known::NotCached => PullSecretState::NotReadable { name },
                })
                .collect(),
            virtual_node: pod.placement.is_virtual_node(),
            windows: pod.placement.is_windows(),
        }
    }
}
