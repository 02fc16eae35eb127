//! What the program tells about itself: what it waits for, what it has loaded, what failed last.

use jiff::Timestamp;
use serde::Serialize;

use super::inputs::{Failure, Failures, Input, Inputs};
use super::policy::{Estate, Policy};
use super::webhook::Webhook;

/// The document of `/readyz` and `/status`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status {
    /// Whether reviews are answered, and shall be sent here.
    pub(super) ready: bool,
    draining: bool,
    /// What has to be loaded before the first review is answered.
    waiting_for: Vec<Input>,
    inventory: Option<InventoryStatus>,
    caches: Vec<CacheStatus>,
    certificate_not_after: Option<Timestamp>,
    failures: Failures,
    /// Why every verdict is unknown though nothing is waited for, and what the rules make of that: no inventory is
    /// configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_inventory: Option<String>,
    /// Why verdicts are unknown though everything is loaded: the inventory does not say which cluster this is.
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster_unknown: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InventoryStatus {
    age_seconds: u64,
    stale: bool,
    loaded_at: Timestamp,
    version: String,
    warnings: usize,
    cluster: String,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct CacheStatus {
    kind: &'static str,
    objects: usize,
    synced: bool,
}

impl Status {
    /// The status of this moment.
    pub(super) fn of(webhook: &Webhook, inputs: &Inputs) -> Self {
        let policy = webhook.policy.load();
        let now = webhook.clock.now();
        let caches: Vec<CacheStatus> = webhook
            .surroundings
            .caches()
            .into_iter()
            .map(|cache| CacheStatus { kind: cache.kind, objects: cache.objects, synced: cache.is_synced })
            .collect();
        let is_serving = webhook.lifecycle.is_serving();
        Self {
            ready: is_serving && inputs.is_open() && caches.iter().all(|cache| cache.synced),
            draining: !is_serving,
            waiting_for: inputs.waiting_for(),
            inventory: policy.estate.as_ref().map(|estate| InventoryStatus::of(estate, &policy, now)),
            caches,
            certificate_not_after: certificate_not_after(webhook),
            failures: failures(webhook, inputs),
            // Only who needs nothing more is open, so it is by choice that there is none.
            no_inventory: policy.without_inventory().filter(|_| inputs.is_open()),
            cluster_unknown: policy.missing_cluster(),
        }
    }
}

impl InventoryStatus {
    fn of(estate: &Estate, policy: &Policy, now: Timestamp) -> Self {
        Self {
            age_seconds: policy.age(now).unwrap_or_default().as_secs(),
            stale: policy.is_stale(now),
            loaded_at: estate.source.loaded_at,
            version: format!("{:016x}", estate.source.fingerprint),
            warnings: estate.source.warnings,
            cluster: estate.cluster.name.to_string(),
            notes: estate.notes.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Of inputs and of caches.
fn failures(webhook: &Webhook, inputs: &Inputs) -> Failures {
    let caches = webhook.surroundings.failures().into_iter();
    let caches = caches.map(|failure| (failure.kind, Failure { at: failure.at, error: failure.error }));
    Failures { caches: caches.collect(), ..inputs.failures() }
}

/// `None` while there is no certificate.
fn certificate_not_after(webhook: &Webhook) -> Option<Timestamp> {
    let seconds = webhook.metrics.certificate_not_after.get();
    Timestamp::from_second(seconds).ok().filter(|_| seconds != 0)
}
