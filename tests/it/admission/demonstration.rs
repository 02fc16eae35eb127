//! The pods and the estate that `deploy/kind` shows: what the pages print of them is what kubectl prints.

use std::fs;

use serde_json::{Value, json};

use super::configuration::{WEBHOOK_LABEL, configuration};
use super::serving::{Serving, in_repository};
use crate::support::apiserver::ApiServer;
use crate::support::skip::skip;
use crate::support::waiting::wait_until;

const CREATE: &str = "create --filename deploy/kind/denied.yaml";

#[test]
fn the_denial_and_the_warning_of_the_pages_are_those_of_a_real_server() {
    let server = match ApiServer::shared() {
        Ok(server) => server,
        Err(reason) => return skip(reason),
    };
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("settings.json");
    fs::write(&settings, settings_of_the_demonstration().to_string()).unwrap();
    let serving = Serving::start_with(server, &in_repository("examples/demo/inventory.yaml"), &settings);
    server.apply(&configuration("demonstration", &serving, "Fail").to_string());
    server.create_labelled_namespace("shop", &json!({WEBHOOK_LABEL: "demonstration"}));
    server.apply(include_str!("../../../deploy/kind/accounts.yaml"));
    let create = |more: &[&str]| server.kubectl(&[&CREATE.split(' ').collect::<Vec<_>>(), more].concat(), "");
    let trial = || create(&["--dry-run=server"]);

    wait_until("pods are judged", || trial().stderr.contains("denied the request"));
    let denied = create(&[]);
    assert!(!denied.status.success());
    let page = include_str!("../../../deploy/kind/README.md");
    let shown = page.split("== a pod whose identity may not:\n").nth(1).unwrap().split("```").next().unwrap();
    for (shown, printed) in shown.lines().zip(denied.stderr.lines()) {
        assert!(printed.starts_with(shown.trim_end_matches(" …")), "{shown}\n{printed}");
    }
    assert_eq!(shown.lines().count(), denied.stderr.lines().count());

    server.kubectl(&["label", "namespace", "shop", WARNED], "").succeeded();
    wait_until("pods are only warned about", || trial().status.success());
    let warned = create(&[]).succeeded();
    let shown = format!("```console\n$ kubectl {CREATE}\n{}{}```", warned.stderr, warned.stdout);
    for page in [include_str!("../../../docs/rollout.md"), include_str!("../../../README.md")] {
        assert!(page.contains(&shown), "{shown}");
    }
}

const WARNED: &str = "acr-admission.test/rule=warned";

/// Those of `deploy/kind`, and a rule that only warns.
fn settings_of_the_demonstration() -> Value {
    let values: Value = serde_saphyr::from_str(include_str!("../../../deploy/kind/values.yaml")).unwrap();
    let mut settings = values["settings"].clone();
    settings["apiVersion"] = json!("acr-admission.dev/v1");
    settings["kind"] = json!("Settings");
    let (label, value) = WARNED.split_once('=').unwrap();
    let warned = json!({"name": "warned", "namespaces": {"matchLabels": {label: value}}, "mode": "warn"});
    settings["rules"].as_array_mut().unwrap().insert(0, warned);
    settings
}
