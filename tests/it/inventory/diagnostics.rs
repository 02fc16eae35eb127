//! Every mistake with its whole diagnostic: what, where, what to do.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use acr_admission::inventory::{self, LoadErrorCode, LoadWarningCode};

use super::read;

/// File name and content of things that must be refused, whole: the snapshot beside this file shows the errors.
const BAD_INPUTS: &[(&str, &str)] = &[
    ("empty.json", ""),
    ("blank.json", "  \n\t\n"),
    ("cut-off.json", "[\n  {\n    \"id\": \"/subscriptions/s\",\n    \"type\": \"Microsoft.Author"),
    ("no-comma.json", "[\n  {\"type\": \"Microsoft.ContainerRegistry/registries\" \"id\": 1}\n]"),
    ("two-outputs.json", "[]\n[]\n"),
    ("login-message.json", "ERROR: Please run 'az login' to setup account.\n"),
    ("words.txt", "no access\n"),
    ("number.json", "42"),
    ("numbers.json", "[1, null, [2], true]"),
    ("bad.yaml", "- id: [1, 2\n- id: x\n"),
    ("next-page.json", "{\"value\": [], \"nextLink\": \"https://management.azure.com/next\"}"),
    (
        "graph-page.json",
        "{\n  \"@odata.nextLink\": \"https://graph.microsoft.com/next\",\n  \"value\": []\n}",
    ),
    (
        "refused.json",
        "{\"error\": {\"code\": \"AuthorizationFailed\", \"message\": \"The client has no access.\"}}",
    ),
    (
        "twice.json",
        "{\n  \"apiVersion\": \"acr-admission.dev/v1\", \"kind\": \"Inventory\",\n  \"denyAssignments\": [{\"name\": \"freeze\", \
         \"principals\": [\"everyone\"], \"actions\": [\"*\"], \"scope\": \"/\"}],\n  \"denyAssignments\": []\n}",
    ),
    ("two-pages.json", "{\"value\": [{\"type\": \"Microsoft.Sql/servers\"}], \"value\": []}"),
    ("sql.json", "[{\"type\": \"Microsoft.Sql/servers\"}, {\"type\": \"Microsoft.Sql/servers\"}]"),
    ("unknown-object.json", "{\"colour\": \"blue\", \"size\": 3}"),
    ("empty-object.json", "{}"),
    ("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n"),
    ("tags.json", "[\"latest\", \"1.0\"]"),
    ("value-text.json", "{\"value\": \"none\"}"),
    (
        "members.json",
        "[{\"@odata.type\": \"#microsoft.graph.user\", \"id\": \"91859023-ec99-41ee-a807-06b24c0dfbf8\"}]",
    ),
    (
        "assignments.json",
        r#"[
  {
    "type": "Microsoft.Authorization/roleAssignments",
    "name": "3b026bda-2122-4be3-a9ab-85828c8a61b8",
    "principalId": 7,
    "roleDefinitionId": "/providers/Microsoft.Authorization/roleDefinitions/AcrPull",
    "scope": "subscriptions/s1"
  },
  {
    "type": "Microsoft.Authorization/roleAssignments",
    "properties": {"principalId": "not-a-guid", "scope": ["/"]}
  }
]"#,
    ),
    (
        "registries.json",
        r#"{"value": [
  {"type": "Microsoft.ContainerRegistry/registries", "properties": {"loginServer": "a.azurecr.io"}},
  {
    "type": "Microsoft.ContainerRegistry/registries",
    "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/b",
    "properties": {"adminUserEnabled": "yes", "dataEndpointHostNames": {"a": 1}, "policies": []}
  }
]}"#,
    ),
    (
        "tokens.json",
        r#"[{
  "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/b/tokens/t",
  "type": "Microsoft.ContainerRegistry/registries/tokens",
  "scopeMapId": "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/b/scopeMaps/m",
  "credentials": {"passwords": [{"expiry": "tomorrow"}, 3]}
}, {"type": "Microsoft.ContainerRegistry/registries/tokens", "name": "u"}]"#,
    ),
    (
        "denies.json",
        r#"[{
  "type": "Microsoft.Authorization/denyAssignments",
  "id": "/subscriptions/s/providers/Microsoft.Authorization/denyAssignments/d",
  "permissions": [{"actions": "*"}],
  "principals": [{"type": "User"}]
}, {
  "type": "Microsoft.Authorization/denyAssignments",
  "id": "/subscriptions/s/providers/Microsoft.Authorization/denyAssignments/e"
}]"#,
    ),
    ("roles.json", "[{\"type\": \"Microsoft.Authorization/roleDefinitions\", \"name\": \"AcrPull\"}]"),
    (
        "identities.yaml",
        "- type: Microsoft.ManagedIdentity/userAssignedIdentities\n  name: id-web\n  clientId: 5\n",
    ),
    (
        "same-client.json",
        r#"[
  {"type": "Microsoft.ManagedIdentity/userAssignedIdentities", "name": "one", "principalId": "10000000-0000-4000-8000-000000000001", "clientId": "20000000-0000-4000-8000-000000000001"},
  {"type": "Microsoft.ManagedIdentity/userAssignedIdentities", "name": "two", "principalId": "10000000-0000-4000-8000-000000000002", "clientId": "20000000-0000-4000-8000-000000000001"}
]"#,
    ),
    (
        "same-server.json",
        r#"[
  {"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/a", "loginServer": "A.azurecr.io"},
  {"id": "/subscriptions/s/resourceGroups/h/providers/Microsoft.ContainerRegistry/registries/b", "loginServer": "a.azurecr.io"}
]"#,
    ),
    (
        "resource-list.json",
        r#"[{"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/bare", "type": "Microsoft.ContainerRegistry/registries"}]"#,
    ),
    (
        "escape.json",
        r#"[{"type": "Microsoft.Authorization/roleDefinitions", "roleName": "\ud800", "permissions": [], "name": "7f951dda-4ed3-4680-a7ca-43fe172d538d"}]"#,
    ),
    (
        "hand-written.yaml",
        "kind: Inventory
apiVersion: acr-admission.dev/v2
registrys: []
registries:
  - name: apps
    logonServer: apps.azurecr.io
  - loginServer: web.azurecr.io
  - name: web
    mode: abac
  - name: edge
    adminUser: maybe
identities: none
groups:
  - name: readers
    members: [id-web]
roleAssignments:
  - {principal: readers, role: AcrPul, scope: web}
  - {principal: reader, role: AcrPull, scope: edges}
  - {principal: readers, role: AcrPull, scope: /subscriptions/s, start: yesterday}
",
    ),
];

