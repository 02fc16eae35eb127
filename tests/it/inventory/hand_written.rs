//! The short form that people write.

use std::fs;
use std::path::{Path, PathBuf};

use acr_admission::engine::action::PermissionsMode;
use acr_admission::engine::inventory::PrincipalKind;
use acr_admission::inventory::hand_written::format::InventoryDocument;
use acr_admission::inventory::{self, RecordKind};

use super::{fixture, read};

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn the_example_says_what_it_says() {
    let loaded =
        inventory::load(&[repository("examples/inventory.yaml")]).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(loaded.warnings, []);
    assert_eq!(loaded.counts.records[&RecordKind::HandWritten], 1);
    let inventory = loaded.inventory;
    let apps = &inventory.registries[1];
    assert_eq!(
        apps.id.to_string(),
        "/subscriptions/7fb77e3a-a15c-4c66-8742-f0b1b4ce8478/resourceGroups/rg-apps/providers/Microsoft.ContainerRegistry/registries/fabrikamapps"
    );
    assert_eq!(apps.mode, Some(PermissionsMode::RbacAbac));
    assert_eq!(inventory.registries[0].login_server, "fabrikam.azurecr.io");
    assert_eq!(inventory.principals[2].kind, PrincipalKind::ServicePrincipal);
    assert_eq!(inventory.principals[2].resource_id, None);
    let names: Vec<String> = inventory.role_assignments.iter().map(|one| one.name.to_string()).collect();
    assert_eq!(
        names,
        [
            "id-kubelet-acrpull-fabrikam",
            "id-web-container-registry-repository-reader-fabrikamapps",
            "image-readers-fabrikam-image-puller-mg-fabrikam",
            "night-shift"
        ]
    );
    let [readers, web] = inventory.groups.as_slice() else { panic!("two groups") };
    assert_eq!(readers.members, [web.id, inventory.principals[3].principal_id]);
    assert_eq!(inventory.role_assignments[2].principal, readers.id);
    assert!(inventory.role_assignments[3].window.as_ref().unwrap().end.is_some());
    assert_eq!(
        inventory.clusters[1].service_account_image_pull.as_ref().unwrap().default_identity,
        inventory.principals[1].resource_id
    );
    assert_eq!(inventory.federated_credentials[0].audiences, ["api://AzureADTokenExchange"]);
    assert_eq!(inventory.tokens[0].scope_map, inventory.scope_maps[0].id);
    let groups = &inventory.management_groups;
    assert_eq!(groups.is_ancestor("mg-fabrikam", "7fb77e3a-a15c-4c66-8742-f0b1b4ce8478"), Some(true));
}

#[test]
fn a_document_may_name_what_an_export_describes() {
    let exported = fs::read_to_string(fixture("az/acr-list.json")).unwrap();
    let identities = fs::read_to_string(fixture("az/identity-list.json")).unwrap();
    let extra = "apiVersion: acr-admission.dev/v1\nkind: Inventory\nroleAssignments:\n\
                 - {principal: id-web, role: AcrPull, scope: contosoprod}\n\
                 - {principal: id-payments-api, role: acrpull, scope: contosoedge-f8e2gqa9d4fbhxc7.azurecr.io}\n";
    let errors = read(&[("extra.yaml", extra), ("a.json", &exported), ("b.json", &identities)]).unwrap_err();
    let told: Vec<String> = errors.as_slice().iter().map(|error| error.message.clone()).collect();
    assert_eq!(told, ["no identity or group is called `id-web`"]);
    let extra = extra.replace("id-web", "id-frontend-web");
    let loaded = read(&[("extra.yaml", &extra), ("a.json", &exported), ("b.json", &identities)]).unwrap();
    assert_eq!(loaded.inventory.role_assignments[1].scope.name(), "contosoedge");
}

#[test]
fn made_up_ids_are_the_same_everywhere() {
    let text = "{\"apiVersion\": \"acr-admission.dev/v1\", \"kind\": \"Inventory\", \"groups\": [{\"name\": \"readers\"}]}";
    let group = read(&[("a.json", text)]).unwrap().inventory.groups.remove(0);
    assert_eq!(group.id.to_string(), "fd615cd3-c5b8-83d3-8657-c34357695988");
}

/// `ACR_ADMISSION_BLESS=1` writes the schema anew.
#[test]
fn the_schema_is_the_one_of_the_types() {
    let schema = schemars::schema_for!(InventoryDocument);
    let generated = serde_json::to_string_pretty(&schema).unwrap() + "\n";
    let path = repository("docs/schemas/inventory.schema.json");
    if std::env::var_os("ACR_ADMISSION_BLESS").is_some() {
        fs::write(&path, &generated).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), generated, "run this test with ACR_ADMISSION_BLESS=1");
}
