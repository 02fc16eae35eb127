//! The beginning: what is missing or bad is told and waited for, and nothing is answered before.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::{env, fs, thread};

use acr_admission::server::{self, CertificateSource, ClusterSource, ServeError, ServeOptions};
use hyper::StatusCode;
use serde_json::json;

use crate::support::certificates::Authority;
use crate::support::processes::Processes;
use crate::support::skip::skip;
use crate::support::waiting::wait_until;
use crate::support::webhook::{ESTATE, OBJECTS, Webhook, mode, pod_review, settings, write_certificate};

const DENIED: &str = "fabrikamapps.azurecr.io/payments/api:7";

/// A way to spoil one input, and the words that tell of it.
struct Spoilt {
    input: &'static str,
    spoil: fn(&Path),
    told: &'static str,
}

const SPOILT: &[Spoilt] = &[
    Spoilt {
        input: "inventory",
        spoil: |folder| fs::remove_dir_all(folder.join("inventory")).unwrap(),
        told: "inventory",
    },
    Spoilt {
        input: "inventory",
        spoil: |folder| fs::remove_file(folder.join("inventory/estate.yaml")).unwrap(),
        told: "the folder holds no inventory file",
    },
    // As the kubelet mounts a ConfigMap that may be missing, and is.
    Spoilt {
        input: "inventory",
        spoil: |folder| {
            fs::remove_file(folder.join("inventory/estate.yaml")).unwrap();
            fs::create_dir(folder.join("inventory/..2026_11_23")).unwrap();
            symlink("..2026_11_23", folder.join("inventory/..data")).unwrap();
        },
        told: "check the mount, and that the ConfigMap or Secret behind it exists",
    },
    // A Secret that may be missing, and is.
    Spoilt {
        input: "certificate",
        spoil: |folder| fs::rename(folder.join("tls.crt"), folder.join("tls.crt.later")).unwrap(),
        told: "tls.crt",
    },
    Spoilt {
        input: "inventory",
        spoil: |folder| fs::write(folder.join("inventory/estate.yaml"), "kind: [").unwrap(),
        told: "estate.yaml",
    },
    Spoilt {
        input: "settings",
        spoil: |folder| fs::remove_file(folder.join("settings.yaml")).unwrap(),
        told: "settings.yaml",
    },
    Spoilt {
        input: "settings",
        spoil: |folder| fs::write(folder.join("settings.yaml"), mode("enforced")).unwrap(),
        told: "line 3: `default.mode` must be one of",
    },
];

#[tokio::test]
async fn a_bad_file_at_the_start_is_told_and_waited_for() {
    for Spoilt { input, spoil, told } in SPOILT {
        let webhook = Webhook::start_waiting(&mode("enforce"), |_, folder| spoil(folder)).await;
        let failure = async || webhook.ready().await["failures"][input]["error"].as_str().map(str::to_owned);
        webhook.until("the failure is told", async || failure().await.is_some()).await;
        let error = failure().await.unwrap();
        assert!(error.contains(told), "{error}");
        webhook
            .until("everything else is loaded", async || {
                webhook.ready().await["waitingFor"] == json!([input])
            })
            .await;
        assert_eq!(webhook.health("/readyz").await.status, 503, "{error}");
        assert_eq!(webhook.health("/healthz").await.status, 200, "{error}");
        let status = webhook.health("/status").await;
        assert_eq!((status.status, status.json()), (StatusCode::OK, webhook.ready().await), "{error}");
        assert_eq!(gauges(&webhook, input).await, [0, 1], "{error}");
        assert!(webhook.is_closed().await, "{error}");

        mend(webhook.folder.path());
        webhook.until("it is ready", async || webhook.ready().await["ready"] == true).await;
        assert_eq!(webhook.ready().await["failures"], json!({}));
        assert_eq!(gauges(&webhook, input).await, [1, 0]);
        assert_eq!(webhook.review(&pod_review("web", "default", &[DENIED])).await["allowed"], false);
    }
}

