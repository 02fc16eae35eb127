//! A webhook that goes away, and namespaces that must never depend on it.

use serde_json::json;

use super::cluster::{ALLOWED, DENIED};
use super::configuration::{WEBHOOK_LABEL, configuration};
use super::objects::pod;
use super::serving::{Serving, in_repository};
use crate::support::apiserver::ApiServer;
use crate::support::expected::ESTATE;
use crate::support::kubectl::Output;
use crate::support::skip::skip;
use crate::support::waiting::wait_until;

#[test]
fn without_the_webhook_fail_refuses_and_ignore_admits() {
    let server = match ApiServer::shared() {
        Ok(server) => server,
        Err(reason) => return skip(reason),
    };
    let mut serving = Serving::start(server, &in_repository(ESTATE));
    for (name, policy) in [("gone-fail", "Fail"), ("gone-ignore", "Ignore")] {
        server.apply(&configuration(name, &serving, policy).to_string());
        server.create_labelled_namespace(name, &json!({WEBHOOK_LABEL: name}));
        wait_until("pods are judged", || try_pod(server, name, DENIED).stderr.contains("denied the request"));
        try_pod(server, name, ALLOWED).succeeded();
    }

    let status = serving.end("KILL");
    assert_eq!(status.code(), None, "the webhook was to be killed");

    let refused = try_pod(server, "gone-fail", ALLOWED);
    assert_eq!(refused.status.code(), Some(1));
    let failed_call = "failed calling webhook \"pods.acr-admission.dev\"";
    assert!(refused.stderr.contains(failed_call), "{}", refused.stderr);
    try_pod(server, "gone-ignore", DENIED).succeeded();
}

#[test]
fn the_system_s_own_namespaces_are_never_judged() {
    let server = match ApiServer::shared() {
        Ok(server) => server,
        Err(reason) => return skip(reason),
    };
    let serving = Serving::start(server, &in_repository(ESTATE));
    server.apply(&configuration("system", &serving, "Fail").to_string());
    let judged = json!({WEBHOOK_LABEL: "system"});
    for (namespace, label) in [
        ("kube-system", None),
        ("acr-admission", None),
        ("gatekeeper-system", Some(("control-plane", "controller-manager"))),
        ("app-routing-system", Some(("kubernetes.azure.com/managedby", "aks"))),
    ] {
        let mut labels = judged.clone();
        if let Some((key, value)) = label {
            labels[key] = json!(value);
        }
        server.create_labelled_namespace(namespace, &labels);
    }
    server.create_namespace("not-the-system");
    // Last: changes of namespaces arrive in their order, so what was labelled before is known by then.
    server.create_labelled_namespace("not-the-system", &judged);
    wait_until("pods are judged", || {
        try_pod(server, "not-the-system", DENIED).stderr.contains("denied the request")
    });

    for namespace in ["kube-system", "acr-admission", "gatekeeper-system", "app-routing-system"] {
        try_pod(server, namespace, DENIED).succeeded();
    }
    assert!(serving.decisions().iter().all(|decision| decision["namespace"] == "not-the-system"));
}

#[test]
fn a_webhook_told_to_end_ends_well() {
    let server = match ApiServer::shared() {
        Ok(server) => server,
        Err(reason) => return skip(reason),
    };
    let mut serving = Serving::start(server, &in_repository(ESTATE));
    let status = serving.end("TERM");
    assert_eq!(status.code(), Some(0), "{}", serving.log());
}

fn try_pod(server: &ApiServer, namespace: &str, image: &str) -> Output {
    let pod = pod("trial", namespace, image).to_string();
    server.kubectl(&["create", "--dry-run=server", "--filename", "-"], &pod)
}
