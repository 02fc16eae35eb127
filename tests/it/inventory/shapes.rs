//! Each shape by itself, and the same data in different shapes.

use acr_admission::inventory::{self, LoadErrorCode, RecordKind};

use super::{fixture, json_files, load, load_all, normal_form};

#[test]
fn every_export_loads_alone_and_a_first_page_is_refused() {
    for folder in ["az", "az-real"] {
        for path in json_files(&fixture(folder)) {
            let loaded = inventory::load(std::slice::from_ref(&path));
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if !name.contains("first-page") {
                let loaded = loaded.unwrap_or_else(|errors| panic!("{errors}"));
                assert_eq!(loaded.counts.documents, 1, "{name}");
                continue;
            }
            let errors = loaded.unwrap_err();
            let [error] = errors.as_slice() else { panic!("{errors}") };
            assert_eq!(error.code, LoadErrorCode::IncompleteExport, "{name}");
            let link = if name.contains("graph") { "$['@odata.nextLink']" } else { "$.nextLink" };
            assert_eq!(error.place.path, link, "{name}");
            assert_eq!(error.place.line, Some(if name.contains("graph") { 3 } else { 2 }), "{name}");
        }
    }
}

#[test]
fn each_file_is_recognised_by_content() {
    let kinds = |path: &str| load(path).counts.records.into_iter().collect::<Vec<_>>();
    assert_eq!(kinds("az-real/account-show.json"), [(RecordKind::NotNeeded, 1)]);
    assert_eq!(kinds("az-real/account-list.json"), [(RecordKind::NotNeeded, 1)]);
    assert_eq!(kinds("az-real/ad-user-list.json"), [(RecordKind::User, 1)]);
    assert_eq!(kinds("az-real/ad-sp-list.json"), [(RecordKind::ServicePrincipal, 10)]);
    assert_eq!(kinds("az-real/role-definition-list.json"), [(RecordKind::RoleDefinition, 46)]);
    assert_eq!(kinds("az-real/role-assignment-create.json"), [(RecordKind::RoleAssignment, 1)]);
    assert_eq!(
        kinds("az-real/account-management-group-subscription-show.json"),
        [(RecordKind::ManagementGroupSubscription, 1)]
    );
    assert_eq!(kinds("az/aks-nodepool-list.aks-prod.json"), [(RecordKind::NotNeeded, 3)]);
    assert_eq!(kinds("az/acr-show-endpoints.contosoprod.json"), [(RecordKind::RegistryEndpoints, 1)]);
    assert_eq!(
        kinds("az-real/rest-graph-service-principal-get-member-groups.id-frontend-web.json"),
        [(RecordKind::GroupId, 2)]
    );
}

#[test]
fn the_cli_and_rest_print_the_same_registries() {
    let rest = load("az/arm-registries.json").inventory;
    for same in ["az/acr-list.json", "az-real/acr-list.json", "az-real/rest-registries.json"] {
        assert_eq!(normal_form(&load(same).inventory), normal_form(&rest), "{same}");
    }
    let mut new = rest;
    for registry in &mut new.registries {
        registry.mode = None;
        registry.regional_hosts.clear();
    }
    let old = load("az/older-cli/acr-list.json").inventory;
    assert_eq!(normal_form(&old), normal_form(&new), "an older CLI lacks the mode and the regional hosts");
}

#[test]
fn the_cli_and_rest_print_the_same_assignments() {
    let new = load("az/role-assignment-list.json").inventory;
    for same in ["az/older-cli/role-assignment-list.json", "az-real/role-assignment-list.no-role-names.json"]
    {
        assert_eq!(normal_form(&load(same).inventory), normal_form(&new), "{same}");
    }
    let mut without_names = new;
    without_names.role_assignments.iter_mut().for_each(|assignment| assignment.principal_deleted = false);
    for same in [
        "az/arm-role-assignments.json",
        "az-real/rest-role-assignments.json",
        "az-real/role-assignment-list.no-graph.json",
    ] {
        assert_eq!(normal_form(&load(same).inventory), normal_form(&without_names), "{same}");
    }
}

#[test]
fn the_cli_and_rest_print_the_same_roles_and_deny_assignments() {
    for (cli, rest) in [
        ("az/role-definition-list.custom.json", "az/arm-role-definitions.custom.json"),
        ("az/role-deny-assignment-list.json", "az/arm-deny-assignments.json"),
        ("az-real/role-deny-assignment-list.json", "az-real/rest-deny-assignments.json"),
        (
            "az-real/account-management-group-entities-list.json",
            "az-real/rest-management-group-entities.json",
        ),
        ("az/identity-list.json", "az/older-cli/identity-list.json"),
        ("az/acr-scope-map-list.contosoapps.json", "az/older-cli/acr-scope-map-list.contosoapps.json"),
    ] {
        assert_eq!(normal_form(&load(cli).inventory), normal_form(&load(rest).inventory), "{cli}");
    }
}

#[test]
fn the_built_in_roles_are_those_that_azure_lists() {
    let built_in = load("az/acr-list.json").inventory.role_definitions;
    let listed = load("az-real/role-definition-list.json").inventory.role_definitions;
    let text = |roles: &[_]| {
        let mut lines = super::lower(roles);
        lines.retain(|line| line.contains("built_in: true"));
        lines.sort_unstable();
        lines
    };
    assert_eq!(built_in.len(), 44);
    assert_eq!(text(&built_in), text(&listed));
}

#[test]
fn only_the_rest_answer_shows_who_pulls_in_a_cluster() {
    let cli = load("az/aks-show.aks-tenants.json").inventory;
    assert!(cli.clusters[0].service_account_image_pull.is_none());
    for order in [
        ["az/aks-show.aks-tenants.json", "az/arm-managed-cluster.aks-tenants.json"],
        ["az/arm-managed-cluster.aks-tenants.json", "az/aks-show.aks-tenants.json"],
    ] {
        let both = load_all(&order).inventory;
        let [cluster] = both.clusters.as_slice() else { panic!("one cluster") };
        let profile = cluster.service_account_image_pull.as_ref().unwrap();
        assert!(profile.enabled);
        assert_eq!(profile.default_identity.as_ref().unwrap().name(), "id-tenant-default");
        assert!(cluster.service_principal.is_none(), "`msi` is no service principal");
    }
}
