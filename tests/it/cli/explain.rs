//! `explain`: the document for programs. What people read is in `docs/explain.md`, which another test compares.

use std::fs;

use serde_json::{Value, json};

use super::{judging, run};

#[test]
fn the_document_says_what_decided_and_what_is_missing() {
    let explained =
        run(&judging(&["explain", "id-frontend-web", "contosoapps.azurecr.io/frontend/api:1", "-o", "json"]));
    assert_eq!(explained.code, 1, "{explained}");
    let document = explained.json();
    assert_eq!(document["apiVersion"], "acr-admission.dev/v1");
    assert_eq!((&document["kind"], &document["verdict"]), (&json!("Explanation"), &json!("deny")));
    assert_eq!(document["matched"], json!([]));
    assert_eq!(document["fix"]["verified"], true);
    let condition = &document["assignments"][0]["condition"];
    assert_eq!(condition["result"], "false");
    let failing = condition["failing"].as_array().unwrap();
    let text = condition["text"].as_str().unwrap();
    assert!(!failing.is_empty());
    for test in failing {
        let place = |field: &str| usize::try_from(test[field].as_u64().unwrap()).unwrap();
        assert_eq!(text.get(place("start")..place("end")), test["text"].as_str());
        assert_eq!((&test["result"], &test["actual"]), (&json!("false"), &json!("frontend/api")));
    }
    assert_eq!(document["missingContextValues"], json!([]));
    let allowed =
        run(&judging(&["explain", "id-frontend-web", "contosoapps.azurecr.io/backend/api:1", "-o", "json"]));
    let (code, allowed) = (allowed.code, allowed.json());
    assert_eq!((code, &allowed["verdict"], &allowed["by"]), (0, &json!("allow"), &allowed["matched"][0]));

    let kinds: Vec<&Value> =
        document["nearMisses"].as_array().unwrap().iter().map(|near| &near["kind"]).collect();
    assert_eq!(kinds, ["Repository", "Repository", "Mode"]);
}

/// One estate with every near miss, each in its own identity.
const ESTATE: &str = "
apiVersion: acr-admission.dev/v1
kind: Inventory
registries: [{name: fine, mode: rbac-abac}, {name: other, mode: rbac-abac}, {name: plain, mode: rbac}]
identities:
- {name: id-scope, principalId: 8a1f6a3e-6a0e-4d0c-9d5e-0e5b8b1f0a01}
- {name: id-client, principalId: 8a1f6a3e-6a0e-4d0c-9d5e-0e5b8b1f0a02, clientId: 8a1f6a3e-6a0e-4d0c-9d5e-0e5b8b1f0b02}
- {name: id-old, principalId: 8a1f6a3e-6a0e-4d0c-9d5e-0e5b8b1f0a03}
- {name: id-mode, principalId: 8a1f6a3e-6a0e-4d0c-9d5e-0e5b8b1f0a04}
- {name: id-resource, principalId: 8a1f6a3e-6a0e-4d0c-9d5e-0e5b8b1f0a05}
- {name: id-broken, principalId: 8a1f6a3e-6a0e-4d0c-9d5e-0e5b8b1f0a06}
roleAssignments:
- {principal: id-scope, role: Container Registry Repository Reader, scope: other}
- {principal: 8a1f6a3e-6a0e-4d0c-9d5e-0e5b8b1f0b02, role: Container Registry Repository Reader, scope: fine}
- {principal: id-mode, role: AcrPull, scope: fine}
- principal: id-resource
  role: Container Registry Repository Reader
  scope: fine
  condition: \"@Resource[Microsoft.ContainerRegistry/registries/repositories:name] StringEquals 'app'\"
- principal: id-broken
  role: Container Registry Repository Reader
  scope: fine
  condition: \"@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqual 'app'\"
";

#[test]
fn near_misses_name_the_one_difference() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = folder.path().join("inventory.yaml");
    fs::write(&inventory, ESTATE).unwrap();
    let explain = |identity: &str| {
        let args = ["explain", identity, "fine.azurecr.io/app:1", "-o", "json", "--inventory"];
        let run = run(&[&args[..], &[inventory.to_str().unwrap()]].concat());
        assert!([0, 1].contains(&run.code), "{run}");
        run.json()
    };
    for (identity, kind) in [("id-scope", "Scope"), ("id-client", "ClientId"), ("id-mode", "Mode")] {
        let document = explain(identity);
        assert_eq!(document["nearMisses"][0]["kind"], kind, "{document:#}");
        assert_eq!(document["nearMisses"].as_array().unwrap().len(), 1, "{document:#}");
        assert_eq!(document["fix"]["verified"], true);
    }
    let mode = explain("id-mode");
    assert!(
        mode["fix"]["cleanUp"].as_str().unwrap().starts_with("az role assignment delete --ids /"),
        "{mode:#}"
    );
    let missing = explain("id-resource");
    let attribute = "@Resource[Microsoft.ContainerRegistry/registries/repositories:name]";
    assert_eq!(missing["missingContextValues"], json!([attribute]));
    assert!(missing["fix"]["file"]["content"].as_str().unwrap().contains("@Resource["), "the old test stays");
    let broken = explain("id-broken");
    assert_eq!(broken["assignments"][0]["condition"]["result"], "invalid");
    let content = broken["fix"]["file"]["content"].as_str().unwrap();
    assert!(!content.contains("StringEqual '"), "what grants nothing is replaced: {content}");
}
