//! Requests that are no reviews, and reviews that cannot be read.

use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE};
use hyper::{Request, StatusCode};
use serde_json::{Value, json};

use crate::support::webhook::{Webhook, mode, pod_review, review};

#[tokio::test]
async fn what_is_no_review_gets_the_status_that_says_so() {
    let webhook = Webhook::with_settings(&mode("enforce")).await;
    let good = pod_review("web", "frontend", &["fabrikam.azurecr.io/a:1"]).to_string();
    let json = "application/json";
    for (request, content_type, body, status) in [
        (Request::get("/validate/pods"), json, "", 405),
        (Request::put("/validate/pods"), json, good.as_str(), 405),
        (Request::post("/validate"), json, &good, 404),
        (Request::post("/metrics"), json, &good, 404),
        (Request::get("/healthz"), json, "", 404),
        (Request::post("/validate/pods"), "text/plain", &good, 415),
        (Request::post("/validate/pods"), "", &good, 415),
        (Request::post("/validate/pods"), "application/jsonx", &good, 415),
        (Request::post("/validate/pods"), json, "", 400),
        (Request::post("/validate/pods"), json, "null", 400),
        (Request::post("/validate/pods"), json, "[]", 400),
        (Request::post("/validate/pods"), json, "not json", 400),
        (Request::post("/validate/pods"), json, "{\"apiVersion\":", 400),
        (Request::post("/validate/pods"), json, "{}", 400),
        (Request::post("/validate/pods"), "application/json; charset=utf-8", &good, 200),
        (Request::post("/validate/workloads"), "Application/JSON", &good, 200),
        (Request::post("/validate/pods").header(CONTENT_ENCODING, "gzip"), json, &good, 415),
        (Request::post("/validate/pods").header("accept-encoding", "gzip"), json, &good, 200),
    ] {
        let what = format!("{request:?} {content_type} {body}");
        let mut connection = webhook.connect().await;
        let reply = connection.send(request.header(CONTENT_TYPE, content_type), body.to_owned()).await;
        assert_eq!(reply.status.as_u16(), status, "{what}");
    }
    assert!(webhook.metric("acr_admission_bad_requests_total{status=\"415\"}").await > 3.0);
}

#[tokio::test]
async fn nine_megabytes_are_too_much_and_seven_are_not() {
    let webhook = Webhook::with_settings(&mode("enforce")).await;
    let mut review = pod_review("web", "frontend", &["fabrikam.azurecr.io/a:1"]);
    let mut padded = |bytes: usize| {
        review["request"]["object"]["metadata"]["annotations"] = json!({"a": "x".repeat(bytes)});
        review.to_string()
    };
    let reply = webhook.post("/validate/pods", padded(7 << 20)).await;
    assert_eq!(reply.status, StatusCode::OK);
    let reply = webhook.post("/validate/pods", padded(9 << 20)).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_review_that_cannot_be_read_is_refused_under_its_uid() {
    let webhook = Webhook::with_settings(&mode("warn")).await;
    let good = pod_review("web", "frontend", &["fabrikam.azurecr.io/a:1"]);
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut review = good.clone();
        change(&mut review);
        review
    };
    for (review, says) in [
        (changed(&|review| review["apiVersion"] = json!("admission.k8s.io/v1beta1")), "apiVersion"),
        (changed(&|review| review["kind"] = json!("Pod")), "kind"),
        (changed(&|review| review["request"]["object"] = Value::Null), "`object`"),
        (changed(&|review| review["request"]["operation"] = json!("PATCH")), "operation"),
        (changed(&|review| review["request"]["userInfo"] = json!(7)), "unexpected shape"),
    ] {
        let response = webhook.review(&review).await;
        let message = response["status"]["message"].as_str().unwrap();
        assert!(response["allowed"] == false && message.contains(says), "{response:#}");
    }
}

#[tokio::test]
async fn an_object_that_cannot_be_read_is_unknown() {
    let object = json!({"metadata": {"name": "p"}, "spec": {"containers": "none"}});
    for (name, allowed) in [("enforce", false), ("warn", true)] {
        let webhook = Webhook::with_settings(&mode(name)).await;
        let response = webhook.review(&review("", "Pod", "web", &object)).await;
        assert_eq!(response["allowed"], allowed, "{response:#}");
        assert_eq!(response["auditAnnotations"]["reason-code"], "WorkloadUnreadable");
    }
}

#[tokio::test]
async fn what_holds_no_pods_passes() {
    let webhook = Webhook::with_settings(&mode("enforce")).await;
    let role = json!({"metadata": {"name": "r"}, "rules": []});
    let response = webhook.review(&review("rbac.authorization.k8s.io", "Role", "web", &role)).await;
    assert_eq!(
        (&response["allowed"], &response["auditAnnotations"]["decision"]),
        (&json!(true), &json!("skip"))
    );
}
