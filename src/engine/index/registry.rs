//! Registries: by host, by resource name and by id, with the scopes that reach each of them.

use smol_str::SmolStr;

use super::{Entry, Index, Map, ScopeNumber};
use crate::engine::decision::{Advice, AdviceSet};
use crate::engine::inventory::{Inventory, Registry};
use crate::engine::scope::Scope;

/// A registry of the inventory, as a number.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RegistryNumber(pub(super) u32);

/// What stands around one registry.
#[derive(Debug)]
pub struct RegistryEntry {
    /// Scopes of role assignments that reach the registry: itself, what lies above it by path, management
    /// groups above its subscription, the root. INVARIANT: sorted.
    pub(crate) reaching: Box<[ScopeNumber]>,
    /// Management groups that may or may not lie above it: the exports do not tell. INVARIANT: sorted.
    pub(crate) uncertain: Box<[ScopeNumber]>,
    /// Scopes below the registry, where Azure Container Registry does not look. INVARIANT: sorted.
    pub(crate) below: Box<[ScopeNumber]>,
    /// The enforced deny assignments that reach it, in file order.
    pub(crate) denies: Box<[u32]>,
    /// Enforced deny assignments at management groups that may or may not lie above it, in file order.
    pub(crate) uncertain_denies: Box<[u32]>,
    /// Whether deny assignments that reach it may be missing from the exports.
    pub(crate) lacks_denies: bool,
    /// Whether role assignments that reach it may be missing from the exports.
    pub(crate) lacks_grants: bool,
}

/// Up to here every assignment of a principal is looked at; beyond, only those at each scope in reach.
const FEW: usize = 16;

impl RegistryEntry {
    /// The entries of one principal that reach the registry. Needs them sorted by scope.
    pub(crate) fn reaching_among<'a>(&'a self, entries: &'a [Entry]) -> impl Iterator<Item = &'a Entry> {
        let few = entries.len() <= FEW;
        let all = entries.iter().filter(move |entry| few && self.reaches(entry.scope));
        let searched: &[ScopeNumber] = if few { &[] } else { &self.reaching };
        all.chain(searched.iter().flat_map(|scope| at_scope(entries, *scope)))
    }

    /// Notes assignments that do not count here though somebody may expect them to.
    pub(crate) fn advise_on_others(
        &self,
        entries: &[Entry],
        counts: impl Fn(Entry) -> bool,
        advice: &mut AdviceSet,
    ) {
        let any_at = |scope: &ScopeNumber| at_scope(entries, *scope).iter().any(|entry| counts(*entry));
        if self.uncertain.iter().any(any_at) {
            advice.insert(Advice::ManagementGroupChainUnknown);
        }
        if self.below.iter().any(any_at) {
            advice.insert(Advice::ScopeBelowRegistry);
        }
    }

    pub(crate) fn reaches(&self, scope: ScopeNumber) -> bool {
        // Rarely more than six: a linear look beats a binary search.
        self.reaching.contains(&scope)
    }

    pub(crate) fn is_uncertain(&self, scope: ScopeNumber) -> bool {
        self.uncertain.binary_search(&scope).is_ok()
    }

    pub(crate) fn is_below(&self, scope: ScopeNumber) -> bool {
        self.below.binary_search(&scope).is_ok()
    }
}

fn at_scope(entries: &[Entry], scope: ScopeNumber) -> &[Entry] {
    let start = entries.partition_point(|entry| entry.scope < scope);
    let end = entries.partition_point(|entry| entry.scope <= scope);
    entries.get(start..end).unwrap_or_default()
}

/// What a host name of an image reference is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HostMatch {
    /// A login server: the global one, or a regional endpoint.
    LoginServer(RegistryNumber),
    /// A data endpoint of a known registry: blobs only.
    DataEndpoint(RegistryNumber),
}

impl Index {
    /// Finds the registry behind a host. `host` in lower case, without a port: the whole host is compared.
    #[must_use]
    pub fn host(&self, host: &str) -> Option<HostMatch> {
        self.hosts.get(host).copied()
    }

    /// Finds a registry by login server, regional host, resource name or resource id, in any letter case.
    #[must_use]
    pub fn find_registry(&self, text: &str) -> Option<RegistryNumber> {
        let lower = text.to_ascii_lowercase();
        let host = lower.strip_suffix(":443").unwrap_or(&lower);
        if let Some(HostMatch::LoginServer(number)) = self.host(host) {
            return Some(number);
        }
        if let Ok(id) = Scope::parse(text) {
            return self.registry_ids.get(&id).copied();
        }
        let position =
            self.inventory.registries.iter().position(|registry| registry.name.eq_ignore_ascii_case(text))?;
        u32::try_from(position).ok().map(RegistryNumber)
    }

    /// The registry's exported facts.
    #[must_use]
    pub fn registry(&self, number: RegistryNumber) -> Option<&Registry> {
        self.inventory.registries.get(number.0 as usize)
    }

    pub(crate) fn registry_by_id(&self, id: &Scope) -> Option<&Registry> {
        self.registry(*self.registry_ids.get(id)?)
    }

    pub(crate) fn registry_entry(&self, number: RegistryNumber) -> Option<&RegistryEntry> {
        self.registries.get(number.0 as usize)
    }

    /// Every registry with its number, in file order.
    pub fn registries(&self) -> impl Iterator<Item = (RegistryNumber, &Registry)> {
        (0_u32..).map(RegistryNumber).zip(&self.inventory.registries)
    }
}

/// Hosts to registries. A login server wins over another registry's regional endpoint of the same spelling, and both
/// win over a data endpoint; among equals the first in file order.
pub(super) fn hosts(inventory: &Inventory) -> Map<SmolStr, HostMatch> {
    let mut hosts: Map<SmolStr, HostMatch> = Map::default();
    let numbered = || (0_u32..).map(RegistryNumber).zip(&inventory.registries);
    let login_servers =
        numbered().map(|(number, registry)| (number, std::slice::from_ref(&registry.login_server)));
    let regional = numbered().map(|(number, registry)| (number, registry.regional_hosts.as_slice()));
    for (number, names) in login_servers.chain(regional) {
        for host in names.iter().filter(|host| !host.is_empty()) {
            hosts.entry(host.clone()).or_insert(HostMatch::LoginServer(number));
        }
    }
    for (number, registry) in numbered() {
        for host in &registry.data_hosts {
            hosts.entry(host.clone()).or_insert(HostMatch::DataEndpoint(number));
        }
    }
    hosts
}
