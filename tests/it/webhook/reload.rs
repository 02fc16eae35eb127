//! Inventory and settings that change while the server runs.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::webhook::{ESTATE, Webhook, mode, pod_review};

const PULLABLE: &str = "fabrikam.azurecr.io/a:1";
const DENIED: &str = "fabrikamapps.azurecr.io/payments/api:7";

/// The estate, with one more thing that the kubelet may pull.
fn wider_estate() -> String {
    let grant = "roleAssignments:\n  - {principal: id-kubelet, role: Container Registry Repository Reader, scope: fabrikamapps}\n";
    ESTATE.replace("roleAssignments:\n", grant)
}

#[tokio::test]
async fn a_new_inventory_is_used_as_soon_as_it_is_whole() {
    let webhook = Webhook::with_settings(&mode("enforce")).await;
    let review = pod_review("web", "default", &[DENIED]);
    assert_eq!(webhook.review(&review).await["allowed"], false);
    let version = webhook.ready().await["inventory"]["version"].clone();
    fs::write(webhook.path("inventory/estate.yaml"), wider_estate()).unwrap();
    webhook.until("the new grant counts", async || webhook.review(&review).await["allowed"] == true).await;
    assert_ne!(webhook.ready().await["inventory"]["version"], version);
}

#[tokio::test]
async fn a_broken_inventory_changes_nothing_but_is_told() {
    for broken in ["", "{", "kind: Nonsense", &ESTATE.replace("role: AcrPull", "role: [")] {
        let webhook = Webhook::with_settings(&mode("enforce")).await;
        fs::write(webhook.path("inventory/estate.yaml"), broken).unwrap();
        webhook
            .until("the failure is told", async || {
                webhook.ready().await["failures"]["inventory"]["error"].is_string()
            })
            .await;
        assert_eq!(webhook.ready().await["ready"], true, "{broken:?}");
        let response = webhook.review(&pod_review("web", "default", &[PULLABLE])).await;
        assert_eq!(response["auditAnnotations"]["reason-code"], "AllowedByRole", "{broken:?}");
        let failed = webhook.metric("acr_admission_inventory_reloads_total{result=\"failure\"}").await;
        assert!(failed >= 1.0);
        let failing = "acr_admission_input_failing{input=\"inventory\"}";
        assert_eq!(webhook.whole_metric(failing).await, 1, "{broken:?}");
        fs::write(webhook.path("inventory/estate.yaml"), wider_estate()).unwrap();
        webhook
            .until("a good one is taken again", async || {
                webhook.ready().await["failures"]["inventory"].is_null()
            })
            .await;
        assert_eq!(webhook.whole_metric(failing).await, 0, "{broken:?}");
    }
}

/// An unmounted volume is no tenant without registries, and no tenant without deny assignments either.
#[tokio::test]
async fn a_folder_that_has_been_emptied_changes_nothing_but_is_told() {
    let webhook = Webhook::with_settings(&mode("enforce")).await;
    fs::remove_file(webhook.path("inventory/estate.yaml")).unwrap();
    webhook
        .until("the failure is told", async || {
            webhook.ready().await["failures"]["inventory"]["error"].is_string()
        })
        .await;
    let response = webhook.review(&pod_review("web", "default", &[PULLABLE])).await;
    assert_eq!(response["auditAnnotations"]["reason-code"], "AllowedByRole");
}

#[tokio::test]
async fn a_mounted_config_map_changes_by_its_link() {
    let webhook = Webhook::start(&mode("enforce"), |options, folder| {
        let mount = folder.join("mount");
        fs::create_dir_all(mount.join("..1")).unwrap();
        fs::write(mount.join("..1/estate.yaml"), ESTATE).unwrap();
        symlink("..1", mount.join("..data")).unwrap();
        symlink("..data/estate.yaml", mount.join("estate.yaml")).unwrap();
        options.inventory = vec![mount];
    })
    .await;
    let review = pod_review("web", "default", &[DENIED]);
    assert_eq!(webhook.review(&review).await["allowed"], false);
    let mount = webhook.path("mount");
    fs::create_dir(mount.join("..2")).unwrap();
    fs::write(mount.join("..2/estate.yaml"), wider_estate()).unwrap();
    symlink("..2", mount.join("..new")).unwrap();
    fs::rename(mount.join("..new"), mount.join("..data")).unwrap();
    webhook.until("the new grant counts", async || webhook.review(&review).await["allowed"] == true).await;
}

