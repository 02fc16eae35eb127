//! How long does it take to read a review, against parsing the same bytes into a tree of values, and into the typed
//! structures of `k8s-openapi`?
//!
//! One review is an ordinary pod as clusters send it, the other a pod with forty containers. All three run in one
//! go, so that their ratio says something on any machine.

#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use acr_admission::review::{AdmissionRequest, Examined, UnchangedObjects};
use acr_admission::workload::{ImageField, Workload, WorkloadKind};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use k8s_openapi::api::core::v1::Pod;
use serde::Deserialize;
use serde_json::{Value, json};

fn read_reviews(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("review");
    for (name, containers, environment) in [("ordinary", 3, 8), ("large", 40, 20)] {
        let body = review(containers, environment);
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_with_input(BenchmarkId::new("ours", name), body.as_slice(), |bench, body| {
            bench.iter(|| ours(black_box(body)));
        });
        group.bench_with_input(BenchmarkId::new("values", name), body.as_slice(), |bench, body| {
            bench.iter(|| values(black_box(body)));
        });
        group.bench_with_input(BenchmarkId::new("typed", name), body.as_slice(), |bench, body| {
            bench.iter(|| typed(black_box(body)));
        });
    }
    group.finish();
}

/// All three end with the number of images found, so that none can leave the work undone.
fn ours(body: &[u8]) -> usize {
    let request = AdmissionRequest::parse(body).unwrap();
    match request.examine(UnchangedObjects::Skip).unwrap() {
        Examined::Judge(Workload { pod, .. }) => {
            assert_eq!(pod.kind, WorkloadKind::Pod);
            pod.images.iter().filter(|ImageField { image, .. }| !image.is_empty()).count()
        }
        Examined::Skip(_) => 0,
    }
}

fn values(body: &[u8]) -> usize {
    let review: Value = serde_json::from_slice(body).unwrap();
    let containers = review.pointer("/request/object/spec/containers").and_then(Value::as_array).unwrap();
    containers.iter().filter(|container| container.get("image").is_some()).count()
}

fn typed(body: &[u8]) -> usize {
    #[derive(Deserialize)]
    struct Review {
        request: Request,
    }
    #[derive(Deserialize)]
    struct Request {
        object: Pod,
    }
    let Review { request: Request { object } } = serde_json::from_slice(body).unwrap();
    let containers = object.spec.unwrap().containers;
    containers.iter().filter(|container| container.image.is_some()).count()
}

fn review(containers: usize, environment: usize) -> Vec<u8> {
    let variables: Vec<_> = (0..environment)
        .map(|number| json!({"name": format!("VARIABLE_{number}"), "value": format!("value {number}")}))
        .collect();
    let containers: Vec<_> = (0..containers)
        .map(|number| {
            json!({
                "name": format!("container-{number}"),
                "image": format!("contoso.azurecr.io/team-{number}/app:1.{number}"),
                "env": variables,
                "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "100m", "memory": "64Mi"}},
                "volumeMounts": [{"name": "token", "mountPath": "/var/run/secrets", "readOnly": true}],
                "livenessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 10},
            })
        })
        .collect();
    json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "d8d6e940-1dcb-4175-a889-a17f4ac8bc98",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "name": "web-6d5f8c7b9d-x2x7q", "namespace": "web", "operation": "CREATE",
            "userInfo": {"username": "system:serviceaccount:kube-system:replicaset-controller",
                         "groups": ["system:serviceaccounts", "system:authenticated"]},
            "object": {
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": "web-6d5f8c7b9d-x2x7q", "namespace": "web", "labels": {"app": "web"}},
                "spec": {"serviceAccountName": "web", "containers": containers, "restartPolicy": "Always",
                         "volumes": [{"name": "token", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}]},
                "status": {"phase": "Pending"},
            },
            "oldObject": null, "dryRun": false,
        },
    })
    .to_string()
    .into_bytes()
}

criterion_group!(benches, read_reviews);
criterion_main!(benches);
