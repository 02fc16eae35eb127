//! What strangers can make the server do and hold: large pods, many secrets, bodies that never end, clients that do not
//! read.

use std::time::Duration;

use hyper::StatusCode;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::decision_log::DecisionLog;
use crate::support::webhook::{Connection, Webhook, mode, pod_review, with_secrets, write_secrets};

const PULLABLE: &str = "fabrikam.azurecr.io/a:1";

/// Nobody measures time here: the work takes minutes, and is given up once others were seen to be served.
#[tokio::test]
async fn others_are_served_while_a_large_pod_is_judged() {
    let webhook = Webhook::start(&mode("enforce"), |options, folder| {
        let registries: Vec<String> = (0..3000).map(|number| format!("r{number}.example")).collect();
        write_secrets(options, folder, &["logins".to_owned()], "u", &registries);
    })
    .await;
    let review = with_secrets(pod_review("web", "frontend", &vec![PULLABLE; 10_000]), ["logins"]).to_string();
    let mut connection = webhook.connect().await;
    let judged =
        tokio::spawn(async move { connection.post("/validate/pods?timeout=30s", review).await.status });
    webhook
        .until("the pod is being judged", async || {
            let in_flight = webhook.metric("acr_admission_in_flight").await;
            assert!(!judged.is_finished(), "nobody else was served meanwhile");
            in_flight > 0.0
        })
        .await;
    assert_eq!(webhook.health("/healthz").await.status, StatusCode::OK);
    assert_eq!(webhook.review(&pod_review("web", "default", &[PULLABLE])).await["allowed"], true);
    assert!(!judged.is_finished(), "nobody else was served meanwhile");
    judged.abort();
    webhook
        .until("the work is given up", async || webhook.metric("acr_admission_in_flight").await < 1.0)
        .await;
}

#[tokio::test]
async fn a_secret_that_is_named_again_is_tried_again_and_not_without_end() {
    let log = DecisionLog::start();
    let webhook = Webhook::start(&mode("enforce"), |options, folder| {
        write_secrets(options, folder, &["login".to_owned()], "nobody", &["fabrikam.azurecr.io".to_owned()]);
    })
    .await;
    let pod = pod_review("web", "default", &[PULLABLE]);
    webhook.review(&with_secrets(pod.clone(), vec!["login"; 2])).await;
    let decision = log.take_one();
    let secret = "secret:login:nobody";
    assert_eq!(decision["images"][0]["chain"], json!([secret, secret, "node", "pluginAnonymous"]));
    assert!(decision["images"][0]["chainLeftOut"].is_null(), "{decision:#}");
    webhook.review(&with_secrets(pod, vec!["login"; 5000])).await;
    let image = log.take_one()["images"][0].take();
    let (told, left_out) =
        (image["chain"].as_array().unwrap().len(), image["chainLeftOut"].as_u64().unwrap());
    assert_eq!(told + usize::try_from(left_out).unwrap(), 1000 + 2, "{image:#}");
}

/// Every image is judged by every secret, and the pod's author chooses how many there are of both.
#[tokio::test]
async fn secrets_beyond_a_thousand_are_not_known() {
    let names: Vec<String> = (0..1002).map(|number| format!("s{number}")).collect();
    let webhook = Webhook::start(&mode("enforce"), |options, folder| {
        write_secrets(options, folder, &names, "nobody", &["r.example".to_owned()]);
    })
    .await;
    let denied = pod_review("web", "frontend", &["fabrikamapps.azurecr.io/payments/api:7"]);
    for (count, reason) in [(1000, "ConditionNotMet"), (1001, "PullSecretNotReadable")] {
        let review = with_secrets(denied.clone(), names.iter().take(count).map(String::as_str));
        let response = webhook.review(&review).await;
        assert_eq!(response["auditAnnotations"]["reason-code"], reason, "{count} {response:#}");
    }
}

#[tokio::test]
async fn an_object_of_more_images_than_are_judged_is_one_unknown() {
    let webhook = Webhook::with_settings(&mode("enforce")).await;
    let most = webhook.review(&pod_review("web", "default", &vec!["r.example/a"; 10_000])).await;
    // A slow machine does not come to all of them before the deadline.
    assert_ne!(most["auditAnnotations"]["reason-code"], "WorkloadUnreadable");
    let mut in_two_lists = pod_review("web", "default", &vec![PULLABLE; 5001]);
    let spec = &mut in_two_lists["request"]["object"]["spec"];
    spec["initContainers"] = spec["containers"].clone();
    for review in [pod_review("web", "default", &vec![PULLABLE; 10_001]), in_two_lists] {
        let response = webhook.review(&review).await;
        assert_eq!(response["allowed"], false);
        assert_eq!(response["auditAnnotations"]["reason-code"], "WorkloadUnreadable");
        let message = response["status"]["message"].as_str().unwrap();
        assert!(message.contains("too big to be judged"), "{message}");
    }
}

/// Two bodies that never end would leave no room for a third, were they not from one address.
#[tokio::test]
async fn one_address_cannot_hold_all_memory_for_bodies() {
    const HELD: usize = 30_000;
    let webhook = Webhook::start(&mode("enforce"), |options, _| {
        options.limits.body_bytes = 2 * HELD;
        options.limits.body_bytes_of_one_peer = HELD + 100;
        options.limits.body = Duration::from_secs(600);
    })
    .await;
    let review = pod_review("web", "frontend", &[PULLABLE]).to_string();
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = webhook.tls_from([127, 0, 0, 1]).await;
        let request = format!(
            "POST /validate/pods HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n",
            HELD + 1
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.write_all(&vec![b' '; HELD]).await.unwrap();
        stream.flush().await.unwrap();
        held.push(stream);
    }
    webhook
        .until("the address holds all that it may", async || {
            let same = Connection::over(webhook.tls_from([127, 0, 0, 1]).await).await;
            post(same, &review).await == StatusCode::TOO_MANY_REQUESTS
        })
        .await;
    let other = Connection::over(webhook.tls_from([127, 0, 0, 2]).await).await;
    assert_eq!(post(other, &review).await, StatusCode::OK);
}

async fn post(mut connection: Connection, review: &str) -> StatusCode {
    connection.post("/validate/pods", review.to_owned()).await.status
}

#[tokio::test]
async fn who_asks_and_does_not_read_is_shown_the_door() {
    let webhook =
        Webhook::start(&mode("enforce"), |options, _| options.limits.write = Duration::from_millis(200))
            .await;
    let mut stream = TcpStream::connect(webhook.health_address()).await.unwrap();
    let deaf = tokio::spawn(async move {
        // Answers to all of these fill every buffer on the way.
        let questions = "GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(10_000);
        let _ = stream.write_all(questions.as_bytes()).await;
        std::future::pending::<()>().await;
        drop(stream);
    });
    // Who asks is connected as well.
    let open = async || webhook.metric("acr_admission_connections").await;
    webhook.until("the deaf one is connected", async || open().await > 1.0).await;
    webhook.until("it is no more", async || open().await < 2.0).await;
    deaf.abort();
}
