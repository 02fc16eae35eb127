//! Building: one pass over each list of the inventory.

use std::collections::HashSet;
use std::ops::Range;

use super::membership::{open_groups, transitive_groups};
use super::placement::{management_group_above, registry_above};
use super::registry::{RegistryEntry, RegistryNumber, hosts};
use super::{CompiledDeny, CompiledRole, DoubtfulGroup, Entry, Index, Map, ScopeNumber};
use crate::engine::assignment::DenyAssignment;
use crate::engine::gap::GapKind;
use crate::engine::guid::{PrincipalId, RoleId};
use crate::engine::inventory::{Group, Inventory, ManagementGroups, Registry};
use crate::engine::scope::Scope;

/// The role number of assignments whose role no export defines.
pub(super) const UNKNOWN_ROLE: u32 = u32::MAX;

impl Index {
    /// Arranges an inventory for decisions. Never fails: what dangles grants nothing, and the loader warned.
    #[must_use]
    pub fn build(inventory: Inventory) -> Self {
        let scopes = Scopes::number(&inventory);
        let role_names = number(&inventory.role_definitions, |role| Some(role.id));
        let (entries, by_principal) = entries(&inventory, &scopes, &role_names);
        let registries =
            inventory.registries.iter().map(|registry| scopes.around(registry, &inventory)).collect();
        let registry_ids = inventory
            .registries
            .iter()
            .zip(0_u32..)
            .map(|(registry, number)| (registry.id.clone(), RegistryNumber(number)))
            .collect();
        let groups_of = transitive_groups(&inventory.groups);
        let open_groups = open_groups(&inventory.groups, &groups_of);
        let hiding_groups: HashSet<_, _> = inventory
            .groups
            .iter()
            .filter(|group| group.members_may_be_hidden)
            .map(|group| group.id)
            .collect();
        let is_doubtful =
            |group: &Group| hiding_groups.contains(&group.id) || open_groups.contains(&group.id);
        let holds_roles = |group: &Group| {
            let mut around = std::iter::once(&group.id).chain(groups_of.get(&group.id).into_iter().flatten());
            around.any(|id| by_principal.contains_key(id))
        };
        Self {
            doubtful_groups: (0_u32..)
                .zip(&inventory.groups)
                .filter(|(_, group)| is_doubtful(group))
                .map(|(position, group)| DoubtfulGroup { position, holds_roles: holds_roles(group) })
                .collect(),
            entries,
            by_principal,
            groups_of,
            open_groups,
            hiding_groups,
            roles: inventory.role_definitions.iter().map(CompiledRole::build).collect(),
            denies: inventory.deny_assignments.iter().map(CompiledDeny::build).collect(),
            registries,
            hosts: hosts(&inventory),
            registry_ids,
            principals: number(&inventory.principals, |principal| Some(principal.principal_id)),
            client_ids: number(&inventory.principals, |principal| principal.client_id),
            resource_ids: number(&inventory.principals, |principal| principal.resource_id.clone()),
            role_names,
            tokens: number(&inventory.tokens, |token| {
                Some((token.registry.clone(), token.name.to_ascii_lowercase().into()))
            }),
            scope_maps: number(&inventory.scope_maps, |map| Some(map.id.clone())),
            inventory,
        }
    }
}

/// The first of equal keys wins, as everywhere: file order decides.
fn number<T, K: std::hash::Hash + Eq>(items: &[T], key: impl Fn(&T) -> Option<K>) -> Map<K, u32> {
    let mut numbers = Map::default();
    for (item, number) in items.iter().zip(0_u32..) {
        if let Some(key) = key(item) {
            numbers.entry(key).or_insert(number);
        }
    }
    numbers
}

/// The distinct scopes of the role assignments, and which of them need more than a look-up by path.
struct Scopes {
    numbers: Map<Scope, ScopeNumber>,
    management_groups: Vec<(Scope, ScopeNumber)>,
    below_registries: Map<Scope, Vec<ScopeNumber>>,
}

