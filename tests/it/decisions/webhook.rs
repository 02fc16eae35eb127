//! The decision table through the webhook: each row that a pod can bring about becomes one, in a cluster of its own.
//!
//! A pod asks in somebody's name in two ways: its node pulls with a managed identity, or one of its pull secrets names
//! an account. Rows that no pod brings about are told by a rule, and counted: neither part may shrink unseen.

use std::collections::BTreeMap;

use acr_admission::server::{Clock, ClusterSource};
use serde_json::{Value, json};

use super::estate::{SUBSCRIPTION, documents};
use super::table::{Row, rows};
use super::{Index, NOW, ask_engine, from_documents};
use crate::support::decision_log::DecisionLog;
use crate::support::webhook::{Webhook, pod_review, settings};

/// In whose name a pod pulls.
#[derive(Debug)]
enum Credential<'a> {
    /// The node's managed identity.
    Node(&'a str),
    /// A pull secret with this user.
    Secret(&'a str),
    /// A pull secret without a password.
    SecretWithoutPassword,
}

/// Why no pod asks what a row asks.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum NotThroughAPod {
    /// A task pulls or pushes.
    Task,
    /// Pods pull and do nothing else.
    OtherAction,
    /// Nodes get tokens for the registry, not for Azure Resource Manager.
    OtherAudience,
    /// A person signs in, or somebody who may be one.
    Person,
    /// The question tells what neither pod nor export shows: a quarantined image, a credential of a former mode,
    /// a connected registry.
    Told,
}

fn credential(row: &Row) -> Result<Credential<'_>, NotThroughAPod> {
    let asks = &row.asks;
    if asks.task || asks.quick_run.is_some() {
        return Err(NotThroughAPod::Task);
    }
    if asks.action.as_deref().is_some_and(|action| action != "pull") {
        return Err(NotThroughAPod::OtherAction);
    }
    if asks.audience.as_deref() == Some("arm") {
        return Err(NotThroughAPod::OtherAudience);
    }
    if asks.quarantined || asks.former_mode || asks.at_connected_registry {
        return Err(NotThroughAPod::Told);
    }
    match asks.identity.as_deref().unwrap_or("U1") {
        "anonymous" => Ok(Credential::SecretWithoutPassword),
        name @ ("U1" | "U2") => Ok(Credential::Node(name)),
        name if name == "person" || name.parse::<uuid::Uuid>().is_ok() => Err(NotThroughAPod::Person),
        user => Ok(Credential::Secret(user)),
    }
}

#[tokio::test]
async fn every_row_that_a_pod_can_ask_holds_in_the_webhook() {
    let mut judged = 0;
    let mut elsewhere: BTreeMap<NotThroughAPod, u32> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (row, mode) in rows() {
        let credential = match credential(&row) {
            Ok(credential) => credential,
            Err(reason) => {
                *elsewhere.entry(reason).or_default() += 1;
                continue;
            }
        };
        judged += 1;
        wrong.extend(ask_webhook(&row, &mode, &credential).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(judged, 149);
    let expected = [
        (NotThroughAPod::Task, 21),
        (NotThroughAPod::OtherAction, 11),
        (NotThroughAPod::OtherAudience, 6),
        (NotThroughAPod::Person, 49),
        (NotThroughAPod::Told, 29),
    ];
    assert_eq!(elsewhere, BTreeMap::from(expected));
}

/// What is wrong about the webhook's answer.
async fn ask_webhook(row: &Row, mode: &str, credential: &Credential<'_>) -> Option<String> {
    let pulls_by = if matches!(credential, Credential::Node(_)) { "kubelet" } else { "none" };
    let keys = format!(
        "cluster: {{name: aks, pullIdentity: {pulls_by}}}\ndefault: {{mode: enforce, question: actual}}"
    );
    let log = DecisionLog::start();
    let webhook = Webhook::start(&settings(&keys), |options, folder| {
        let inventory = folder.join("row");
        std::fs::create_dir(&inventory).unwrap();
        for (name, bytes) in with_cluster(documents(row, mode), credential) {
            std::fs::write(inventory.join(name), bytes).unwrap();
        }
        std::fs::write(folder.join("login.json"), secret(credential).to_string()).unwrap();
        options.inventory = vec![inventory];
        options.cluster = ClusterSource::Objects(vec![folder.join("login.json")]);
        options.clock = Clock::Fixed(NOW.parse().unwrap());
    })
    .await;
    let repository = row.asks.repository.as_deref().unwrap_or_default();
    let image = row.asks.image.clone().unwrap_or_else(|| format!("acme.azurecr.io/{repository}:1"));
    let mut review = pod_review("row", "default", &[&image]);
    review["request"]["object"]["spec"]["imagePullSecrets"] = json!([{"name": "login"}]);
    let response = webhook.review(&review).await;
    let answer = &log.take_one()["images"][0];

    let index = Index::build(from_documents(documents(row, mode)).unwrap().inventory);
    let by = ask_engine(&index, &row.asks).by.map(|decider| decider.name());
    let got = (&answer["verdict"], &answer["reason"], answer["by"].as_str(), &response["allowed"]);
    let wanted = (&json!(row.expect), &json!(row.reason), by.as_deref(), &json!(row.expect == "allow"));
    let said = response["auditAnnotations"]["reason-code"] == row.reason || row.expect == "allow";
    (got != wanted || !said)
        .then(|| format!("row {} in {mode}: {got:?}, not {wanted:?}; {response}", row.number))
}

/// The row's estate, with a cluster in it whose nodes pull in the row's name.
fn with_cluster(
    mut documents: Vec<(String, Vec<u8>)>,
    credential: &Credential<'_>,
) -> Vec<(String, Vec<u8>)> {
    let kubelet = if let Credential::Node(name) = credential { name } else { "U2" };
    let mut estate: Value = serde_json::from_slice(&documents[0].1).unwrap();
    estate["clusters"] = json!([{
        "name": "aks", "kubeletIdentity": kubelet, "subscription": SUBSCRIPTION, "resourceGroup": "rg1",
    }]);
    documents[0].1 = estate.to_string().into_bytes();
    documents
}

fn secret(credential: &Credential<'_>) -> Value {
    let auths = match credential {
        Credential::Node(_) => json!({}),
        Credential::Secret(user) => json!({"acme.azurecr.io": {"username": user, "password": "p"}}),
        Credential::SecretWithoutPassword => json!({"acme.azurecr.io": {}}),
    };
    json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login", "namespace": "row"},
        "type": "kubernetes.io/dockerconfigjson",
        "stringData": {".dockerconfigjson": json!({"auths": auths}).to_string()},
    })
}