/// Whether metrics say that it is ready, and that the input fails.
async fn gauges(webhook: &Webhook, input: &str) -> [i64; 2] {
    let failing = format!("acr_admission_input_failing{{input=\"{input}\"}}");
    [webhook.whole_metric("acr_admission_ready").await, webhook.whole_metric(&failing).await]
}

fn mend(folder: &Path) {
    fs::create_dir_all(folder.join("inventory")).unwrap();
    fs::write(folder.join("inventory/estate.yaml"), ESTATE).unwrap();
    fs::write(folder.join("settings.yaml"), mode("enforce")).unwrap();
    if folder.join("tls.crt.later").exists() {
        fs::rename(folder.join("tls.crt.later"), folder.join("tls.crt")).unwrap();
    }
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let webhook = Webhook::start_waiting(&mode("enforced"), |_, folder| {
        fs::write(folder.join("inventory/estate.yaml"), "").unwrap();
        fs::write(folder.join("tls.key"), "").unwrap();
    })
    .await;
    webhook
        .until("all three are told", async || {
            webhook.ready().await["failures"].as_object().is_some_and(|failures| failures.len() == 3)
        })
        .await;
    assert_eq!(webhook.ready().await["inventory"], json!(null));
    assert_eq!(webhook.ready().await["certificateNotAfter"], json!(null));
}

/// Permissions are no part of what shows that a file has changed.
#[tokio::test]
async fn an_inventory_that_could_not_be_read_is_read_again() {
    let file = |folder: &Path| folder.join("inventory/estate.yaml");
    let permit = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let webhook = Webhook::start_waiting(&mode("enforce"), |_, folder| permit(&file(folder), 0o000)).await;
    let path = file(webhook.folder.path());
    if fs::read(&path).is_ok() {
        return again_without_leave_to_read_everything();
    }
    webhook
        .until("the failure is told", async || webhook.ready().await["failures"]["inventory"].is_object())
        .await;
    permit(&path, 0o600);
    webhook.until("it is ready", async || webhook.ready().await["ready"] == true).await;
}

/// Root may read what nobody may. A process that has given up that right runs the test instead.
fn again_without_leave_to_read_everything() {
    const AGAIN: &str = "ACR_ADMISSION_TEST_AGAIN";
    if env::var_os(AGAIN).is_some() {
        return skip("this user may read everything, whatever it gives up");
    }
    let run = Command::new("setpriv")
        .args(["--bounding-set", "-dac_override,-dac_read_search"])
        .arg(env::current_exe().unwrap())
        .args(["--exact", thread::current().name().unwrap()])
        .env(AGAIN, "yes")
        .output();
    match run {
        Ok(run) => {
            let told = String::from_utf8_lossy(&run.stdout);
            assert!(run.status.success() && told.contains("1 passed"), "{told}");
        }
        Err(error) => skip(&format!("this user may read everything, and setpriv cannot run: {error}")),
    }
}

#[tokio::test]
async fn without_an_inventory_it_is_ready_and_every_verdict_is_unknown() {
    let webhook = Webhook::start(&mode("enforce"), |options, _| options.inventory.clear()).await;
    let ready = webhook.ready().await;
    assert_eq!((&ready["ready"], &ready["inventory"]), (&json!(true), &json!(null)));
    assert_eq!(ready["noInventory"], REFUSED);
    assert_eq!(webhook.whole_metric("acr_admission_inventory_loaded").await, 0);
    let response = webhook.review(&pod_review("web", "default", &[DENIED])).await;
    assert_eq!(response["auditAnnotations"]["reason-code"], "InventoryNotLoaded", "{response:#}");
}

const REFUSED: &str = "no inventory is configured, so every verdict is `unknown`: by rule `default` pods and workloads are refused";

