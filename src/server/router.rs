//! Routes and the checks before a review is read. Built without binding a port; the listener says where each request
//! comes from, as a [`Peer`].

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Extension, Request, State};
use axum::http::header::{CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Version};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tokio::time::{Instant, timeout};

use super::body::{self, BodyError};
use super::deadline::deadline;
use super::peers::Peer;
use super::webhook::Webhook;
use crate::telemetry::metrics::{CauseLabel, StatusLabel};

/// The webhook's port: reviews and nothing else.
pub(super) fn router(webhook: Arc<Webhook>) -> Router {
    Router::new()
        .route("/validate/pods", post(review))
        .route("/validate/workloads", post(review))
        .layer(from_fn_with_state(Arc::clone(&webhook), note))
        .with_state(webhook)
}

/// Decode, decide, encode.
async fn review(
    State(webhook): State<Arc<Webhook>>,
    Extension(Peer(peer)): Extension<Peer>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let deadline = deadline(head.uri.query(), Instant::now());
    if !is_json(&head.headers) {
        return refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send plain application/json");
    }
    if announces_too_much(&head.headers) {
        // The body is read all the same, so that the client finds the answer and not a reset connection.
        let _ = body::read(body, &webhook.room, peer, webhook.limits.body).await;
        return refusal(BodyError::TooLong.status(), "a review holds at most 8 MiB");
    }
    let body = match body::read(body, &webhook.room, peer, webhook.limits.body).await {
        Ok(body) => body,
        Err(BodyError::NoRoom) => return come_back(&webhook, BodyError::NoRoom.status(), CauseLabel::BYTES),
        Err(error) => return refusal(error.status(), "the body could not be read"),
    };
    // Only now: who is answered before the body is read may find a reset connection and not try again.
    if !webhook.has_filled_caches() {
        return come_back(&webhook, StatusCode::SERVICE_UNAVAILABLE, CauseLabel::CACHES);
    }
    webhook.metrics.body_bytes.observe(f64::from(u32::try_from(body.bytes.len()).unwrap_or(u32::MAX)));
    let Ok(Ok(_turn)) = timeout(webhook.limits.queue, webhook.turns.acquire()).await else {
        return come_back(&webhook, StatusCode::TOO_MANY_REQUESTS, CauseLabel::REQUESTS);
    };
    let _in_flight = InFlight::enter(&webhook);
    match webhook.answer(&body.bytes, deadline).await {
        Ok(response) => ([(CONTENT_TYPE, "application/json")], response.to_json()).into_response(),
        Err(error) => refusal(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

/// Plain JSON, with whatever parameters: we do not unpack, and every API server sends it plain.
fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let is_plain = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .all(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity"));
    essence.eq_ignore_ascii_case("application/json") && is_plain
}

fn announces_too_much(headers: &HeaderMap) -> bool {
    let length = headers.get(axum::http::header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length.and_then(|length| length.parse::<u64>().ok()).is_some_and(|length| length > body::MAX_BODY as u64)
}

fn refusal(status: StatusCode, message: &str) -> Response {
    (status, [(CONTENT_TYPE, "text/plain; charset=utf-8")], format!("{message}\n")).into_response()
}

/// With a whole number of seconds the API server asks again, up to ten times within its time-out.
fn come_back(webhook: &Webhook, status: StatusCode, cause: CauseLabel) -> Response {
    webhook.metrics.shed.get_or_create(&cause).inc();
    (status, [(RETRY_AFTER, "1")], "come back in a second\n").into_response()
}

/// Counts what is no review, and retires connections while the server drains.
async fn note(State(webhook): State<Arc<Webhook>>, request: Request<Body>, next: Next) -> Response {
    let version = request.version();
    let mut response = next.run(request).await;
    let status = response.status();
    if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS {
        webhook.metrics.bad_requests.get_or_create(&StatusLabel { status: status.as_u16() }).inc();
    }
    // HTTP/2 has no such header; its connections end with the graceful shutdown.
    if version <= Version::HTTP_11 && !webhook.lifecycle.is_serving() {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Counts a review while it is judged.
struct InFlight<'a>(&'a Webhook);

impl<'a> InFlight<'a> {
    fn enter(webhook: &'a Webhook) -> Self {
        webhook.metrics.in_flight.inc();
        Self(webhook)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.metrics.in_flight.dec();
    }
}
