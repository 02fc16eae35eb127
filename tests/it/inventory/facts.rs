//! What the exported estate says, as its description (`tests/fixtures/az/README.md`) has it.

use std::collections::BTreeSet;

use acr_admission::engine::action::PermissionsMode;
use acr_admission::engine::inventory::{Group, Inventory, PrincipalKind};
use acr_admission::inventory::{LoadWarningCode, Loaded};

use smol_str::SmolStr;

use super::{fixture, json_files, load, load_all};

const SUBSCRIPTION: &str = "7fb77e3a-a15c-4c66-8742-f0b1b4ce8478";

fn codes(loaded: &Loaded) -> Vec<LoadWarningCode> {
    loaded.warnings.iter().map(|warning| warning.code).collect()
}

fn group<'i>(inventory: &'i Inventory, name: &str) -> &'i Group {
    inventory.groups.iter().find(|group| group.name == name).unwrap()
}

fn member_names<'i>(inventory: &'i Inventory, group: &'i Group) -> BTreeSet<&'i str> {
    let name_of = |id| {
        let principal = inventory.principals.iter().find(|principal| principal.principal_id == id);
        let name = principal.map(|principal| principal.name.as_str());
        name.or_else(|| inventory.groups.iter().find(|group| group.id == id).map(|group| group.name.as_str()))
    };
    group.members.iter().map(|id| name_of(*id).unwrap()).collect()
}

#[test]
fn the_whole_folder_merges_to_one_estate() {
    let loaded = load("az");
    let inventory = &loaded.inventory;
    assert_eq!(inventory.role_assignments.len(), 22);
    assert_eq!(inventory.role_definitions.len(), 46);
    assert_eq!(inventory.deny_assignments.len(), 1);
    assert_eq!(inventory.tokens.len(), 2);
    assert_eq!(inventory.scope_maps.len(), 6);
    assert_eq!(inventory.federated_credentials.len(), 4);
    assert_eq!(inventory.tasks.len(), 2);
    assert_eq!(inventory.conditional_access_policies.len(), 2);
    assert_eq!(codes(&loaded), [LoadWarningCode::GroupMembersMayBeHidden]);
    assert_eq!(loaded.skipped.len(), 1, "the description itself: {:?}", loaded.skipped);
}

#[test]
fn registries_have_their_modes_and_switches() {
    use PermissionsMode::{Rbac, RbacAbac};
    let inventory = load("az").inventory;
    let facts: Vec<_> = inventory
        .registries
        .iter()
        .map(|one| (one.name.as_str(), one.mode, one.admin_user_enabled, one.anonymous_pull_enabled))
        .collect();
    assert_eq!(
        facts,
        [
            ("contosoprod", Some(Rbac), true, false),
            ("contosoapps", Some(RbacAbac), false, false),
            ("contosoedge", Some(Rbac), false, true),
        ]
    );
    let [prod, _, edge] = inventory.registries.as_slice() else { panic!("three registries") };
    assert_eq!(edge.login_server, "contosoedge-f8e2gqa9d4fbhxc7.azurecr.io");
    assert_eq!(
        prod.regional_hosts,
        ["contosoprod.westeurope.geo.azurecr.io", "contosoprod.northeurope.geo.azurecr.io"]
    );
    assert_eq!(prod.data_hosts.len(), 2);
    assert_eq!(prod.arm_audience_tokens_enabled, Some(true));
    assert!(!prod.network_restricted);
}

#[test]
fn assignments_keep_the_order_of_the_export() {
    let inventory = load("az").inventory;
    let names: Vec<String> = inventory.role_assignments.iter().map(|one| one.name.to_string()).collect();
    let alone = load("az/role-assignment-list.json").inventory;
    assert_eq!(names, alone.role_assignments.iter().map(|one| one.name.to_string()).collect::<Vec<_>>());
    assert_eq!(names[0], "3b026bda-2122-4be3-a9ab-85828c8a61b8");
    let deleted: Vec<usize> = (1..)
        .zip(&inventory.role_assignments)
        .filter(|(_, one)| one.principal_deleted)
        .map(|(label, _)| label)
        .collect();
    assert_eq!(deleted, [20]);
    assert_eq!(inventory.role_assignments.iter().filter(|one| one.condition.is_some()).count(), 8);
}

