//! What `helm install` says at its end: to whoever reads nothing else.

use super::installations;
use crate::support::apiserver::ApiServer;
use crate::support::helm::{CHART, Helm, Told};
use crate::support::skip::skip;

#[test]
fn without_an_inventory_the_notes_say_that_nothing_is_judged() {
    let (helm, server) = match (Helm::find(), ApiServer::shared()) {
        (Ok(helm), Ok(server)) => (helm, server),
        (Err(reason), _) | (_, Err(reason)) => return skip(reason),
    };
    let bare = notes(&helm, server, "{}");
    assert!(bare.contains("NOTHING IS JUDGED: there is no inventory"), "{bare}");
    insta::assert_snapshot!("notes_without_an_inventory", bare);
    for name in ["inline", "export"] {
        let (_, values) = installations().into_iter().find(|(its, _)| its == name).unwrap();
        insta::with_settings!({ omit_expression => true }, {
            insta::assert_snapshot!(format!("notes_of_installation_{name}"), notes(&helm, server, &values));
        });
    }
}

/// YAML 1.1 reads `off` as false, which Helm's `default` takes for nothing.
#[test]
fn the_notes_tell_the_modes_as_the_program_reads_them() {
    let (helm, server) = match (Helm::find(), ApiServer::shared()) {
        (Ok(helm), Ok(server)) => (helm, server),
        (Err(reason), _) | (_, Err(reason)) => return skip(reason),
    };
    for (values, expected) in [
        ("{}", "pods warn, workloads warn where no rule matches"),
        ("settings: {default: {mode: off}}", "pods off, workloads off where no rule matches"),
        (
            "settings: {default: {mode: warn, workloads: off}}",
            "pods warn, workloads off where no rule matches",
        ),
        ("settings: {default: {workloads: audit}}", "pods warn, workloads audit where no rule matches"),
        (
            "settings: {rules: [{name: a, namespaces: {names: [a]}, mode: off, workloads: warn}]}",
            "pods off, workloads warn by rule a",
        ),
        ("webhook: {workloads: {enabled: false}}", "pods warn where no rule matches"),
    ] {
        let notes = notes(&helm, server, values);
        assert!(
            notes.lines().any(|line| line.trim_start_matches("Mode").trim() == expected),
            "{values}: {notes}"
        );
    }
}

#[track_caller]
fn notes(helm: &Helm, server: &ApiServer, values: &str) -> String {
    let kubeconfig = server.kubeconfig_path();
    let told = Told { values, kubeconfig: Some(&kubeconfig) };
    let install = ["install", "acr-admission", CHART, "--namespace", "acr-notes"];
    let arguments = [&install[..], &["--dry-run=server", "--values", "-"]].concat();
    let output = helm.run(&arguments, &told).succeeded().stdout;
    output.split_once("\nNOTES:\n").unwrap().1.to_owned()
}
