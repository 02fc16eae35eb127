//! The port for kubelets and Prometheus: alive, ready, metrics. Plain HTTP, nothing secret.

use std::sync::{Arc, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::reload::{Failures, SharedFailures};
use super::webhook::Webhook;
use crate::telemetry::metrics::{KindLabel, Metrics, StateLabel};

/// What the health port tells about.
#[derive(Clone)]
pub(super) struct Health {
    pub(super) webhook: Arc<Webhook>,
    pub(super) failures: SharedFailures,
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
            ready: is_serving && caches.iter().all(|cache| cache.synced),
            draining: !is_serving,
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
            certificate_not_after: Timestamp::from_second(self.webhook.metrics.certificate_not_after.get())
                .ok(),
            failures: self.failures.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
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
    inventory: Option<InventoryDetail>,
    caches: Vec<CacheDetail>,
    certificate_not_after: Option<Timestamp>,
    failures: Failures,
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
