//! A real API server takes what the chart renders, down to the last field.

use serde_json::{Value, json};

use super::installations;
use crate::support::apiserver::ApiServer;
use crate::support::helm::{Helm, documents};
use crate::support::skip::skip;

#[test]
fn every_installation_is_taken_by_a_strict_api_server() {
    let (helm, server) = match (Helm::find(), ApiServer::shared()) {
        (Ok(helm), Ok(server)) => (helm, server),
        (Err(reason), _) | (_, Err(reason)) => return skip(reason),
    };
    // The server then warns about pods that its strictest profile would refuse.
    server.create_labelled_namespace(
        "acr-admission",
        &json!({"pod-security.kubernetes.io/warn": "restricted"}),
    );
    for (name, values) in installations() {
        let objects: Vec<Value> = documents(&helm.render(&values));
        assert!(objects.len() > 7, "{name} renders only {} objects", objects.len());
        let (known, _): (Vec<Value>, Vec<Value>) = objects.into_iter().partition(is_built_in);
        let list = known.iter().map(Value::to_string).collect::<Vec<_>>().join("\n---\n");
        let apply = ["apply", "--dry-run=server", "--validate=strict", "--filename", "-"];
        let output = server.kubectl(&apply, &list);
        assert!(output.status.success(), "{name}: {}{}", output.stdout, output.stderr);
        assert_eq!(output.stdout.lines().count(), known.len(), "{name}: {}", output.stdout);
        assert_eq!(output.stderr, "", "{name}: the server warns");
    }
}

/// Kinds of cert-manager and of the Prometheus operator are not an API server's own.
fn is_built_in(object: &Value) -> bool {
    let version = object["apiVersion"].as_str().unwrap();
    !version.starts_with("cert-manager.io/") && !version.starts_with("monitoring.coreos.com/")
}
