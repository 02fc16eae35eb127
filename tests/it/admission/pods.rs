//! Pods: who is refused, who is not, and what users read.

use serde_json::json;

use super::cluster::{ALLOWED, Cluster, DEFAULT_RULE, DENIED};
use super::objects::{assert_refused, list, pod_with, service_account};
use crate::support::skip::skip;

/// `id-frontend-web` may pull below `frontend/js/`, and not `frontend/api`.
fn frontend(name: &str, images: [&str; 2]) -> String {
    let containers: Vec<_> = ["site", "api"]
        .into_iter()
        .zip(images)
        .map(|(name, image)| json!({"name": name, "image": image}))
        .collect();
    pod_with(name, "web", &json!({"serviceAccountName": "frontend", "containers": containers})).to_string()
}

const FRONTEND_MAY: &str = "contosoapps.azurecr.io/frontend/js/site:2.3";
const FRONTEND_MAY_NOT: &str = "contosoapps.azurecr.io/frontend/api:2.3";

#[test]
fn a_pod_whose_identity_may_not_pull_is_refused_in_words_that_help() {
    let cluster = match Cluster::shared() {
        Ok(cluster) => cluster,
        Err(reason) => return skip(reason),
    };
    let refused = frontend("refused", [FRONTEND_MAY, FRONTEND_MAY_NOT]);

    let output = cluster.kubectl(&["create", "--filename", "-"], &refused);

    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(output.stderr, @r#"
    Error from server (Forbidden): error when creating "STDIN": admission webhook "pods.acr-admission.dev" denied the request: contosoapps.azurecr.io/frontend/api:2.3: managed identity id-frontend-web may not pull from registry contosoapps: the condition of its role assignment excludes the repository
    judged: may the workload's own identity pull; tries: serviceAccountIdentity:7ad6a952-141d-489e-adf7-47133949161e, pluginAnonymous
    fix: az role assignment update --role-assignment role-assignment.json
    role-assignment.json: {"condition": "(\n (\n  !(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/read'})\n  AND\n  !(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/metadata/read'})\n )\n OR \n (\n  @Request[Microsoft.ContainerRegistry/registries/repositories:name] StringStartsWithIgnoreCase 'backend/'\n  OR\n  @Request[Microsoft.ContainerRegistry/registries/repositories:name] StringStartsWithIgnoreCase 'frontend/js/'\n  OR\n  @Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase 'frontend/api'\n )\n)","conditionVersion": "2.0","id": "/subscriptions/7fb77e3a-a15c-4c66-8742-f0b1b4ce8478/resourceGroups/rg-registry/providers/Microsoft.ContainerRegistry/registries/contosoapps/providers/Microsoft.Authorization/roleAssignments/a723f7fa-9f12-4e4b-bcc0-e66dbc88d7f2","name": "a723f7fa-9f12-4e4b-bcc0-e66dbc88d7f2","principalId": "4835d9df-77b3-4cf0-abbf-67272efe2390","principalType": "ServicePrincipal","roleDefinitionId": "/subscriptions/7fb77e3a-a15c-4c66-8742-f0b1b4ce8478/providers/Microsoft.Authorization/roleDefinitions/b93aa761-3e63-49ed-ac28-beffa264f7ac","scope": "/subscriptions/7fb77e3a-a15c-4c66-8742-f0b1b4ce8478/resourceGroups/rg-registry/providers/Microsoft.ContainerRegistry/registries/contosoapps","type": "Microsoft.Authorization/roleAssignments"}
    docs: https://acr-admission.dev/reasons#ConditionNotMet
    "#);

    let trial = cluster.kubectl(&["create", "--dry-run=server", "--filename", "-"], &refused);
    assert_eq!((trial.status.code(), trial.stderr), (Some(1), output.stderr));
    let stored = cluster.kubectl(&["get", "pods", "refused", "--namespace", "web"], "");
    assert!(stored.stderr.contains("pods \"refused\" not found"), "{}", stored.stderr);
}

#[test]
fn a_pod_whose_identity_may_pull_goes_in_without_a_word() {
    let cluster = match Cluster::shared() {
        Ok(cluster) => cluster,
        Err(reason) => return skip(reason),
    };
    let admitted = frontend("admitted", [FRONTEND_MAY, "docker.io/library/redis:7.4"]);
    for mode in ["--dry-run=server", "--dry-run=none"] {
        let output = cluster.kubectl(&["create", mode, "--filename", "-"], &admitted).succeeded();
        assert!(output.stdout.starts_with("pod/admitted created"), "{}", output.stdout);
        assert_eq!(output.stderr, "");
    }
}

#[test]
fn images_are_found_wherever_a_pod_names_them() {
    let cluster = match Cluster::shared() {
        Ok(cluster) => cluster,
        Err(reason) => return skip(reason),
    };
    cluster.create_namespace("everywhere", DEFAULT_RULE);
    let app = json!({"name": "app", "image": ALLOWED});
    let volume = |image: &str| json!([{"name": "model", "image": {"reference": image}}]);
    for (place, spec) in [
        ("init", json!({"initContainers": [{"name": "init", "image": DENIED}], "containers": [app]})),
        (
            "sidecar",
            json!({
                "initContainers": [{"name": "sidecar", "image": DENIED, "restartPolicy": "Always"}],
                "containers": [app],
            }),
        ),
        ("volume", json!({"containers": [app], "volumes": volume(DENIED)})),
    ] {
        let output = cluster.create(&pod_with(place, "everywhere", &spec));
        assert_refused(&output, "pods", DENIED);
    }
    let spec = json!({
        "initContainers": [{"name": "init", "image": ALLOWED}],
        "containers": [app],
        "volumes": volume(ALLOWED),
    });
    cluster.create(&pod_with("allowed", "everywhere", &spec)).succeeded();
}

#[test]
fn a_service_account_made_a_moment_before_its_pod_is_known() {
    let cluster = match Cluster::shared() {
        Ok(cluster) => cluster,
        Err(reason) => return skip(reason),
    };
    cluster.create_namespace("thief", DEFAULT_RULE);
    // The annotation names an identity that could pull the image; its federated credential names another namespace.
    let account = service_account("frontend", "thief", "7ad6a952-141d-489e-adf7-47133949161e");
    let spec =
        json!({"serviceAccountName": "frontend", "containers": [{"name": "app", "image": FRONTEND_MAY}]});

    let output = cluster.create(&list(&[account, pod_with("fresh", "thief", &spec)]));

    assert_eq!(output.stdout, "serviceaccount/frontend created\n");
    assert_refused(&output, "pods", FRONTEND_MAY);
    assert!(
        output.stderr.contains("no federated credential backs the client id annotation"),
        "{}",
        output.stderr
    );
}

#[test]
fn what_an_unknown_identity_leads_to_is_the_rule_s_choice() {
    let cluster = match Cluster::shared() {
        Ok(cluster) => cluster,
        Err(reason) => return skip(reason),
    };
    let doubt = format!(
        "{FRONTEND_MAY}: not known whether client id 261de54f-c8b5-4599-ad49-b3abb5789be2 may pull from registry \
         contosoapps: no export knows this identity"
    );
    for (rule, refused, warned) in
        [(DEFAULT_RULE, true, false), ("unknown-warned", false, true), ("unknown-allowed", false, false)]
    {
        let namespace = format!("orphans-{rule}");
        cluster.create_namespace(&namespace, rule);
        let account = service_account("orphan", &namespace, "261de54f-c8b5-4599-ad49-b3abb5789be2");
        let spec =
            json!({"serviceAccountName": "orphan", "containers": [{"name": "app", "image": FRONTEND_MAY}]});
        let output = cluster.create(&list(&[account, pod_with("orphan", &namespace, &spec)]));
        if refused {
            assert_refused(&output, "pods", &doubt);
        } else {
            let output = output.succeeded();
            assert_eq!(output.stderr.starts_with("Warning: "), warned, "{rule}: {}", output.stderr);
            assert_eq!(output.stderr.is_empty(), !warned, "{rule}: {}", output.stderr);
        }
    }
}
