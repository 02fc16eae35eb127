//! `AcrPullBinding`: whose token a pull secret holds, from a table; through `check`, and as a server with manifests
//! instead of a cluster sees them.

use std::fs;

use acr_admission::kubernetes::{FileSurroundings, Known, Surroundings};
use acr_admission::workload::manifest::Manifests;
use serde::Deserialize;
use serde_json::{Value, json};

use super::cli::run_with;

#[derive(Deserialize)]
struct Table {
    inventory: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    objects: Vec<Value>,
    image: String,
    actual: String,
    by: Option<String>,
    chain: Option<Value>,
    advice: Option<String>,
}

fn table() -> Table {
    serde_saphyr::from_str(&fs::read_to_string("tests/cases/pull-bindings.yaml").unwrap()).unwrap()
}

impl Case {
    fn manifests(&self) -> String {
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
            "spec": {"serviceAccountName": "web", "containers": [{"name": "c", "image": self.image}]},
        });
        let items: Vec<&Value> = self.objects.iter().chain([&pod]).collect();
        json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()
    }
}

#[test]
fn every_rule_gives_its_answer() {
    let Table { inventory, cases } = table();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("inventory.yaml");
    fs::write(&file, inventory).unwrap();
    for case in &cases {
        let args = ["check", "-", "-o", "json", "--namespace", "shop", "--cluster", "aks", "--inventory"];
        let checked = run_with(&[&args[..], &[file.to_str().unwrap()]].concat(), case.manifests());
        let document = checked.json();
        let actual = &document["findings"][0]["actual"];
        let told = format!("{} {}", actual["verdict"].as_str().unwrap(), actual["reason"].as_str().unwrap());
        assert_eq!(told, case.actual, "{}: {checked}", case.name);
        if let Some(by) = &case.by {
            assert_eq!(actual["identity"]["name"], *by, "{}", case.name);
        }
        if let Some(chain) = &case.chain {
            assert_eq!(actual["chain"], *chain, "{}", case.name);
        }
        let advice = actual["advice"].as_array().unwrap();
        let given = advice.iter().any(|code| code == "AcrPullBindingNotGiven");
        assert_eq!(given, case.advice.is_some(), "{}: {actual:#}", case.name);
    }
}

/// The two doors for manifests make the same secrets and accounts of bindings.
#[test]
fn a_server_with_manifests_knows_the_same_holders() {
    let (mut holders, mut untold) = (0, 0);
    for case in table().cases {
        let text = case.manifests().replace("\"metadata\":{", "\"metadata\":{\"namespace\":\"shop\",");
        if case.objects.iter().any(|object| !object["metadata"]["namespace"].is_null()) {
            continue;
        }
        let surroundings = FileSurroundings::read([("m.json", text.as_bytes())]).unwrap();
        let mut manifests = Manifests::default();
        manifests.read("m.json", text.as_bytes());
        for binding in manifests.pull_bindings() {
            let Known::Present(account) = surroundings.service_account("shop", &binding.service_account)
            else {
                panic!("{}: no account", case.name);
            };
            assert_eq!(account.pull_secrets, std::slice::from_ref(&binding.secret), "{}", case.name);
            let secret = surroundings.pull_secret("shop", &binding.secret);
            let expected = binding.to_secret(Some(&account)).map(|secret| secret.contents);
            match (secret, expected) {
                (Known::Present(secret), Some(expected)) => {
                    assert_eq!(secret.contents, expected, "{}", case.name);
                    holders += 1;
                }
                (Known::NotCached, None) => untold += 1,
                (found, expected) => panic!("{}: {found:?} is not {expected:?}", case.name),
            }
        }
    }
    assert!(holders >= 10 && untold >= 1, "{holders} {untold}");
}

#[test]
fn a_field_of_another_type_is_named() {
    let text = "apiVersion: acrpull.microsoft.com/v1beta2\nkind: AcrPullBinding\nmetadata: {name: b}\n\
        spec: {auth: {managedIdentity: {clientID: 7}}}\n";
    let mut manifests = Manifests::default();
    manifests.read("m.yaml", text.as_bytes());
    let problem = manifests.problems[0].to_string();
    assert!(
        problem.contains("spec.auth.managedIdentity.clientID: expected a text, found a number"),
        "{problem}"
    );
}