/// On a volume, who exports anew puts a new folder in the place of the old one.
#[tokio::test]
async fn a_folder_of_a_volume_that_another_takes_the_place_of_is_seen() {
    let webhook = Webhook::start(&mode("enforce"), |options, folder| {
        fs::create_dir_all(folder.join("volume/current")).unwrap();
        fs::write(folder.join("volume/current/estate.yaml"), ESTATE).unwrap();
        options.inventory = vec![folder.join("volume/current")];
    })
    .await;
    let review = pod_review("web", "default", &[DENIED]);
    assert_eq!(webhook.review(&review).await["allowed"], false);
    let volume = webhook.path("volume");
    fs::create_dir(volume.join("next")).unwrap();
    fs::write(volume.join("next/estate.yaml"), wider_estate()).unwrap();
    fs::remove_dir_all(volume.join("current")).unwrap();
    fs::rename(volume.join("next"), volume.join("current")).unwrap();
    webhook.until("the new grant counts", async || webhook.review(&review).await["allowed"] == true).await;
    assert_eq!(webhook.ready().await["failures"], serde_json::json!({}));
}

#[tokio::test]
async fn settings_change_while_the_server_runs_and_bad_ones_are_kept_out() {
    let webhook = Webhook::with_settings(&mode("enforce")).await;
    let review = pod_review("web", "default", &[DENIED]);
    assert_eq!(webhook.review(&review).await["allowed"], false);
    fs::write(webhook.path("settings.yaml"), mode("audit")).unwrap();
    webhook.until("the new mode counts", async || webhook.review(&review).await["allowed"] == true).await;
    fs::write(webhook.path("settings.yaml"), mode("enforced")).unwrap();
    webhook
        .until("the failure is told", async || {
            let ready = webhook.ready().await;
            ready["failures"]["settings"]["error"]
                .as_str()
                .is_some_and(|error| error.contains("line 3: `default.mode` must be one of"))
        })
        .await;
    let response = webhook.review(&review).await;
    assert_eq!(response["auditAnnotations"]["mode"], "audit");
}

#[tokio::test]
async fn a_cluster_that_the_inventory_does_not_know_is_told() {
    let keys = "cluster: {name: aks-nowhere}\ndefault: {mode: enforce}";
    let webhook = Webhook::with_settings(&crate::support::webhook::settings(keys)).await;
    let notes = webhook.ready().await["inventory"]["notes"].to_string();
    assert!(notes.contains("no cluster `aks-nowhere`"), "{notes}");
    let ready = webhook.ready().await;
    assert_eq!(ready["clusterUnknown"], "no cluster `aks-nowhere` in the inventory");
    assert_eq!(ready["ready"], true, "unknown verdicts with a cause are answers");
    let response = webhook.review(&pod_review("web", "default", &[PULLABLE])).await;
    assert_eq!(response["auditAnnotations"]["reason-code"], "ClusterPullIdentityUnknown");
}

/// Copying a file makes it new; the export inside is as old as it was.
#[tokio::test]
async fn the_age_is_that_of_the_export_where_it_tells() {
    let webhook = Webhook::with_settings(&mode("enforce")).await;
    let age = async || webhook.ready().await["inventory"]["ageSeconds"].as_u64().unwrap();
    let export = r#"{"apiVersion": "acr-admission.dev/v1", "kind": "InventoryExport", "exportedAt": "2001-01-01T00:00:00Z"}"#;
    // The clock of the tests stands at 2026-11-22; the file is newer than that.
    assert_eq!(age().await, 0);
    fs::write(webhook.path("inventory/export.json"), export).unwrap();
    webhook.until("the export's time counts", async || age().await > 0).await;
}
