//! Connections that idle, dawdle or speak HTTP/2, and the end of the server.

use std::time::{Duration, Instant};

use acr_admission::server::Limits;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, StatusCode, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::webhook::{Reply, Webhook, mode, pod_review};

const PULLABLE: &str = "fabrikam.azurecr.io/a:1";

#[test]
fn idle_connections_outlive_those_of_the_api_server() {
    let Limits { idle, .. } = Limits::default();
    assert!(idle >= Duration::from_secs(100), "the API server keeps them for 90 s");
}

#[tokio::test]
async fn an_idle_connection_is_closed_at_the_limit_and_not_before() {
    // Long enough for two reviews on a machine that has other things to do.
    let idle = Duration::from_secs(4);
    let webhook = Webhook::start(&mode("enforce"), |options, _| options.limits.idle = idle).await;
    let mut connection = webhook.connect().await;
    let review = pod_review("web", "default", &[PULLABLE]);
    assert_eq!(connection.review(&review).await["allowed"], true);
    // The server's time begins later than this, with its answer.
    let asked = Instant::now();
    assert_eq!(connection.review(&review).await["allowed"], true);
    webhook.until("the idle connection is closed", async || connection.is_closed()).await;
    assert!(asked.elapsed() >= idle, "closed after {:?}", asked.elapsed());
}

#[tokio::test]
#[ignore = "takes 95 seconds of real time"]
async fn a_connection_that_was_idle_for_95_seconds_still_answers() {
    let webhook = Webhook::with_settings(&mode("enforce")).await;
    let mut connection = webhook.connect().await;
    let review = pod_review("web", "default", &[PULLABLE]);
    assert_eq!(connection.review(&review).await["allowed"], true);
    tokio::time::sleep(Duration::from_secs(95)).await;
    assert_eq!(connection.review(&review).await["allowed"], true);
}

#[tokio::test]
async fn who_says_nothing_is_shown_the_door() {
    let webhook = Webhook::start(&mode("enforce"), |options, _| {
        options.limits.handshake = Duration::from_millis(50);
    })
    .await;
    let mut silent = webhook.tcp().await;
    assert_eq!(silent.read(&mut [0]).await.unwrap(), 0, "closed without a word");
    let failures = webhook.metric("acr_admission_handshake_failures_total").await;
    assert!((failures - 1.0).abs() < f64::EPSILON);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let webhook = Webhook::start(&mode("enforce"), |options, _| {
        options.limits.body = Duration::from_millis(50);
    })
    .await;
    let mut stream = webhook.tls(&[b"http/1.1"]).await.unwrap();
    let head = "POST /validate/pods HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                content-length: 100\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
}

#[tokio::test]
async fn connections_are_bounded_and_a_place_that_is_left_is_taken() {
    let webhook = Webhook::start(&mode("enforce"), |options, _| options.limits.connections = 1).await;
    let held = webhook.tls(&[b"http/1.1"]).await.unwrap();
    let second = webhook.post("/validate/pods", pod_review("web", "default", &[PULLABLE]).to_string());
    let mut second = std::pin::pin!(second);
    let early = tokio::time::timeout(Duration::from_millis(100), second.as_mut()).await;
    assert!(early.is_err(), "there is no place for it");
    drop(held);
    assert_eq!(second.await.status, StatusCode::OK);
}

#[tokio::test]
async fn one_address_cannot_hold_all_places() {
    // As many on the health port, which has a count of its own.
    const SHARE: usize = 8;
    let webhook =
        Webhook::start(&mode("enforce"), |options, _| options.limits.connections_of_one_peer = SHARE).await;
    let mut held = Vec::new();
    for _ in 0..SHARE {
        held.push(webhook.tls(&[b"http/1.1"]).await.unwrap());
    }
    assert!(webhook.tls(&[b"http/1.1"]).await.is_err());
    let refused = webhook.metric("acr_admission_refused_connections_total").await;
    assert!((refused - 1.0).abs() < f64::EPSILON, "{refused}");
    held.pop();
    webhook.until("the place is free", async || webhook.tls(&[b"http/1.1"]).await.is_ok()).await;
}

#[tokio::test]
async fn an_idle_http_2_connection_is_closed_though_it_answers_pings() {
    let webhook = Webhook::start(&mode("enforce"), |options, _| {
        options.limits.idle = Duration::from_millis(150);
    })
    .await;
    let stream = webhook.tls(&[b"h2"]).await.unwrap();
    let (sender, connection) = hyper::client::conn::http2::handshake::<_, _, Full<Bytes>>(
        TokioExecutor::new(),
        TokioIo::new(stream),
    )
    .await
    .unwrap();
    tokio::spawn(connection);
    webhook.until("the idle connection is closed", async || sender.is_closed()).await;
}

#[tokio::test]
async fn http_2_is_spoken_where_it_is_asked_for() {
    let webhook = Webhook::with_settings(&mode("enforce")).await;
    let stream = webhook.tls(&[b"h2"]).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let body = pod_review("web", "default", &[PULLABLE]).to_string();
    let request = Request::post("https://localhost/validate/pods")
        .version(Version::HTTP_2)
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body)))
        .unwrap();
    let reply = Reply::of(sender.send_request(request).await.unwrap()).await;
    assert_eq!(reply.json()["response"]["allowed"], true);
}

#[tokio::test]
async fn the_end_loses_no_request() {
    // It ends when the test has asked everything, not before.
    let drain = Duration::from_secs(60);
    let mut webhook = Webhook::start(&mode("enforce"), |options, _| options.drain = drain).await;
    let review = pod_review("web", "default", &[PULLABLE]);
    let mut connection = webhook.connect().await;
    assert_eq!(connection.review(&review).await["allowed"], true);
    let mut idle = webhook.connect().await;
    assert_eq!(idle.review(&review).await["allowed"], true);
    let ended = tokio::spawn(webhook.shut_down());
    webhook
        .until("it is not ready", async || {
            webhook.health("/readyz").await.status == StatusCode::SERVICE_UNAVAILABLE
        })
        .await;
    // Whoever has not heard yet that this replica leaves is served, and sent away after that.
    let reply = connection.post("/validate/pods", review.to_string()).await;
    assert_eq!((reply.status, reply.header("connection")), (StatusCode::OK, Some("close")));
    assert_eq!(webhook.review(&review).await["allowed"], true, "a new connection");
    tokio::time::pause();
    tokio::time::advance(drain).await;
    tokio::time::resume();
    ended.await.unwrap();
    webhook.until("the idle connection is closed", async || idle.is_closed()).await;
    assert!(webhook.tls(&[b"http/1.1"]).await.is_err());
}
