//! An inventory that changes while the webhook runs, in a folder as Kubernetes mounts one.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::cluster::DENIED;
use super::configuration::{WEBHOOK_LABEL, configuration};
use super::objects::pod;
use super::serving::{Serving, in_repository};
use crate::support::apiserver::ApiServer;
use crate::support::expected::ESTATE;
use crate::support::skip::skip;
use crate::support::waiting::wait_until;

#[test]
fn a_new_inventory_counts_without_a_restart_and_a_broken_one_does_not() {
    let server = match ApiServer::shared() {
        Ok(server) => server,
        Err(reason) => return skip(reason),
    };
    let volume = TempDir::new().unwrap();
    mount(volume.path(), "[]");
    let serving = Serving::start(server, volume.path());
    server.apply(&configuration("reloads", &serving, "Fail").to_string());
    server.create_labelled_namespace("reloads", &json!({WEBHOOK_LABEL: "reloads"}));
    let trial = pod("trial", "reloads", DENIED).to_string();
    let try_pod = || server.kubectl(&["create", "--dry-run=server", "--filename", "-"], &trial);
    let is_refused = || try_pod().stderr.contains("denied the request");
    let is_admitted = || try_pod().status.success();
    wait_until("pods are judged", is_refused);

    mount(volume.path(), GRANT);
    wait_until("the new role assignment counts", is_admitted);

    mount(volume.path(), "[{\"id\": ");
    let failure = || ready(&serving)["failures"]["inventory"]["error"].as_str().map(str::to_owned);
    wait_until("the broken inventory is told", || failure().is_some());
    let told = failure().unwrap_or_default();
    assert!(told.contains("role-assignment-create.json"), "{told}");
    assert_eq!(ready(&serving)["ready"], true, "stale data is better than none");
    assert!(serving.metric("acr_admission_inventory_reloads_total{result=\"failure\"}") >= 1.0);
    assert!(is_admitted(), "the last good inventory counts");

    mount(volume.path(), "[]");
    wait_until("the repaired inventory counts", is_refused);
    assert_eq!(failure(), None);
}

fn ready(serving: &Serving) -> Value {
    serde_json::from_str(&serving.health("/readyz").1).unwrap()
}

/// Puts the estate and one more file into the folder as the kubelet does: files are links through `..data`, which is
/// exchanged as a whole.
fn mount(volume: &Path, role_assignment: &str) {
    let version = tempfile::Builder::new().prefix("..").tempdir_in(volume).unwrap().keep();
    let mut names = vec!["role-assignment-create.json".to_owned()];
    fs::write(version.join("role-assignment-create.json"), role_assignment).unwrap();
    for entry in fs::read_dir(in_repository(ESTATE)).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.extension().is_some_and(|extension| extension == "json") {
            fs::copy(&path, version.join(&name)).unwrap();
            names.push(name);
        }
    }
    symlink(&version, volume.join("..data_tmp")).unwrap();
    fs::rename(volume.join("..data_tmp"), volume.join("..data")).unwrap();
    for name in names {
        // There already after the first time.
        let _ = symlink(Path::new("..data").join(&name), volume.join(&name));
    }
}

/// What `az role assignment create` prints: all of `contosoapps` for the identity of the nodes.
const GRANT: &str = r#"{
  "id": "/subscriptions/7fb77e3a-a15c-4c66-8742-f0b1b4ce8478/resourceGroups/rg-registry/providers/Microsoft.ContainerRegistry/registries/contosoapps/providers/Microsoft.Authorization/roleAssignments/5f0c7a52-6a1a-4a0e-9d0c-6b1f3f3a2d10",
  "name": "5f0c7a52-6a1a-4a0e-9d0c-6b1f3f3a2d10",
  "principalId": "e8485623-dde3-44c1-84f0-5e9ab1f66f99",
  "principalType": "ServicePrincipal",
  "roleDefinitionId": "/subscriptions/7fb77e3a-a15c-4c66-8742-f0b1b4ce8478/providers/Microsoft.Authorization/roleDefinitions/b93aa761-3e63-49ed-ac28-beffa264f7ac",
  "scope": "/subscriptions/7fb77e3a-a15c-4c66-8742-f0b1b4ce8478/resourceGroups/rg-registry/providers/Microsoft.ContainerRegistry/registries/contosoapps",
  "type": "Microsoft.Authorization/roleAssignments"
}"#;
