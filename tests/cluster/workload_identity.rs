//! What a cluster with workload identity has: a webhook that gives pods a token that Entra ID takes.
//!
//! Azure's own webhook is not among the modules that can be had here. This one does what that one documents: it serves
//! pods with the label, reads the annotations, and adds the same variables, volume and mounts. The token is real.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::StatusCode;
use serde_json::{Value, json};
use std::net::IpAddr;

use crate::release::{NAME, Release};
use crate::support::https::{Front, HttpsServer};

/// Works until it is dropped.
pub(crate) struct WorkloadIdentity<'a> {
    release: &'a Release,
    _server: HttpsServer,
}

impl<'a> WorkloadIdentity<'a> {
    /// For the pods of one service account of the release, at an address that the API server reaches.
    pub(crate) fn start(release: &'a Release, address: IpAddr, account: &str, tenant: &str) -> Self {
        let found = release.get(&["serviceaccount", account, "--namespace", NAME]);
        let client = found["metadata"]["annotations"]["azure.workload.identity/client-id"].clone();
        let variables = json!([
            {"name": "AZURE_CLIENT_ID", "value": client},
            {"name": "AZURE_TENANT_ID", "value": tenant},
            {"name": "AZURE_FEDERATED_TOKEN_FILE", "value": format!("{FOLDER}/azure-identity-token")},
            {"name": "AZURE_AUTHORITY_HOST", "value": "https://login.microsoftonline.com/"},
        ]);
        let server = HttpsServer::start(address, Front::Direct, move |_, body| {
            let review: Value = serde_json::from_slice(&body).unwrap();
            (StatusCode::OK, answer(&review["request"], &variables))
        });
        let webhook = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
            "metadata": {"name": CONFIGURATION},
            "webhooks": [{
                "name": "mutation.azure-workload-identity.io",
                "clientConfig": {
                    "url": format!("https://{}/", server.address()),
                    "caBundle": BASE64_STANDARD.encode(server.ca_pem()),
                },
                "rules": [
                    {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]},
                ],
                "objectSelector": {"matchLabels": {"azure.workload.identity/use": "true"}},
                "failurePolicy": "Fail", "sideEffects": "None", "admissionReviewVersions": ["v1"],
            }],
        });
        release.apply(&webhook.to_string(), &[]).succeeded();
        Self { release, _server: server }
    }
}

impl Drop for WorkloadIdentity<'_> {
    fn drop(&mut self) {
        let delete = ["delete", "mutatingwebhookconfiguration", CONFIGURATION, "--ignore-not-found"];
        let _ = self.release.kubectl(&delete);
    }
}

fn answer(request: &Value, variables: &Value) -> Value {
    let mut pod = request["object"].clone();
    let skipped = pod["metadata"]["annotations"]["azure.workload.identity/skip-containers"].clone();
    let skipped: Vec<&str> = skipped.as_str().unwrap_or_default().split(';').map(str::trim).collect();
    for kind in ["initContainers", "containers"] {
        let containers = pod["spec"][kind].as_array_mut();
        for container in containers.into_iter().flatten() {
            if skipped.contains(&container["name"].as_str().unwrap()) {
                continue;
            }
            extend(&mut container["env"], variables);
            let mount = json!([{"name": VOLUME, "mountPath": FOLDER, "readOnly": true}]);
            extend(&mut container["volumeMounts"], &mount);
        }
    }
    let token = json!({
        "path": "azure-identity-token", "audience": "api://AzureADTokenExchange", "expirationSeconds": 3600,
    });
    let volume = json!([{"name": VOLUME, "projected": {"sources": [{"serviceAccountToken": token}]}}]);
    extend(&mut pod["spec"]["volumes"], &volume);
    let patch = json!([{"op": "replace", "path": "/spec", "value": pod["spec"]}]);
    json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "response": {
            "uid": request["uid"], "allowed": true,
            "patchType": "JSONPatch", "patch": BASE64_STANDARD.encode(patch.to_string()),
        },
    })
}

fn extend(list: &mut Value, with: &Value) {
    let mut all = list.as_array().cloned().unwrap_or_default();
    all.extend(with.as_array().cloned().unwrap_or_default());
    *list = all.into();
}

/// Without the release's name: the suite looks for what bears that name and is left.
const CONFIGURATION: &str = "workload-identity-of-the-test";
const VOLUME: &str = "azure-identity-token";
const FOLDER: &str = "/var/run/secrets/azure/tokens";