#[test]
fn identities_are_merged_from_all_that_show_them() {
    let inventory = load("az").inventory;
    let named = |name: &str| inventory.principals.iter().find(|one| one.name == name).unwrap();
    let kubelet = named("id-kubelet-prod");
    assert_eq!(kubelet.kind, PrincipalKind::ManagedIdentity);
    assert_eq!(kubelet.principal_id.to_string(), "e8485623-dde3-44c1-84f0-5e9ab1f66f99");
    assert_eq!(kubelet.client_id.unwrap().to_string(), "39c5a28d-4795-48f3-bfda-36c49b6743ab");
    assert_eq!(kubelet.resource_id.as_ref().unwrap().name(), "id-kubelet-prod");
    assert_eq!(named("contoso-legacy-puller").kind, PrincipalKind::ServicePrincipal);
    assert_eq!(named("Alice Example").kind, PrincipalKind::User);
    assert_eq!(named("Alice Example").client_id, None);
    assert_eq!(
        named("contosoapps/build-web").principal_id.to_string(),
        "8b0ec85e-c275-4abb-aef3-7af4290b7add"
    );
}

#[test]
fn clusters_know_their_kubelet_identity_and_issuer() {
    let inventory = load("az").inventory;
    let [prod, tenants] = inventory.clusters.as_slice() else { panic!("two clusters") };
    assert_eq!(prod.name, "aks-prod");
    assert_eq!(
        prod.kubelet_identity.as_ref().unwrap().principal_id.to_string(),
        "e8485623-dde3-44c1-84f0-5e9ab1f66f99"
    );
    assert!(prod.oidc_issuer.as_ref().unwrap().ends_with("/8a8c987c-efae-445b-bd4b-db437b9105ab/"));
    assert!(prod.service_account_image_pull.is_none());
    assert!(tenants.service_account_image_pull.as_ref().unwrap().enabled);
}

#[test]
fn tokens_point_to_their_scope_map_and_end_with_their_passwords() {
    let inventory = load("az").inventory;
    let [sync, scanner] = inventory.tokens.as_slice() else { panic!("two tokens") };
    assert_eq!((sync.name.as_str(), sync.enabled, scanner.enabled), ("edge-sync", true, false));
    assert_eq!(sync.registry.name(), "contosoapps");
    let ends: Vec<String> =
        sync.passwords.as_ref().unwrap().iter().flatten().map(ToString::to_string).collect();
    assert_eq!(ends, ["2027-07-09T11:21:02.123456Z"]);
    assert_eq!(scanner.passwords, Some(vec![None, None]));
    let map = inventory.scope_maps.iter().find(|map| map.id == sync.scope_map).unwrap();
    assert!(map.actions.contains(&"repositories/base/*/content/read".into()), "{:?}", map.actions);
}

#[test]
fn one_subscription_in_a_file_makes_its_management_groups_seen() {
    let groups = load("az").inventory.management_groups;
    assert!(groups.known.is_empty());
    assert_eq!(groups.is_ancestor("mg-contoso-platform", SUBSCRIPTION), Some(true));
    assert_eq!(groups.is_ancestor("mg-other", SUBSCRIPTION), None);
    let alone = load("az-real/role-assignment-list.scope-mg-contoso-platform.json").inventory;
    assert_eq!(alone.management_groups.is_ancestor("mg-contoso-platform", SUBSCRIPTION), None);
}

