//! The port for kubelets, Prometheus and people: alive, ready, status, metrics. Plain HTTP, nothing secret.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::SignedDuration;

use super::inputs::Inputs;
use super::status::Status;
use super::webhook::Webhook;
use crate::telemetry::metrics::{InputLabel, KindLabel, Metrics, StateLabel};

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
        .route("/status", get(status))
        .route("/metrics", get(metrics))
        .with_state(health)
}

/// For kubelets, which look at the code.
async fn ready(State(health): State<Health>) -> Response {
    let status = Status::of(&health.webhook, &health.inputs);
    let code = if status.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, document(&status)).into_response()
}

/// For people: the same document, found in good order. `kubectl get --raw` shows no body of any other answer, and who
/// is not ready has most to tell.
async fn status(State(health): State<Health>) -> Response {
    document(&Status::of(&health.webhook, &health.inputs)).into_response()
}

fn document(status: &Status) -> impl IntoResponse + use<> {
    // Texts, numbers and lists of them always serialise.
    let mut body = serde_json::to_vec(status).unwrap_or_default();
    // For terminals, and for the documents of several pods one after the other.
    body.push(b'\n');
    ([(CONTENT_TYPE, "application/json")], body)
}

async fn metrics(State(health): State<Health>) -> Response {
    health.refresh();
    ([(CONTENT_TYPE, OPEN_METRICS)], health.webhook.metrics.encode()).into_response()
}

impl Health {
    /// Sets what is read when asked for and not counted along the way.
    fn refresh(&self) {
        let metrics: &Metrics = &self.webhook.metrics;
        metrics.ready.set(i64::from(Status::of(&self.webhook, &self.inputs).ready));
        let failures = self.inputs.failures();
        for (input, failure) in failures.each() {
            let label = InputLabel { input };
            metrics.input_failing.get_or_create(&label).set(i64::from(failure.is_some()));
        }
        for cache in self.webhook.surroundings.caches() {
            let label = KindLabel { kind: cache.kind };
            let objects = i64::try_from(cache.objects).unwrap_or(i64::MAX);
            metrics.cache_objects.get_or_create(&label).set(objects);
            metrics.cache_synced.get_or_create(&label).set(i64::from(cache.is_synced));
        }
        self.refresh_policy(metrics);
    }

    fn refresh_policy(&self, metrics: &Metrics) {
        let policy = self.webhook.policy.load();
        let now = self.webhook.clock.now();
        metrics.inventory_loaded.set(i64::from(policy.estate.is_some()));
        metrics.inventory_age.set(policy.age(now).map_or(0.0, |age| age.as_secs_f64()));
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
