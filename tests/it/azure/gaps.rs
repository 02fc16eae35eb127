//! What cannot be exported is told, recorded, and leaves no file that looks like an empty list.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::{Command, Stdio};

use super::export::{assert_only_reads, document, files};
use super::session::Session;
use super::stand_in::{Estate, Faults, OTHER_SUBSCRIPTION, SUBSCRIPTION, TENANT};
use crate::support::skip::skip;
use crate::support::waiting::comes_true;
use acr_admission::inventory;

/// Two subscriptions: the details are refused in one, the lists in the other.
const REFUSED: &[&str] = &[
    "getentities",
    "7fb77e3a-a15c-4c66-8742-f0b1b4ce8478/providers/microsoft.authorization/denyassignments",
    "7fb77e3a-a15c-4c66-8742-f0b1b4ce8478/providers/microsoft.authorization/roledefinitions",
    "registries/contosoapps/tokens",
    "registries/contosoapps/scopemaps",
    "registries/contosoapps/tasks",
    "id-payments-api/federatedidentitycredentials",
    "managedclusters/aks-tenants",
    "/groups/ca51cbf2-7349-4da9-b750-9f66529d8144/",
    "getbyids",
    "conditionalaccess",
    "c0ffee00-1111-4222-8333-444455556666/providers/microsoft.containerregistry/registries",
    "c0ffee00-1111-4222-8333-444455556666/providers/microsoft.authorization/roleassignments",
    "c0ffee00-1111-4222-8333-444455556666/providers/microsoft.managedidentity",
    "c0ffee00-1111-4222-8333-444455556666/providers/microsoft.containerservice",
];

#[test]
fn each_refusal_is_a_recorded_gap_and_leaves_no_file() {
    let faults = Faults { refused: REFUSED.into(), ..Faults::default() };
    let session = match Session::start(Estate::in_two_subscriptions().with_members_as_bare_ids(), faults) {
        Ok(session) => session,
        Err(reason) => return skip(reason),
    };
    let run = session.export(&["--conditional-access"]).ended_with(3);
    let folder = session.path("export");
    let export = document(&folder.join("export.json"));
    let mut gaps: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for gap in export["gaps"].as_array().unwrap() {
        let text = |key: &str| gap[key].as_str().unwrap();
        assert!(text("command").starts_with("az "), "{gap}");
        assert!(!text("why").is_empty() && run.stderr.contains(text("why")), "{gap}\n{run}");
        gaps.entry(text("what")).or_default().insert(text("scope"));
    }
    let registry = format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-registry/providers/Microsoft.ContainerRegistry/registries/contosoapps"
    );
    let only = |scope: &str| vec![scope.to_owned()];
    let wanted = [
        ("managementGroups", only(TENANT)),
        ("denyAssignments", only(SUBSCRIPTION)),
        ("roleDefinitions", only(SUBSCRIPTION)),
        ("roleAssignments", only(OTHER_SUBSCRIPTION)),
        ("registries", only(OTHER_SUBSCRIPTION)),
        ("clusters", only(OTHER_SUBSCRIPTION)),
        (
            "identities",
            vec![
                SUBSCRIPTION.to_owned(),
                OTHER_SUBSCRIPTION.to_owned(),
                "service principals that hold role assignments, part 1".to_owned(),
                // The group whose members are not refused, but come without their client ids.
                "b57c1c5f-1e02-466d-b639-b03bd888138f".to_owned(),
            ],
        ),
        ("tokens", only(&registry)),
        ("scopeMaps", only(&registry)),
        ("tasks", only(&registry)),
        ("groupMembers", only("ca51cbf2-7349-4da9-b750-9f66529d8144")),
        ("conditionalAccess", only(TENANT)),
    ];
    for (what, scopes) in &wanted {
        let scopes: BTreeSet<&str> = scopes.iter().map(String::as_str).collect();
        assert_eq!(gaps.remove(what), Some(scopes), "{what}\n{run}");
    }
    for (what, name) in [("federatedCredentials", "id-payments-api"), ("pullIdentity", "aks-tenants")] {
        let scopes = gaps.remove(what).unwrap_or_default();
        assert!(scopes.len() == 1 && scopes.iter().all(|scope| scope.ends_with(name)), "{what}: {scopes:?}");
    }
    assert!(gaps.is_empty(), "{gaps:?}");

    let exported: Vec<String> = files(&folder).iter().map(|path| path.display().to_string()).collect();
    for refused in [
        "management-groups.json",
        &format!("{SUBSCRIPTION}/deny-assignments.json"),
        &format!("{SUBSCRIPTION}/role-definitions.json"),
        &format!("{OTHER_SUBSCRIPTION}/registries.json"),
        &format!("{OTHER_SUBSCRIPTION}/identities.json"),
        "registry-tokens/contosoapps.json",
        "federated-credentials/rg-identities/id-payments-api.json",
        "clusters/rg-aks/aks-tenants.json",
        "members.ca51cbf2-7349-4da9-b750-9f66529d8144.json",
        "conditional-access-policies.json",
    ] {
        assert!(!exported.iter().any(|file| file.ends_with(refused)), "{refused}");
    }
    for file in files(&folder) {
        assert!(fs::metadata(&file).unwrap().len() > 0, "{}", file.display());
    }
    let loaded = inventory::load(&[folder]).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(loaded.inventory.registries.len(), 2, "what was not refused is there");
    assert_only_reads(&session);

    // Neither registries nor role assignments of any subscription: that is no export.
    let refused = vec!["microsoft.containerregistry/registries", "microsoft.authorization/roleassignments"];
    session.stand_in.misbehave(Faults { refused, ..Faults::default() });
    let run = session.export(&["--output", "nothing"]).ended_with(2);
    assert!(
        run.stderr.contains("nothing could be exported: neither registries nor role assignments"),
        "{run}"
    );
    assert!(!session.path("nothing").exists());

    // Ended in the middle, here while it asks the busy service again and again.
    let busy = [("/beta/groups/", usize::MAX)].into();
    session.stand_in.misbehave(Faults { busy, ..Faults::default() });
    let mut command = session.export_command(&["--retry-wait", "60", "--output", "half"]);
    let mut export = command.stderr(Stdio::null()).spawn().unwrap();
    let asks =
        || session.stand_in.requests().iter().filter(|request| request.contains("/beta/groups/")).count();
    let before = asks();
    let is_busy = comes_true(|| asks() > before);
    Command::new("kill").arg(export.id().to_string()).status().unwrap();
    let status = export.wait().unwrap();
    assert!(is_busy);
    assert_eq!(status.code(), Some(130));
    let left: Vec<String> = fs::read_dir(session.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(!left.iter().any(|name| name == "half" || name.starts_with(".export")), "{left:?}");
}