impl Scopes {
    fn number(inventory: &Inventory) -> Self {
        let mut numbers: Map<Scope, ScopeNumber> = Map::default();
        for assignment in &inventory.role_assignments {
            let next = ScopeNumber(u32::try_from(numbers.len()).unwrap_or(u32::MAX));
            numbers.entry(assignment.scope.clone()).or_insert(next);
        }
        let mut scopes = Self { numbers, management_groups: Vec::new(), below_registries: Map::default() };
        for (scope, number) in &scopes.numbers {
            if scope.management_group().is_some() {
                scopes.management_groups.push((scope.clone(), *number));
            } else if let Some(registry) = registry_above(scope) {
                scopes.below_registries.entry(registry).or_default().push(*number);
            }
        }
        scopes
    }

    fn around(&self, registry: &Registry, inventory: &Inventory) -> RegistryEntry {
        let mut reaching: Vec<ScopeNumber> =
            ancestors(&registry.id).filter_map(|scope| self.numbers.get(&scope).copied()).collect();
        let mut uncertain = Vec::new();
        for (group, number) in &self.management_groups {
            match management_group_above(group, registry, &inventory.management_groups) {
                Some(true) => reaching.push(*number),
                Some(false) => {}
                None => uncertain.push(*number),
            }
        }
        let below = self.below_registries.get(&registry.id).cloned().unwrap_or_default();
        let denies = |wanted: Option<bool>| {
            let ancestry = &inventory.management_groups;
            let numbered = inventory.deny_assignments.iter().zip(0_u32..);
            numbered
                .filter(|(deny, _)| deny.enforced && deny_reaches(deny, registry, ancestry) == wanted)
                .map(|(_, number)| number)
                .collect()
        };
        let lacks = |what| inventory.gaps.iter().any(|gap| gap.what == what && gap.may_concern(&registry.id));
        RegistryEntry {
            reaching: sorted(reaching),
            uncertain: sorted(uncertain),
            below: sorted(below),
            denies: denies(Some(true)),
            uncertain_denies: denies(None),
            lacks_denies: lacks(GapKind::DenyAssignments),
            lacks_grants: lacks(GapKind::RoleAssignments),
        }
    }
}

/// Whether a deny assignment reaches a registry; `None` where the exports do not tell.
fn deny_reaches(deny: &DenyAssignment, registry: &Registry, ancestry: &ManagementGroups) -> Option<bool> {
    if deny.only_this_scope {
        return Some(deny.scope == registry.id);
    }
    if deny.scope.management_group().is_some() {
        return management_group_above(&deny.scope, registry, ancestry);
    }
    Some(deny.scope.contains(&registry.id))
}

/// The scope itself and every scope above it by path, the root last.
fn ancestors(scope: &Scope) -> impl Iterator<Item = Scope> {
    let key = scope.key();
    key.match_indices('/')
        .filter_map(move |(at, _)| key.get(..at))
        .chain([key])
        .filter_map(|path| Scope::parse(if path.is_empty() { "/" } else { path }).ok())
}

fn sorted(mut numbers: Vec<ScopeNumber>) -> Box<[ScopeNumber]> {
    numbers.sort_unstable();
    numbers.dedup();
    numbers.into()
}

fn entries(
    inventory: &Inventory,
    scopes: &Scopes,
    roles: &Map<RoleId, u32>,
) -> (Vec<Entry>, Map<PrincipalId, Range<u32>>) {
    let mut keyed: Vec<(PrincipalId, Entry)> = inventory
        .role_assignments
        .iter()
        .zip(0_u32..)
        .filter_map(|(assignment, number)| {
            let scope = *scopes.numbers.get(&assignment.scope)?;
            let role = roles.get(&assignment.role).copied().unwrap_or(UNKNOWN_ROLE);
            Some((assignment.principal, Entry { scope, assignment: number, role }))
        })
        .collect();
    keyed.sort_unstable();
    let mut by_principal: Map<PrincipalId, Range<u32>> = Map::default();
    for ((principal, _), at) in keyed.iter().zip(0_u32..) {
        by_principal.entry(*principal).or_insert(at..at).end = at + 1;
    }
    by_principal.shrink_to_fit();
    (keyed.into_iter().map(|(_, entry)| entry).collect(), by_principal)
}
