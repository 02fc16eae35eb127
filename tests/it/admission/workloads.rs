//! What makes pods: refused or warned about where it is applied, before an event of a `ReplicaSet` would tell.

use serde_json::json;

use super::cluster::{ALLOWED, Cluster, DEFAULT_RULE, DENIAL, DENIED};
use super::objects::{assert_refused, deployment, pod};
use crate::support::skip::skip;

#[test]
fn a_deployment_is_refused_where_the_rule_enforces() {
    let cluster = match Cluster::shared() {
        Ok(cluster) => cluster,
        Err(reason) => return skip(reason),
    };
    cluster.create_namespace("deployments", DEFAULT_RULE);
    let spec = |image: &str| json!({"containers": [{"name": "app", "image": image}]});
    let output = cluster.create(&deployment("refused", "deployments", &spec(DENIED)));
    assert_refused(&output, "workloads", DENIAL);
    cluster.create(&deployment("admitted", "deployments", &spec(ALLOWED))).succeeded();
}

#[test]
fn a_deployment_is_warned_about_where_only_pods_are_refused() {
    let cluster = match Cluster::shared() {
        Ok(cluster) => cluster,
        Err(reason) => return skip(reason),
    };
    cluster.create_namespace("staged", "workloads-warned");
    let spec = json!({"containers": [{"name": "app", "image": DENIED}]});

    let output = cluster.create(&deployment("web", "staged", &spec)).succeeded();

    assert_eq!(output.stdout, "deployment.apps/web created\n");
    insta::assert_snapshot!(output.stderr, @"Warning: contosoapps.azurecr.io/sharedx/logger:4: id-kubelet-prod: the condition of its role assignment excludes the repository");
    assert_refused(&cluster.create(&pod("web", "staged", DENIED)), "pods", DENIAL);
}

#[test]
fn a_cron_job_is_refused() {
    let cluster = match Cluster::shared() {
        Ok(cluster) => cluster,
        Err(reason) => return skip(reason),
    };
    cluster.create_namespace("nights", DEFAULT_RULE);
    let create = ["create", "cronjob", "nightly", "--schedule=0 3 * * *", "--namespace=nights"];
    let with =
        |image: &str| cluster.kubectl(&[create.as_slice(), &[&format!("--image={image}")]].concat(), "");
    assert_refused(&with(DENIED), "workloads", DENIAL);
    with(ALLOWED).succeeded();
}

#[test]
fn a_service_account_that_comes_later_refuses_no_deployment() {
    let cluster = match Cluster::shared() {
        Ok(cluster) => cluster,
        Err(reason) => return skip(reason),
    };
    cluster.create_namespace("early", DEFAULT_RULE);
    let spec = json!({"serviceAccountName": "later", "containers": [{"name": "app", "image": ALLOWED}]});

    let output = cluster.create(&deployment("early", "early", &spec)).succeeded();

    insta::assert_snapshot!(output.stderr, @"Warning: contosoapps.azurecr.io/shared/logger:4: not known: the service account does not exist (yet)");
}
