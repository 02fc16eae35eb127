//! Watches of an API server in trouble, played by a script. Time is the runtime's own: hours pass at once.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use acr_admission::kubernetes::{ClusterSurroundings, Surroundings};
use acr_admission::server::ClusterSource;
use axum::body::Body;
use hyper::{Request, Response};
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::support::decision_log::DecisionLog;
use crate::support::webhook::{Webhook, mode};

/// An API server without any object.
#[derive(Debug, Default)]
struct Script {
    /// It refuses every list.
    refuses: AtomicBool,
    /// It takes so many lists and never answers.
    silent_for: AtomicUsize,
    lists: AtomicUsize,
}

impl Script {
    async fn answer(self: Arc<Self>, request: Request<kube::client::Body>) -> Response<Body> {
        if request.uri().query().unwrap_or_default().contains("watch=") {
            std::future::pending::<()>().await;
        }
        let number = self.lists.fetch_add(1, Ordering::Relaxed);
        if number < self.silent_for.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        let (code, body) = if self.refuses.load(Ordering::Relaxed) {
            let message = "etcd is not there";
            (
                500,
                json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 500, "message": message, "reason": "InternalError"}),
            )
        } else {
            let kind = request.uri().path().trim_start_matches("/api/v1/");
            let kind = if kind == "namespaces" { "NamespaceList" } else { "ServiceAccountList" };
            (
                200,
                json!({"apiVersion": "v1", "kind": kind, "metadata": {"resourceVersion": "1"}, "items": []}),
            )
        };
        Response::builder().status(code).body(Body::from(body.to_string())).unwrap()
    }

    /// What is kept of this API server, followed as long as the test runs.
    fn followed(self: &Arc<Self>) -> Arc<ClusterSurroundings> {
        let played = Arc::clone(self);
        let service = tower::service_fn(move |request| {
            let answer = Arc::clone(&played).answer(request);
            async { Ok::<_, Infallible>(answer.await) }
        });
        let surroundings = Arc::new(ClusterSurroundings::new(kube::Client::new(service, "default")));
        let followed = Arc::clone(&surroundings);
        tokio::spawn(async move { followed.follow().await });
        surroundings
    }
}

async fn filled(surroundings: &ClusterSurroundings) {
    while !surroundings.caches().iter().all(|cache| cache.is_synced) {
        sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_never_answered_is_asked_for_again() {
    let script = Arc::new(Script { silent_for: AtomicUsize::new(2), ..Script::default() });
    let surroundings = script.followed();
    sleep(Duration::from_secs(90)).await;
    let filled = timeout(Duration::from_secs(600), filled(&surroundings)).await;
    assert!(filled.is_ok(), "{:?}", surroundings.caches());
    assert_eq!(surroundings.failures(), [], "it was told, and is over");
}

#[tokio::test(start_paused = true)]
async fn an_api_server_that_fails_is_asked_less_and_less_and_told_of_once() {
    let log = DecisionLog::start();
    let script = Arc::new(Script { refuses: AtomicBool::new(true), ..Script::default() });
    let surroundings = script.followed();
    sleep(Duration::from_secs(1800)).await;
    let asked = script.lists.load(Ordering::Relaxed);
    assert!(asked < 2 * 1800 / 20, "two caches have asked {asked} times in half an hour");
    let failures = surroundings.failures();
    let kinds: Vec<&str> = failures.iter().map(|failure| failure.kind).collect();
    assert_eq!(kinds, ["serviceaccounts", "namespaces"]);
    assert!(failures.iter().all(|failure| failure.error.contains("etcd is not there")), "{failures:?}");
    let told = log.text().matches("the watch was interrupted").count();
    assert_eq!(told, 2, "once for each cache\n{}", log.text());
    script.refuses.store(false, Ordering::Relaxed);
    let filled = timeout(Duration::from_secs(600), filled(&surroundings)).await;
    assert!(filled.is_ok(), "{:?}", surroundings.caches());
    assert_eq!(surroundings.failures(), []);
}

#[tokio::test]
async fn who_is_not_ready_says_which_cache_is_not_filled_and_why() {
    let script = Arc::new(Script { refuses: AtomicBool::new(true), ..Script::default() });
    let given: Arc<dyn Surroundings> = script.followed();
    let webhook =
        Webhook::start_waiting(&mode("enforce"), |options, _| options.cluster = ClusterSource::Given(given))
            .await;
    webhook
        .until("the failure is told", async || {
            let failures = webhook.ready().await["failures"]["caches"].clone();
            let error = failures["namespaces"]["error"].as_str();
            error.is_some_and(|error| error.contains("etcd is not there"))
        })
        .await;
    assert_eq!(webhook.ready().await["ready"], false);
    assert!(webhook.is_closed().await);
}
