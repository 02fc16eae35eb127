//! Wiring: from options to a server, and from a signal to its end.

use std::fs;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::certificate::CurrentCertificate;
use super::health::{self, Health};
use super::lifecycle::{Lifecycle, Phase};
use super::listener::{Listener, tls_config};
use super::options::{CertificateSource, ClusterSource, Limits, ServeError, ServeOptions};
use super::policy::Policy;
use super::reload::{
    Reloader, SharedFailures, WatchedCertificate, announce, load_inventory, read_certificate, read_settings,
};
use super::router;
use super::stamp::Watched;
use super::webhook::Webhook;
use crate::kubernetes::{ClusterSurroundings, FileSurroundings, Surroundings};
use crate::settings::Settings;
use crate::telemetry::metrics::{Metrics, ResultLabel};

/// Serves until SIGTERM or SIGINT, then drains. Brings its own runtime.
///
/// # Errors
///
/// The server cannot start; [`ServeError::is_bad_input`] says whose fault it is.
pub fn run(options: ServeOptions) -> Result<(), ServeError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let running = start(options).await?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        running.shut_down().await;
        Ok(())
    })
}

/// A server that has started.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    health_address: SocketAddr,
    lifecycle: Lifecycle,
    drain: Duration,
    limits: Limits,
    tasks: JoinSet<()>,
}

impl Running {
    /// Where reviews are answered.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where health and metrics are asked for.
    #[must_use]
    pub const fn health_address(&self) -> SocketAddr {
        self.health_address
    }

    /// Ends without losing a request: not ready, serving on for a while, then closing.
    pub async fn shut_down(mut self) {
        tracing::info!(seconds = self.drain.as_secs(), "draining");
        self.lifecycle.advance(Phase::Draining);
        sleep(self.drain).await;
        self.lifecycle.advance(Phase::Closing);
        self.lifecycle.connections.close();
        if timeout(self.limits.close, self.lifecycle.connections.wait()).await.is_err() {
            tracing::warn!("requests were still in flight at the end");
        }
        self.tasks.shutdown().await;
    }
}

