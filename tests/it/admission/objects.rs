//! Objects to create, and what kubectl says of those that are refused.

use serde_json::{Value, json};

use crate::support::kubectl::Output;

pub(super) fn pod(name: &str, namespace: &str, image: &str) -> Value {
    pod_with(name, namespace, &json!({"containers": [{"name": "app", "image": image}]}))
}

pub(super) fn pod_with(name: &str, namespace: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    })
}

pub(super) fn deployment(name: &str, namespace: &str, spec: &Value) -> Value {
    let labels = json!({"app": name});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    })
}

pub(super) fn service_account(name: &str, namespace: &str, client_id: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {
            "name": name, "namespace": namespace,
            "annotations": {"azure.workload.identity/client-id": client_id},
        },
    })
}

/// Several objects as one file.
pub(super) fn list(objects: &[Value]) -> Value {
    json!({"apiVersion": "v1", "kind": "List", "items": objects})
}

/// Fails the test unless a webhook of ours refused, with a text that begins so.
#[track_caller]
pub(super) fn assert_refused(output: &Output, webhook: &str, beginning: &str) {
    let text = format!("admission webhook \"{webhook}.acr-admission.dev\" denied the request: {beginning}");
    assert_eq!(output.status.code(), Some(1), "{}{}", output.stdout, output.stderr);
    assert!(output.stderr.contains(&text), "expected: {text}\ngot: {}", output.stderr);
}
