//! Changes of what runs already: images are judged again, everything else goes through.

use serde_json::json;

use super::cluster::{ALLOWED, Cluster, DEFAULT_RULE, DENIAL, DENIED};
use super::objects::{assert_refused, deployment, pod};
use crate::support::skip::skip;

#[test]
fn an_image_changed_by_an_update_is_judged() {
    let cluster = match Cluster::shared() {
        Ok(cluster) => cluster,
        Err(reason) => return skip(reason),
    };
    cluster.create_namespace("updates", DEFAULT_RULE);
    cluster.create(&pod("web", "updates", ALLOWED)).succeeded();
    let set_image = |image: &str| {
        cluster.kubectl(&["set", "image", "pod/web", &format!("app={image}"), "--namespace", "updates"], "")
    };

    let output = set_image(DENIED);
    assert!(
        output.stderr.starts_with("error: failed to patch image update to pod template"),
        "{}",
        output.stderr
    );
    assert_refused(&output, "pods", DENIAL);

    let spec = json!({"spec": {"containers": [{"name": "app", "image": DENIED}]}}).to_string();
    let output = cluster.kubectl(&["patch", "pod", "web", "--namespace", "updates", "--patch", &spec], "");
    assert_refused(&output, "pods", DENIAL);

    set_image("contosoapps.azurecr.io/shared/logger:5").succeeded();
    let image =
        ["get", "pod", "web", "--namespace", "updates", "--output=jsonpath={.spec.containers[0].image}"];
    assert_eq!(cluster.kubectl(&image, "").stdout, "contosoapps.azurecr.io/shared/logger:5");
}

#[test]
fn an_image_changed_in_a_deployment_is_judged() {
    let cluster = match Cluster::shared() {
        Ok(cluster) => cluster,
        Err(reason) => return skip(reason),
    };
    cluster.create_namespace("rollouts", DEFAULT_RULE);
    let spec = json!({"containers": [{"name": "app", "image": ALLOWED}]});
    cluster.create(&deployment("web", "rollouts", &spec)).succeeded();

    let image = format!("app={DENIED}");
    let output = cluster.kubectl(&["set", "image", "deployment/web", &image, "--namespace", "rollouts"], "");
    assert_refused(&output, "workloads", DENIAL);

    // Nothing about images: not even asked for.
    cluster.kubectl(&["scale", "deployment/web", "--replicas=3", "--namespace", "rollouts"], "").succeeded();
}

#[test]
fn debug_containers_are_judged() {
    let cluster = match Cluster::shared() {
        Ok(cluster) => cluster,
        Err(reason) => return skip(reason),
    };
    cluster.create_namespace("debugging", DEFAULT_RULE);
    cluster.create(&pod("web", "debugging", ALLOWED)).succeeded();
    let debug = |name: &str, image: &str| {
        let (image, name) = (format!("--image={image}"), format!("--container={name}"));
        let how = ["--target=app", "--profile=general", "--attach=false", "--namespace=debugging"];
        cluster.kubectl(&[&["debug", "web", &image, &name], how.as_slice()].concat(), "")
    };

    assert_refused(&debug("shell", DENIED), "pods", DENIAL);

    let spec = json!({"spec": {"ephemeralContainers": [{"name": "shell", "image": DENIED}]}}).to_string();
    let patch =
        ["patch", "pod", "web", "--namespace=debugging", "--subresource=ephemeralcontainers", "--patch"];
    let output = cluster.kubectl(&[patch.as_slice(), &[&spec]].concat(), "");
    assert_refused(&output, "pods", DENIAL);

    debug("allowed", ALLOWED).succeeded();
}

#[test]
fn a_pod_that_would_be_refused_today_can_be_labelled_and_can_go() {
    let cluster = match Cluster::shared() {
        Ok(cluster) => cluster,
        Err(reason) => return skip(reason),
    };
    cluster.create_namespace("held", "audited");
    let mut held = pod("held", "held", DENIED);
    held["metadata"]["finalizers"] = json!(["example.com/hold"]);
    cluster.create(&held).succeeded();
    cluster.enforce_in("held");

    cluster.kubectl(&["label", "pod", "held", "--namespace", "held", "team=web"], "").succeeded();
    cluster.kubectl(&["delete", "pod", "held", "--namespace", "held", "--wait=false"], "").succeeded();
    // Together with an image that alone would be refused: once a pod is going, nothing holds it back.
    let patch = json!({
        "metadata": {"finalizers": null},
        "spec": {"containers": [{"name": "app", "image": format!("{DENIED}.1")}]},
    });
    let patch = ["patch", "pod", "held", "--namespace", "held", "--patch", &patch.to_string()];
    cluster.kubectl(&patch, "").succeeded();
    let gone = cluster.kubectl(&["get", "pod", "held", "--namespace", "held"], "");
    assert!(gone.stderr.contains("\"held\" not found"), "{}{}", gone.stdout, gone.stderr);
}
