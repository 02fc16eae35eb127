//! What users see of verdicts, in both kinds of install.

use serde_json::{Value, json};

use crate::objects::{
    ALLOWED, DENIAL, DENIED, FOR_WEB, WARNING, assert_refused, cron_job, deployment, image_volume, pod,
};
use crate::release::{NAME, RULE_LABEL, Release};
use crate::skip::skip;
use crate::waiting::wait_until;

#[test]
fn installed_to_warn_it_admits_with_a_warning() {
    let release = match Release::of_environment() {
        Ok(release) => release,
        Err(reason) => return skip(reason),
    };
    let mut values = release.values("warn");
    // Among them one that enforces.
    values["settings"]["rules"] = json!([]);
    release.install(&values);
    release.wait_until_judged();
    let namespace = release.namespace(None);
    for object in [pod("p", &namespace.name, DENIED), deployment("d", &namespace.name, DENIED)] {
        let output = release.create(&object).succeeded();
        assert!(output.stderr.contains(WARNING), "{}", output.stderr);
    }
    assert_eq!(failure_policies(&release), ["Ignore", "Ignore"], "an install that refuses nothing");
}

#[test]
fn installed_to_enforce_it_refuses_what_cannot_be_pulled() {
    let release = match Release::enforcing() {
        Ok(release) => release,
        Err(reason) => return skip(reason),
    };
    let namespace = release.namespace(None);
    let name = namespace.name.as_str();
    assert_refused(&release.create(&pod("p", name, DENIED)), "pods");
    assert_refused(&release.create(&image_volume("v", name, DENIED)), "pods");
    assert_refused(&release.create(&deployment("d", name, DENIED)), "workloads");
    assert_refused(&release.create(&cron_job("c", name, DENIED)), "workloads");
    let dry_run = release.apply(&pod("dry", name, DENIED).to_string(), &["--dry-run=server"]);
    assert_refused(&dry_run, "pods");
    for object in [
        pod("p", name, ALLOWED),
        image_volume("v", name, ALLOWED),
        deployment("d", name, ALLOWED),
        cron_job("c", name, ALLOWED),
    ] {
        release.create(&object).succeeded();
    }
    assert_eq!(failure_policies(&release), ["Fail", "Fail"]);
}

#[test]
fn a_debug_container_that_cannot_be_pulled_is_refused() {
    let release = match Release::enforcing() {
        Ok(release) => release,
        Err(reason) => return skip(reason),
    };
    let namespace = release.namespace(None);
    release.create(&pod("p", &namespace.name, ALLOWED)).succeeded();
    let image = |image: &str| format!("--image={image}");
    let debug = |image: &str| release.kubectl(&["debug", "p", "--namespace", &namespace.name, image]);
    assert_refused(&debug(&image(DENIED)), "pods");
    debug(&image(ALLOWED)).succeeded();
}

#[test]
fn pods_of_a_controller_are_refused_where_workloads_are_only_warned_about() {
    let release = match Release::enforcing() {
        Ok(release) => release,
        Err(reason) => return skip(reason),
    };
    let namespace = release.namespace(Some("workloads-warned"));
    let output = release.create(&deployment("d", &namespace.name, DENIED)).succeeded();
    assert!(output.stderr.contains(WARNING), "{}", output.stderr);
    let events = ["events", "--namespace", &namespace.name, "--field-selector", "reason=FailedCreate"];
    wait_until("the replica set tells why it has no pods", || {
        release.get(&events)["items"].as_array().unwrap().iter().any(|event| message(event).contains(DENIAL))
    });
    assert_eq!(release.get(&["pods", "--namespace", &namespace.name])["items"], json!([]));
}

#[test]
fn a_service_account_of_the_same_apply_counts() {
    let release = match Release::enforcing() {
        Ok(release) => release,
        Err(reason) => return skip(reason),
    };
    let namespace = release.namespace_called("web");
    assert_refused_for_web(&release.create(&pod("before", "web", FOR_WEB)).stderr);
    let account = json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {
            "name": "frontend", "namespace": "web",
            "annotations": {"azure.workload.identity/client-id": "20000000-0000-4000-8000-000000000002"},
        },
    });
    let mut first = pod("p", &namespace.name, FOR_WEB);
    first["spec"]["serviceAccountName"] = json!("frontend");
    let mut second = deployment("d", &namespace.name, FOR_WEB);
    second["spec"]["template"]["spec"]["serviceAccountName"] = json!("frontend");
    let objects = [account, first, second];
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    release.apply(&list.to_string(), &[]).succeeded();
}

#[test]
fn a_finalizer_can_be_removed_from_a_pod_that_would_be_denied() {
    let release = match Release::enforcing() {
        Ok(release) => release,
        Err(reason) => return skip(reason),
    };
    let namespace = release.namespace(Some("warned"));
    let name = namespace.name.as_str();
    let mut object = pod("p", name, DENIED);
    object["metadata"]["finalizers"] = json!(["acr-admission.test/hold"]);
    release.create(&object).succeeded();
    release.kubectl(&["label", "namespace", name, &format!("{RULE_LABEL}-")]).succeeded();
    wait_until("the namespace enforces", || !release.create(&pod("other", name, DENIED)).status.success());

    release.kubectl(&["delete", "pod", "p", "--namespace", name, "--wait=false"]).succeeded();
    let remove = ["patch", "pod", "p", "--namespace", name, "--type=merge", "--patch"];
    let remove = [&remove[..], &[r#"{"metadata":{"finalizers":null}}"#]].concat();
    release.kubectl(&remove).succeeded();
    wait_until("the pod is gone", || {
        !release.kubectl(&["get", "pod", "p", "--namespace", name]).status.success()
    });
}

#[test]
fn an_object_of_three_mebibytes_is_judged() {
    let release = match Release::enforcing() {
        Ok(release) => release,
        Err(reason) => return skip(reason),
    };
    // The API server takes requests of 3 MiB; the store behind it takes less, so this stays a dry run.
    let big = |image: &str| {
        let mut object = pod("big", "default", image);
        object["spec"]["containers"][0]["env"] = json!([{"name": "FILLING", "value": "x".repeat(FILLING)}]);
        release.apply(&object.to_string(), &["--dry-run=server", "--server-side"])
    };
    assert_refused(&big(DENIED), "pods");
    big(ALLOWED).succeeded();
}

/// As much as fits into a request of 3 MiB.
const FILLING: usize = 3 * 1024 * 1024 - 4096;

fn failure_policies(release: &Release) -> Vec<String> {
    let configuration = release.get(&["validatingwebhookconfiguration", NAME]);
    let webhooks = configuration["webhooks"].as_array().unwrap().iter();
    webhooks.map(|webhook| webhook["failurePolicy"].as_str().unwrap().to_owned()).collect()
}

fn message(event: &Value) -> &str {
    event["message"].as_str().unwrap_or_default()
}

#[track_caller]
fn assert_refused_for_web(stderr: &str) {
    assert!(stderr.contains("denied the request: fabrikamapps.azurecr.io/web/site:2.3"), "{stderr}");
}
