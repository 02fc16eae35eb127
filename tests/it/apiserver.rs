//! Whether the API server that other tests trust behaves as one in a cluster does where it matters to admission.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::support::apiserver::ApiServer;
use crate::support::processes::Processes;
use crate::support::skip::skip;
use crate::support::waiting::wait_until;

#[test]
fn answers_whoever_trusts_its_authority() {
    let server = match ApiServer::shared() {
        Ok(server) => server,
        Err(reason) => return skip(reason),
    };
    let authority = NamedTempFile::new().unwrap();
    fs::write(authority.path(), server.ca_pem()).unwrap();
    let authority = authority.path().to_str().unwrap();
    let url = server.url();

    let ask = ["--server", &url, "--certificate-authority", authority, "get", "--raw=/version"];
    let output = server.kubectl(&ask, "").succeeded();

    let version: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(version["major"], "1", "a server without a version misleads clients and charts: {version}");
}

#[test]
fn admits_only_what_a_user_may_do() {
    let server = match ApiServer::shared() {
        Ok(server) => server,
        Err(reason) => return skip(reason),
    };
    server.create_namespace("granted");
    server.create_namespace("closed");
    let developer = server.user("developer@contoso.example", &["developers"]);
    server.let_work_in("granted", &developer);

    server.kubectl_as(&developer, &["create", "--filename", "-"], &pod("granted")).succeeded();

    let refused = server.kubectl_as(&developer, &["create", "--filename", "-"], &pod("closed"));
    assert!(
        refused.stderr.contains("is forbidden: User \"developer@contoso.example\""),
        "{}",
        refused.stderr
    );
}

#[test]
fn gives_pods_the_pull_secrets_of_their_service_account() {
    let server = match ApiServer::shared() {
        Ok(server) => server,
        Err(reason) => return skip(reason),
    };
    server.create_namespace("secretive");
    let secrets = r#"{"imagePullSecrets": [{"name": "acr-token"}]}"#;
    let patch = ["patch", "serviceaccount", "default", "--namespace", "secretive", "--patch", secrets];
    server.kubectl(&patch, "").succeeded();

    let create =
        ["create", "--dry-run=server", "--output=jsonpath={.spec.imagePullSecrets}", "--filename", "-"];
    wait_until("admission has seen the service account's secrets", || {
        server.kubectl(&create, &pod("secretive")).succeeded().stdout == r#"[{"name":"acr-token"}]"#
    });
}

#[test]
fn refuses_what_a_webhook_out_of_reach_should_judge() {
    let server = match ApiServer::shared() {
        Ok(server) => server,
        Err(reason) => return skip(reason),
    };
    server.create_namespace("judged");
    server.apply(UNREACHABLE_WEBHOOK);

    let create = ["create", "--dry-run=server", "--filename", "-"];
    wait_until("the webhook is asked", || {
        let output = server.kubectl(&create, &pod("judged"));
        output.stderr.contains("failed calling webhook \"unreachable.acr-admission.dev\"")
    });
}

#[test]
fn what_a_test_started_ends_with_it() {
    let mut processes = Processes::new();
    processes.start("sleep", Command::new("sh").args(["-c", "echo $$; exec sleep 600"]));
    wait_until("the process says who it is", || processes.log("sleep").ends_with('\n'));
    let process = processes.log("sleep").trim().to_owned();
    let folder = processes.folder().to_owned();
    assert!(is_running(&process), "the question must be able to say yes");

    drop(processes);

    assert!(!is_running(&process));
    assert!(!folder.exists());
}

fn is_running(process: &str) -> bool {
    Command::new("sh").args(["-c", "kill -0 \"$1\" 2>&1", "sh", process]).output().unwrap().status.success()
}

fn pod(namespace: &str) -> String {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": namespace},
        "spec": {"containers": [{"name": "web", "image": "contoso.azurecr.io/team-a/web:1"}]},
    })
    .to_string()
}

/// Port 9 discards what it is sent, where anything listens there at all.
const UNREACHABLE_WEBHOOK: &str = "
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata:
  name: unreachable
webhooks:
- name: unreachable.acr-admission.dev
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: Fail
  timeoutSeconds: 5
  clientConfig:
    url: https://127.0.0.1:9/validate/pods
  namespaceSelector:
    matchLabels:
      kubernetes.io/metadata.name: judged
  rules:
  - apiGroups: ['']
    apiVersions: [v1]
    operations: [CREATE]
    resources: [pods]
";