#[test]
fn every_mistake_is_told_whole() {
    let mut told = String::new();
    for (name, text) in BAD_INPUTS {
        let errors = read(&[(name, text)]).expect_err(name);
        writeln!(told, "=== {name}\n{errors}\n").unwrap();
    }
    insta::assert_snapshot!(told);
}

#[test]
fn bytes_that_are_no_text_are_told() {
    for (bytes, what) in [
        (&b"PK\x03\x04\0\0\0\0"[..], "the file is binary data, not text"),
        (b"[\"\xff\"]", "the file is not UTF-8 text (byte 2)"),
        (b"\xff\xfe[", "the file starts like UTF-16 text but is not"),
    ] {
        let errors = inventory::from_documents([("file.json".to_owned(), bytes.to_vec())]).unwrap_err();
        assert_eq!(errors.as_slice()[0].message, what);
    }
}

#[test]
fn problems_of_all_files_come_together() {
    let files: Vec<(&str, &str)> = BAD_INPUTS.to_vec();
    let together = read(&files).unwrap_err();
    let places: Vec<&str> = together.as_slice().iter().map(|error| error.place.file.as_str()).collect();
    for (name, _) in BAD_INPUTS {
        assert!(places.contains(name), "{name} is missing: {places:?}");
    }
}

#[test]
fn there_is_an_end_to_the_list_of_problems() {
    let record = r#"{"type": "Microsoft.Authorization/roleAssignments", "name": "n", "scope": "/"}"#;
    let text = format!("[{}]", vec![record; 1_500].join(",\n"));
    let errors = read(&[("many.json", &text)]).unwrap_err();
    assert_eq!((errors.as_slice().len(), errors.dropped()), (1_000, 2_000));
    assert!(errors.to_string().ends_with("and 2000 more"));
}

