//! Files that do not answer, as on a network mount that is away. A FIFO that nobody writes to stands in for them.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use crate::support::certificates::Authority;
use crate::support::processes::Processes;
use crate::support::waiting::wait_until;
use crate::support::webhook::{ESTATE, OBJECTS, Webhook, mode, pod_review, write_certificate};

const DENIED: &str = "fabrikamapps.azurecr.io/payments/api:7";

/// Lets its reader go in the end: a test waits for all of its threads.
struct Fifo(PathBuf);

impl Fifo {
    /// In a folder that nobody looks at, with a second name in the place of a file.
    fn instead_of(file: &Path, folder: &Path) -> Self {
        let (fifo, second) = (folder.join("fifo"), folder.join("second"));
        assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        fs::hard_link(&fifo, &second).unwrap();
        fs::rename(second, file).unwrap();
        Self(fifo)
    }
}

impl Drop for Fifo {
    fn drop(&mut self) {
        let _ = without_waiting().open(&self.0);
    }
}

/// An error where there is no reader to write to.
fn without_waiting() -> OpenOptions {
    /// On Linux.
    const O_NONBLOCK: i32 = 0o4000;
    let mut options = OpenOptions::new();
    options.write(true).custom_flags(O_NONBLOCK);
    options
}

#[tokio::test]
async fn an_inventory_that_does_not_answer_holds_up_nothing_else() {
    let webhook = Webhook::start(&mode("enforce"), |options, _| {
        options.limits.reading = Duration::from_secs(2);
    })
    .await;
    let first = webhook.connect().await.certificate;
    let file = webhook.path("inventory/estate.yaml");
    let fifo = Fifo::instead_of(&file, webhook.folder.path());
    webhook
        .until("it is told", async || {
            let failures = webhook.ready().await["failures"].clone();
            failures["inventory"]["error"].as_str().is_some_and(|error| error.contains("does not answer"))
        })
        .await;
    write_certificate(webhook.folder.path(), &webhook.authority);
    webhook.until("the new certificate is used", async || webhook.connect().await.certificate != first).await;
    fs::write(webhook.path("settings.yaml"), mode("audit")).unwrap();
    let review = pod_review("web", "default", &[DENIED]);
    webhook.until("the new settings count", async || webhook.review(&review).await["allowed"] == true).await;
    fs::write(webhook.path("estate.yaml"), ESTATE).unwrap();
    fs::rename(webhook.path("estate.yaml"), &file).unwrap();
    // The reader finds nothing, and at the next look the estate.
    drop(fifo);
    webhook.until("all is well", async || webhook.ready().await["failures"] == json!({})).await;
}

#[test]
fn a_server_whose_inventory_does_not_answer_ends_when_it_is_told_to() {
    let mut processes = Processes::new();
    let folder = processes.folder().to_owned();
    write_certificate(&folder, &Authority::new("hanging"));
    fs::write(folder.join("objects.yaml"), OBJECTS).unwrap();
    assert!(Command::new("mkfifo").arg(folder.join("estate.yaml")).status().unwrap().success());
    let mut server = Command::new(env!("CARGO_BIN_EXE_acr-admission"));
    server.args(["serve", "--listen", "127.0.0.1:0", "--health-listen", "127.0.0.1:0", "--drain", "0"]).args(
        [
            "--tls-cert",
            "tls.crt",
            "--tls-key",
            "tls.key",
            "--inventory",
            "estate.yaml",
            "--objects",
            "objects.yaml",
        ],
    );
    processes.start("server", &mut server);
    wait_until("the server has started", || processes.log("server").contains("a new certificate is in use"));
    // Who opens a FIFO that nobody reads from, without waiting, is refused. The reader gets nothing as long as this
    // stays open.
    let mut silent = None;
    wait_until("the inventory is being read", || {
        silent = without_waiting().open(folder.join("estate.yaml")).ok();
        silent.is_some()
    });
    let status = processes.end("server", "TERM");
    assert!(status.success(), "{status} {}", processes.log("server"));
}
