//! The life of a release on a real API server: what others wrote into its objects stays, and every value can change.
//!
//! Helm 3 compares what it rendered last with what it renders now, and patches the difference. Helm 4, and tools of
//! `GitOps` that apply server-side, leave that to the API server, which knows who owns each field. The two ways differ in
//! what becomes of a list's entry in which somebody else owns a field, so the tests go both.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::apiserver::ApiServer;
use crate::support::helm::{CHART, Helm, Told};
use crate::support::skip::skip;
use crate::support::waiting::wait_until;

/// Upgrade, rollback and removal of a release whose program has filled what the chart renders empty.
#[test]
fn upgrades_keep_what_the_program_wrote_and_removal_leaves_nothing() {
    for helm in [Helm::find(), Helm::find_4()] {
        let release = match Release::install("acr-admission-kept", helm) {
            Ok(release) => release,
            Err(reason) => return skip(reason),
        };
        let before = release.contents();
        assert_eq!(before[0], json!({"tls.key": "a2V5"}));
        assert_eq!(before[1]["holderIdentity"], "pod-1");
        assert_eq!(before[2], json!({"inventory.json.gz": "H4sI"}));
        let trusted = release.authorities();

        release.upgrade("webhook.timeoutSeconds=7,replicaCount=3");
        assert_eq!(release.of_webhooks("timeoutSeconds"), [json!(7), json!(7)]);
        assert_eq!((release.contents(), release.authorities()), (before.clone(), trusted.clone()));

        release.helm(&["rollback", release.name, "1"]);
        assert_eq!(release.of_webhooks("timeoutSeconds"), [json!(1), json!(1)]);
        assert_eq!((release.contents(), release.authorities()), (before, trusted));

        release.helm(&["uninstall", release.name]);
        let selector = format!("app.kubernetes.io/instance={}", release.name);
        let left = ["get", KINDS, "--all-namespaces", "--output=name", "--selector", &selector];
        wait_until("the release is gone", || release.server.kubectl(&left, "").succeeded().stdout.is_empty());
    }
}

/// The program owns a field of each entry. Who applies server-side cannot take such an entry out: what is left of it is
/// that field, which the API server refuses.
#[test]
fn judging_workloads_is_switched_off_and_on_in_a_release_that_runs() {
    for helm in [Helm::find(), Helm::find_4()] {
        let release = match Release::install("acr-admission-switched", helm) {
            Ok(release) => release,
            Err(reason) => return skip(reason),
        };
        let trusted = release.authorities();
        let rules = release.of_webhooks("rules");
        wait_until("workloads are judged", || release.asks_about_workloads());

        release.upgrade("webhook.workloads.enabled=false");
        assert_eq!(release.of_webhooks("rules"), [rules[0].clone(), Value::Null]);
        assert_eq!(release.authorities(), trusted);
        wait_until("workloads are not judged", || !release.asks_about_workloads());

        release.upgrade("webhook.workloads.enabled=true");
        assert_eq!(release.of_webhooks("rules"), rules);
        assert_eq!(release.authorities(), trusted, "nobody has to write it anew first");
        wait_until("workloads are judged again", || release.asks_about_workloads());
        release.helm(&["uninstall", release.name]);
    }
}

/// As `GitOps` tools do: render, apply, and apply again to see whether anything differs.
#[test]
fn no_server_side_apply_differs_from_itself() {
    let release = match Release::install("acr-admission-synced", Helm::find()) {
        Ok(release) => release,
        Err(reason) => return skip(reason),
    };
    for values in ["webhook.workloads.enabled=true", "webhook.workloads.enabled=false"].repeat(2) {
        release.apply_as_gitops(values);
        let version = release.version();
        release.apply_as_gitops(values);
        assert_eq!(release.version(), version, "{values}");
        assert!(release.authorities().iter().all(Value::is_string), "{values}");
    }
    release.helm(&["uninstall", release.name]);
}

/// A release, and everything that its program writes written as the program does.
struct Release {
    server: &'static ApiServer,
    helm: Helm,
    name: &'static str,
    kubeconfig: PathBuf,
}