#[test]
fn the_documentation_lists_every_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/inventory.md");
    let text = fs::read_to_string(path).unwrap();
    let (_, listed) = text.split_once("## Errors and warnings").unwrap();
    let mut listed: Vec<&str> = listed.split('`').skip(1).step_by(2).collect();
    let errors = LoadErrorCode::ALL.iter().map(|code| code.as_str());
    let mut codes: Vec<&str> = errors.chain(LoadWarningCode::ALL.iter().map(|code| code.as_str())).collect();
    listed.sort_unstable();
    codes.sort_unstable();
    assert_eq!(listed, codes);
}

/// File name and content of things that load with a warning.
const LOOSE_ENDS: &[(&str, &str)] = &[
    (
        "modes.json",
        r#"[
  {"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/a", "loginServer": "a.azurecr.io", "roleAssignmentMode": null},
  {"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/b", "loginServer": "b.azurecr.io", "roleAssignmentMode": "SomethingNew"},
  {"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/c", "loginServer": "c.azurecr.io", "roleAssignmentMode": "legacyregistrypermissions", "adminUserEnabled": true},
  {"id": "/subscriptions/S/resourcegroups/g/providers/Microsoft.ContainerRegistry/registries/C", "loginServer": "c.azurecr.io", "roleAssignmentMode": "AbacRepositoryPermissions", "adminUserEnabled": false}
]"#,
    ),
    (
        "assignments.json",
        r#"[
  {
    "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Authorization/roleAssignments/x",
    "principalId": "10000000-0000-4000-8000-000000000001",
    "principalType": "Group",
    "roleDefinitionId": "/x/7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "condition": "(\n  @Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqual 'a'\n)",
    "conditionVersion": "2.0"
  },
  {
    "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Authorization/roleAssignments/y",
    "principalId": "10000000-0000-4000-8000-000000000002",
    "roleDefinitionId": "/x/7f951dda-4ed3-4680-a7ca-43fe172d538e",
    "condition": "(\n  @Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEquals 'a'\n)",
    "conditionVersion": "1.0"
  }
]"#,
    ),
    (
        "deny.json",
        r#"{"id": "/providers/Microsoft.Authorization/denyAssignments/d", "principals": [], "permissions": [], "denyAssignmentEffect": "maybe"}"#,
    ),
    (
        "groups.yaml",
        "apiVersion: acr-admission.dev/v1
kind: Inventory
groups:
  - {name: a, members: [b]}
  - {name: b, members: [c]}
  - {name: c, members: [b]}
",
    ),
    (
        "members.nobody.json",
        "[{\"@odata.type\": \"#microsoft.graph.user\", \"id\": \"91859023-ec99-41ee-a807-06b24c0dfbf8\"}]",
    ),
    ("endpoints.json", "{\"loginServer\": \"x.azurecr.io\", \"dataEndpoints\": []}"),
];

#[test]
fn every_loose_end_is_told_whole() {
    let mut told = String::new();
    for (name, text) in LOOSE_ENDS {
        let loaded = read(&[(name, text)]).unwrap_or_else(|errors| panic!("{name}: {errors}"));
        writeln!(told, "=== {name}").unwrap();
        for warning in &loaded.warnings {
            writeln!(told, "{warning}").unwrap();
        }
        told.push('\n');
    }
    insta::assert_snapshot!(told);
}

