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
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper_util::rt::TokioIo;
use k8s_openapi::api::admissionregistration::v1::ValidatingWebhookConfiguration;
use k8s_openapi::api::core::v1::Pod;
use kube::api::ListParams;
use kube::{Api, Client};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use crate::objects::{DENIAL, DENIED, pod};
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

/// The message of a denial, as the API server would get it: with the authority that its configuration names.
async fn denial_of(
    client: &Client,
    stream: TcpStream,
) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let host = format!("{NAME}.{NAME}.svc");
    let connector = TlsConnector::from(Arc::new(trusting(&authorities(client).await?)?));
    let stream = connector.connect(ServerName::try_from(host.clone())?, stream).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::post("/validate/pods?timeout=5s")
        .header(HOST, host)
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(review().to_string())))?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    let answer: Value = serde_json::from_slice(&body).map_err(|error| format!("status {status}, {error}"))?;
    if answer["response"]["allowed"] != json!(false) {
        return Err(format!("status {status}, allowed: {answer}").into());
    }
    Ok(answer["response"]["status"]["message"].as_str().unwrap_or_default().to_owned())
}

async fn authorities(client: &Client) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let configuration = Api::<ValidatingWebhookConfiguration>::all(client.clone()).get(NAME).await?;
    let webhook = configuration.webhooks.unwrap_or_default().into_iter().next();
    let bundle = webhook.and_then(|webhook| webhook.client_config.ca_bundle);
    Ok(bundle.ok_or("the configuration names no authority")?.0)
}

fn trusting(authorities: &[u8]) -> Result<ClientConfig, Box<dyn std::error::Error + Send + Sync>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(authorities) {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn review() -> Value {
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "name": "p", "namespace": "default", "operation": "CREATE",
            "userInfo": {"username": "alice", "groups": ["system:authenticated"]},
            "object": pod("p", "default", DENIED),
            "dryRun": true,
        }
    })
}

/// For each pod: enough to see the time before, at and after its readiness.
const CONNECTIONS: usize = 200;
const PATIENCE: Duration = Duration::from_secs(10);
