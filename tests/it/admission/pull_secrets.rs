//! Pull secrets: read where the operator lets them be, and not even asked for where not.

use std::fs;

use serde_json::{Value, json};

use super::configuration::{WEBHOOK_LABEL, configuration};
use super::serving::{Serving, in_repository};
use crate::support::apiserver::ApiServer;
use crate::support::expected::{ESTATE, ExpectedCase, Variant, cases};
use crate::support::skip::skip;
use crate::support::waiting::comes_true;

/// The namespace of the manifests whose verdicts rest on Secrets.
const LEGACY: &str = "legacy";

#[test]
fn verdicts_rest_on_the_secrets_of_the_cluster_where_they_may_be_read() {
    let server = match ApiServer::shared() {
        Ok(server) => server,
        Err(reason) => return skip(reason),
    };
    let trial = Trial::start(
        server,
        "secrets-read",
        &READING.replace("NAME", "secrets-read"),
        &["--read-pull-secrets"],
    );
    let detail = trial.serving.health("/readyz").1;
    assert!(detail.contains("secrets/dockerconfigjson") && detail.contains("secrets/dockercfg"), "{detail}");
    trial.assert_verdicts(Variant::Actual);
    let log = trial.serving.log();
    assert!(!log.contains("placeholder-not-a-credential"), "what is in a Secret is nobody's business");

    // Nobody has seen this one when the pod comes: it is asked for, or has just arrived.
    server.apply(&SECRET.replace("NAMESPACE", trial.name));
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "late", "namespace": trial.name},
        "spec": {
            "imagePullSecrets": [{"name": "late"}, {"name": "missing"}],
            "containers": [{"name": "app", "image": "contosoapps.azurecr.io/payments/api:11"}],
        },
    });
    assert_eq!(trial.reasons("late", &pod.to_string()), ["AllowedByToken"]);
    let missing =
        trial.serving.metric("acr_admission_live_lookups_total{kind=\"secrets\",result=\"missing\"}");
    assert!(missing >= 1.0, "an absent Secret is known to be absent: {missing}");
}

#[test]
fn no_secret_is_asked_for_unless_the_operator_says_so() {
    let server = match ApiServer::shared() {
        Ok(server) => server,
        Err(reason) => return skip(reason),
    };
    let trial = Trial::start(server, "secrets-closed", &CLOSED.replace("NAME", "secrets-closed"), &[]);
    let detail = trial.serving.health("/readyz").1;
    assert!(!detail.contains("secrets/"), "{detail}");
    trial.assert_verdicts(Variant::ActualWithoutSecretAccess);
    let metrics = trial.serving.health("/metrics").1;
    assert!(!metrics.contains("kind=\"secrets"), "{metrics}");
    assert!(!trial.serving.log().contains("forbidden"), "{}", trial.serving.log());
}

/// A webhook that asks what the node will do, in a copy of the namespace.
struct Trial {
    server: &'static ApiServer,
    name: &'static str,
    serving: Serving,
}

impl Trial {
    fn start(server: &'static ApiServer, name: &'static str, granted: &str, flags: &[&str]) -> Self {
        server.apply(granted);
        let user = server.user(&format!("{name}-webhook"), &[]);
        let serving = Serving::start_as(&user.kubeconfig, &in_repository(ESTATE), flags);
        server.create_labelled_namespace(
            name,
            &json!({WEBHOOK_LABEL: name, "acr-admission.test/rule": "actual-audited"}),
        );
        server.apply(&configuration(name, &serving, "Fail").to_string());
        let trial = Self { server, name, serving };
        trial.server.apply(&trial.manifest("00-namespaces.yaml"));
        trial
    }

    /// A manifest of the estate, for our namespace instead of its own. Objects of other namespaces are left out.
    fn manifest(&self, file: &str) -> String {
        let path = in_repository("tests/fixtures/workloads/aks-prod").join(file);
        let text = fs::read_to_string(path).unwrap();
        let ours =
            text.split("\n---").filter(|document| document.contains(&format!("namespace: {LEGACY}\n")));
        let ours: Vec<&str> = ours.collect();
        ours.join("\n---").replace(&format!("namespace: {LEGACY}\n"), &format!("namespace: {}\n", self.name))
    }

    #[track_caller]
    fn assert_verdicts(&self, variant: Variant) {
        let cases: Vec<ExpectedCase> = cases().into_iter().filter(rests_on_secrets).collect();
        assert!(cases.len() >= 5, "only {} cases are left", cases.len());
        for case in cases {
            let file = case.file.strip_prefix("aks-prod/").unwrap();
            let expected: Vec<&str> =
                case.images.iter().map(|image| image.answer(variant).reason.as_str()).collect();
            assert_eq!(self.reasons(&case.name, &self.manifest(file)), expected, "{file}");
        }
    }

    /// The reasons that the log gives for an object, image by image.
    #[track_caller]
    fn reasons(&self, name: &str, manifest: &str) -> Vec<String> {
        let of_this = || {
            let ours = |decision: &Value| decision["name"] == name && decision["namespace"] == self.name;
            self.serving.decisions().into_iter().filter(ours).collect::<Vec<_>>()
        };
        let before = of_this().len();
        let create = ["create", "--dry-run=server", "--filename", "-"];
        let mut output = None;
        // A configuration reaches admission a moment after it is stored.
        let judged = comes_true(|| {
            output = Some(self.server.kubectl(&create, manifest));
            of_this().len() > before
        });
        let output = output.unwrap();
        assert!(judged && output.status.success(), "{name}: {}", output.stderr);
        let decision = of_this().pop().unwrap();
        let images = decision["images"].as_array().unwrap().iter();
        images.map(|image| image["reason"].as_str().unwrap().to_owned()).collect()
    }
}

fn rests_on_secrets(case: &ExpectedCase) -> bool {
    let differs =
        |variant| case.images.iter().any(|image| image.answer(Variant::Actual) != image.answer(variant));
    case.namespace == LEGACY
        && case.file.starts_with("aks-prod/")
        && differs(Variant::ActualWithoutSecretAccess)
}

/// The token `edge-sync`, with a password.
const SECRET: &str = r#"
apiVersion: v1
kind: Secret
metadata: {name: late, namespace: NAMESPACE}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: '{"auths": {"contosoapps.azurecr.io": {"username": "edge-sync", "password": "hush"}}}'
"#;

/// What the chart grants without the switch.
const CLOSED: &str = r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: NAME}
rules:
  - {apiGroups: [""], resources: [serviceaccounts, namespaces], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: NAME}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: NAME}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: NAME-webhook}]
"#;

/// What it grants with the switch.
const READING: &str = r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: NAME}
rules:
  - {apiGroups: [""], resources: [serviceaccounts, namespaces, secrets], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: NAME}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: NAME}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: NAME-webhook}]
"#;
