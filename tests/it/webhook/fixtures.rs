//! Whole reviews: of the contoso estate with known verdicts, and reviews that others recorded.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use acr_admission::server::{Clock, ClusterSource};
use hyper::StatusCode;
use serde_json::Value;

use crate::support::skip::real_inputs;
use crate::support::webhook::{Webhook, mode, settings};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

#[tokio::test]
async fn reviews_of_the_contoso_estate_get_the_verdicts_of_the_table() {
    let expected: Value =
        serde_json::from_slice(&fs::read(fixture("workloads/expected.json")).unwrap()).unwrap();
    let reviews: Vec<&Value> = expected["cases"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|case| case["file"].as_str().unwrap().starts_with("admission/"))
        .collect();
    assert_eq!(reviews.len(), 3);
    for question in ["workload", "actual"] {
        let keys = format!(
            "cluster: {{name: aks-prod, pullIdentity: kubelet}}\ndefault: {{mode: enforce, question: {question}}}"
        );
        let webhook = Webhook::start(&settings(&keys), |options, _| {
            options.inventory = vec![fixture("az")];
            options.cluster = ClusterSource::Objects(vec![fixture("workloads/aks-prod/00-namespaces.yaml")]);
            options.clock = Clock::Fixed("2026-11-22T00:00:00Z".parse().unwrap());
        })
        .await;
        for case in &reviews {
            let file = case["file"].as_str().unwrap();
            let review: Value =
                serde_json::from_slice(&fs::read(fixture("workloads").join(file)).unwrap()).unwrap();
            let response = webhook.review(&review).await;
            let denied: BTreeSet<&str> = case["images"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|image| image[question]["verdict"] == "deny")
                .map(|image| image["image"].as_str().unwrap())
                .collect();
            assert_eq!(response["allowed"], denied.is_empty(), "{file} {question} {response:#}");
            let message = response["status"]["message"].as_str().unwrap_or_default();
            let named: BTreeSet<&str> = message
                .lines()
                .take_while(|line| !line.starts_with("judged: "))
                .map(|line| line.split_once(": ").unwrap().0)
                .collect();
            assert_eq!(named, denied, "{file} {question}");
        }
    }
}

#[tokio::test]
async fn recorded_reviews_of_a_real_api_server_are_answered() {
    let Some(folder) = real_inputs() else { return };
    let webhook = Webhook::with_settings(&mode("warn")).await;
    let mut answered = 0;
    for entry in fs::read_dir(folder.join("admission-reviews")).unwrap() {
        let path = entry.unwrap().path();
        let body = fs::read(&path).unwrap();
        let uid = serde_json::from_slice::<Value>(&body)
            .ok()
            .and_then(|review| review["request"]["uid"].as_str().map(str::to_owned));
        let reply = webhook.post("/validate/pods", body).await;
        match uid {
            Some(uid) => {
                assert_eq!(reply.status, StatusCode::OK, "{}", path.display());
                assert_eq!(reply.json()["response"]["uid"], uid, "{}", path.display());
                answered += 1;
            }
            None => assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{}", path.display()),
        }
    }
    assert!(answered > 10, "only {answered} reviews");
}
