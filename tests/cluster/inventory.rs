//! An inventory that changes in the place that Kubernetes keeps it.

use std::time::Instant;

use serde_json::{Value, json};

use crate::figures::figure;
use crate::objects::{ALLOWED, DENIED};
use crate::release::{ESTATE, NAME, Release};
use crate::skip::skip;
use crate::waiting::wait_until;

#[test]
fn a_changed_inventory_counts_and_a_broken_one_does_not() {
    let release = match Release::enforcing() {
        Ok(release) => release,
        Err(reason) => return skip(reason),
    };
    let before = starts(&release);
    let grant = "roleAssignments:\n  - {principal: id-kubelet, role: Container Registry Repository Reader, \
                 scope: fabrikamapps}\n";
    let changed_at = Instant::now();
    write(&release, &ESTATE.replace("roleAssignments:\n", grant));
    // Every pod has its own copy of the file, and each may be the one that is asked.
    wait_until("the new role assignment counts everywhere", || (0..8).all(|_| release.admits(DENIED)));
    let took = changed_at.elapsed();
    figure(
        "a change of the inventory's ConfigMap counts in every replica after",
        &format!("{:.1} s", took.as_secs_f64()),
    );

    write(&release, "apiVersion: acr-admission.dev/v1\nkind: Inventory\nregistries: [{name: ");
    let details = || release.pods().iter().map(|pod| release.ready_detail(pod)).collect::<Vec<_>>();
    let failure = |detail: &Value| detail["failures"]["inventory"]["error"].as_str().map(str::to_owned);
    wait_until("every pod tells of the broken inventory", || {
        details().iter().all(|detail| failure(detail).is_some_and(|text| text.contains("estate.yaml")))
    });
    for detail in details() {
        assert_eq!(detail["ready"], true, "stale data is better than none: {detail}");
        assert!(detail["inventory"]["ageSeconds"].is_u64(), "the last good one shows its age: {detail}");
    }
    assert!(release.admits(DENIED), "the last good inventory counts");

    write(&release, ESTATE);
    wait_until("the repaired inventory counts", || (0..8).all(|_| !release.admits(DENIED)));
    assert_eq!(starts(&release), before, "no pod was started anew");
}

/// The kubelet would leave the pods in `ContainerCreating` and nobody would say why.
#[test]
fn an_inventory_that_is_missing_is_told_and_counts_when_it_comes() {
    const MISSING: &str = "acr-admission-inventory";
    let release = match Release::of_environment() {
        Ok(release) => release,
        Err(reason) => return skip(reason),
    };
    release.uninstall();
    let in_namespace = ["--namespace", NAME];
    let remove = ["delete", "configmap", MISSING, "--ignore-not-found"];
    release.kubectl(&[&remove[..], &in_namespace].concat()).succeeded();
    let mut values = release.values("enforce");
    values["inventory"] = json!({"configMaps": [MISSING]});
    release.install_without_waiting(&values);

    let told = [
        "the folder holds no inventory file",
        "/etc/acr-admission/inventory/configmap-acr-admission-inventory",
    ];
    wait_until("every pod says which inventory it waits for", || {
        let pods = release.pods();
        let log = |pod: &String| release.kubectl(&[&["logs", pod][..], &in_namespace].concat()).stdout;
        pods.len() == 2 && pods.iter().map(log).all(|log| told.iter().all(|part| log.contains(part)))
    });
    let estate = format!("--from-literal=estate.yaml={ESTATE}");
    release.kubectl(&[&["create", "configmap", MISSING, &estate][..], &in_namespace].concat()).succeeded();
    let ready = ["rollout", "status", "deployment", NAME, "--timeout=170s"];
    release.kubectl(&[&ready[..], &in_namespace].concat()).succeeded();
    wait_until("it is judged by", || !release.admits(DENIED));
    assert!(release.admits(ALLOWED));
    release.kubectl(&[&remove[..], &in_namespace].concat()).succeeded();
}

fn write(release: &Release, text: &str) {
    let patch = json!({"data": {"estate.yaml": text}}).to_string();
    let name = format!("{NAME}-inventory-inline");
    release.kubectl(&["patch", "configmap", &name, "--namespace", NAME, "--patch", &patch]).succeeded();
}

/// Names and starts of the pods.
fn starts(release: &Release) -> Vec<(String, u64)> {
    let restarts = |name: &String| {
        let pod = release.get(&["pod", name, "--namespace", NAME]);
        pod["status"]["containerStatuses"][0]["restartCount"].as_u64().unwrap()
    };
    release.pods().into_iter().map(|name| (name.clone(), restarts(&name))).collect()
}
