//! What goes wrong inside: panics, look-ups that hang or fail, too many requests at once.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use acr_admission::engine::pull::ServiceAccountFacts;
use acr_admission::kubernetes::{CacheState, Fetch, FetchError, Known, Surroundings};
use acr_admission::server::ClusterSource;
use acr_admission::settings::NamespaceLabels;
use acr_admission::telemetry::logging::{LogFormat, subscriber};
use acr_admission::workload::Secret;
use hyper::StatusCode;
use serde_json::json;
use tokio::sync::Notify;

use crate::support::decision_log::see_events_of_all_threads;
use crate::support::webhook::{Webhook, mode, pod_review, settings};

const PULLABLE: &str = "fabrikam.azurecr.io/a:1";

/// A cluster in trouble.
#[derive(Debug, Default)]
struct Troubled {
    trouble: Trouble,
    is_unsynced: AtomicBool,
    /// Somebody is waiting for a look-up.
    waiting: Notify,
    /// The look-ups may go on.
    go_on: Notify,
}

#[derive(Clone, Copy, Debug, Default)]
enum Trouble {
    /// Whoever asks panics.
    #[default]
    Panic,
    /// Answers never come.
    Hang,
    /// Answers are errors.
    Fail,
    /// Answers come when the test says so.
    Wait,
    /// The account does not exist.
    Missing,
}

impl Surroundings for Troubled {
    fn service_account(&self, _: &str, _: &str) -> Known<Arc<ServiceAccountFacts>> {
        Known::NotCached
    }

    fn namespace(&self, _: &str) -> Known<Arc<NamespaceLabels>> {
        Known::NotCached
    }

    fn pull_secret(&self, _: &str, _: &str) -> Known<Arc<Secret>> {
        Known::NotCached
    }

    fn fetch_service_account<'a>(&'a self, _: &'a str, _: &'a str) -> Fetch<'a, ServiceAccountFacts> {
        Box::pin(async {
            match self.trouble {
                Trouble::Panic => panic!("as the test wants it"),
                Trouble::Hang => std::future::pending().await,
                Trouble::Fail => Err(FetchError("connection refused".to_owned())),
                Trouble::Missing => Ok(None),
                Trouble::Wait => {
                    self.waiting.notify_one();
                    self.go_on.notified().await;
                    Ok(Some(Arc::default()))
                }
            }
        })
    }

    fn fetch_namespace<'a>(&'a self, _: &'a str) -> Fetch<'a, NamespaceLabels> {
        Box::pin(async { Ok(None) })
    }

    fn caches(&self) -> Vec<CacheState> {
        let is_synced = !self.is_unsynced.load(Ordering::Relaxed);
        vec![CacheState { kind: "serviceaccounts", objects: 0, is_synced }]
    }
}

async fn troubled(settings: &str, trouble: Trouble) -> (Webhook, Arc<Troubled>) {
    let cluster = Arc::new(Troubled { trouble, ..Troubled::default() });
    let given = Arc::clone(&cluster);
    let webhook = Webhook::start(settings, |options, _| {
        options.cluster = ClusterSource::Given(given);
        options.limits.in_flight = 1;
        options.limits.queue = Duration::ZERO;
        options.limits.lookup = Duration::from_secs(60);
    })
    .await;
    (webhook, cluster)
}

#[tokio::test]
async fn trouble_is_an_unknown_verdict_by_setting_and_the_server_lives_on() {
    for (trouble, reason, lookups) in [
        (Trouble::Panic, "InternalError", None),
        (Trouble::Hang, "DeadlineExceeded", None),
        (Trouble::Fail, "InternalError", Some("error")),
        (Trouble::Missing, "AllowedByRole", Some("missing")),
    ] {
        for (unknown, allowed) in [("deny", false), ("allow", true)] {
            let keys = format!("default: {{mode: enforce, question: actual, unknown: {unknown}}}");
            let (webhook, _) = troubled(&settings(&keys), trouble).await;
            let review = pod_review("web", "frontend", &[PULLABLE]);
            for _ in 0..2 {
                // Only what never comes is not waited for.
                let timeout = if matches!(trouble, Trouble::Hang) { "300ms" } else { "30s" };
                let path = format!("/validate/pods?timeout={timeout}");
                let reply = webhook.post(&path, review.to_string()).await;
                assert_eq!(reply.status, StatusCode::OK);
                let response = &reply.json()["response"];
                assert_eq!(response["uid"], review["request"]["uid"]);
                assert_eq!(response["auditAnnotations"]["reason-code"], reason, "{trouble:?}");
                let is_known = reason == "AllowedByRole";
                assert_eq!(response["allowed"], allowed || is_known, "{trouble:?} {response:#}");
            }
            let panics = webhook.metric("acr_admission_panics_total").await;
            let expected = if matches!(trouble, Trouble::Panic) { 2.0 } else { 0.0 };
            assert!((panics - expected).abs() < f64::EPSILON, "{panics}");
            if let Some(result) = lookups {
                let series = format!(
                    "acr_admission_live_lookups_total{{kind=\"serviceaccounts\",result=\"{result}\"}}"
                );
                assert!((webhook.metric(&series).await - 2.0).abs() < f64::EPSILON, "{series}");
            }
        }
    }
}

