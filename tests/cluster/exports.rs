//! The inventory that the release exports itself, from the schedule's Job to the verdict: the real Azure CLI in a pod asks
//! a stand-in for Azure, which poses as Azure's hosts behind a proxy; everything else is the cluster's own.
//!
//! ```text
//! CronJob ─→ Job ─→ pod: az ──proxy──→ stand-in for Azure, in the test's process
//!                        acr-admission inventory pack ─→ ConfigMap ─→ webhook's pods
//! ```
//!
//! The image with the CLI is made by `tests/cluster/azure-cli-image`, of the CLI's own package, and holds less than
//! Microsoft's. Where pods cannot reach the test's process, as on kind, the test is skipped.

use std::env;
use std::io::Read as _;
use std::net::{IpAddr, UdpSocket};
use std::time::Instant;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::read::GzDecoder;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::figures::figure;
use crate::release::{NAME, Release};
use crate::skip::skip;
use crate::stand_in::{Estate, Faults, Federation, StandIn, TENANT};
use crate::waiting::{comes_true, wait_until};
use crate::workload_identity::WorkloadIdentity;

#[test]
fn an_export_turns_a_verdict_and_a_failed_one_changes_nothing() {
    let cluster = match Cluster::of_environment() {
        Ok(cluster) => cluster,
        Err(reason) => return skip(reason),
    };
    let Cluster { release, address, .. } = &cluster;
    let estate = || Estate::contoso().around(&["contosoapps", "id-kubelet-prod", "aks-prod"], KUBELET);
    let azure = StandIn::behind_proxy(*address, estate());
    release.uninstall();
    release.install_without_waiting(&cluster.values(&azure));
    cluster.prepare_namespace(&azure);
    let _workload_identity = WorkloadIdentity::start(release, *address, EXPORT, TENANT);
    wait_until("the webhook's pods run", || release.pods().len() == 2 && cluster.starts().is_some());
    let starts = cluster.starts();
    assert!(!cluster.is_ready(), "without an inventory nothing can be judged");

    // The first one.
    let began = Instant::now();
    assert_eq!(cluster.run("first"), "Complete");
    figure("an export as a Job of the CronJob", &format!("{:.0} s", began.elapsed().as_secs_f64()));
    assert_eq!(azure.unknown_requests(), [""; 0]);
    wait_until("the webhook's pods are ready", || cluster.is_ready());
    wait_until("pods are judged", || !release.admits(NARROW));
    assert!(release.admits(WIDE));
    let first = cluster.inventory();
    assert_eq!(first["gaps"], Value::Null);
    cluster.assert_written_by_server_side_apply();
    cluster.assert_tokens_apart("first");
    cluster.assert_age(&first);

    // What changes in Azure counts after the next one. One with gaps counts, too.
    azure.hold(estate().with_unconditional_grants(KUBELET));
    azure.misbehave(Faults { refused: vec!["contosoapps/tasks"], ..Faults::default() });
    assert_eq!(cluster.run("second"), "Complete");
    wait_until("the new grant counts everywhere", || (0..8).all(|_| release.admits(NARROW)));
    let second = cluster.inventory();
    assert_eq!(second["gaps"][0]["what"], "tasks", "{}", second["gaps"]);
    assert!(time_of(&second) > time_of(&first));
    cluster.assert_age(&second);
    let warnings = |detail: &Value| detail["inventory"]["warnings"].as_u64().unwrap();
    assert!(cluster.details().iter().all(|detail| warnings(detail) > 0), "{:?}", cluster.details());

    // One that cannot sign in: the federated credential is somebody else's.
    let stored = cluster.config_map();
    azure.hold(estate());
    let subject = "system:serviceaccount:default:stranger".to_owned();
    azure.federate(Federation { subject, ..Federation::default() });
    assert_eq!(cluster.run("third"), "Failed");
    assert_eq!(azure.unknown_requests(), [""; 0]);
    let words = cluster.logs("third");
    assert!(words.contains("az cannot sign in as") && words.contains("AADSTS700213"), "{words}");
    assert_eq!(cluster.config_map(), stored, "the last inventory stays");
    assert!(release.admits(NARROW));
    assert_eq!(cluster.starts(), starts, "nothing was started anew for any of it");
}

/// A cluster whose pods reach this process.
struct Cluster {
    release: Release,
    /// The image with the Azure CLI.
    image: String,
    /// Where pods find this process.
    address: IpAddr,
}

