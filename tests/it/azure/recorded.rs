//! What the real CLI printed, recorded in `tests/fixtures/az-real`: needs no CLI.

use std::path::PathBuf;

use acr_admission::engine::index::Index;
use acr_admission::inventory::load;

use crate::verdicts::assert_expected_verdicts;

/// The outputs that an export holds; the others are the same data by other commands, or cut on purpose.
const EXPORT: &[&str] = &[
    "account-management-group-entities-list",
    "acr-list",
    "acr-scope-map-list.contosoapps",
    "acr-task-list.contosoapps",
    "acr-token-list.contosoapps",
    "ad-sp-list",
    "aks-list",
    "identity-federated-credential-list.id-batch-runner",
    "identity-federated-credential-list.id-frontend-web",
    "identity-federated-credential-list.id-payments-api",
    "identity-federated-credential-list.id-tenant-default",
    "identity-list",
    "rest-graph-beta-group-members.aks-workload-identities",
    "rest-graph-beta-group-transitive-members.acr-image-readers",
    "rest-managed-cluster.aks-tenants",
    "rest-role-definitions.custom",
    "role-assignment-list",
    "role-deny-assignment-list",
];

#[test]
fn an_export_of_recorded_outputs_gives_the_same_verdicts() {
    let path = |name: &&str| PathBuf::from(format!("tests/fixtures/az-real/{name}.json"));
    let loaded =
        load(&EXPORT.iter().map(path).collect::<Vec<_>>()).unwrap_or_else(|errors| panic!("{errors}"));
    assert_expected_verdicts(&Index::build(loaded.inventory));
}
