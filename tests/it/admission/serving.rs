//! `acr-admission serve` as a process of its own.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use serde_json::Value;

use crate::support::apiserver::ApiServer;
use crate::support::certificates::{Authority, Credential};
use crate::support::expected::ESTATE;
use crate::support::processes::Processes;
use crate::support::waiting::{comes_true, wait_until};

/// Serves until it is dropped.
pub(super) struct Serving {
    processes: Processes,
    authority: Option<Authority>,
    addresses: Addresses,
}

struct Addresses {
    reviews: String,
    health: String,
}

impl Serving {
    /// Starts the webhook of one cluster. Returns when it is ready.
    pub(super) fn start(server: &ApiServer, inventory: &Path) -> Self {
        Self::start_as(&server.kubeconfig_path(), inventory, &[])
    }

    /// The same with other settings.
    pub(super) fn start_with(server: &ApiServer, inventory: &Path, settings: &Path) -> Self {
        Self::start_ready(&server.kubeconfig_path(), inventory, settings, &[])
    }

    /// The same as somebody, with more flags.
    pub(super) fn start_as(kubeconfig: &Path, inventory: &Path, flags: &[&str]) -> Self {
        Self::start_ready(kubeconfig, inventory, &in_repository(SETTINGS), flags)
    }

    fn start_ready(kubeconfig: &Path, inventory: &Path, settings: &Path, flags: &[&str]) -> Self {
        let processes = Processes::new();
        let authority = Authority::new("acr-admission test");
        let Credential { certificate, key } = authority.loopback_server();
        for (name, text) in [("tls.crt", certificate), ("tls.key", key)] {
            fs::write(processes.folder().join(name), text).unwrap();
        }
        let flags = [&["--tls-cert=tls.crt", "--tls-key=tls.key"], flags].concat();
        let serving = Self::run(processes, Some(authority), inventory, settings, kubeconfig, &flags);
        wait_until("the webhook is ready", || serving.health("/readyz").0 == 200);
        serving
    }

    /// Starts the webhook of the exported estate as somebody, with certificates as these flags say. Does not wait
    /// until it is ready.
    pub(super) fn launch(kubeconfig: &Path, flags: &[&str]) -> Self {
        let (inventory, settings) = (in_repository(ESTATE), in_repository(SETTINGS));
        Self::run(Processes::new(), None, &inventory, &settings, kubeconfig, flags)
    }

    fn run(
        mut processes: Processes,
        authority: Option<Authority>,
        inventory: &Path,
        settings: &Path,
        kubeconfig: &Path,
        flags: &[&str],
    ) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_acr-admission"));
        let is_given =
            |flag: &str| flags.iter().any(|given| given.split('=').next() == flag.split('=').next());
        command.arg("serve").args(FLAGS.iter().filter(|flag| !is_given(flag))).args(flags);
        command.arg("--inventory").arg(inventory);
        command.arg("--settings").arg(settings);
        command.arg("--kubeconfig").arg(kubeconfig);
        processes.start(SERVE, &mut command);

        let mut addresses = None;
        let announced = comes_true(|| {
            addresses = announced_addresses(&processes.log(SERVE));
            addresses.is_some() || processes.ended().is_some()
        });
        assert!(announced && addresses.is_some(), "no webhook\n{}", processes.last_words());
        Self { processes, authority, addresses: addresses.unwrap() }
    }

    /// Where reviews are answered.
    pub(super) fn address(&self) -> &str {
        &self.addresses.reviews
    }

    /// Where health and metrics are asked for.
    pub(super) fn health_address(&self) -> &str {
        &self.addresses.health
    }

    /// Who signed its certificate.
    pub(super) fn ca_pem(&self) -> String {
        self.authority.as_ref().unwrap().pem()
    }

    /// Status and body of a page of the health port.
    pub(super) fn health(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.addresses.health).unwrap();
        // In this version the answer ends where the connection does.
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// The value of a series, 0 where there is none.
    pub(super) fn metric(&self, series: &str) -> f64 {
        let (_, text) = self.health("/metrics");
        let value = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        value.map_or(0.0, |value| value.parse().unwrap())
    }

    /// The decisions that the log holds so far.
    pub(super) fn decisions(&self) -> Vec<Value> {
        records(&self.processes.log(SERVE)).filter(|record| record["kind"] == "AdmissionDecision").collect()
    }

    pub(super) fn log(&self) -> String {
        self.processes.log(SERVE)
    }

    /// Sends it a signal and does not wait for the end.
    #[track_caller]
    pub(super) fn tell(&self, signal: &str) {
        self.processes.tell(SERVE, signal);
    }

    /// Ends it by a signal.
    #[track_caller]
    pub(super) fn end(&mut self, signal: &str) -> ExitStatus {
        self.processes.end(SERVE, signal)
    }
}

/// An absolute path: the program runs in another folder than the test.
pub(super) fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The webhook says which ports it was given.
fn announced_addresses(log: &str) -> Option<Addresses> {
    let announcement = records(log).find(|record| record["message"] == "started")?;
    let address = |key: &str| announcement[key].as_str().map(str::to_owned);
    Some(Addresses { reviews: address("address")?, health: address("health_address")? })
}

/// A line that is being written is not JSON yet.
fn records(log: &str) -> impl Iterator<Item = Value> {
    log.lines().filter_map(|line| serde_json::from_str(line).ok())
}

const SERVE: &str = "serve";

const SETTINGS: &str = "tests/fixtures/admission/settings.yaml";

/// Free ports, the exports' date, no waiting for load balancers that are not there.
const FLAGS: &[&str] = &[
    "--listen=127.0.0.1:0",
    "--health-listen=127.0.0.1:0",
    "--now=2026-11-22T00:00:00Z",
    "--drain=0",
    "--poll=0.1",
];
