//! Asks pods directly, from the first connection that they accept on.
//!
//! Services lead to pods that are ready. This goes to a pod as soon as it has an address, so it also sees what a pod
//! would answer before anybody should ask it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use acr_admission::kubernetes::Kubeconfig;
use k8s_openapi::api::core::v1::Pod;
use kube::api::ListParams;
use kube::{Api, Client};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::direct;
use crate::objects::DENIAL;
use crate::release::{NAME, SELECTOR};

/// Runs until it is stopped.
pub(crate) struct FirstAnswers {
    runtime: Runtime,
    stop: Arc<AtomicBool>,
    watcher: JoinHandle<BTreeMap<String, PodAnswers>>,
}

/// What one pod answered.
#[derive(Debug, Default)]
pub(crate) struct PodAnswers {
    pub(crate) right: usize,
    /// Anything but the denial, on a connection that was accepted.
    pub(crate) wrong: Vec<String>,
}

impl FirstAnswers {
    pub(crate) fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let client = runtime.block_on(Kubeconfig::default().client()).unwrap();
        let watcher = runtime.spawn(follow_pods(client, Arc::clone(&stop)));
        Self { runtime, stop, watcher }
    }

    /// By the pods' names.
    pub(crate) fn stop(self) -> BTreeMap<String, PodAnswers> {
        self.stop.store(true, Ordering::Relaxed);
        self.runtime.block_on(self.watcher).unwrap()
    }
}

/// Whether pods can be reached from here; on a cluster in virtual machines or containers they often cannot.
pub(crate) fn can_reach(address: &str) -> bool {
    let Ok(address) = format!("{address}:8080").parse::<SocketAddr>() else { return false };
    std::net::TcpStream::connect_timeout(&address, Duration::from_secs(3)).is_ok()
}

async fn follow_pods(client: Client, stop: Arc<AtomicBool>) -> BTreeMap<String, PodAnswers> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), NAME);
    let mut asked: BTreeMap<String, JoinHandle<PodAnswers>> = BTreeMap::new();
    while !stop.load(Ordering::Relaxed) {
        let list = pods.list(&ListParams::default().labels(SELECTOR)).await.unwrap();
        for pod in list.items {
            let name = pod.metadata.name.unwrap_or_default();
            let address = pod.status.and_then(|status| status.pod_ip).unwrap_or_default();
            let Ok(address) = format!("{address}:8443").parse() else { continue };
            let staying = pod.metadata.deletion_timestamp.is_none();
            if staying && !asked.contains_key(&name) {
                let task = tokio::spawn(ask(client.clone(), address, Arc::clone(&stop)));
                asked.insert(name, task);
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut answers = BTreeMap::new();
    for (name, task) in asked {
        answers.insert(name, task.await.unwrap());
    }
    answers
}

/// Until a number of connections were accepted. A pod that refuses them all gives no answer, so none that is wrong.
async fn ask(client: Client, address: SocketAddr, stop: Arc<AtomicBool>) -> PodAnswers {
    let mut answers = PodAnswers::default();
    while answers.right + answers.wrong.len() < CONNECTIONS && !stop.load(Ordering::Relaxed) {
        let Ok(Ok(stream)) = tokio::time::timeout(PATIENCE, TcpStream::connect(address)).await else {
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        };
        match tokio::time::timeout(PATIENCE, denial_of(&client, stream)).await {
            Ok(Ok(message)) if message.starts_with(DENIAL) => answers.right += 1,
            Ok(Ok(message)) => answers.wrong.push(format!("not denied as it should: {message}")),
            Ok(Err(error)) => answers.wrong.push(error.to_string()),
            Err(_) => answers.wrong.push("no answer in time".to_owned()),
        }
    }
    answers
}

async fn denial_of(client: &Client, stream: TcpStream) -> Result<String, direct::Error> {
    let stream = direct::encrypted(client, stream, "http/1.1").await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
    tokio::spawn(connection);
    direct::denial(sender.send_request(direct::review("")).await?).await
}

/// For each pod: enough to see the time before, at and after its readiness.
const CONNECTIONS: usize = 200;
const PATIENCE: Duration = Duration::from_secs(10);
