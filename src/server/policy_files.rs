//! Settings and inventory in files, and the policy that they make together.

use std::sync::{Arc, Mutex, PoisonError};

use super::inputs::{Input, Inputs};
use super::load::{InputError, load_inventory, read_settings};
use super::policy::{InventorySource, Policy};
use super::reload::{InputFiles, Trouble, guarded, told};
use super::stamp::Watched;
use super::webhook::Webhook;
use crate::engine::index::Index;
use crate::settings::Settings;

/// An inventory, ready to judge by.
type LoadedInventory = (Arc<Index>, InventorySource);

/// The last good settings and inventory, and the webhook that judges by them.
#[derive(Clone)]
pub(super) struct PolicyParts {
    parts: Arc<Mutex<Parts>>,
    webhook: Arc<Webhook>,
    inputs: Inputs,
}

#[derive(Clone, Default)]
struct Parts {
    settings: Option<Arc<Settings>>,
    inventory: Option<LoadedInventory>,
}

impl PolicyParts {
    pub(super) fn new(webhook: Arc<Webhook>, inputs: Inputs) -> Self {
        Self { parts: Arc::default(), webhook, inputs }
    }

    /// Puts a new part to use, once the settings are there: without them nobody knows by which rule to judge.
    fn put(&self, change: impl FnOnce(&mut Parts)) {
        // Held until the policy is stored: who comes later has seen both parts.
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = parts.clone();
        change(&mut changed);
        if let Some(settings) = &changed.settings {
            let policy = Policy::new(Arc::clone(settings), changed.inventory.clone());
            policy.announce();
            // One that is configured and missing is told as a failure, and waited for.
            if !self.inputs.waiting_for().contains(&Input::Inventory)
                && let Some(consequence) = policy.without_inventory()
            {
                tracing::warn!("{consequence}; give an inventory with --inventory");
            }
            self.webhook.policy.store(Arc::new(policy));
        }
        *parts = changed;
    }
}

/// The settings.
pub(super) struct SettingsFile {
    /// Without one the defaults count.
    file: Option<Watched>,
    is_read: bool,
    parts: PolicyParts,
}

impl SettingsFile {
    pub(super) const fn new(file: Option<Watched>, parts: PolicyParts) -> Self {
        Self { file, is_read: false, parts }
    }

    fn is_due(&mut self) -> bool {
        match &mut self.file {
            Some(file) => file.is_due(),
            None => !self.is_read,
        }
    }

    fn read(&self) -> Result<(), InputError> {
        let path = self.file.as_ref().and_then(|file| file.paths().first());
        let settings = Arc::new(path.map(|path| read_settings(path)).transpose()?.unwrap_or_default());
        self.parts.put(|parts| parts.settings = Some(settings));
        Ok(())
    }
}

impl InputFiles for SettingsFile {
    fn input(&self) -> Input {
        Input::Settings
    }

    fn look(&mut self) {
        if !self.is_due() {
            return;
        }
        let PolicyParts { webhook, inputs, .. } = &self.parts;
        let outcome = guarded(&webhook.metrics, || self.read());
        let is_read = match (&self.file, outcome) {
            // Defaults are not loaded from anywhere.
            (None, Ok(())) => true,
            (_, outcome) => {
                told(Input::Settings, outcome, inputs, &webhook.metrics.settings_reloads).is_some()
            }
        };
        if is_read {
            // Only now: once an input counts as loaded, reviews may be judged by it.
            inputs.loaded(Input::Settings);
        }
        self.is_read = is_read;
        if !is_read {
            self.read_again();
        }
    }

    fn read_again(&mut self) {
        match &mut self.file {
            Some(file) => file.read_again(true),
            None => self.is_read = false,
        }
    }
}

/// The inventory.
pub(super) struct InventoryFiles {
    files: Watched,
    parts: PolicyParts,
}

impl InventoryFiles {
    pub(super) const fn new(files: Watched, parts: PolicyParts) -> Self {
        Self { files, parts }
    }

    fn read(&self) -> Result<(), InputError> {
        let loaded = load_inventory(&self.files, &self.parts.webhook.metrics)?;
        self.parts.put(|parts| {
            let before = parts.inventory.replace(loaded);
            let after = parts.inventory.as_ref().map(|(_, source)| source.fingerprint);
            if before.is_some_and(|(_, source)| Some(source.fingerprint) != after) {
                tracing::info!("a new inventory is in use");
            }
        });
        Ok(())
    }
}

impl InputFiles for InventoryFiles {
    fn input(&self) -> Input {
        Input::Inventory
    }

    fn look(&mut self) {
        if !self.files.is_due() {
            return;
        }
        let PolicyParts { webhook, inputs, .. } = &self.parts;
        let outcome = guarded(&webhook.metrics, || self.read());
        // An inventory is big. What it says stays the same until it changes; whether it can be read does not.
        let again = outcome.as_ref().err().is_some_and(Trouble::may_pass);
        if told(Input::Inventory, outcome, inputs, &webhook.metrics.inventory_reloads).is_some() {
            inputs.loaded(Input::Inventory);
        }
        if again {
            self.read_again();
        }
    }

    fn read_again(&mut self) {
        self.files.read_again(true);
    }
}