/// Starts a server on the current runtime. When it returns, both ports are open.
///
/// # Errors
///
/// As [`run`].
pub async fn start(options: ServeOptions) -> Result<Running, ServeError> {
    let ServeOptions {
        listen,
        health_listen,
        certificate: certificate_source,
        server_name,
        tls_min_version,
        inventory,
        settings,
        cluster,
        never_refused,
        drain,
        poll,
        limits,
        clock,
    } = options;
    // The client of the API server takes the process's default; the listener is given the same by name.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let metrics = Arc::new(Metrics::new());
    let certificate_files = watched_certificate(&certificate_source);
    let certificate = read_certificate(&certificate_source, server_name.as_deref(), Timestamp::now())?;
    let current = Arc::new(CurrentCertificate::new(&certificate));
    metrics.certificate_not_after.set(certificate.not_after.as_second());
    metrics.certificate_reloads.get_or_create(&ResultLabel::of(true)).inc();

    let settings_files = settings.map(|path| Watched::new(vec![path]));
    let initial = match settings_files.as_ref().and_then(|files| files.paths().first()) {
        Some(path) => read_settings(path)?,
        None => Settings::default(),
    };
    let inventory_files = Watched::new(inventory);
    let loaded = if inventory_files.paths().is_empty() {
        None
    } else {
        Some(load_inventory(&inventory_files, &metrics)?)
    };
    let policy = Policy::new(Arc::new(initial), loaded.clone());
    announce(&policy);

    let mut tasks = JoinSet::new();
    let lifecycle = Lifecycle::new();
    let webhook = Arc::new(Webhook {
        policy: ArcSwap::from_pointee(policy),
        surroundings: surroundings(cluster, &mut tasks).await?,
        metrics: Arc::clone(&metrics),
        lifecycle: lifecycle.clone(),
        clock,
        limits,
        turns: Semaphore::new(limits.in_flight),
        room: Arc::new(Semaphore::new(limits.body_bytes)),
        never_refused,
    });
    let failures = SharedFailures::default();
    let listener = |tcp, tls, router| Listener {
        tcp,
        tls,
        router,
        limits,
        lifecycle: lifecycle.clone(),
        metrics: Arc::clone(&metrics),
    };
    let (tcp, address) = bind(listen).await?;
    let tls = tls_config(Arc::clone(&current) as _, tls_min_version).map_err(std::io::Error::other)?;
    let tls = TlsAcceptor::from(Arc::new(tls));
    tasks.spawn(listener(tcp, Some(tls), router::router(Arc::clone(&webhook))).serve());
    let (tcp, health_address) = bind(health_listen).await?;
    let health = Health { webhook: Arc::clone(&webhook), failures: Arc::clone(&failures) };
    tasks.spawn(listener(tcp, None, health::router(health)).serve());
    let reloader = Reloader {
        inventory: inventory_files,
        settings: settings_files,
        certificate: certificate_files.map(|files| WatchedCertificate {
            files,
            source: certificate_source,
            server_name,
            current,
            is_pending: false,
        }),
        loaded,
        webhook,
        failures,
    };
    tasks.spawn(look_again(reloader, poll));
    tracing::info!(%address, %health_address, "serving");
    Ok(Running { address, health_address, lifecycle, drain, limits, tasks })
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServeError> {
    let listen = |error| ServeError::Listen { address, error };
    let tcp = TcpListener::bind(address).await.map_err(listen)?;
    let bound = tcp.local_addr().map_err(listen)?;
    Ok((tcp, bound))
}

fn watched_certificate(source: &CertificateSource) -> Option<Watched> {
    match source {
        CertificateSource::Files { certificate, key } => {
            Some(Watched::new(vec![certificate.clone(), key.clone()]))
        }
        CertificateSource::Memory { .. } => None,
    }
}

async fn look_again(mut reloader: Reloader, poll: Duration) {
    let mut ticks = interval(poll);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let looked = tokio::task::spawn_blocking(move || {
            // Whatever is wrong with one file, the others have to be looked at again: certificates end.
            if catch_unwind(AssertUnwindSafe(|| reloader.look())).is_err() {
                reloader.webhook.metrics.panics.inc();
                tracing::error!("a panic while looking at files; what is in use stays");
            }
            reloader
        });
        match looked.await {
            Ok(back) => reloader = back,
            Err(error) => {
                tracing::error!(error = %error, "files are not looked at any more");
                return;
            }
        }
    }
}

async fn surroundings(
    source: ClusterSource,
    tasks: &mut JoinSet<()>,
) -> Result<Arc<dyn Surroundings>, ServeError> {
    Ok(match source {
        ClusterSource::Kubernetes(kubeconfig) => {
            let surroundings = Arc::new(ClusterSurroundings::new(kubeconfig.client().await?));
            let followed = Arc::clone(&surroundings);
            tasks.spawn(async move { followed.follow().await });
            surroundings
        }
        ClusterSource::Objects(paths) => Arc::new(read_objects(&paths)?),
        ClusterSource::Nothing => Arc::new(FileSurroundings::default()),
        ClusterSource::Given(surroundings) => surroundings,
    })
}

fn read_objects(paths: &[PathBuf]) -> Result<FileSurroundings, ServeError> {
    let mut files = Vec::new();
    for path in paths {
        collect_manifests(path, &mut files)?;
    }
    let files = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    FileSurroundings::read(files).map_err(ServeError::Objects)
}

/// A file as it is; of a folder, everything that looks like a manifest, in the order of names.
fn collect_manifests(path: &Path, files: &mut Vec<(String, Vec<u8>)>) -> Result<(), ServeError> {
    let failed = |error| ServeError::File { file: path.to_owned(), error };
    if !fs::metadata(path).map_err(failed)?.is_dir() {
        files.push((path.display().to_string(), fs::read(path).map_err(failed)?));
        return Ok(());
    }
    let mut entries: Vec<PathBuf> = fs::read_dir(path)
        .map_err(failed)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(failed)?;
    entries.sort();
    for entry in entries {
        let is_manifest = entry
            .extension()
            .is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|known| extension == *known));
        if entry.is_dir() || is_manifest {
            collect_manifests(&entry, files)?;
        }
    }
    Ok(())
}
