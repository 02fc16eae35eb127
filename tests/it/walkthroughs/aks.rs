//! `deploy/aks/quickstart`, with the real program and the exported Contoso estate; Azure and the cluster are not there.

use std::fs;
use std::path::Path;

use super::{WalkThrough, of_kind, rendered, text};
use crate::support::skip::skip;

const SCRIPT: &str = "deploy/aks/quickstart";
const CLUSTER: [&str; 6] = [
    "--resource-group",
    "rg-aks",
    "--cluster",
    "aks-prod",
    "--image",
    "contoso.azurecr.io/tools/acr-admission:1",
];

fn fixture(name: &str) -> String {
    format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// An export and a kubeconfig are there, so that az is not needed.
fn installation() -> (WalkThrough, Vec<String>) {
    let walk_through = WalkThrough::new(SCRIPT, &["helm", "kubectl"]);
    let walk_through = walk_through.with("objects.json", OBJECTS);
    let program = env!("CARGO_BIN_EXE_acr-admission");
    let export = fixture("az");
    let more = ["--export", &export, "--kubeconfig", "cluster.kubeconfig", "--program", program];
    let arguments = CLUSTER.into_iter().chain(more).map(str::to_owned).collect();
    (walk_through, arguments)
}

const OBJECTS: &str = r#"{"apiVersion": "v1", "kind": "List", "items": [
  {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "web"}},
  {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "site", "namespace": "web"},
   "spec": {"containers": [{"name": "main", "image": "contosoapps.azurecr.io/payments/api:1"}]}}
]}"#;

#[test]
fn the_commands_can_be_read_before_they_run() {
    let walk_through = WalkThrough::new(SCRIPT, &[]);
    let (code, stdout, stderr) =
        text(&walk_through.run(&[&CLUSTER[..], &["--dry-run", "--", "--subscription", "a b"]].concat()));
    assert_eq!(code, Some(0), "{stderr}");
    insta::assert_snapshot!("aks_quickstart", stdout.replace(env!("CARGO_MANIFEST_DIR"), "."));
    assert!(!walk_through.path("acr-admission-aks-prod").exists());
}

#[test]
fn it_packs_installs_in_audit_mode_and_reports() {
    let (walk_through, arguments) = installation();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (code, stdout, stderr) = text(&walk_through.run(&arguments));
    assert_eq!(code, Some(0), "{stdout}\n{stderr}");
    assert!(stdout.contains("contosoapps.azurecr.io/payments/api:1"), "{stdout}");
    assert!(walk_through.path("acr-admission-aks-prod/inventory.json.gz").is_file());
    let calls = walk_through.calls();
    let installs = |call: &&String| call.contains("upgrade --install acr-admission ./charts/acr-admission");
    assert_eq!(calls.iter().filter(installs).count(), 1, "{calls:?}");
    assert!(calls.iter().all(|call| !call.contains("secret")), "{calls:?}");
}

#[test]
fn an_installation_keeps_its_settings_and_gets_the_new_inventory() {
    let (walk_through, arguments) = installation();
    let walk_through = walk_through.with("release", "");
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (code, _, stderr) = text(&walk_through.run(&arguments));
    assert_eq!(code, Some(0), "{stderr}");
    let calls = walk_through.calls();
    assert!(calls.iter().all(|call| !call.contains("upgrade")), "{calls:?}");
    assert!(calls.iter().any(|call| call.contains("apply --server-side")), "{calls:?}");
}

#[test]
fn what_is_missing_or_wrong_is_told_before_anything_happens() {
    let cases: &[(&[&str], &str)] = &[
        (&[], "--resource-group and --cluster are needed"),
        (&CLUSTER[..4], "--image is needed: no image is published yet"),
        (&[&CLUSTER[..5], &["REGISTRY.azurecr.io/acr-admission:1"]].concat(), "this is no registry's host"),
        (&[&CLUSTER[..5], &["acr-admission:1"]].concat(), "the image needs its registry: acr-admission:1"),
        (&[&CLUSTER[..5], &["contoso.azurecr.io/a"]].concat(), "a tag or a digest: contoso.azurecr.io/a"),
        (&["--cluster"], "--cluster needs a value"),
        (&["--nonsense"], "unknown argument: --nonsense"),
        (&CLUSTER, "not on the PATH: kubectl helm acr-admission az"),
    ];
    for (arguments, told) in cases {
        let walk_through = WalkThrough::new(SCRIPT, &[]);
        let (code, _, stderr) = text(&walk_through.run(arguments));
        assert_eq!(code, Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(told), "{arguments:?}: {stderr}");
        assert!(!walk_through.path("acr-admission-aks-prod").exists(), "{arguments:?} left a folder");
    }
}

#[test]
fn a_cluster_that_was_not_exported_is_told() {
    let (walk_through, mut arguments) = installation();
    arguments.extend(["--cluster".to_owned(), "elsewhere".to_owned()]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (code, _, stderr) = text(&walk_through.run(&arguments));
    assert_ne!(code, Some(0));
    assert!(stderr.contains("elsewhere"), "{stderr}");
    assert_eq!(walk_through.calls(), Vec::<String>::new());
}

/// Only the owner may read what a tenant's export and a cluster's objects hold.
#[test]
fn nobody_else_may_read_what_it_writes() {
    use std::os::unix::fs::PermissionsExt as _;
    let (walk_through, arguments) = installation();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    walk_through.run(&arguments);
    let folder = walk_through.path("acr-admission-aks-prod");
    assert!(fs::read_dir(&folder).unwrap().count() > 2);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o077;
    assert_eq!(mode(&folder), 0);
    for entry in fs::read_dir(&folder).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0);
    }
}

#[test]
fn the_chart_takes_its_values_and_refuses_nothing() {
    let (walk_through, arguments) = installation();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    walk_through.run(&arguments);
    let documents = match rendered(&walk_through.calls()) {
        Ok(documents) => documents,
        Err(reason) => return skip(reason),
    };
    let configuration = of_kind(&documents, "ValidatingWebhookConfiguration")[0];
    let webhooks = configuration["webhooks"].as_array().unwrap();
    assert!(webhooks.iter().all(|webhook| webhook["failurePolicy"] == "Ignore"), "{configuration}");
    let settings =
        of_kind(&documents, "ConfigMap").into_iter().find_map(|map| map["data"]["settings.yaml"].as_str());
    let settings = settings.unwrap();
    assert!(settings.contains("mode: audit") && settings.contains("name: aks-prod"), "{settings}");
}
