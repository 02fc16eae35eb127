//! Wiring: from options to a server, and from a signal to its end.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::net::{TcpListener, TcpSocket};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use super::body::Room;
use super::certificate::CurrentCertificate;
use super::certificate_files::CertificateFiles;
use super::health::{self, Health};
use super::inputs::{Input, Inputs};
use super::lifecycle::Lifecycle;
use super::listener::{Listener, tls_config};
use super::load::check_certificate;
use super::options::{CertificateSource, ClusterSource, ServeError, ServeOptions};
use super::policy::Policy;
use super::policy_files::{InventoryFiles, PolicyParts, SettingsFile};
use super::reload::{keep_looking, use_certificate};
use super::router;
use super::running::Running;
use super::self_managed::{Keeper, Target};
use super::stamp::Watched;
use super::surroundings::surroundings;
use super::tasks::Tasks;
use super::webhook::Webhook;
use crate::telemetry::metrics::Metrics;

/// Serves until SIGTERM or SIGINT, then drains. Brings its own runtime.
///
/// # Errors
///
/// The server cannot start; [`ServeError::is_bad_input`] says whose fault it is. Files that can be mended while it
/// runs are no reason: it says what is wrong with them and waits.
pub fn run(options: ServeOptions) -> Result<(), ServeError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(until_told_to_end(options));
    // Who reads from a mount that does not answer cannot be ended, only left behind.
    runtime.shutdown_timeout(LEFT_BEHIND);
    outcome
}

/// Time for what blocks, once everything else has ended.
const LEFT_BEHIND: Duration = Duration::from_secs(1);

async fn until_told_to_end(options: ServeOptions) -> Result<(), ServeError> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut told = pin!(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    });
    let mut running = tokio::select! {
        running = start(options) => running?,
        () = told.as_mut() => return Ok(()),
    };
    let broken = tokio::select! {
        () = told => None,
        error = running.broken() => Some(error),
    };
    if let Some(error) = &broken {
        tracing::error!(error = %error, "the server cannot go on");
    }
    running.shut_down().await;
    broken.map_or(Ok(()), Err)
}

/// Starts a server on the current runtime. When it returns, the health port is open and the other one is taken; that
/// opens when inventory, settings and certificate are loaded.
///
/// # Errors
///
/// As [`run`].
pub async fn start(options: ServeOptions) -> Result<Running, ServeError> {
    let ServeOptions {
        listen,
        health_listen,
        certificate,
        server_name,
        tls_min_version,
        inventory,
        settings,
        cluster,
        read_pull_secrets,
        never_refused,
        drain,
        poll,
        limits,
        clock,
    } = options;
    // The client of the API server takes the process's default; the listener is given the same by name.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let reserved = reserve(listen)?;
    let health_tcp = TcpListener::bind(health_listen)
        .await
        .map_err(|error| ServeError::Listen { address: health_listen, error })?;
    let (address, health_address) = (reserved.local_addr()?, health_tcp.local_addr()?);

    let mut tasks = Tasks::default();
    let metrics = Arc::new(Metrics::new());
    let lifecycle = Lifecycle::new();
    let inputs = Inputs::new(needed(!inventory.is_empty(), &certificate));
    let keeper_client = keeper_client(&certificate, &cluster).await?;
    let webhook = Arc::new(Webhook {
        policy: ArcSwap::from_pointee(Policy::default()),
        surroundings: surroundings(cluster, read_pull_secrets, &mut tasks).await?,
        metrics: Arc::clone(&metrics),
        lifecycle: lifecycle.clone(),
        clock,
        limits,
        turns: Semaphore::new(limits.in_flight),
        room: Room::new(&limits),
        never_refused,
    });
    let listener = Listener { limits, lifecycle: lifecycle.clone(), metrics: Arc::clone(&metrics) };
    let health = health::router(Health { webhook: Arc::clone(&webhook), inputs: inputs.clone() });
    tasks.spawn("health port", listener.clone().serve(health_tcp, None, health));
    tracing::info!(%address, %health_address, "started");

    let current = Arc::new(CurrentCertificate::default());
    let tls = tls_config(Arc::clone(&current) as _, tls_min_version).map_err(std::io::Error::other)?;
    match certificate {
        CertificateSource::Files { certificate, key } => {
            let files = Watched::new(vec![certificate.clone(), key.clone()]);
            let (metrics, inputs) = (Arc::clone(&metrics), inputs.clone());
            let files = CertificateFiles {
                files,
                certificate,
                key,
                server_name,
                current,
                metrics,
                inputs: inputs.clone(),
            };
            tasks.spawn("certificate files", keep_looking(files, poll, limits.reading, inputs));
        }
        CertificateSource::Memory { certificate, key } => {
            let given = check_certificate(certificate.as_bytes(), key.as_bytes(), server_name.as_deref())?;
            use_certificate(&given, &current, &metrics, &inputs);
        }
        CertificateSource::SelfManaged(managed) => {
            let (Some(client), Some(name)) = (keeper_client, server_name) else {
                return Err(ServeError::NothingToManage);
            };
            let target = Target { current, metrics: Arc::clone(&metrics), inputs: inputs.clone() };
            tasks.spawn(
                "own certificate",
                Keeper::new(&client, managed, name, target).keep(poll, lifecycle.clone()),
            );
        }
    }
    let parts = PolicyParts::new(Arc::clone(&webhook), inputs.clone());
    let file = SettingsFile::new(settings.map(|path| Watched::new(vec![path])), parts.clone());
    tasks.spawn("settings file", keep_looking(file, poll, limits.reading, inputs.clone()));
    if !inventory.is_empty() {
        let files = InventoryFiles::new(Watched::new(inventory), parts);
        tasks.spawn("inventory files", keep_looking(files, poll, limits.reading, inputs.clone()));
    }
    let (tell, unopened) = oneshot::channel();
    let door =
        Door { reserved, tls: TlsAcceptor::from(Arc::new(tls)), listener, inputs: inputs.clone(), webhook };
    tasks.spawn("webhook port", door.open_when_loaded(tell));
    Ok(Running { address, health_address, lifecycle, inputs, drain, limits, tasks, unopened })
}

