//! Reading one input: settings, inventory, certificate. Whole and checked, or an error that says what is wrong.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use jiff::Timestamp;
use thiserror::Error;

use super::options::ServeError;
use super::policy::InventorySource;
use super::stamp::Watched;
use crate::certificates::{CertificateError, ServerCertificate};
use crate::engine::index::Index;
use crate::inventory::{self, LoadErrors};
use crate::settings::{Settings, SettingsError};
use crate::telemetry::metrics::{KindLabel, Metrics};

/// Why an input cannot be used. It is told and looked at again; it never ends the program.
#[derive(Debug, Error)]
pub(super) enum InputError {
    #[error("the inventory cannot be loaded\n{0}")]
    Inventory(#[source] LoadErrors),
    #[error("the settings in {file} cannot be used\n{error}", file = file.display())]
    Settings { file: PathBuf, error: SettingsError },
    #[error("{file}: {error}", file = file.display())]
    Unreadable { file: PathBuf, error: io::Error },
    #[error("the certificate cannot be used: {0}")]
    Certificate(#[from] CertificateError),
}

/// Reads a settings file.
pub(super) fn read_settings(path: &Path) -> Result<Settings, InputError> {
    let text =
        fs::read_to_string(path).map_err(|error| InputError::Unreadable { file: path.to_owned(), error })?;
    Settings::from_yaml(&text).map_err(|error| InputError::Settings { file: path.to_owned(), error })
}

/// Loads the inventory and builds its index.
pub(super) fn load_inventory(
    files: &Watched,
    metrics: &Metrics,
) -> Result<(Arc<Index>, InventorySource), InputError> {
    let loaded = inventory::load(files.paths()).map_err(InputError::Inventory)?;
    for warning in &loaded.warnings {
        tracing::warn!(code = warning.code.as_str(), warning = %warning, "inventory");
    }
    let now = Timestamp::now();
    let source = InventorySource {
        written_at: loaded.exported_at.or(loaded.written_at).unwrap_or(now),
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

/// Reads a certificate and its key from PEM files.
pub(super) fn read_certificate(
    certificate: &Path,
    key: &Path,
    server_name: Option<&str>,
) -> Result<ServerCertificate, CertificateError> {
    let read = |path: &Path| {
        fs::read(path).map_err(|error| CertificateError::Unreadable(format!("{}: {error}", path.display())))
    };
    check_certificate(&read(certificate)?, &read(key)?, server_name)
}

/// Checks a certificate and its key, both PEM.
pub(super) fn check_certificate(
    certificate: &[u8],
    key: &[u8],
    server_name: Option<&str>,
) -> Result<ServerCertificate, CertificateError> {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    ServerCertificate::read(certificate, key, server_name, &provider, Timestamp::now())
}

/// A file as it is; of a folder, everything that looks like a manifest, in the order of names.
pub(super) fn collect_manifests(path: &Path, files: &mut Vec<(String, Vec<u8>)>) -> Result<(), ServeError> {
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
