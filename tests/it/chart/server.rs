//! A real API server takes what the chart renders, down to the last field, whoever makes the certificates.

use serde_json::{Value, json};

use super::installations;
use crate::support::custom_resources::server_that_knows_them;
use crate::support::helm::{CHART, Helm, Told, documents};
use crate::support::skip::skip;

#[test]
fn every_installation_is_taken_by_a_strict_api_server() {
    let (helm, server) = match (Helm::find(), server_that_knows_them()) {
        (Ok(helm), Ok(server)) => (helm, server),
        (Err(reason), _) | (_, Err(reason)) => return skip(reason),
    };
    // The server then warns about pods that its strictest profile would refuse.
    server.create_labelled_namespace(
        "acr-admission",
        &json!({"pod-security.kubernetes.io/warn": "restricted"}),
    );
    for (name, values) in installations() {
        let objects = documents(&helm.render(&values));
        assert!(objects.len() > 7, "{name} renders only {} objects", objects.len());
        let list = objects.iter().map(Value::to_string).collect::<Vec<_>>().join("\n---\n");
        let apply = ["apply", "--dry-run=server", "--validate=strict", "--filename", "-"];
        let output = server.kubectl(&apply, &list);
        assert!(output.status.success(), "{name}: {}{}", output.stdout, output.stderr);
        assert_eq!(output.stdout.lines().count(), objects.len(), "{name}: {}", output.stdout);
        assert_eq!(output.stderr, "", "{name}: the server warns");
    }
}

/// cert-manager leaves its Secrets behind, and Helm takes over nothing that it did not make.
#[test]
fn certificates_change_hands_and_back_whatever_cert_manager_leaves() {
    let (helm, server) = match (Helm::find(), server_that_knows_them()) {
        (Ok(helm), Ok(server)) => (helm, server),
        (Err(reason), _) | (_, Err(reason)) => return skip(reason),
    };
    let name = "acr-admission-handed";
    server.create_namespace(name);
    let kubeconfig = server.kubeconfig_path();
    let run = |arguments: &[&str]| {
        let told = Told { values: HARMLESS, kubeconfig: Some(&kubeconfig) };
        helm.run(&[arguments, &["--namespace", name]].concat(), &told)
    };
    let mode = |mode: &str| {
        let set = format!("certificates.mode={mode}");
        run(&["upgrade", name, CHART, "--install", "--values", "-", "--set", &set]).succeeded();
    };
    let secrets = || {
        let get = [
            "get",
            "secrets",
            "--namespace",
            name,
            "--output",
            "name",
            "--field-selector",
            "type!=helm.sh/release.v1",
        ];
        server.kubectl(&get, "").succeeded().stdout
    };
    let of_cert_manager = "secret/acr-admission-handed-cert-manager-authority\n\
                           secret/acr-admission-handed-cert-manager-tls\n";

    mode("certManager");
    // Nobody plays cert-manager here: these are the Secrets that it makes for the release's Certificates.
    let names = [
        "get",
        "certificates.cert-manager.io",
        "--namespace",
        name,
        "--output",
        "jsonpath={.items[*].spec.secretName}",
    ];
    for secret in server.kubectl(&names, "").succeeded().stdout.split_whitespace() {
        server.kubectl(&["create", "secret", "generic", secret, "--namespace", name], "").succeeded();
    }
    assert_eq!(secrets(), of_cert_manager);
    for next in ["selfManaged", "certManager", "selfManaged"] {
        mode(next);
    }
    assert_eq!(secrets(), format!("{of_cert_manager}secret/acr-admission-handed-tls\n"));
    run(&["uninstall", name]).succeeded();
    mode("selfManaged");
    run(&["uninstall", name]).succeeded();
    assert_eq!(secrets(), of_cert_manager);
}

/// Nobody answers for this webhook, so it must judge no namespace of other tests.
const HARMLESS: &str = "webhook: {namespaceSelector: {matchLabels: {acr-admission.test/webhook: nobody}}}\n\
     export: {enabled: true, clientId: 5c1a7d0e-4b2f-4e8a-9d63-0f7b8c2e1a94}";
