//! The port for kubelets and Prometheus: alive, ready, metrics. Plain HTTP, nothing secret.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::inputs::{Failures, Input, Inputs};
use super::webhook::Webhook;
use crate::telemetry::metrics::{KindLabel, Metrics, StateLabel};

/// What the health port tells about.
#[derive(Clone)]
pub(super) struct Health {
    pub(super) webhook: Arc<Webhook>,
    pub(super) inputs: Inputs,
}

/// The text format that carries counters with `_total` and a closing `# EOF`.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// An exception that ends sooner is shown as expiring.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// The routes of the health port.
pub(super) fn router(health: Health) -> Router {
    Router::new()
        // Alive means that the event loop turns; that it answers proves it.
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(health)
}

async fn ready(State(health): State<Health>) -> Response {
    let detail = health.detail();
    let status = if detail.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = serde_json::to_vec(&detail).unwrap_or_default();
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}

async fn metrics(State(health): State<Health>) -> Response {
    health.refresh();
    ([(CONTENT_TYPE, OPEN_METRICS)], health.webhook.metrics.encode()).into_response()
}

impl Health {
    fn detail(&self) -> Detail {
        let policy = self.webhook.policy.load();
        let now = self.webhook.clock.now();
        let caches: Vec<CacheDetail> = self
            .webhook
            .surroundings
            .caches()
            .into_iter()
            .map(|cache| CacheDetail { kind: cache.kind, objects: cache.objects, synced: cache.is_synced })
            .collect();
        let is_serving = self.webhook.lifecycle.is_serving();
        Detail {
            ready: is_serving && self.inputs.is_open() && caches.iter().all(|cache| cache.synced),
            draining: !is_serving,
            waiting_for: self.inputs.waiting_for(),
            inventory: policy.estate.as_ref().map(|estate| InventoryDetail {
                age_seconds: policy.age(now).unwrap_or_default().as_secs(),
                stale: policy.is_stale(now),
                loaded_at: estate.source.loaded_at,
                version: format!("{:016x}", estate.source.fingerprint),
                warnings: estate.source.warnings,
                cluster: estate.cluster.name.to_string(),
                notes: estate.notes.iter().map(ToString::to_string).collect(),
            }),
            caches,
            certificate_not_after: self.certificate_not_after(),
            failures: self.inputs.failures(),
            cluster_unknown: policy.missing_cluster(),
        }
    }

    /// `None` while there is no certificate.
    fn certificate_not_after(&self) -> Option<Timestamp> {
        let seconds = self.webhook.metrics.certificate_not_after.get();
        Timestamp::from_second(seconds).ok().filter(|_| seconds != 0)
    }

    /// Sets what is read when asked for and not counted along the way.
    fn refresh(&self) {
        let metrics: &Metrics = &self.webhook.metrics;
        let policy = self.webhook.policy.load();
        let now = self.webhook.clock.now();
        metrics.inventory_age.set(policy.age(now).map_or(0.0, |age| age.as_secs_f64()));
        for cache in self.webhook.surroundings.caches() {
            let label = KindLabel { kind: cache.kind };
            let objects = i64::try_from(cache.objects).unwrap_or(i64::MAX);
            metrics.cache_objects.get_or_create(&label).set(objects);
            metrics.cache_synced.get_or_create(&label).set(i64::from(cache.is_synced));
        }
        let (mut active, mut expiring, mut expired) = (0, 0, 0);
        for exception in policy.settings.exceptions() {
            let left = exception.expires_at.duration_since(now);
            match () {
                () if exception.is_expired(now) => expired += 1,
                () if left < SOON => expiring += 1,
                () => active += 1,
            }
        }
        for (state, count) in [("active", active), ("expiring", expiring), ("expired", expired)] {
            metrics.exceptions.get_or_create(&StateLabel { state }).set(count);
        }
    }
}

/// What `/readyz` answers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    ready: bool,
    draining: bool,
    /// What has to be loaded before the first review is answered.
    waiting_for: Vec<Input>,
    inventory: Option<InventoryDetail>,
    caches: Vec<CacheDetail>,
    certificate_not_after: Option<Timestamp>,
    failures: Failures,
    /// Why verdicts are unknown though everything is loaded: the inventory does not say which cluster this is.
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster_unknown: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InventoryDetail {
    age_seconds: u64,
    stale: bool,
    loaded_at: Timestamp,
    version: String,
    warnings: usize,
    cluster: String,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct CacheDetail {
    kind: &'static str,
    objects: usize,
    synced: bool,
}