#[tokio::test]
async fn what_needs_no_account_is_judged_without_one() {
    for trouble in [Trouble::Fail, Trouble::Missing] {
        let (webhook, _) = troubled(&mode("enforce"), trouble).await;
        let response = webhook.review(&pod_review("web", "frontend", &["docker.io/library/nginx:1"])).await;
        assert_eq!(response["allowed"], true, "{trouble:?} {response:#}");
        let response = webhook.review(&pod_review("web", "frontend", &["a:b:c"])).await;
        let reason = &response["auditAnnotations"]["reason-code"];
        assert_eq!((&response["allowed"], reason), (&json!(false), &json!("InvalidImageReference")));
    }
}

/// A place for log lines that stops taking them.
#[derive(Clone, Default)]
struct FullDisk(Arc<AtomicBool>);

impl io::Write for FullDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        assert!(!self.0.load(Ordering::Relaxed), "as the test wants it");
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A reset connection would leave the decision to the failure policy.
#[tokio::test]
async fn an_answer_gets_out_even_where_the_log_takes_nothing_any_more() {
    see_events_of_all_threads();
    let log = FullDisk::default();
    let writer = log.clone();
    let subscriber = subscriber("info", LogFormat::Json, move || writer.clone()).unwrap();
    let _guard = tracing::subscriber::set_default(subscriber);
    let webhook = Webhook::with_settings(&mode("enforce")).await;
    log.0.store(true, Ordering::Relaxed);
    for (image, allowed) in [(PULLABLE, true), ("fabrikamapps.azurecr.io/payments/api:7", false)] {
        let response = webhook.review(&pod_review("web", "default", &[image])).await;
        assert_eq!(response["allowed"], allowed, "{response:#}");
    }
    log.0.store(false, Ordering::Relaxed);
    assert!((webhook.metric("acr_admission_panics_total").await - 2.0).abs() < f64::EPSILON);
}

#[tokio::test]
async fn too_many_reviews_at_once_are_asked_to_come_back() {
    let (webhook, cluster) = troubled(&mode("enforce"), Trouble::Wait).await;
    let review = pod_review("web", "frontend", &[PULLABLE]);
    let mut first = webhook.connect().await;
    let first = tokio::spawn(async move { first.review(&review).await });
    cluster.waiting.notified().await;
    let review = pod_review("web", "frontend", &[PULLABLE]);
    let reply = webhook.post("/validate/pods", review.to_string()).await;
    assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(reply.header("retry-after").unwrap().parse::<u32>().unwrap() >= 1);
    assert!(
        (webhook.metric("acr_admission_shed_total{cause=\"requests\"}").await - 1.0).abs() < f64::EPSILON
    );
    cluster.go_on.notify_one();
    assert_eq!(first.await.unwrap()["allowed"], true);
}

#[tokio::test]
async fn caches_that_are_not_filled_yet_are_worth_a_second_try() {
    let (webhook, cluster) = troubled(&mode("enforce"), Trouble::Missing).await;
    cluster.is_unsynced.store(true, Ordering::Relaxed);
    assert_eq!(webhook.health("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(webhook.health("/healthz").await.status, StatusCode::OK);
    let review = pod_review("web", "frontend", &[PULLABLE]).to_string();
    let reply = webhook.post("/validate/pods", review.clone()).await;
    assert_eq!((reply.status, reply.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, Some("1")));
    cluster.is_unsynced.store(false, Ordering::Relaxed);
    assert_eq!(webhook.health("/readyz").await.status, StatusCode::OK);
    assert_eq!(webhook.post("/validate/pods", review).await.status, StatusCode::OK);
}

#[tokio::test]
async fn bodies_share_a_bounded_memory() {
    let webhook = Webhook::start(&mode("enforce"), |options, _| options.limits.body_bytes = 100).await;
    let review = pod_review("web", "frontend", &[PULLABLE]).to_string();
    let reply = webhook.post("/validate/pods", review).await;
    assert_eq!((reply.status, reply.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, Some("1")));
}
