//! What reviews are judged by: settings and inventory, as one immutable value that is swapped as a whole.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::engine::index::Index;
use crate::engine::pull::{ClusterProfile, ProfileNote, ProfileOverrides};
use crate::settings::{Action, ClusterSettings, Mode, Rule, Settings};

/// Settings and inventory of one moment. Reviews keep the one they began with.
#[derive(Debug, Default)]
pub(super) struct Policy {
    pub(super) settings: Arc<Settings>,
    /// `None` until an inventory has been loaded.
    pub(super) estate: Option<Estate>,
}

/// The inventory, ready to answer for one cluster.
#[derive(Debug)]
pub(super) struct Estate {
    pub(super) index: Arc<Index>,
    pub(super) cluster: ClusterProfile,
    /// What about the cluster is not known.
    pub(super) notes: Vec<ProfileNote>,
    pub(super) source: InventorySource,
}

/// Where and when an inventory came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct InventorySource {
    /// When it was exported, where the export says so; else when its newest file was written.
    pub(super) written_at: Timestamp,
    /// When it was loaded.
    pub(super) loaded_at: Timestamp,
    /// Equal for equal content.
    pub(super) fingerprint: u64,
    /// Load warnings.
    pub(super) warnings: usize,
}

impl Policy {
    pub(super) fn new(settings: Arc<Settings>, inventory: Option<(Arc<Index>, InventorySource)>) -> Self {
        let estate = inventory.map(|(index, source)| {
            let ClusterSettings { name, pull_identity, cloud, default_identity, oidc_issuer, federation } =
                settings.cluster.clone();
            let overrides =
                ProfileOverrides { pull_identity, cloud, default_identity, federation, issuer: oidc_issuer };
            let profile = ClusterProfile::from_inventory(&index, name.as_deref(), &overrides);
            Estate { index, cluster: profile.cluster, notes: profile.notes, source }
        });
        Self { settings, estate }
    }

    /// What keeps the cluster itself from being found: verdicts that rest on it are unknown until it is.
    pub(super) fn missing_cluster(&self) -> Option<String> {
        let notes = self.estate.iter().flat_map(|estate| &estate.notes);
        notes.filter(|note| is_about_the_choice(note)).map(ToString::to_string).next()
    }

    /// Says what about the cluster is not known: verdicts will be unknown for it.
    pub(super) fn announce(&self) {
        for note in self.estate.iter().flat_map(|estate| &estate.notes) {
            if is_about_the_choice(note) {
                tracing::error!(note = %note, "cluster: correct `cluster.name` in the settings, or the inventory");
            } else {
                tracing::warn!(note = %note, "cluster");
            }
        }
    }

    /// Without an inventory: that every verdict is unknown, and what each rule does then.
    pub(super) fn without_inventory(&self) -> Option<String> {
        if self.estate.is_some() {
            return None;
        }
        let rules: Vec<String> = self.settings.rules().map(done_with_unknown).collect();
        Some(format!("no inventory is configured, so every verdict is `unknown`: {}", rules.join("; ")))
    }

    /// How old the inventory is.
    pub(super) fn age(&self, now: Timestamp) -> Option<Duration> {
        let written_at = self.estate.as_ref()?.source.written_at;
        Some(Duration::try_from(now.duration_since(written_at)).unwrap_or_default())
    }

    /// Whether the inventory is older than the settings like.
    pub(super) fn is_stale(&self, now: Timestamp) -> bool {
        let limit = self.settings.max_inventory_age;
        limit.is_some_and(|limit| self.age(now).is_some_and(|age| age > limit))
    }
}

/// What a rule does with a pod, and with what makes pods, of which nothing is known.
fn done_with_unknown(rule: &Rule) -> String {
    let [pods, workloads] = [rule.pods, rule.workloads].map(|mode| match (mode, rule.unknown) {
        (Mode::Off, _) => "not judged",
        (Mode::Audit, _) => "only recorded",
        (Mode::Enforce, Action::Deny) => "refused",
        (Mode::Enforce, Action::Warn) | (Mode::Warn, Action::Warn | Action::Deny) => "warned about",
        (Mode::Enforce | Mode::Warn, Action::Allow) => "admitted without a word",
    });
    if pods == workloads {
        return format!("by rule `{}` pods and workloads are {pods}", rule.name);
    }
    format!("by rule `{}` pods are {pods}, workloads are {workloads}", rule.name)
}

/// Whether a note says that no cluster of the inventory is this one.
const fn is_about_the_choice(note: &ProfileNote) -> bool {
    matches!(note, ProfileNote::ClusterNotFound(_) | ProfileNote::ClusterNotChosen(_))
}
