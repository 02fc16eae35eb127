//! Service accounts and namespaces from an API server, played by a script.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use acr_admission::kubernetes::{ClusterSurroundings, Surroundings};
use acr_admission::server::ClusterSource;
use axum::body::Body;
use hyper::{Request, Response};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::support::webhook::{Webhook, pod_review, settings};

const BY_WORKLOAD: &str = "fabrikamapps.azurecr.io/web/site:2.3";

/// An API server with one namespace, one account in its lists, and one account that the watch has not told of yet.
#[derive(Debug, Default)]
struct Script {
    lists_may_end: Notify,
    is_away: AtomicBool,
    gets: AtomicUsize,
}

impl Script {
    async fn answer(self: Arc<Self>, request: Request<kube::client::Body>) -> Response<Body> {
        let query = request.uri().query().unwrap_or_default();
        if query.contains("watch=") {
            std::future::pending::<()>().await;
        }
        if self.is_away.load(Ordering::Relaxed) {
            return status(503, "ServiceUnavailable");
        }
        match request.uri().path() {
            "/api/v1/serviceaccounts" => {
                self.lists_may_end.notified().await;
                list("ServiceAccountList", &account("frontend"))
            }
            "/api/v1/namespaces" => {
                self.lists_may_end.notified().await;
                let labels = json!({"stage": "production"});
                list("NamespaceList", &json!({"metadata": {"name": "web", "labels": labels}}))
            }
            "/api/v1/namespaces/web/serviceaccounts/late" => {
                self.gets.fetch_add(1, Ordering::Relaxed);
                reply(200, &account("late"))
            }
            _ => {
                self.gets.fetch_add(1, Ordering::Relaxed);
                status(404, "NotFound")
            }
        }
    }
}

fn account(name: &str) -> Value {
    let annotations = json!({"azure.workload.identity/client-id": "20000000-0000-4000-8000-000000000002"});
    json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": name, "namespace": "web", "annotations": annotations},
    })
}

fn list(kind: &str, item: &Value) -> Response<Body> {
    reply(
        200,
        &json!({"apiVersion": "v1", "kind": kind, "metadata": {"resourceVersion": "1"}, "items": [item]}),
    )
}

fn status(code: u16, reason: &str) -> Response<Body> {
    let status = json!({"apiVersion": "v1", "kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": reason});
    reply(code, &status)
}

fn reply(code: u16, body: &Value) -> Response<Body> {
    Response::builder().status(code).body(Body::from(body.to_string())).unwrap()
}

#[tokio::test]
async fn the_webhook_waits_for_the_caches_and_asks_once_about_what_they_lack() {
    let script = Arc::new(Script::default());
    let played = Arc::clone(&script);
    let service = tower::service_fn(move |request| {
        let answer = Arc::clone(&played).answer(request);
        async { Ok::<_, Infallible>(answer.await) }
    });
    let surroundings = Arc::new(ClusterSurroundings::new(kube::Client::new(service, "default")));
    let followed = Arc::clone(&surroundings);
    tokio::spawn(async move { followed.follow().await });
    let given: Arc<dyn Surroundings> = surroundings.clone();
    let keys = "
rules:
  - {name: live, namespaces: {matchLabels: {stage: production}}, mode: enforce, unknown: deny}
  - {name: gone, namespaces: {matchLabels: {stage: gone}}, mode: enforce}
default: {mode: audit}
cluster: {federation: trusted}";
    let webhook =
        Webhook::start_waiting(&settings(keys), |options, _| options.cluster = ClusterSource::Given(given))
            .await;

    webhook.until("all files are loaded", async || webhook.ready().await["waitingFor"] == json!([])).await;
    assert_eq!(webhook.ready().await["ready"], false);
    assert!(webhook.is_closed().await, "nobody is sent away");
    let review = pod_review("web", "frontend", &[BY_WORKLOAD]);
    script.lists_may_end.notify_one();
    script.lists_may_end.notify_one();
    webhook.until("the caches are filled", async || webhook.ready().await["ready"] == true).await;

    let response = webhook.review(&review).await;
    assert_eq!(response["auditAnnotations"]["identity"], "id-web", "{response:#}");
    assert_eq!(
        (&response["allowed"], &response["auditAnnotations"]["mode"]),
        (&json!(true), &json!("enforce"))
    );
    assert_eq!(script.gets.load(Ordering::Relaxed), 0, "everything was in the caches");

    let late = pod_review("web", "late", &[BY_WORKLOAD]);
    assert_eq!(webhook.review(&late).await["allowed"], true);
    assert_eq!(script.gets.load(Ordering::Relaxed), 1);

    let missing = webhook.review(&pod_review("web", "missing", &[BY_WORKLOAD])).await;
    assert_eq!(missing["auditAnnotations"]["reason-code"], "ServiceAccountNotFound");
    // A namespace that nobody knows might be any: the strictest rule.
    let elsewhere = webhook.review(&pod_review("elsewhere", "frontend", &[BY_WORKLOAD])).await;
    assert_eq!(elsewhere["auditAnnotations"]["mode"], "enforce");

    script.is_away.store(true, Ordering::Relaxed);
    assert_eq!(webhook.review(&review).await["allowed"], true, "the caches answer on");
    assert_eq!(webhook.ready().await["ready"], true);
    let unknown = webhook.review(&late).await;
    assert_eq!(
        (&unknown["allowed"], &unknown["auditAnnotations"]["reason-code"]),
        (&json!(false), &json!("InternalError"))
    );
}
