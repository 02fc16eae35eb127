//! `serve`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};
use jiff::Timestamp;

/// The arguments of `serve`.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("certificate").args(["tls_cert", "tls_secret"]).required(true)))]
pub struct ServeArgs {
    /// Where reviews arrive, over HTTPS. Port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "0.0.0.0:8443", env = "ACR_ADMISSION_LISTEN")]
    pub listen: SocketAddr,
    /// Where health and metrics are asked for, over plain HTTP
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "0.0.0.0:8080")]
    #[arg(env = "ACR_ADMISSION_HEALTH_LISTEN")]
    pub health_listen: SocketAddr,
    /// The certificate chain as PEM, the server's own certificate first. Read again when it changes
    #[arg(long, value_name = "FILE", env = "ACR_ADMISSION_TLS_CERT")]
    #[arg(requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The certificate's private key as PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert", env = "ACR_ADMISSION_TLS_KEY")]
    pub tls_key: Option<PathBuf>,
    /// Instead of files: a Secret of the own namespace in which this program keeps an authority and a certificate
    /// that it makes itself. See docs/certificates.md
    #[arg(long, value_name = "NAME", env = "ACR_ADMISSION_TLS_SECRET")]
    #[arg(conflicts_with_all = ["tls_key", "objects"])]
    #[arg(requires_all = ["server_name", "own_namespace", "webhook_configuration", "lease"])]
    pub tls_secret: Option<String>,
    /// The webhook configuration whose webhooks get that authority as `caBundle`
    #[arg(long, value_name = "NAME", requires = "tls_secret", env = "ACR_ADMISSION_WEBHOOK_CONFIGURATION")]
    pub webhook_configuration: Option<String>,
    /// The Lease of the own namespace by which one replica is chosen to keep that Secret
    #[arg(long, value_name = "NAME", requires = "tls_secret", env = "ACR_ADMISSION_LEASE")]
    pub lease: Option<String>,
    /// How long every API server is given to learn of a new authority before a certificate of it is shown
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0, env = "ACR_ADMISSION_TRUST_PAUSE")]
    pub trust_pause: f64,
    /// The oldest version of TLS that is spoken
    #[arg(long, value_enum, value_name = "VERSION", default_value_t, env = "ACR_ADMISSION_TLS_MIN_VERSION")]
    pub tls_min_version: TlsVersionArg,
    /// A name that the certificate must be valid for, such as acr-admission.acr-admission.svc
    #[arg(long, value_name = "NAME", env = "ACR_ADMISSION_SERVER_NAME")]
    pub server_name: Option<String>,
    /// Exported Azure data: a file or a folder. May be given several times. Read again when it changes; without
    /// any, every verdict is unknown
    #[arg(long, value_name = "PATH", env = "ACR_ADMISSION_INVENTORY")]
    pub inventory: Vec<PathBuf>,
    /// The settings file. Read again when it changes; without it, everything is admitted with warnings
    #[arg(long, value_name = "FILE", env = "ACR_ADMISSION_SETTINGS")]
    pub settings: Option<PathBuf>,
    /// The kubeconfig of the cluster. Without it: the pod's own service account, or the usual kubeconfig
    #[arg(long, value_name = "FILE", conflicts_with = "objects", env = "ACR_ADMISSION_KUBECONFIG")]
    pub kubeconfig: Option<PathBuf>,
    /// The context in the kubeconfig
    #[arg(long, value_name = "NAME", conflicts_with = "objects", env = "ACR_ADMISSION_CONTEXT")]
    pub context: Option<String>,
    /// Manifests with service accounts, namespaces and pull secrets, instead of a cluster. May be given several times
    #[arg(long, value_name = "PATH", env = "ACR_ADMISSION_OBJECTS")]
    pub objects: Vec<PathBuf>,
    /// Read the cluster's pull secrets (Secrets of the types kubernetes.io/dockerconfigjson and kubernetes.io/dockercfg).
    /// Without it, a verdict that depends on their content is unknown
    #[arg(long, conflicts_with = "objects", env = "ACR_ADMISSION_READ_PULL_SECRETS")]
    pub read_pull_secrets: bool,
    /// The namespace that the webhook itself runs in. Nothing is refused there, only warned about, as in kube-system
    #[arg(long, value_name = "NAME", env = "ACR_ADMISSION_OWN_NAMESPACE")]
    pub own_namespace: Option<String>,
    /// How long to serve on after SIGTERM, until no proxy sends requests here any more
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, env = "ACR_ADMISSION_DRAIN")]
    pub drain: f64,
    /// How often files are looked at
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0, env = "ACR_ADMISSION_POLL")]
    pub poll: f64,
    /// What is logged: a level (trace, debug, info, warn, error, off), or directives such as
    /// `info,acr_admission::decision=off`
    #[arg(long, value_name = "FILTER", default_value = "info", env = "ACR_ADMISSION_LOG")]
    pub log: String,
    /// How log lines look
    #[arg(long, value_enum, default_value_t, env = "ACR_ADMISSION_LOG_FORMAT")]
    pub log_format: LogFormatArg,
    /// Judge as of this time, such as 2026-11-22T12:00:00Z. For tests
    #[arg(long, value_name = "TIMESTAMP", env = "ACR_ADMISSION_NOW")]
    pub now: Option<Timestamp>,
}

/// The words of `--tls-min-version`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum TlsVersionArg {
    /// TLS 1.2
    #[default]
    #[value(name = "1.2")]
    Tls12,
    /// TLS 1.3, which every supported API server speaks
    #[value(name = "1.3")]
    Tls13,
}

/// The words of `--log-format`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum LogFormatArg {
    /// One JSON object a line
    #[default]
    Json,
    /// Text for people
    Text,
}