impl Release {
    fn install(name: &'static str, helm: Result<Helm, &'static str>) -> Result<Self, &'static str> {
        let server = ApiServer::shared()?;
        let release = Self { server, helm: helm?, name, kubeconfig: server.kubeconfig_path() };
        server.create_namespace(name);
        server.create_labelled_namespace(&release.judged(), &json!({LABEL: name}));
        release.helm(&["install", name, CHART, "--values", "-"]);
        let write =
            ["apply", "--server-side", "--field-manager=acr-admission-certificates", "--filename", "-"];
        server.kubectl(&write, &WRITTEN.replace("RELEASE", name)).succeeded();
        let authorities = release.authorities();
        assert!(authorities.len() == 2 && authorities.iter().all(Value::is_string), "{authorities:?}");
        Ok(release)
    }

    fn upgrade(&self, change: &str) {
        self.helm(&["upgrade", self.name, CHART, "--values", "-", "--set", change]);
    }

    fn apply_as_gitops(&self, change: &str) {
        let rendered = self.helm(&["template", self.name, CHART, "--values", "-", "--set", change]);
        let apply =
            ["apply", "--server-side", "--force-conflicts", "--field-manager=gitops", "--filename", "-"];
        self.server.kubectl(&apply, &rendered).succeeded();
    }

    #[track_caller]
    fn helm(&self, arguments: &[&str]) -> String {
        let values = VALUES.replace("RELEASE", self.name);
        let told = Told { values: &values, kubeconfig: Some(&self.kubeconfig) };
        self.helm.run(&[arguments, &["--namespace", self.name]].concat(), &told).succeeded().stdout
    }

    /// Of the webhook configuration.
    fn version(&self) -> Value {
        self.configuration()["metadata"]["resourceVersion"].take()
    }

    /// Of Secret, Lease and the inventory that was exported.
    fn contents(&self) -> Vec<Value> {
        let objects = [
            (format!("secret/{}-tls", self.name), "data"),
            (format!("lease/{}", self.name), "spec"),
            (format!("configmap/{}-export", self.name), "binaryData"),
        ];
        objects.iter().map(|(object, key)| self.object(object)[key].take()).collect()
    }

    fn authorities(&self) -> Vec<Value> {
        let configurations = self.of_webhooks("clientConfig").into_iter();
        configurations.map(|mut configuration| configuration["caBundle"].take()).collect()
    }

    /// A field of each entry of the webhook configuration, null where it is not there.
    fn of_webhooks(&self, field: &str) -> Vec<Value> {
        let mut configuration = self.configuration();
        let webhooks = configuration["webhooks"].as_array_mut().unwrap();
        webhooks.iter_mut().map(|webhook| webhook[field].take()).collect()
    }

    fn configuration(&self) -> Value {
        self.object(&format!("validatingwebhookconfiguration/{}", self.name))
    }

    fn object(&self, name: &str) -> Value {
        let get = ["get", name, "--namespace", self.name, "--output=json"];
        serde_json::from_str(&self.server.kubectl(&get, "").succeeded().stdout).unwrap()
    }

    /// Whether a Deployment is refused because nobody answers.
    fn asks_about_workloads(&self) -> bool {
        let create =
            ["create", "deployment", "trial", "--image=fabrikam.azurecr.io/app:1", "--dry-run=server"];
        let namespace = self.judged();
        let output = self.server.kubectl(&[&create[..], &["--namespace", &namespace]].concat(), "");
        assert_eq!(
            !output.status.success(),
            output.stderr.contains("failed calling webhook \"workloads.acr-admission.dev\""),
            "{}",
            output.stderr
        );
        !output.status.success()
    }

    /// The namespace that the webhook of this release judges.
    fn judged(&self) -> String {
        format!("{}-judged", self.name)
    }
}

const LABEL: &str = "acr-admission.test/release";
/// Nobody answers for this webhook, so it must judge no namespace of other tests.
const VALUES: &str = "\
webhook:
  failurePolicy: Fail
  timeoutSeconds: 1
  namespaceSelector: {matchLabels: {acr-admission.test/release: RELEASE}}
export: {enabled: true, clientId: 5c1a7d0e-4b2f-4e8a-9d63-0f7b8c2e1a94}
";
const KINDS: &str = "all,cronjob,configmap,secret,lease,serviceaccount,role,rolebinding,clusterrole,clusterrolebinding,\
     poddisruptionbudget,validatingwebhookconfiguration";
/// A key, a holder, the authority of both webhooks and an inventory.
const WRITTEN: &str = include_str!("../../fixtures/chart/written-by-the-program.yaml");