impl Cluster {
    /// The reason is for `skip`.
    fn of_environment() -> Result<Self, &'static str> {
        let release = Release::of_environment()?;
        let image = env::var("ACR_ADMISSION_TEST_AZURE_CLI_IMAGE").map_err(
            |_| "no image with the Azure CLI: tests/cluster/azure-cli-image makes one, ACR_ADMISSION_TEST_AZURE_CLI_IMAGE names it",
        )?;
        let address = address_towards_api_server(&release).filter(|address| !address.is_loopback());
        let address = address.ok_or("pods of this cluster cannot reach the test's process")?;
        Ok(Self { release, image, address })
    }

    fn values(&self, azure: &StandIn) -> Value {
        let mut values = self.release.values("enforce");
        let (registry, rest) = self.image.split_once('/').unwrap();
        let (repository, tag) = rest.rsplit_once(':').unwrap();
        values["inventory"] = json!({});
        values["settings"]["cluster"] = json!({"name": "aks-prod"});
        values["export"] = json!({
            "enabled": true,
            "clientId": "5c1a7d0e-4b2f-4e8a-9d63-0f7b8c2e1a94",
            "image": {"registry": registry, "repository": repository, "tag": tag, "pullPolicy": "IfNotPresent"},
            "backoffLimit": 0,
            "arguments": ["--retry-wait", "0"],
            "extraEnv": [
                {"name": "HTTPS_PROXY", "value": azure.proxy()},
                {"name": "REQUESTS_CA_BUNDLE", "value": "/etc/proxy/ca.pem"},
            ],
            "extraVolumes": [{"name": "proxy", "configMap": {"name": AUTHORITY}}],
            "extraVolumeMounts": [{"name": "proxy", "mountPath": "/etc/proxy", "readOnly": true}],
        });
        values
    }

    /// With the authority of the proxy, and no pod from here on but those that fit the strictest of the standards.
    fn prepare_namespace(&self, azure: &StandIn) {
        let authority = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": AUTHORITY, "namespace": NAME},
            "data": {"ca.pem": azure.ca_pem()},
        });
        self.release.apply(&authority.to_string(), &[]).succeeded();
        let label = format!("{RESTRICTED}=restricted");
        self.release.kubectl(&["label", "namespace", NAME, &label, "--overwrite"]).succeeded();
    }

    /// Makes a Job of the `CronJob`, as its notes say, and returns the condition that it ends with.
    fn run(&self, name: &str) -> String {
        let from = format!("--from=cronjob/{EXPORT}");
        self.release.kubectl(&["create", "job", name, &from, "--namespace", NAME]).succeeded();
        let ends = || {
            let job = self.release.get(&["job", name, "--namespace", NAME]);
            let conditions = job["status"]["conditions"].as_array().cloned().unwrap_or_default();
            let mut ended = conditions.iter().filter(|one| one["status"] == "True").map(|one| &one["type"]);
            ended
                .find(|one| *one == "Complete" || *one == "Failed")
                .map(|one| one.as_str().unwrap().to_owned())
        };
        let mut end = None;
        // An export is the longest that anything here takes.
        let _ = (0..3).any(|_| {
            comes_true(|| {
                end = ends();
                end.is_some()
            })
        });
        println!("job {name}: {end:?}\n{}", self.logs(name));
        end.unwrap_or_else(|| panic!("job {name} does not end\n{}", self.state(name)))
    }

    fn logs(&self, job: &str) -> String {
        let selector = format!("job-name={job}");
        let logs = ["logs", "--namespace", NAME, "--selector", &selector, "--tail=-1", "--all-containers"];
        // A container that was never started has none, which else may end the command before it comes to the other.
        self.release.kubectl(&[&logs[..], &["--ignore-errors"]].concat()).stdout
    }

    fn state(&self, job: &str) -> String {
        let selector = format!("job-name={job}");
        self.release.kubectl(&["describe", "pods", "--namespace", NAME, "--selector", &selector]).stdout
    }

    fn config_map(&self) -> Value {
        self.release.get(&["configmap", EXPORT, "--namespace", NAME])
    }

    /// What is in the `ConfigMap`.
    fn inventory(&self) -> Value {
        let stored = self.config_map();
        let packed = stored["binaryData"]["inventory.json.gz"].as_str().expect("an export is stored");
        let packed = BASE64_STANDARD.decode(packed).unwrap();
        let mut text = String::new();
        GzDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    fn assert_written_by_server_side_apply(&self) {
        let get = ["configmap", EXPORT, "--namespace", NAME, "--show-managed-fields"];
        let stored = self.release.get(&get);
        let writers = stored["metadata"]["managedFields"].as_array().unwrap();
        let mut of_content = writers.iter().filter(|writer| writer["fieldsV1"]["f:binaryData"].is_object());
        let writer = of_content.next().expect("somebody wrote the content");
        assert_eq!(
            (&writer["manager"], &writer["operation"]),
            (&json!("acr-admission-inventory"), &json!("Apply"))
        );
        assert!(of_content.next().is_none(), "{writers:?}");
    }

    /// Each container has the token for its own side only, and can write nothing but its volumes.
    fn assert_tokens_apart(&self, job: &str) {
        let selector = format!("job-name={job}");
        let list = self.release.get(&["pods", "--namespace", NAME, "--selector", &selector]);
        let spec = &list["items"][0]["spec"];
        for (container, azure) in [(&spec["initContainers"][0], true), (&spec["containers"][0], false)] {
            let mounts = container["volumeMounts"].as_array().unwrap();
            let has = |name: &str| mounts.iter().any(|mount| mount["name"] == name);
            assert_eq!((has("azure-identity-token"), has("token")), (azure, !azure), "{container}");
            assert_eq!(mounts.len(), if azure { 5 } else { 2 }, "{container}");
            assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true);
        }
    }

    /// The age that is told is the export's, not that of the file that it came in.
    fn assert_age(&self, inventory: &Value) {
        let exported = time_of(inventory);
        let seconds_since = || Timestamp::now().duration_since(exported).as_secs();
        for pod in self.release.pods() {
            let before = seconds_since();
            let age = self.release.ready_detail(&pod)["inventory"]["ageSeconds"].as_i64().unwrap();
            assert!((before..=seconds_since()).contains(&age), "{pod}: {age}, not {before}");
            let metrics = self.release.page(&pod, "/metrics").succeeded().stdout;
            let told =
                metrics.lines().find_map(|line| line.strip_prefix("acr_admission_inventory_age_seconds "));
            let told = told.and_then(|told| told.split('.').next()?.parse().ok()).unwrap();
            assert!((before..=seconds_since()).contains(&told), "{pod}: {told}, not {before}");
        }
    }

    fn details(&self) -> Vec<Value> {
        self.release.pods().iter().map(|pod| self.release.ready_detail(pod)).collect()
    }

    fn is_ready(&self) -> bool {
        let deployment = self.release.get(&["deployment", NAME, "--namespace", NAME]);
        deployment["status"]["readyReplicas"] == 2
    }

    /// The webhook's containers as they were started, once they are.
    fn starts(&self) -> Option<Vec<Value>> {
        let state = |pod: String| {
            let pod = self.release.get(&["pod", &pod, "--namespace", NAME]);
            let container = &pod["status"]["containerStatuses"][0];
            let started = container["state"]["running"]["startedAt"].clone();
            (!started.is_null()).then(|| json!([pod["metadata"]["name"], container["containerID"], started]))
        };
        self.release.pods().into_iter().map(state).collect()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.release.kubectl(&[
            "delete",
            "configmap",
            AUTHORITY,
            "--namespace",
            NAME,
            "--ignore-not-found",
        ]);
        let _ = self.release.kubectl(&["label", "namespace", NAME, &format!("{RESTRICTED}-")]);
    }
}

fn time_of(inventory: &Value) -> Timestamp {
    inventory["exportedAt"].as_str().expect("an export tells its time").parse().unwrap()
}

/// This machine's address on the way to the API server, where pods find it unless the way is a tunnel or a bridge.
fn address_towards_api_server(release: &Release) -> Option<IpAddr> {
    let view = ["config", "view", "--minify", "--output", "jsonpath={.clusters[0].cluster.server}"];
    let server = release.kubectl(&view).succeeded().stdout;
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect(server.strip_prefix("https://")?.trim_end_matches('/')).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

const EXPORT: &str = "acr-admission-export";
/// The `ConfigMap` with what the proxy's clients have to trust.
const AUTHORITY: &str = "proxy-authority";
const RESTRICTED: &str = "pod-security.kubernetes.io/enforce";
/// The object id of the identity that pulls for the cluster `aks-prod`.
const KUBELET: &str = "e8485623-dde3-44c1-84f0-5e9ab1f66f99";
/// An image that the condition of the identity's grant leaves out.
const NARROW: &str = "contosoapps.azurecr.io/team/x:1";
/// One that it lets in.
const WIDE: &str = "contosoapps.azurecr.io/shared/x:1";
