//! What the webhook is started with, and why it may not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use thiserror::Error;

use crate::certificates::CertificateError;
use crate::kubernetes::{ConnectError, Kubeconfig, Surroundings};
use crate::workload::manifest::ManifestProblem;

/// Everything that `serve` is told.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// Where reviews arrive; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where health and metrics are asked for, in plain HTTP.
    pub health_listen: SocketAddr,
    /// The certificate.
    pub certificate: CertificateSource,
    /// A name that the certificate must be valid for, such as `acr-admission.acr-admission.svc`.
    pub server_name: Option<String>,
    /// The oldest version of TLS.
    pub tls_min_version: TlsVersion,
    /// Files and folders of the inventory; without any, every verdict is unknown.
    pub inventory: Vec<PathBuf>,
    /// The settings file; without it, everything is admitted with warnings.
    pub settings: Option<PathBuf>,
    /// Where service accounts and namespaces come from.
    pub cluster: ClusterSource,
    /// Whether pull secrets of a live cluster are read. Without it no request for one is ever made, and whatever
    /// depends on their content is unknown.
    pub read_pull_secrets: bool,
    /// Namespaces in which nothing is refused, whatever the settings say, only warned about: a cluster whose own
    /// parts cannot start cannot be mended either.
    pub never_refused: Vec<String>,
    /// How long to serve on after the signal to end, until no proxy sends requests here any more.
    pub drain: Duration,
    /// How often files are looked at.
    pub poll: Duration,
    /// Bounds.
    pub limits: Limits,
    /// The time that verdicts are given at.
    pub clock: Clock,
}

/// Where the parts of Kubernetes itself run.
pub const KUBE_SYSTEM: &str = "kube-system";

impl ServeOptions {
    /// The usual options, on the usual ports.
    #[must_use]
    pub fn new(certificate: CertificateSource) -> Self {
        Self {
            listen: ([0, 0, 0, 0], 8443).into(),
            health_listen: ([0, 0, 0, 0], 8080).into(),
            certificate,
            server_name: None,
            tls_min_version: TlsVersion::default(),
            inventory: Vec::new(),
            settings: None,
            cluster: ClusterSource::Nothing,
            read_pull_secrets: false,
            never_refused: vec![KUBE_SYSTEM.to_owned()],
            drain: Duration::from_secs(10),
            poll: Duration::from_secs(5),
            limits: Limits::default(),
            clock: Clock::System,
        }
    }
}

/// Where the certificate comes from.
#[derive(Clone, Debug)]
pub enum CertificateSource {
    /// PEM files, looked at again and again.
    Files {
        /// The chain, the server's own certificate first.
        certificate: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
    /// PEM texts, for a certificate that lives as long as the process.
    Memory {
        /// The chain.
        certificate: String,
        /// Its private key.
        key: String,
    },
    /// Made and renewed by this program, in a Secret of the cluster.
    SelfManaged(SelfManaged),
}

/// Objects that others have made for this program to fill. Needs a live cluster and a name to be valid for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SelfManaged {
    /// The namespace of Secret and Lease.
    pub namespace: String,
    /// The Secret that holds authority and certificate.
    pub secret: String,
    /// The `ValidatingWebhookConfiguration` whose webhooks get the authority as `caBundle`.
    pub webhook_configuration: String,
    /// The Lease by which one replica leads.
    pub lease: String,
    /// From a new authority in the configuration until certificates of it are shown: every API server must have
    /// heard of it.
    pub trust_pause: Duration,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum TlsVersion {
    /// For old clients of other kinds.
    #[default]
    Tls12,
    /// Every supported API server speaks this one as well.
    Tls13,
}

/// Where service accounts and namespaces come from.
#[derive(Clone, Debug)]
pub enum ClusterSource {
    /// A live cluster.
    Kubernetes(Kubeconfig),
    /// Manifest files and folders.
    Objects(Vec<PathBuf>),
    /// Nowhere: only `default` accounts exist.
    Nothing,
    /// Whatever the caller made.
    Given(Arc<dyn Surroundings>),
}

/// Bounds on what strangers can make the server hold.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Open connections. The API server keeps up to 25 idle ones for each of its instances.
    pub connections: usize,
    /// Open connections of one address, so that one client cannot hold all places. Tunnels make many API servers look
    /// like one client, so it is most of them.
    pub connections_of_one_peer: usize,
    /// Reviews judged at the same time.
    pub in_flight: usize,
    /// How long a review waits for its turn before it is sent away.
    pub queue: Duration,
    /// Bytes of bodies in memory, all together.
    pub body_bytes: usize,
    /// Bytes of bodies of one address, which is most of them for the same reason as with connections.
    pub body_bytes_of_one_peer: usize,
    /// Time for a TLS handshake.
    pub handshake: Duration,
    /// Time from the head of a request to the end of its body.
    pub body: Duration,
    /// Time from one request to the end of the next one's head, so idle time as well. The API server closes idle
    /// connections after 90 s and must be first to do so: a request on a connection that we close is lost.
    pub idle: Duration,
    /// Time for a client to take some part of what it is sent.
    pub write: Duration,
    /// Time for reading the files of an input, until it is told that they do not answer.
    pub reading: Duration,
    /// Time for one look-up at the API server.
    pub lookup: Duration,
    /// Time for requests in flight to end, once no new ones are taken.
    pub close: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            connections_of_one_peer: 768,
            in_flight: 256,
            queue: Duration::from_millis(100),
            body_bytes: 64 * 1024 * 1024,
            body_bytes_of_one_peer: 48 * 1024 * 1024,
            handshake: Duration::from_secs(10),
            body: Duration::from_secs(10),
            idle: Duration::from_secs(120),
            write: Duration::from_secs(10),
            reading: Duration::from_secs(60),
            lookup: Duration::from_secs(1),
            close: Duration::from_secs(20),
        }
    }
}

/// The time that verdicts are given at.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Clock {
    /// The system's.
    #[default]
    System,
    /// Always the same.
    Fixed(Timestamp),
}

impl Clock {
    /// The time.
    #[must_use]
    pub fn now(self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Fixed(time) => time,
        }
    }
}

/// Why the webhook does not start.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The given certificate cannot be used.
    #[error("the certificate cannot be used: {0}")]
    Certificate(#[from] CertificateError),
    /// Manifests cannot be read.
    #[error("the objects cannot be read\n{}", lines(.0))]
    Objects(Vec<ManifestProblem>),
    /// A file cannot be read.
    #[error("{file}: {error}", file = file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A certificate of our own needs a cluster to keep it in, and a name.
    #[error("a self-managed certificate needs a cluster and a server name")]
    NothingToManage,
    /// There is no way to the API server.
    #[error("the cluster cannot be reached: {0}")]
    Cluster(#[from] ConnectError),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// A part of the program has ended that never should.
    #[error("a fault of this program: its part `{task}` has ended ({how}); please report it")]
    TaskEnded {
        /// Which part.
        task: &'static str,
        /// How it ended.
        how: String,
    },
    /// The operating system refuses something.
    #[error("{0}")]
    System(#[from] io::Error),
}

impl ServeError {
    /// Whether the input is at fault, not the environment.
    #[must_use]
    pub const fn is_bad_input(&self) -> bool {
        match self {
            Self::Certificate(_) | Self::Objects(_) | Self::NothingToManage | Self::File { .. } => true,
            Self::Cluster(_) | Self::Listen { .. } | Self::TaskEnded { .. } | Self::System(_) => false,
        }
    }
}

fn lines(problems: &[ManifestProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
