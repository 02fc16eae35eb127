//! `deploy/kind/quickstart`.

use serde_json::json;

use super::{WalkThrough, of_kind, rendered, text};
use crate::support::skip::skip;

const SCRIPT: &str = "deploy/kind/quickstart";
const ALL: &[&str] = &["docker", "helm", "kind", "kubectl"];
const OTHER_CLUSTER: &[&str] =
    &["--skip-cluster", "--image", "example.io/team/acr-admission:2", "--context", "other"];

fn fresh() -> WalkThrough {
    WalkThrough::new(SCRIPT, ALL)
}

/// Whether one of the calls begins like that.
fn called(walk_through: &WalkThrough, beginning: &str) -> bool {
    walk_through.calls().iter().any(|call| call.starts_with(beginning))
}

#[test]
fn it_makes_a_cluster_with_an_image_of_this_checkout_and_shows_the_denial() {
    let walk_through = fresh();
    let (code, stdout, stderr) = text(&walk_through.run(&[]));
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("denied the request: "), "{stdout}");
    assert!(stdout.contains("deploy/kind/quickstart --delete --name acr-admission"), "{stdout}");
    insta::assert_snapshot!("kind_quickstart", walk_through.calls().join("\n"));
}

#[test]
fn a_second_run_makes_nothing_twice() {
    let walk_through = fresh();
    for _ in 0..2 {
        assert_eq!(walk_through.run(&["--image", "example.io/acr-admission:1"]).status.code(), Some(0));
    }
    let calls = walk_through.calls();
    let count = |part: &str| calls.iter().filter(|call| call.contains(part)).count();
    assert_eq!(
        (count("kind create cluster"), count("apply --filename -"), count("docker")),
        (1, 2, 2),
        "{calls:?}"
    );
}

#[test]
fn another_cluster_is_only_installed_into() {
    let walk_through = fresh();
    let (code, _, stderr) = text(&walk_through.run(OTHER_CLUSTER));
    assert_eq!(code, Some(0), "{stderr}");
    assert!(!called(&walk_through, "kind") && !called(&walk_through, "docker"), "{:?}", walk_through.calls());
    assert!(
        walk_through.calls().iter().all(|call| call.contains("context other")),
        "{:?}",
        walk_through.calls()
    );
}

#[test]
fn the_image_is_given_to_the_chart_in_parts() {
    let digest = format!("sha256:{}", "0123".repeat(16));
    for (image, parts) in [
        (
            "example.io/a/b:1",
            "image.registry=example.io --set-string image.repository=a/b --set-string image.tag=1 ",
        ),
        (
            "localhost/a:1",
            "image.registry=localhost --set-string image.repository=a --set-string image.tag=1 ",
        ),
        (
            "host:5000/a:1",
            "image.registry=host:5000 --set-string image.repository=a --set-string image.tag=1 ",
        ),
        (
            &format!("host:5000/a:1@{digest}"),
            &format!(
                "image.registry=host:5000 --set-string image.repository=a --set-string image.digest={digest} "
            ),
        ),
    ] {
        let walk_through = fresh();
        walk_through.run(&["--skip-cluster", "--image", image]);
        assert!(walk_through.calls().iter().any(|call| call.contains(parts)), "{:?}", walk_through.calls());
    }
}

#[test]
fn what_is_missing_or_wrong_is_told_before_anything_happens() {
    let cases: &[(&[&str], &[&str], &str)] = &[
        (
            &["docker", "kubectl"],
            &[],
            "not on the PATH: helm (https://helm.sh/docs/intro/install/); kind (https",
        ),
        (ALL, &["--image", "acr-admission:1"], "the image needs its registry: acr-admission:1"),
        (ALL, &["--image", "example.io/acr-admission"], "a tag or a digest: example.io/acr-admission"),
        (ALL, &["--image", "example.io/Acr-Admission:1"], "the image needs a repository in small letters"),
        (ALL, &["--image", "Example.io/acr-admission:1"], "this is no registry's host"),
        (ALL, &["--skip-cluster"], "--skip-cluster needs --image"),
        (ALL, &["--nonsense"], "unknown argument: --nonsense"),
        (ALL, &["--name"], "--name needs a value"),
        (ALL, &["--timeout", "soon"], "--timeout takes seconds, not: soon"),
    ];
    for (programs, arguments, told) in cases {
        let walk_through = WalkThrough::new(SCRIPT, programs);
        let (code, _, stderr) = text(&walk_through.run(arguments));
        assert_eq!(code, Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(told), "{arguments:?}: {stderr}");
        assert_eq!(walk_through.calls(), Vec::<String>::new());
    }
}

#[test]
fn namespaces_of_others_are_neither_filled_nor_deleted() {
    for namespace in ["acr-admission", "shop"] {
        for arguments in [OTHER_CLUSTER, &["--delete", "--skip-cluster"]] {
            let walk_through = fresh().with(&format!("namespace-{namespace}"), "");
            let (code, _, stderr) = text(&walk_through.run(arguments));
            assert_eq!(code, Some(1), "{stderr}");
            assert!(
                stderr.contains(&format!("{namespace} exists and was not made by this script")),
                "{stderr}"
            );
            assert!(!called(&walk_through, "helm"), "{:?}", walk_through.calls());
        }
    }
}

#[test]
fn only_a_cluster_that_it_made_is_deleted() {
    let deletion = "kind delete cluster --name acr-admission";
    let made_by_it = fresh();
    made_by_it.run(&[]);
    assert_eq!(made_by_it.run(&["--delete"]).status.code(), Some(0));
    assert!(called(&made_by_it, deletion), "{:?}", made_by_it.calls());

    let there_before = fresh().with("kind-cluster", "acr-admission");
    there_before.run(&[]);
    assert_eq!(there_before.run(&["--delete"]).status.code(), Some(0));
    assert!(!called(&there_before, deletion), "{:?}", there_before.calls());
    assert!(called(&there_before, "helm --kube-context kind-acr-admission uninstall acr-admission"));
}

#[test]
fn an_api_server_that_does_not_ask_is_told() {
    let walk_through = fresh().with("no-webhook", "");
    let (code, _, stderr) = text(&walk_through.run(&["--timeout", "1"]));
    assert_eq!(code, Some(1));
    assert!(stderr.contains("the API server does not ask the webhook"), "{stderr}");
}

#[test]
fn the_chart_takes_its_values_and_asks_about_one_namespace() {
    let walk_through = fresh();
    walk_through.run(OTHER_CLUSTER);
    let documents = match rendered(&walk_through.calls()) {
        Ok(documents) => documents,
        Err(reason) => return skip(reason),
    };
    let configuration = of_kind(&documents, "ValidatingWebhookConfiguration")[0];
    for webhook in configuration["webhooks"].as_array().unwrap() {
        let selected = webhook["namespaceSelector"]["matchExpressions"].as_array().unwrap();
        assert!(
            selected.iter().any(|one| one["operator"] == "In" && one["values"] == json!(["shop"])),
            "{webhook}"
        );
    }
    let pod = &of_kind(&documents, "Deployment")[0]["spec"]["template"]["spec"];
    assert_eq!(pod["containers"][0]["image"], "example.io/team/acr-admission:2");
    let inventory =
        of_kind(&documents, "ConfigMap").into_iter().find_map(|map| map["data"]["inventory.yaml"].as_str());
    let given = include_str!("../../../examples/demo/inventory.yaml");
    assert_eq!(inventory.map(str::trim), Some(given.trim()));
}
