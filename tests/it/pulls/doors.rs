//! The recorded pulls through the command line and the webhook: each as a pod in a namespace of its own, with its
//! account and its secrets.
//!
//! Both doors take a cluster as it should be. What a recording changed about its nodes has no flag and no setting;
//! those cases are told by a rule, and counted.

use std::collections::BTreeMap;

use acr_admission::server::ClusterSource;
use serde_json::{Value, json};

use super::{Case, recording};
use crate::cli::run_with;
use crate::support::decision_log::DecisionLog;
use crate::support::webhook::{Webhook, pod_review, settings};

/// Why a case cannot be told to a door.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum NotThroughADoor {
    /// The nodes have a docker configuration or mirrors, or their plugin fails.
    Nodes,
    /// A static pod, which has no service account and no admission.
    StaticPod,
    /// The kubelet takes a reference that no registry and no container runtime takes.
    Reference,
}

fn door(case: &Case) -> Result<(), NotThroughADoor> {
    let fails = case.provider_fails || !case.identity_bound || !case.audience_allowed;
    if case.static_pod || case.service_account.is_none() {
        return Err(NotThroughADoor::StaticPod);
    }
    if fails || case.node_config_json.is_some() || !case.mirror.is_empty() || !case.require_service_account {
        return Err(NotThroughADoor::Nodes);
    }
    match (case.image.parse::<super::ImageReference>(), case.outcome.as_str()) {
        (Err(_), outcome) if outcome != "InvalidImageName" => Err(NotThroughADoor::Reference),
        _ => Ok(()),
    }
}

/// Who pulls in a cluster, in which cloud, and by default as whom.
type Cluster = (String, String, Option<String>);

/// The cases for doors, by what their cluster is like.
fn clusters() -> BTreeMap<Cluster, Vec<Case>> {
    let word = |value: Value| value.as_str().unwrap().to_owned();
    let mut clusters: BTreeMap<Cluster, Vec<Case>> = BTreeMap::new();
    let mut left_out: BTreeMap<NotThroughADoor, u32> = BTreeMap::new();
    for case in recording() {
        if let Err(reason) = door(&case) {
            *left_out.entry(reason).or_default() += 1;
            continue;
        }
        let pull_mode = word(serde_json::to_value(case.pull_mode).unwrap());
        let cloud = word(serde_json::to_value(case.cloud).unwrap());
        clusters.entry((pull_mode, cloud, case.default_identity.clone())).or_default().push(case);
    }
    let expected =
        [(NotThroughADoor::Nodes, 7), (NotThroughADoor::StaticPod, 2), (NotThroughADoor::Reference, 1)];
    assert_eq!(left_out, BTreeMap::from(expected));
    assert_eq!(clusters.values().map(Vec::len).sum::<usize>(), 138);
    clusters
}

#[test]
fn the_command_line_tells_the_recorded_chains() {
    for ((pull_mode, cloud, default), cases) in clusters() {
        let mut documents: Vec<Value> = cases.iter().flat_map(objects).collect();
        documents.extend(cases.iter().map(pod));
        let list = json!({"apiVersion": "v1", "kind": "List", "items": documents});
        let mut args = vec![
            "check",
            "-",
            "-o",
            "json",
            "--exit-zero",
            "--inventory",
            "tests/fixtures/webhook/inventory.yaml",
        ];
        args.extend(["--pull-identity", &pull_mode, "--cloud", &cloud]);
        args.extend(default.iter().flat_map(|default| ["--default-identity", default]));
        let report = run_with(&args, list.to_string());
        let findings = report.json()["findings"].take();
        let findings = findings.as_array().unwrap();
        assert_eq!(findings.len(), cases.len(), "{}", report.stderr);
        for (finding, case) in findings.iter().zip(&cases) {
            assert_eq!(finding["namespace"], namespace(case));
            assert_recorded(case, &finding["actual"]["chain"]);
        }
    }
}

#[tokio::test]
async fn the_webhook_tells_the_recorded_chains() {
    for ((pull_mode, cloud, default), cases) in clusters() {
        let default = default.map(|default| format!(", defaultIdentity: {default}")).unwrap_or_default();
        let keys = format!(
            "cluster: {{pullIdentity: {pull_mode}, cloud: {cloud}{default}}}\n\
             default: {{mode: audit, question: actual}}"
        );
        let objects: Vec<Value> = cases.iter().flat_map(objects).collect();
        let log = DecisionLog::start();
        let webhook = Webhook::start(&settings(&keys), |options, folder| {
            let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
            std::fs::write(folder.join("objects.json"), list.to_string()).unwrap();
            options.cluster = ClusterSource::Objects(vec![folder.join("objects.json")]);
        })
        .await;
        for case in &cases {
            let mut review = pod_review(&namespace(case), account(case), &[&case.image]);
            review["request"]["object"] = pod(case);
            webhook.review(&review).await;
            assert_recorded(case, &log.take_one()["images"][0]["chain"]);
        }
    }
}

fn assert_recorded(case: &Case, chain: &Value) {
    let words: Vec<String> = serde_json::from_value(chain.clone()).unwrap();
    let fits = |(whole, tries): &(bool, Vec<String>)| {
        if *whole { words == *tries } else { words.starts_with(tries) }
    };
    assert!(case.recorded().iter().any(fits), "{}: {words:?}, not {:?}", case.id, case.recorded());
}

fn namespace(case: &Case) -> String {
    case.id.to_lowercase()
}

fn account(case: &Case) -> &str {
    case.service_account.as_ref().map_or("default", |account| &account.name)
}

fn pod(case: &Case) -> Value {
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": namespace(case)},
        "spec": {"serviceAccountName": account(case), "containers": [{"name": "c", "image": case.image}]},
    });
    if let Some(names) = &case.pod_pull_secrets {
        pod["spec"]["imagePullSecrets"] = names.iter().map(|name| json!({"name": name})).collect();
    }
    pod
}

/// The account and the secrets of a case.
fn objects(case: &Case) -> Vec<Value> {
    let mut objects = Vec::new();
    if let Some(account) = &case.service_account {
        let secrets: Vec<_> = account.image_pull_secrets.iter().map(|name| json!({"name": name})).collect();
        objects.push(json!({
            "apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": {"name": account.name, "namespace": namespace(case), "annotations": account.annotations},
            "imagePullSecrets": secrets,
        }));
    }
    for (name, secret) in &case.secrets {
        let key = if secret.secret_type.ends_with("dockercfg") { ".dockercfg" } else { ".dockerconfigjson" };
        objects.push(json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace(case)},
            "type": secret.secret_type, "stringData": {key: secret.data},
        }));
    }
    objects
}