/// A process of its own, because files are looked at by threads whose lines no test collects.
#[test]
fn a_start_without_an_inventory_is_told_in_the_log() {
    let mut processes = Processes::new();
    write_certificate(processes.folder(), &Authority::new("start"));
    for (name, text) in [("settings.yaml", mode("enforce")), ("objects.yaml", OBJECTS.to_owned())] {
        fs::write(processes.folder().join(name), text).unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_acr-admission"));
    command.args(["serve", "--listen=127.0.0.1:0", "--health-listen=127.0.0.1:0", "--tls-cert=tls.crt"]);
    command.args(["--tls-key=tls.key", "--objects=objects.yaml", "--settings=settings.yaml"]);
    processes.start("serve", &mut command);
    wait_until("it serves", || processes.log("serve").contains("\"serving\""));
    let log = processes.log("serve");
    let told: Vec<&str> = log.lines().filter(|line| line.contains(REFUSED)).collect();
    assert!(told.len() == 1 && told[0].contains("\"level\":\"WARN\""), "{log}");
}

#[tokio::test]
async fn what_each_rule_does_without_an_inventory_is_told() {
    let keys = "rules:
  - {name: strict, namespaces: {names: [a]}, mode: enforce, workloads: warn}
  - {name: lenient, namespaces: {names: [b]}, mode: enforce, unknown: warn}
  - {name: generous, namespaces: {names: [c]}, mode: enforce, unknown: allow}
  - {name: quiet, namespaces: {names: [d]}, mode: audit}
  - {name: blind, namespaces: {names: [e]}, mode: 'off'}
default: {mode: warn}";
    let webhook = Webhook::start(&settings(keys), |options, _| options.inventory.clear()).await;
    assert_eq!(
        webhook.ready().await["noInventory"],
        "no inventory is configured, so every verdict is `unknown`: \
         by rule `strict` pods are refused, workloads are warned about; \
         by rule `lenient` pods and workloads are warned about; \
         by rule `generous` pods and workloads are admitted without a word; \
         by rule `quiet` pods and workloads are only recorded; \
         by rule `blind` pods and workloads are not judged; \
         by rule `default` pods and workloads are warned about"
    );
    for (namespace, allowed, warned) in
        [("a", false, false), ("b", true, true), ("c", true, false), ("d", true, false), ("z", true, true)]
    {
        let response = webhook.review(&pod_review(namespace, "default", &[DENIED])).await;
        let is_warned = response["warnings"].is_array();
        assert_eq!((&response["allowed"], is_warned), (&json!(allowed), warned), "{namespace} {response:#}");
    }
    let webhook = Webhook::with_settings(&settings(keys)).await;
    assert_eq!(webhook.ready().await["noInventory"], json!(null));
    assert_eq!(webhook.whole_metric("acr_admission_inventory_loaded").await, 1);
}

#[tokio::test]
async fn what_nobody_can_mend_while_it_runs_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.yaml");
    fs::write(&broken, format!("{OBJECTS}\n---\nkind: [")).unwrap();
    let credential = Authority::new("start").loopback_server();
    let mut options = ServeOptions::new(CertificateSource::Memory {
        certificate: credential.certificate,
        key: credential.key,
    });
    options.listen = ([127, 0, 0, 1], 0).into();
    options.health_listen = ([127, 0, 0, 1], 0).into();
    for path in [broken, folder.path().join("missing")] {
        let cluster = ClusterSource::Objects(vec![path.clone()]);
        let error = server::start(ServeOptions { cluster, ..options.clone() }).await.unwrap_err();
        assert!(error.is_bad_input(), "{error}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    }
    let held = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let taken = held.local_addr().unwrap();
    for options in [
        ServeOptions { listen: taken, ..options.clone() },
        ServeOptions { health_listen: taken, ..options.clone() },
    ] {
        let error = server::start(options).await.unwrap_err();
        assert!(matches!(error, ServeError::Listen { address, .. } if address == taken), "{error}");
    }
}
