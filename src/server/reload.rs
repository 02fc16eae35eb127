//! Files that change while the server runs: inventory, settings, certificate.
//!
//! What is new is read and checked whole, then swapped in. What cannot be used changes nothing: the last good one
//! stays, and log, metric and readiness say so.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

use super::certificate::{CertificateError, CurrentCertificate, ServerCertificate};
use super::options::{CertificateSource, ServeError};
use super::policy::{InventorySource, Policy};
use super::stamp::Watched;
use super::webhook::Webhook;
use crate::engine::index::Index;
use crate::inventory;
use crate::settings::Settings;
use crate::telemetry::metrics::{KindLabel, Metrics, ResultLabel};

/// What went wrong at the last attempt to load something, for the readiness detail.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Failures {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) inventory: Option<Failure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) settings: Option<Failure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) certificate: Option<Failure>,
}

/// One failed attempt.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Failure {
    pub(super) at: Timestamp,
    pub(super) error: String,
}

/// Failures, shared with the health port.
pub(super) type SharedFailures = Arc<Mutex<Failures>>;

/// Longer error texts are cut in the readiness detail; the log has them whole.
const MAX_ERROR: usize = 2048;

/// Looks at the files and loads what is new.
pub(super) struct Reloader {
    pub(super) inventory: Watched,
    pub(super) settings: Option<Watched>,
    pub(super) certificate: Option<WatchedCertificate>,
    pub(super) loaded: Option<(Arc<Index>, InventorySource)>,
    pub(super) webhook: Arc<Webhook>,
    pub(super) failures: SharedFailures,
}

/// A certificate in files, and where it goes.
pub(super) struct WatchedCertificate {
    pub(super) files: Watched,
    pub(super) source: CertificateSource,
    pub(super) server_name: Option<String>,
    pub(super) current: Arc<CurrentCertificate>,
    /// Certificate and key are two files: until they match, they are read again.
    pub(super) is_pending: bool,
}

impl Reloader {
    /// One look at everything. Blocks: loading takes as long as it takes.
    pub(super) fn look(&mut self) {
        let settings_changed = self.settings.as_mut().is_some_and(Watched::has_changed);
        let settings = if settings_changed { self.read_settings() } else { None };
        let has_new_inventory = self.inventory.has_changed() && self.read_inventory();
        if settings.is_some() || has_new_inventory {
            let settings = settings.unwrap_or_else(|| Arc::clone(&self.webhook.policy.load().settings));
            let policy = Policy::new(settings, self.loaded.clone());
            announce(&policy);
            self.webhook.policy.store(Arc::new(policy));
        }
        self.look_at_certificate();
    }

    fn read_settings(&self) -> Option<Arc<Settings>> {
        let path = self.settings.as_ref()?.paths().first()?;
        let outcome = read_settings(path);
        self.webhook.metrics.settings_reloads.get_or_create(&ResultLabel::of(outcome.is_ok())).inc();
        let (failure, settings) = split(outcome, "settings");
        self.failures().settings = failure;
        settings.map(Arc::new)
    }

    fn read_inventory(&mut self) -> bool {
        let outcome = load_inventory(&self.inventory, &self.webhook.metrics);
        let (failure, loaded) = split(outcome, "inventory");
        self.failures().inventory = failure;
        let Some(loaded) = loaded else { return false };
        let is_new = self.loaded.as_ref().is_none_or(|(_, old)| old.fingerprint != loaded.1.fingerprint);
        self.loaded = Some(loaded);
        if is_new {
            tracing::info!("a new inventory is in use");
        }
        true
    }

    fn look_at_certificate(&mut self) {
        let Some(watched) = &mut self.certificate else { return };
        if !(watched.files.has_changed() || watched.is_pending) {
            return;
        }
        let outcome = read_certificate(&watched.source, watched.server_name.as_deref(), Timestamp::now());
        let was_pending = std::mem::replace(&mut watched.is_pending, outcome.is_err());
        if let Ok(certificate) = &outcome {
            watched.current.replace(certificate);
            self.webhook.metrics.certificate_not_after.set(certificate.not_after.as_second());
            tracing::info!(not_after = %certificate.not_after, "a new certificate is in use");
        }
        // A pair that does not match is told once, not at every look.
        if outcome.is_ok() || !was_pending {
            let label = ResultLabel::of(outcome.is_ok());
            self.webhook.metrics.certificate_reloads.get_or_create(&label).inc();
            let (failure, _) = split(outcome.map_err(ServeError::from), "certificate");
            self.failures().certificate = failure;
        }
    }

    fn failures(&self) -> std::sync::MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn split<T>(outcome: Result<T, ServeError>, what: &str) -> (Option<Failure>, Option<T>) {
    match outcome {
        Ok(value) => (None, Some(value)),
        Err(error) => {
            let message = error.to_string();
            tracing::error!(error = message, "the new {what} cannot be used, the last good one stays");
            let error = message.chars().take(MAX_ERROR).collect();
            (Some(Failure { at: Timestamp::now(), error }), None)
        }
    }
}

/// Reads a settings file.
pub(super) fn read_settings(path: &Path) -> Result<Settings, ServeError> {
    let text = fs::read_to_string(path).map_err(|error| ServeError::File { file: path.to_owned(), error })?;
    Settings::from_yaml(&text).map_err(|error| ServeError::Settings { file: path.to_owned(), error })
}

/// Loads the inventory and builds its index.
pub(super) fn load_inventory(
    files: &Watched,
    metrics: &Metrics,
) -> Result<(Arc<Index>, InventorySource), ServeError> {
    let loaded = inventory::load(files.paths());
    metrics.inventory_reloads.get_or_create(&ResultLabel::of(loaded.is_ok())).inc();
    let loaded = loaded.map_err(ServeError::Inventory)?;
    for warning in &loaded.warnings {
        tracing::warn!(code = warning.code.as_str(), warning = %warning, "inventory");
    }
    let now = Timestamp::now();
    let source = InventorySource {
        written_at: loaded.exported_at.or_else(|| files.stamp().written_at()).unwrap_or(now),
        loaded_at: now,
        fingerprint: loaded.fingerprint,
        warnings: loaded.warnings.len(),
    };
    let counts = [
        ("registries", loaded.inventory.registries.len()),
        ("principals", loaded.inventory.principals.len()),
        ("role_assignments", loaded.inventory.role_assignments.len()),
        ("clusters", loaded.inventory.clusters.len()),
    ];
    for (kind, count) in counts {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        metrics.inventory_objects.get_or_create(&KindLabel { kind }).set(count);
    }
    Ok((Arc::new(Index::build(loaded.inventory)), source))
}

/// Reads the certificate from where it is.
pub(super) fn read_certificate(
    source: &CertificateSource,
    server_name: Option<&str>,
    now: Timestamp,
) -> Result<ServerCertificate, CertificateError> {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let read = |path: &PathBuf| {
        fs::read(path).map_err(|error| CertificateError::Unreadable(format!("{}: {error}", path.display())))
    };
    match source {
        CertificateSource::Files { certificate, key } => {
            ServerCertificate::read(&read(certificate)?, &read(key)?, server_name, &provider, now)
        }
        CertificateSource::Memory { certificate, key } => {
            ServerCertificate::read(certificate.as_bytes(), key.as_bytes(), server_name, &provider, now)
        }
    }
}

/// Says what about the cluster is not known: verdicts will be unknown for it.
pub(super) fn announce(policy: &Policy) {
    for note in policy.estate.iter().flat_map(|estate| &estate.notes) {
        tracing::warn!(note = %note, "cluster");
    }
}
