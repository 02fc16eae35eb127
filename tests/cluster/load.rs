//! Many users who create pods all the time, half of which may not be pulled.
//!
//! Creations are dry runs: they pass admission like all others, and leave nothing for nodes to run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use acr_admission::kubernetes::Kubeconfig;
use k8s_openapi::api::core::v1::Pod;
use kube::api::PostParams;
use kube::{Api, Client, Error};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::objects::{ALLOWED, DENIAL, DENIED, pod};

/// Runs until it is stopped.
pub(crate) struct Load {
    runtime: Runtime,
    stop: Arc<AtomicBool>,
    users: Vec<JoinHandle<Tally>>,
}

/// What the users saw.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) admitted: usize,
    pub(crate) refused: usize,
    /// Neither admitted nor refused with the denial: how the creation ended instead.
    pub(crate) failed: Vec<String>,
    /// Pods that were admitted though nobody can have judged them.
    pub(crate) unchecked: usize,
}

impl Load {
    /// Against the cluster of `KUBECONFIG`.
    pub(crate) fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let client = runtime.block_on(Kubeconfig::default().client()).unwrap();
        let users =
            (0..USERS).map(|_| runtime.spawn(create_pods(client.clone(), Arc::clone(&stop)))).collect();
        Self { runtime, stop, users }
    }

    pub(crate) fn stop(self) -> Tally {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Tally::default();
        for user in self.users {
            let tally = self.runtime.block_on(user).unwrap();
            all.admitted += tally.admitted;
            all.refused += tally.refused;
            all.failed.extend(tally.failed);
            all.unchecked += tally.unchecked;
        }
        all
    }
}

impl Tally {
    /// Fails the test unless every creation was answered, and rightly. Returns the figure.
    #[track_caller]
    pub(crate) fn assert_flawless(&self) -> String {
        let Self { admitted, refused, failed, unchecked } = self;
        let figure = format!(
            "{} creations: {admitted} admitted, {refused} denied, {} failed, {unchecked} unchecked",
            admitted + refused + failed.len() + unchecked,
            failed.len(),
        );
        assert!(failed.is_empty() && *unchecked == 0, "{figure}; the first failure: {:?}", failed.first());
        assert!(*admitted >= ENOUGH && *refused >= ENOUGH, "too few to prove anything: {figure}");
        figure
    }
}

async fn create_pods(client: Client, stop: Arc<AtomicBool>) -> Tally {
    let pods: Api<Pod> = Api::namespaced(client, "default");
    let [allowed, denied] =
        [ALLOWED, DENIED].map(|image| serde_json::from_value(pod("load", "default", image)).unwrap());
    let dry_run = PostParams { dry_run: true, ..PostParams::default() };
    let mut tally = Tally::default();
    while !stop.load(Ordering::Relaxed) {
        match pods.create(&dry_run, &allowed).await {
            Ok(_) => tally.admitted += 1,
            Err(error) => tally.failed.push(error.to_string()),
        }
        match pods.create(&dry_run, &denied).await {
            Ok(_) => tally.unchecked += 1,
            Err(Error::Api(status)) if status.message.contains(DENIAL) => tally.refused += 1,
            Err(error) => tally.failed.push(error.to_string()),
        }
    }
    tally
}

const USERS: usize = 4;
/// Of each kind.
const ENOUGH: usize = 100;
