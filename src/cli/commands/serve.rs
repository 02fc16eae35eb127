//! `serve`: arguments to options, logging on, and the server does the rest.

use std::time::Duration;

use crate::cli::args::{LogFormatArg, ServeArgs, TlsVersionArg};
use crate::cli::error::CliError;
use crate::cli::input::unreadable;
use crate::cli::output::Outcome;
use crate::kubernetes::Kubeconfig;
use crate::server::{
    CertificateSource, Clock, ClusterSource, KUBE_SYSTEM, Limits, SelfManaged, ServeError, ServeOptions,
    TlsVersion, run as serve,
};
use crate::telemetry::logging::{self, LogFormat};

/// Runs `serve` until the process is told to end.
///
/// # Errors
/// The server cannot start.
pub(super) fn run(args: &ServeArgs) -> Result<Outcome, CliError> {
    let ServeArgs { log, log_format, .. } = args;
    let options = options(args)?;
    let format = match log_format {
        LogFormatArg::Json => LogFormat::Json,
        LogFormatArg::Text => LogFormat::Text,
    };
    logging::start(log, format).map_err(|error| {
        CliError::input(error, "--log", "give a level such as `info`, or `info,TARGET=LEVEL`")
    })?;
    serve(options).map_err(told)?;
    Ok(Outcome::Fine)
}

/// What, where, and what to do.
fn told(error: ServeError) -> CliError {
    match error {
        error @ ServeError::Certificate(_) => CliError::input(
            error,
            "the certificate",
            "give PEM: the chain with the server's own certificate first, and its key",
        ),
        error @ ServeError::NothingToManage => {
            CliError::input(error, "--tls-secret", "give --server-name, and a cluster instead of --objects")
        }
        ServeError::File { file, error } => unreadable(&file, &error),
        ServeError::Listen { address, error } => {
            CliError::input(format!("cannot listen: {error}"), address, "choose another address or port")
        }
        ServeError::Cluster(error) => {
            CliError::input(error, "the cluster", "give --kubeconfig, or --objects to run without a cluster")
        }
        error @ ServeError::Objects(_) => CliError::input(error, "--objects", "correct these manifests"),
        ServeError::System(error) => error.into(),
        error @ ServeError::TaskEnded { .. } => std::io::Error::other(error).into(),
    }
}

fn options(args: &ServeArgs) -> Result<ServeOptions, CliError> {
    let ServeArgs {
        listen,
        health_listen,
        tls_cert: _,
        tls_key: _,
        tls_secret: _,
        webhook_configuration: _,
        lease: _,
        trust_pause: _,
        tls_min_version,
        server_name,
        inventory,
        settings,
        kubeconfig,
        context,
        objects,
        read_pull_secrets,
        own_namespace,
        drain,
        poll,
        log: _,
        log_format: _,
        now,
    } = args;
    Ok(ServeOptions {
        listen: *listen,
        health_listen: *health_listen,
        certificate: certificate(args)?,
        server_name: server_name.clone(),
        tls_min_version: match tls_min_version {
            TlsVersionArg::Tls12 => TlsVersion::Tls12,
            TlsVersionArg::Tls13 => TlsVersion::Tls13,
        },
        inventory: inventory.clone(),
        settings: settings.clone(),
        cluster: if objects.is_empty() {
            ClusterSource::Kubernetes(Kubeconfig { file: kubeconfig.clone(), context: context.clone() })
        } else {
            ClusterSource::Objects(objects.clone())
        },
        read_pull_secrets: *read_pull_secrets,
        never_refused: own_namespace.iter().cloned().chain([KUBE_SYSTEM.to_owned()]).collect(),
        drain: seconds(*drain, "--drain", Duration::ZERO)?,
        poll: seconds(*poll, "--poll", SHORTEST_POLL)?,
        limits: Limits::default(),
        clock: now.map_or(Clock::System, Clock::Fixed),
    })
}

/// What clap lets through: two files, or all the names.
fn certificate(args: &ServeArgs) -> Result<CertificateSource, CliError> {
    let ServeArgs { tls_cert, tls_key, tls_secret, webhook_configuration, lease, own_namespace, .. } = args;
    match (tls_cert, tls_key, tls_secret, own_namespace, webhook_configuration, lease) {
        (Some(certificate), Some(key), ..) => {
            Ok(CertificateSource::Files { certificate: certificate.clone(), key: key.clone() })
        }
        (_, _, Some(secret), Some(namespace), Some(configuration), Some(lease)) => {
            Ok(CertificateSource::SelfManaged(SelfManaged {
                namespace: namespace.clone(),
                secret: secret.clone(),
                webhook_configuration: configuration.clone(),
                lease: lease.clone(),
                trust_pause: seconds(args.trust_pause, "--trust-pause", Duration::ZERO)?,
            }))
        }
        _ => Err(CliError::input(
            "no certificate",
            "the command line",
            "give --tls-cert and --tls-key, or --tls-secret and what goes with it",
        )),
    }
}

/// Looking at files more often than this keeps a core busy for nothing.
const SHORTEST_POLL: Duration = Duration::from_millis(10);

/// Half an hour: longer than any pod is given to end, and far from what a timer cannot hold.
const LONGEST: Duration = Duration::from_secs(1800);

fn seconds(seconds: f64, flag: &str, least: Duration) -> Result<Duration, CliError> {
    let duration = Duration::try_from_secs_f64(seconds).ok();
    duration.filter(|duration| (least..=LONGEST).contains(duration)).ok_or_else(|| {
        let help = format!("give seconds between {} and {}", least.as_secs_f64(), LONGEST.as_secs());
        CliError::input(format!("`{seconds}` is no time to wait"), flag, help)
    })
}
