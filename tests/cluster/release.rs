//! The release under test, in the cluster that the environment names.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::kubectl::{Kubectl, Output};
use crate::objects::{ALLOWED, DENIED, pod};
use crate::waiting::wait_until;

/// Release, namespace, Deployment, Service and webhook configuration.
pub(crate) const NAME: &str = "acr-admission";
/// Namespaces choose their rule by this label; without it the default of the values counts.
pub(crate) const RULE_LABEL: &str = "acr-admission.test/rule";
pub(crate) const ESTATE: &str = include_str!("../fixtures/webhook/inventory.yaml");

/// The cluster, for one test at a time.
pub(crate) struct Release {
    kubectl: Kubectl,
    kubeconfig: PathBuf,
    image: String,
    folder: TempDir,
    _alone: MutexGuard<'static, ()>,
}

impl Release {
    /// The reason is for `skip`.
    pub(crate) fn of_environment() -> Result<Self, &'static str> {
        static ALONE: Mutex<()> = Mutex::new(());
        let image = env::var("ACR_ADMISSION_TEST_IMAGE").map_err(
            |_| "no cluster: `tests/run` makes one, or set KUBECONFIG and ACR_ADMISSION_TEST_IMAGE (see tests/cluster/main.rs)",
        )?;
        let kubeconfig = env::var_os("KUBECONFIG").map(PathBuf::from).ok_or("KUBECONFIG is not set")?;
        // A test that failed leaves nothing behind that the next does not set right.
        let alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let folder = TempDir::new().unwrap();
        let kubectl = Kubectl::new("kubectl".into(), folder.path().to_owned());
        Ok(Self { kubectl, kubeconfig, image, folder, _alone: alone })
    }

    /// The same with the release installed, or changed, so that it enforces.
    pub(crate) fn enforcing() -> Result<Self, &'static str> {
        let release = Self::of_environment()?;
        release.install(&release.values("enforce"));
        release.wait_until_judged();
        Ok(release)
    }

    /// Values that differ in the default rule's mode.
    pub(crate) fn values(&self, mode: &str) -> Value {
        let rule = |name: &str, keys: Value| {
            let mut rule = json!({"name": name, "namespaces": {"matchLabels": {RULE_LABEL: name}}});
            rule.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
            rule
        };
        json!({
            "image": self.image_values(),
            "inventory": {"inline": {"estate.yaml": ESTATE}},
            "settings": {
                "cluster": {"name": "aks-fabrikam"},
                "rules": [
                    rule("warned", json!({"mode": "warn"})),
                    rule("workloads-warned", json!({"mode": "enforce", "workloads": "warn"})),
                ],
                "default": {"mode": mode},
            },
        })
    }

    /// The reference in the parts that the chart wants.
    fn image_values(&self) -> Value {
        let (registry, rest) = self.image.split_once('/').expect("the image's name begins with a registry");
        let (repository, tag) = rest.rsplit_once(':').expect("the image's name ends with a tag");
        json!({"registry": registry, "repository": repository, "tag": tag, "pullPolicy": "IfNotPresent"})
    }

    pub(crate) fn image(&self) -> &str {
        &self.image
    }

    /// Installs the chart, or upgrades the release to these values, and waits until its pods are ready.
    #[track_caller]
    pub(crate) fn install(&self, values: &Value) {
        self.install_chart(&chart(), values);
    }

    #[track_caller]
    pub(crate) fn install_chart(&self, chart: &Path, values: &Value) {
        let file = self.values_file(values);
        let (chart, file) = (chart.to_str().unwrap(), file.to_str().unwrap());
        let output = self.helm(&[
            "upgrade",
            NAME,
            chart,
            "--install",
            "--namespace",
            NAME,
            "--create-namespace",
            "--values",
            file,
            "--reset-values",
            "--wait",
            "--timeout",
            "180s",
        ]);
        assert!(output.status.success(), "helm failed: {}{}\n{}", output.stdout, output.stderr, self.state());
        // Those of the former values answer until they are drained.
        wait_until("only the new pods are there", || {
            let list = self.get(&["pods", "--namespace", NAME, "--selector", SELECTOR]);
            let mut pods = list["items"].as_array().unwrap().iter();
            pods.all(|pod| pod["metadata"]["deletionTimestamp"].is_null())
        });
    }

    /// For releases that are not ready before something else happens.
    #[track_caller]
    pub(crate) fn install_without_waiting(&self, values: &Value) {
        let (chart, file) = (chart(), self.values_file(values));
        let (chart, file) = (chart.to_str().unwrap(), file.to_str().unwrap());
        self.helm(&["install", NAME, chart, "--namespace", NAME, "--create-namespace", "--values", file])
            .succeeded();
    }

    #[track_caller]
    pub(crate) fn uninstall(&self) {
        self.helm(&["uninstall", NAME, "--namespace", NAME, "--ignore-not-found", "--wait"]).succeeded();
    }

    pub(crate) fn values_file(&self, values: &Value) -> PathBuf {
        let file = self.folder.path().join("values.json");
        fs::write(&file, values.to_string()).unwrap();
        file
    }

    pub(crate) fn helm(&self, arguments: &[&str]) -> Output {
        let output = Command::new("helm")
            .args(arguments)
            .env("KUBECONFIG", &self.kubeconfig)
            .env("HOME", self.folder.path())
            .output()
            .expect("helm is on the search path");
        Output {
            status: output.status,
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Output {
        self.kubectl.run(&self.kubeconfig, arguments, "")
    }

    /// Creates objects as they are given.
    pub(crate) fn create(&self, object: &Value) -> Output {
        self.kubectl.run(&self.kubeconfig, &["create", "--filename", "-"], &object.to_string())
    }

    pub(crate) fn apply(&self, text: &str, flags: &[&str]) -> Output {
        let arguments = [&["apply", "--filename", "-"], flags].concat();
        self.kubectl.run(&self.kubeconfig, &arguments, text)
    }

    /// The object as it is stored.
    #[track_caller]
    pub(crate) fn get(&self, arguments: &[&str]) -> Value {
        let arguments = [&["get", "--output", "json"], arguments].concat();
        serde_json::from_str(&self.kubectl(&arguments).succeeded().stdout).unwrap()
    }

    /// A namespace of the test's own, under a rule of the values.
    #[track_caller]
    pub(crate) fn namespace(&self, rule: Option<&str>) -> Namespace<'_> {
        let labels = rule.map_or(json!({}), |rule| json!({RULE_LABEL: rule}));
        let metadata = json!({"generateName": "cluster-test-", "labels": labels});
        self.create_namespace(&metadata)
    }

    /// One whose name matters.
    #[track_caller]
    pub(crate) fn namespace_called(&self, name: &str) -> Namespace<'_> {
        self.create_namespace(&json!({"name": name}))
    }

    fn create_namespace(&self, metadata: &Value) -> Namespace<'_> {
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}).to_string();
        let created = ["create", "--filename", "-", "--output", "name"];
        let output = self.kubectl.run(&self.kubeconfig, &created, &object).succeeded();
        let name = output.stdout.trim().trim_start_matches("namespace/").to_owned();
        wait_until("the namespace has a service account", || {
            self.kubectl(&["get", "serviceaccount", "default", "--namespace", &name]).status.success()
        });
        Namespace { release: self, name }
    }

    /// Configurations reach admission a moment after they are stored.
    #[track_caller]
    pub(crate) fn wait_until_judged(&self) {
        let trial = pod("trial", "default", DENIED).to_string();
        let create = ["create", "--dry-run=server", "--filename", "-"];
        wait_until("pods are judged", || {
            let output = self.kubectl.run(&self.kubeconfig, &create, &trial);
            output.stderr.contains("denied the request") || output.stderr.contains("Warning:")
        });
    }

    /// Whether a pod with this image would be admitted now, to a namespace that enforces.
    pub(crate) fn admits(&self, image: &str) -> bool {
        let trial = pod("trial", "default", image).to_string();
        let create = ["create", "--dry-run=server", "--filename", "-"];
        self.kubectl.run(&self.kubeconfig, &create, &trial).status.success()
    }

    /// The names of the release's pods that are not on their way out.
    pub(crate) fn pods(&self) -> Vec<String> {
        let list = self.get(&["pods", "--namespace", NAME, "--selector", SELECTOR]);
        let pods = list["items"].as_array().unwrap().iter();
        let staying = pods.filter(|pod| pod["metadata"]["deletionTimestamp"].is_null());
        staying.map(|pod| pod["metadata"]["name"].as_str().unwrap().to_owned()).collect()
    }

    /// A page of a pod's health port, through the API server.
    pub(crate) fn page(&self, pod: &str, path: &str) -> Output {
        self.kubectl(&["get", "--raw", &format!("/api/v1/namespaces/{NAME}/pods/{pod}:8080/proxy{path}")])
    }

    pub(crate) fn ready_detail(&self, pod: &str) -> Value {
        serde_json::from_str(&self.page(pod, "/status").succeeded().stdout).unwrap()
    }

    /// What somebody who looks for the reason would ask for.
    fn state(&self) -> String {
        let everything =
            self.kubectl(&["get", "pods,events", "--namespace", NAME, "--output", "wide"]).stdout;
        let logs =
            self.kubectl(&["logs", "--namespace", NAME, "--selector", SELECTOR, "--tail", "20"]).stdout;
        format!("{everything}\n{logs}")
    }
}

/// Removed with everything in it when the test ends.
pub(crate) struct Namespace<'a> {
    release: &'a Release,
    pub(crate) name: String,
}

impl Drop for Namespace<'_> {
    fn drop(&mut self) {
        let _ = self.release.kubectl(&["delete", "namespace", &self.name, "--wait=false"]);
    }
}

pub(crate) fn chart() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("charts/acr-admission")
}

/// Sanity of the constants: one image is pulled, the other is not.
#[test]
fn the_release_tells_images_apart() {
    let release = match Release::enforcing() {
        Ok(release) => release,
        Err(reason) => return crate::skip::skip(reason),
    };
    assert!(release.admits(ALLOWED));
    assert!(!release.admits(DENIED));
}

pub(crate) const SELECTOR: &str =
    "app.kubernetes.io/instance=acr-admission,app.kubernetes.io/component=webhook";
