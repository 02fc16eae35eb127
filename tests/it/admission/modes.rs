//! Modes that refuse nothing: warn says so to the user, audit to the log.

use serde_json::json;

use super::cluster::{Cluster, DENIED};
use super::objects::pod;
use crate::support::skip::skip;
use crate::support::waiting::wait_until;

#[test]
fn warn_admits_and_tells_the_user() {
    let cluster = match Cluster::shared() {
        Ok(cluster) => cluster,
        Err(reason) => return skip(reason),
    };
    cluster.create_namespace("warned", "warned");

    let output = cluster.create(&pod("web", "warned", DENIED)).succeeded();

    assert_eq!(output.stdout, "pod/web created\n");
    insta::assert_snapshot!(output.stderr, @"Warning: contosoapps.azurecr.io/sharedx/logger:4: id-kubelet-prod: the condition of its role assignment excludes the repository");
}

#[test]
fn audit_admits_silently_and_tells_the_log() {
    let cluster = match Cluster::shared() {
        Ok(cluster) => cluster,
        Err(reason) => return skip(reason),
    };
    cluster.create_namespace("audited", "audited");

    let output = cluster.create(&pod("web", "audited", DENIED)).succeeded();

    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("pod/web created\n", ""));
    let mut decision = None;
    wait_until("the decision is logged", || {
        let decisions = cluster.serving.decisions();
        decision = decisions.into_iter().find(|decision| decision["namespace"] == "audited");
        decision.is_some()
    });
    let mut decision = decision.unwrap();
    // These differ from run to run.
    for key in ["uid", "dataVersion", "dataAgeSeconds", "durationMicroseconds"] {
        decision[key] = json!("…");
    }
    insta::assert_json_snapshot!(decision, @r#"
    {
      "admitted": true,
      "dataAgeSeconds": "…",
      "dataVersion": "…",
      "decision": "deny",
      "dryRun": false,
      "durationMicroseconds": "…",
      "images": [
        {
          "by": "74d77050-e795-4684-b62f-98357c75a33d",
          "chain": [
            "node",
            "pluginAnonymous"
          ],
          "container": "app",
          "field": "spec.containers[0].image",
          "host": "contosoapps.azurecr.io",
          "identity": {
            "kind": "ManagedIdentity",
            "name": "id-kubelet-prod",
            "principalId": "e8485623-dde3-44c1-84f0-5e9ab1f66f99"
          },
          "image": "contosoapps.azurecr.io/sharedx/logger:4",
          "reason": "ConditionNotMet",
          "registry": "contosoapps",
          "registryMode": "rbac-abac",
          "repository": "sharedx/logger",
          "verdict": "deny"
        }
      ],
      "kind": "AdmissionDecision",
      "mode": "audit",
      "name": "web",
      "namespace": "audited",
      "objectKind": "Pod",
      "operation": "CREATE",
      "question": "workload",
      "rule": "audited",
      "schemaVersion": "1",
      "serviceAccount": "default",
      "time": "2026-11-22T00:00:00Z",
      "uid": "…",
      "user": "webmaster@contoso.example"
    }
    "#);
}
