//! Objects to create, and what is said of those that are refused.

use serde_json::{Value, json};

use crate::kubectl::Output;

/// An image that the identity of the nodes may pull.
pub(crate) const ALLOWED: &str = "fabrikam.azurecr.io/base/app:1";
/// One that it may not.
pub(crate) const DENIED: &str = "fabrikamapps.azurecr.io/payments/api:7";
/// One that only the identity of the service account `web/frontend` may pull.
pub(crate) const FOR_WEB: &str = "fabrikamapps.azurecr.io/web/site:2.3";
/// What a user reads first of the denied one.
pub(crate) const DENIAL: &str = "fabrikamapps.azurecr.io/payments/api:7: managed identity id-kubelet may not pull from registry fabrikamapps";
/// What a user reads where it is only warned about.
pub(crate) const WARNING: &str =
    "Warning: fabrikamapps.azurecr.io/payments/api:7: id-kubelet: no role assignment grants it the pull";

pub(crate) fn pod(name: &str, namespace: &str, image: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": pod_spec(image),
    })
}

/// Nothing here shall run: no node has such a label.
pub(crate) fn pod_spec(image: &str) -> Value {
    json!({
        "nodeSelector": {"acr-admission.test/runs": "nowhere"},
        "containers": [{"name": "app", "image": image}],
    })
}

pub(crate) fn deployment(name: &str, namespace: &str, image: &str) -> Value {
    let labels = json!({"app": name});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod_spec(image)},
        },
    })
}

pub(crate) fn cron_job(name: &str, namespace: &str, image: &str) -> Value {
    let mut spec = pod_spec(image);
    spec["restartPolicy"] = json!("Never");
    json!({
        "apiVersion": "batch/v1", "kind": "CronJob",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": {"spec": spec}}}},
    })
}

pub(crate) fn image_volume(name: &str, namespace: &str, image: &str) -> Value {
    let mut pod = pod(name, namespace, ALLOWED);
    pod["spec"]["volumes"] = json!([{"name": "files", "image": {"reference": image}}]);
    pod["spec"]["containers"][0]["volumeMounts"] = json!([{"name": "files", "mountPath": "/files"}]);
    pod
}

/// Fails the test unless one of the webhooks refused, with the denial of [`DENIED`].
#[track_caller]
pub(crate) fn assert_refused(output: &Output, webhook: &str) {
    let text = format!("admission webhook \"{webhook}.acr-admission.dev\" denied the request: {DENIAL}");
    assert_eq!(output.status.code(), Some(1), "{}{}", output.stdout, output.stderr);
    assert!(output.stderr.contains(&text), "expected: {text}\ngot: {}", output.stderr);
}
