//! Files that are looked at while the server runs: inventory, settings, certificate. The first look is the start.
//!
//! What is new is read and checked whole, then swapped in. What cannot be used changes nothing: the last good one
//! stays, and log, metric and status say so. What could not even be read is read again at the next look.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use tokio::time::{MissedTickBehavior, interval};

use super::certificate::CurrentCertificate;
use super::inputs::{Input, Inputs};
use super::load::{InputError, load_inventory, read_certificate, read_settings};
use super::policy::{InventorySource, Policy};
use super::stamp::Watched;
use super::webhook::Webhook;
use crate::certificates::ServerCertificate;
use crate::engine::index::Index;
use crate::settings::Settings;
use crate::telemetry::metrics::{Metrics, ResultLabel};

/// Looks at the files and loads what is new.
pub(super) struct Reloader {
    pub(super) inventory: Watched,
    pub(super) settings_file: Option<Watched>,
    pub(super) certificate: Option<CertificateFiles>,
    pub(super) settings: Option<Arc<Settings>>,
    pub(super) loaded: Option<(Arc<Index>, InventorySource)>,
    pub(super) webhook: Arc<Webhook>,
    pub(super) inputs: Inputs,
}

/// A certificate in files, and where it goes.
pub(super) struct CertificateFiles {
    pub(super) files: Watched,
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    pub(super) server_name: Option<String>,
    pub(super) current: Arc<CurrentCertificate>,
}

impl Reloader {
    /// Looks for ever.
    pub(super) async fn keep_looking(mut self, poll: Duration) {
        let mut ticks = interval(poll);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let looked = tokio::task::spawn_blocking(move || {
                self.look();
                self
            });
            match looked.await {
                Ok(back) => self = back,
                Err(error) => {
                    tracing::error!(error = %error, "files are not looked at any more");
                    return;
                }
            }
        }
    }

    /// One look at everything. Blocks: loading takes as long as it takes.
    fn look(&mut self) {
        let has_new_settings = self.look_at_settings();
        let has_new_inventory = self.look_at_inventory();
        if has_new_settings || has_new_inventory {
            self.apply();
        }
        // Only now: once an input counts as loaded, reviews may be judged by it.
        if has_new_settings {
            self.inputs.loaded(Input::Settings);
        }
        if has_new_inventory {
            self.inputs.loaded(Input::Inventory);
        }
        self.look_at_certificate();
    }

    /// Judges by what is loaded, once the settings are: without them nobody knows by which rule.
    fn apply(&self) {
        let Some(settings) = &self.settings else { return };
        let policy = Policy::new(Arc::clone(settings), self.loaded.clone());
        policy.announce();
        // One that is configured and missing is told as a failure, and waited for.
        if self.inventory.paths().is_empty()
            && let Some(consequence) = policy.without_inventory()
        {
            tracing::warn!("{consequence}; give an inventory with --inventory");
        }
        self.webhook.policy.store(Arc::new(policy));
    }

    fn look_at_settings(&mut self) -> bool {
        let Some(file) = &mut self.settings_file else {
            let is_first = self.settings.is_none();
            self.settings.get_or_insert_default();
            return is_first;
        };
        if !file.is_due() {
            return false;
        }
        let Some(path) = file.paths().first() else { return false };
        let outcome = guarded(&self.webhook.metrics, || read_settings(path));
        file.read_again(outcome.is_err());
        let count = &self.webhook.metrics.settings_reloads;
        if let Some(settings) = told(Input::Settings, outcome, &self.inputs, count) {
            self.settings = Some(Arc::new(settings));
            return true;
        }
        false
    }

    fn look_at_inventory(&mut self) -> bool {
        if self.inventory.paths().is_empty() || !self.inventory.is_due() {
            return false;
        }
        let metrics = &self.webhook.metrics;
        let outcome = guarded(metrics, || load_inventory(&self.inventory, metrics));
        // An inventory is big. What it says stays the same until it changes; whether it can be read does not.
        self.inventory.read_again(outcome.as_ref().err().is_some_and(Trouble::may_pass));
        let count = &metrics.inventory_reloads;
        let Some(loaded) = told(Input::Inventory, outcome, &self.inputs, count) else {
            return false;
        };
        if self.loaded.as_ref().is_some_and(|(_, old)| old.fingerprint != loaded.1.fingerprint) {
            tracing::info!("a new inventory is in use");
        }
        self.loaded = Some(loaded);
        true
    }

    fn look_at_certificate(&mut self) {
        let Some(watched) = &mut self.certificate else { return };
        if !watched.files.is_due() {
            return;
        }
        let metrics = &self.webhook.metrics;
        let outcome = guarded(metrics, || {
            Ok(read_certificate(&watched.certificate, &watched.key, watched.server_name.as_deref())?)
        });
        // Certificate and key are two files: until they match, they are read again.
        watched.files.read_again(outcome.is_err());
        let count = &metrics.certificate_reloads;
        if let Some(certificate) = told(Input::Certificate, outcome, &self.inputs, count) {
            use_certificate(&certificate, &watched.current, metrics, &self.inputs);
        }
    }
}

/// Puts a checked certificate to use.
pub(super) fn use_certificate(
    certificate: &ServerCertificate,
    current: &CurrentCertificate,
    metrics: &Metrics,
    inputs: &Inputs,
) {
    current.replace(certificate);
    metrics.certificate_not_after.set(certificate.not_after.as_second());
    inputs.loaded(Input::Certificate);
    tracing::info!(not_after = %certificate.not_after, "a new certificate is in use");
}

/// Why something was not loaded.
enum Trouble {
    Error(InputError),
    Panic,
}

impl Trouble {
    /// Whether the same files may be readable the next time.
    fn may_pass(&self) -> bool {
        match self {
            Self::Error(InputError::Inventory(errors)) => {
                errors.as_slice().iter().any(|error| error.code.is_environment())
            }
            Self::Error(_) => true,
            Self::Panic => false,
        }
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Error(error) => error.fmt(f),
            Self::Panic => f.write_str("a fault of this program: it panicked; please report it"),
        }
    }
}

/// Whatever is wrong with one file, the others have to be looked at again: certificates end.
fn guarded<T>(metrics: &Metrics, load: impl FnOnce() -> Result<T, InputError>) -> Result<T, Trouble> {
    let outcome = catch_unwind(AssertUnwindSafe(load));
    if outcome.is_err() {
        metrics.panics.inc();
    }
    outcome.map_or(Err(Trouble::Panic), |outcome| outcome.map_err(Trouble::Error))
}

/// Tells and counts what came of loading. The same failure again is no news: it is neither told nor counted.
fn told<T>(
    input: Input,
    outcome: Result<T, Trouble>,
    inputs: &Inputs,
    count: &Family<ResultLabel, Counter>,
) -> Option<T> {
    match outcome {
        Ok(value) => {
            count.get_or_create(&ResultLabel::of(true)).inc();
            Some(value)
        }
        Err(trouble) => {
            if inputs.failed(input, &trouble.to_string()) {
                count.get_or_create(&ResultLabel::of(false)).inc();
            }
            None
        }
    }
}