/// What has to be loaded before reviews are answered. Without any inventory every verdict is unknown, which is an
/// answer; with one that is not there yet it would be a wrong one.
fn needed(has_inventory: bool, certificate: &CertificateSource) -> Vec<Input> {
    let is_ours = matches!(certificate, CertificateSource::SelfManaged(_));
    let trust = is_ours.then_some(Input::WebhookConfiguration);
    let inventory = has_inventory.then_some(Input::Inventory);
    [Input::Certificate, Input::Settings].into_iter().chain(inventory).chain(trust).collect()
}

/// A client for who keeps our own certificate; `None` where nobody has to.
async fn keeper_client(
    certificate: &CertificateSource,
    cluster: &ClusterSource,
) -> Result<Option<kube::Client>, ServeError> {
    match (certificate, cluster) {
        (CertificateSource::SelfManaged(_), ClusterSource::Kubernetes(kubeconfig)) => {
            Ok(Some(kubeconfig.client().await?))
        }
        (CertificateSource::SelfManaged(_), _) => Err(ServeError::NothingToManage),
        (CertificateSource::Files { .. } | CertificateSource::Memory { .. }, _) => Ok(None),
    }
}

/// Takes an address without listening on it: clients find the port closed, and somebody else cannot have it.
fn reserve(address: SocketAddr) -> Result<TcpSocket, ServeError> {
    let reserved = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // As for a listener, so that a restart does not wait for old connections. Not for a port of the system's
        // choice: two sockets that do not listen yet might be given the same one.
        socket.set_reuseaddr(address.port() != 0)?;
        socket.bind(address)?;
        Ok(socket)
    };
    reserved().map_err(|error| ServeError::Listen { address, error })
}

/// The port for reviews, closed until everything is loaded.
struct Door {
    reserved: TcpSocket,
    tls: TlsAcceptor,
    listener: Listener,
    inputs: Inputs,
    webhook: Arc<Webhook>,
}

impl Door {
    async fn open_when_loaded(self, tell: oneshot::Sender<ServeError>) {
        self.inputs.all_loaded().await;
        // Whoever finds the port closed asks another replica; whoever is sent away has asked in vain.
        while !self.webhook.has_filled_caches() {
            sleep(CACHES).await;
        }
        let address = self.reserved.local_addr();
        let opened = self.reserved.listen(BACKLOG);
        match (address, opened) {
            (Ok(address), Ok(tcp)) => {
                tracing::info!(%address, "serving");
                self.inputs.opened();
                self.listener.serve(tcp, Some(self.tls), router::router(self.webhook)).await;
                drop(tell);
            }
            (Ok(address), Err(error)) => drop(tell.send(ServeError::Listen { address, error })),
            (Err(error), _) => drop(tell.send(error.into())),
        }
    }
}

/// How often caches are asked whether they are filled.
const CACHES: Duration = Duration::from_millis(10);

/// Connections that wait to be accepted, as many as the standard library's listeners let wait on Linux.
const BACKLOG: u32 = 4096;