#[test]
fn ancestry_exports_tell_the_whole_chain() {
    let root = "f991813c-a062-4b9d-890f-a063cd042b6f";
    for files in [
        &["az-real/account-management-group-entities-list.json"][..],
        &["az-real/rest-management-group-entities.json"],
        &[
            "az-real/account-management-group-list.json",
            "az-real/account-management-group-show.mg-contoso-platform.json",
        ],
        &[
            "az-real/account-management-group-subscription-show.json",
            "az-real/rest-management-group-path.mg-contoso-platform.json",
        ],
    ] {
        let groups = load_all(files).inventory.management_groups;
        let chain: Vec<&str> = groups.known[SUBSCRIPTION].iter().map(SmolStr::as_str).collect();
        assert_eq!(chain, [root, "mg-contoso-platform"], "{files:?}");
        assert_eq!(groups.is_ancestor("mg-other", SUBSCRIPTION), Some(false), "{files:?}");
    }
    let part = load("az-real/account-management-group-subscription-show.json").inventory.management_groups;
    assert_eq!(part.is_ancestor("mg-contoso-platform", SUBSCRIPTION), Some(true));
    assert_eq!(part.is_ancestor(root, SUBSCRIPTION), None, "one step up is not the whole chain");
}

#[test]
fn member_lists_belong_to_the_group_in_their_file_name() {
    let inventory = load("az").inventory;
    let readers = group(&inventory, "acr-image-readers");
    assert_eq!(
        member_names(&inventory, readers),
        BTreeSet::from(["Alice Example", "aks-workload-identities"])
    );
    assert!(readers.members_may_be_hidden, "no service principal in the CLI's list");
    let workloads = group(&inventory, "aks-workload-identities");
    assert_eq!(member_names(&inventory, workloads), BTreeSet::from(["id-batch-runner", "id-frontend-web"]));
    assert!(!workloads.members_may_be_hidden);
}

#[test]
fn an_empty_member_list_of_the_cli_may_hide_members_and_others_make_up_for_it() {
    let groups = "az-real/ad-group-list.json";
    let hidden = "az-real/ad-group-member-list.aks-workload-identities.json";
    let loaded = load_all(&[groups, hidden]);
    assert!(group(&loaded.inventory, "aks-workload-identities").members_may_be_hidden);
    assert_eq!(codes(&loaded), [LoadWarningCode::GroupMembersMayBeHidden]);
    for complete in [
        "az-real/rest-graph-beta-group-members.aks-workload-identities.json",
        "az-real/rest-graph-group-members-service-principals.aks-workload-identities.json",
        "az-real/ad-group-member-list.aks-workload-identities.all-types.json",
    ] {
        let loaded = load_all(&[groups, hidden, complete]);
        let found = group(&loaded.inventory, "aks-workload-identities");
        assert!(!found.members_may_be_hidden, "{complete}");
        assert_eq!(
            member_names(&loaded.inventory, found),
            BTreeSet::from(["id-batch-runner", "id-frontend-web"]),
            "{complete}"
        );
        assert_eq!(codes(&loaded), [], "{complete}");
    }
}

#[test]
fn the_groups_of_one_identity_add_it_to_each() {
    for list in [
        "az-real/rest-graph-service-principal-get-member-groups.id-frontend-web.json",
        "az-real/rest-graph-service-principal-transitive-member-of.id-frontend-web.json",
    ] {
        let inventory =
            load_all(&["az-real/ad-group-list.json", "az-real/identity-list.json", list]).inventory;
        for name in ["acr-image-readers", "aks-workload-identities"] {
            let found = group(&inventory, name);
            assert_eq!(member_names(&inventory, found), BTreeSet::from(["id-frontend-web"]), "{list}");
        }
    }
}

#[test]
fn real_exports_hold_the_same_estate() {
    let files: Vec<_> = json_files(&fixture("az-real"));
    let complete: Vec<_> =
        files.into_iter().filter(|file| !file.to_string_lossy().contains("first-page")).collect();
    let loaded = acr_admission::inventory::load(&complete).unwrap();
    assert_eq!(loaded.inventory.role_assignments.len(), 23, "22 and the one that `create` printed");
    assert_eq!(loaded.inventory.registries.len(), 3);
    assert!(loaded.inventory.groups.iter().all(|group| !group.members_may_be_hidden));
    assert!(loaded.inventory.management_groups.known.contains_key(SUBSCRIPTION));
    assert_eq!(codes(&loaded), [LoadWarningCode::AssignmentsIncomplete]);
}