#[test]
fn contradictions_fail_closed() {
    let loaded = read(&[LOOSE_ENDS[0]]).unwrap();
    let registries = loaded.inventory.registries;
    assert_eq!(registries.iter().map(|one| one.mode).collect::<Vec<_>>(), [None, None, None]);
    assert!(!registries[2].admin_user_enabled);
    assert!(read(&[LOOSE_ENDS[2]]).unwrap().inventory.deny_assignments[0].enforced);
}

#[test]
fn a_deny_assignment_to_a_group_of_unknown_members_is_told() {
    let group = "30000000-0000-4000-8000-000000000009";
    let deny = |kind: &str| {
        format!(
            r#"[{{"name": "d1", "scope": "/subscriptions/s", "denyAssignmentName": "d",
            "permissions": [{{"actions": ["*"]}}], "principals": [{{"id": "{group}", "type": "{kind}"}}]}}]"#
        )
    };
    let members =
        r#"{"@odata.context": "https://graph.microsoft.com/beta/$metadata#directoryObjects", "value": []}"#;
    let list = format!("members.{group}.json");
    let codes = |files: &[(&str, &str)]| -> Vec<LoadWarningCode> {
        read(files).unwrap().warnings.iter().map(|warning| warning.code).collect()
    };
    assert_eq!(codes(&[("a.json", &deny("Group"))]), [LoadWarningCode::UnknownGroup]);
    assert_eq!(codes(&[("a.json", &deny("User"))]), []);
    // What an export does not say, and what later versions may say, can be a group.
    assert_eq!(codes(&[("a.json", &deny(""))]), [LoadWarningCode::UnknownGroup]);
    assert_eq!(codes(&[("a.json", &deny("Group")), (&list, members)]), []);
}

/// A deny that only the second export shows must not be lost.
#[test]
fn exports_that_differ_about_a_deny_assignment_add_up() {
    let (one, two) = ("10000000-0000-4000-8000-000000000001", "10000000-0000-4000-8000-000000000002");
    let deny = |principals: &[&str], excluded: &[&str], action: &str, only_this_scope: bool| {
        let list = |ids: &[&str]| {
            ids.iter().map(|id| serde_json::json!({"id": id, "type": "User"})).collect::<Vec<_>>()
        };
        serde_json::json!([{
            "name": "d1", "scope": "/subscriptions/s", "denyAssignmentName": "d",
            "permissions": [{"actions": [action]}], "principals": list(principals),
            "excludePrincipals": list(excluded), "doNotApplyToChildScopes": only_this_scope,
        }])
        .to_string()
    };
    let first = deny(&[one], &[two], "*/read", true);
    let loaded = read(&[("a.json", &first), ("b.json", &deny(&[two], &[], "*", false))]).unwrap();
    let [merged] = loaded.inventory.deny_assignments.as_slice() else { panic!("one deny assignment") };
    assert_eq!((merged.principals.len(), merged.excluded.len(), merged.permissions.len()), (2, 0, 2));
    assert!(!merged.only_this_scope);
    assert_eq!(loaded.warnings.len(), 1);
    assert_eq!(loaded.warnings[0].code, LoadWarningCode::ExportsDisagree);
    assert_eq!(read(&[("a.json", &first), ("b.json", &first)]).unwrap().warnings, []);
}

#[test]
fn two_hand_written_assignments_of_one_name_are_refused() {
    let document = |list: &str| {
        format!(
            "apiVersion: acr-admission.dev/v1\nkind: Inventory\nsubscription: s\nresourceGroup: g\n\
             registries: [{{name: acme}}]\n{list}\n"
        )
    };
    let deny = "{name: d, principals: [everyone], actions: ['*'], scope: acme}";
    let other = deny.replace("name: d", "name: e");
    let twice = document(&format!("denyAssignments: [{deny}, {deny}]"));
    let errors = read(&[("a.yaml", &twice)]).unwrap_err();
    assert_eq!(errors.as_slice()[0].message, "two deny assignments with one name at one scope");
    assert!(read(&[("a.yaml", &document(&format!("denyAssignments: [{deny}, {other}]")))]).is_ok());
}
