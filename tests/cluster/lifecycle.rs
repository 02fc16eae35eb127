//! Install, upgrade, other tools' hands, uninstall.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::figures::figure;
use crate::load::Load;
use crate::objects::{ALLOWED, DENIED};
use crate::release::{NAME, Release, chart};
use crate::skip::skip;
use crate::waiting::wait_until;

#[test]
fn an_upgrade_fails_no_request() {
    let release = match Release::of_environment() {
        Ok(release) => release,
        Err(reason) => return skip(reason),
    };
    release.uninstall();
    // No chart has been released yet: an older version of the same one, with other values, stands for it.
    let older = tempfile::tempdir().unwrap();
    let copied = Command::new("cp").arg("-R").arg(chart()).arg(older.path()).status().unwrap();
    assert!(copied.success());
    let older = older.path().join("acr-admission");
    set_version(&older.join("Chart.yaml"), "0.0.1");
    let mut values = release.values("enforce");
    values["replicaCount"] = json!(3);
    values["certificates"] = json!({"minVersion": "1.3"});
    values["logLevel"] = json!("warn");
    release.install_chart(&older, &values);
    release.wait_until_judged();
    let trusted = bundle(&release);

    let load = Load::start();
    release.install(&release.values("enforce"));
    wait_until("the pods of the older release are gone", || release.pods().len() == 2);
    let tally = load.stop();
    figure("upgrade from an older copy of the chart with other values, under load", &tally.assert_flawless());
    assert_eq!(bundle(&release), trusted, "an upgrade leaves the certificates alone");
    let list: Value = serde_json::from_str(
        &release.helm(&["list", "--namespace", NAME, "--output", "json"]).succeeded().stdout,
    )
    .unwrap();
    assert_ne!(list[0]["chart"], "acr-admission-0.0.1");
    assert_eq!(list[0]["status"], "deployed");
}

#[test]
fn the_charts_own_test_passes() {
    let release = match Release::enforcing() {
        Ok(release) => release,
        Err(reason) => return skip(reason),
    };
    // The suite's own cluster has no DNS. Nothing but the test's pod differs with these values.
    let service = release.get(&["service", NAME, "--namespace", NAME]);
    let mut values = release.values("enforce");
    let name = format!("{NAME}.{NAME}.svc");
    values["selfTest"] = json!({"hostAliases": [{"ip": service["spec"]["clusterIP"], "hostnames": [name]}]});
    release.install(&values);
    release.helm(&["test", NAME, "--namespace", NAME, "--timeout", "120s"]).succeeded();
}

#[test]
fn another_field_manager_changes_nothing_and_fights_with_nobody() {
    let release = match Release::enforcing() {
        Ok(release) => release,
        Err(reason) => return skip(reason),
    };
    let values = release.values_file(&release.values("enforce"));
    let chart = chart();
    let rendered = release
        .helm(&[
            "template",
            NAME,
            chart.to_str().unwrap(),
            "--namespace",
            NAME,
            "--skip-tests",
            "--values",
            values.to_str().unwrap(),
        ])
        .succeeded()
        .stdout;
    let trusted = bundle(&release);
    let as_other = ["--server-side", "--force-conflicts", "--field-manager=gitops", "--namespace", NAME];
    release.apply(&rendered, &as_other).succeeded();
    let versions = versions(&release);
    release.apply(&rendered, &as_other).succeeded();
    assert_eq!(versions, self::versions(&release), "a second apply finds nothing to change");
    assert_eq!(bundle(&release), trusted, "who applies the chart does not own the authority");

    // What the program keeps writing would show within one of its turns, and renewals of the lease show the turns.
    let renewed = || release.get(&["lease", NAME, "--namespace", NAME])["spec"]["renewTime"].clone();
    for _ in 0..2 {
        let before = renewed();
        wait_until("the leader renews its lease", || renewed() != before);
    }
    assert_eq!(versions, self::versions(&release), "nobody writes it back");
    assert!(release.admits(ALLOWED) && !release.admits(DENIED));

    // Helm 4 asks before it changes what somebody else applied, so two who apply the same are no trouble.
    release.install(&release.values("enforce"));
    // Other values would be.
    release.uninstall();
}

#[test]
fn the_memory_of_an_idle_pod_is_told() {
    let release = match Release::enforcing() {
        Ok(release) => release,
        Err(reason) => return skip(reason),
    };
    for pod in release.pods() {
        let metrics = release.page(&pod, "/metrics").succeeded().stdout;
        let value =
            metrics.lines().find_map(|line| line.strip_prefix("acr_admission_resident_memory_bytes "));
        let bytes: f64 = value.expect("the pod tells its memory").parse().unwrap();
        assert!(bytes > 0.0);
        figure(
            "resident memory of an idle pod, small inventory",
            &format!("{:.1} MiB", bytes / 1024.0 / 1024.0),
        );
    }
}

#[test]
fn uninstalling_leaves_nothing() {
    let release = match Release::enforcing() {
        Ok(release) => release,
        Err(reason) => return skip(reason),
    };
    let installed = traces(&release);
    for kind in ["Secret", "Lease", "ValidatingWebhookConfiguration", "ClusterRole", "Deployment"] {
        let is_there = installed.iter().any(|trace| trace.split(' ').next() == Some(kind));
        assert!(is_there, "no {kind} in {installed:?}");
    }
    release.uninstall();
    wait_until("nothing is left", || {
        let left = traces(&release);
        if !left.is_empty() {
            println!("still there: {left:?}");
        }
        left.is_empty()
    });
}

/// Every object of every kind that bears the release's name, but its namespace, which helm leaves to its owner, and
/// what the cluster itself notes about the past.
fn traces(release: &Release) -> Vec<String> {
    let kinds = release.kubectl(&["api-resources", "--verbs=list", "--output=name"]).succeeded().stdout;
    let kinds = kinds.lines().filter(|kind| !kind.starts_with("events") && *kind != "namespaces");
    let kinds = kinds.collect::<Vec<_>>().join(",");
    let columns = "custom-columns=KIND:.kind,NAMESPACE:.metadata.namespace,NAME:.metadata.name";
    let get = ["get", &kinds, "--all-namespaces", "--no-headers", "--output", columns];
    let lines = release.kubectl(&get).succeeded().stdout;
    // Every namespace has the last two.
    let ours = lines.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).filter(|line| {
        line.iter().any(|word| word.contains(NAME))
            && !line.ends_with(&["kube-root-ca.crt"])
            && !line.ends_with(&["default"])
    });
    ours.map(|line| line.join(" ")).collect()
}

/// Of everything that the chart renders and somebody else could change.
fn versions(release: &Release) -> Vec<Value> {
    let version = |arguments: &[&str]| release.get(arguments)["metadata"]["resourceVersion"].clone();
    vec![
        version(&["validatingwebhookconfiguration", NAME]),
        version(&["clusterrole", NAME]),
        version(&["configmap", "acr-admission-settings", "--namespace", NAME]),
        version(&["secret", "acr-admission-tls", "--namespace", NAME]),
        version(&["service", NAME, "--namespace", NAME]),
    ]
}

fn bundle(release: &Release) -> Value {
    let configuration = release.get(&["validatingwebhookconfiguration", NAME]);
    configuration["webhooks"][0]["clientConfig"]["caBundle"].clone()
}

fn set_version(chart: &Path, version: &str) {
    let text = fs::read_to_string(chart).unwrap();
    let lines = text.lines().map(|line| match line.strip_prefix("version:") {
        Some(_) => format!("version: {version}\n"),
        None => format!("{line}\n"),
    });
    fs::write(chart, lines.collect::<String>()).unwrap();
}
