//! The immutable index: an [`Inventory`] arranged so that one decision costs the same at a hundred and at a
//! hundred thousand assignments.
//!
//! What a decision needs is worked out while building: the scopes above each registry, the groups around each
//! principal, the registry permissions each role yields. What remains is a handful of look-ups.
//!
//! ```text
//! principal and its groups ─► its assignments, sorted by scope ─► those at the registry or above
//!                                                                 └► role yields the permission? condition holds?
//! ```
//!
//! The index is built once, shared behind an `Arc` and swapped as a whole; nobody ever sees half of two.

mod build;
mod identity;
mod membership;
mod placement;
mod registry;
mod role;

pub use self::identity::{FoundIdentity, IdentityMatch};
pub(crate) use self::placement::Placement;
pub use self::registry::{HostMatch, RegistryEntry, RegistryNumber};
pub(crate) use self::role::{CompiledDeny, CompiledRole};

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use foldhash::fast::RandomState;
use smol_str::SmolStr;

use super::assignment::{DenyAssignment, RoleAssignment};
use super::guid::{ClientId, PrincipalId, RoleId};
use super::inventory::{Inventory, ScopeMap, Token};
use super::scope::Scope;

/// Keys come from strangers, so the hasher is seeded.
type Map<K, V> = HashMap<K, V, RandomState>;

/// An inventory, ready to answer.
#[derive(Debug)]
pub struct Index {
    inventory: Inventory,
    /// INVARIANT: grouped by principal, then sorted by scope, then in file order.
    entries: Vec<Entry>,
    by_principal: Map<PrincipalId, Range<u32>>,
    groups_of: Map<PrincipalId, Box<[PrincipalId]>>,
    doubtful_groups: Box<[DoubtfulGroup]>,
    /// Groups whose members are not all exported, be it because of a group among them.
    open_groups: HashSet<PrincipalId, RandomState>,
    /// Groups whose only list leaves service principals out.
    hiding_groups: HashSet<PrincipalId, RandomState>,
    roles: Vec<CompiledRole>,
    denies: Vec<CompiledDeny>,
    registries: Vec<RegistryEntry>,
    hosts: Map<SmolStr, HostMatch>,
    registry_ids: Map<Scope, RegistryNumber>,
    principals: Map<PrincipalId, u32>,
    client_ids: Map<ClientId, u32>,
    resource_ids: Map<Scope, u32>,
    role_names: Map<RoleId, u32>,
    tokens: Map<(Scope, SmolStr), u32>,
    scope_maps: Map<Scope, u32>,
}

/// A group whose members the exports may not show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DoubtfulGroup {
    /// Where it stands in the inventory.
    pub(crate) position: u32,
    /// Whether a role was assigned to it or to a group around it.
    pub(crate) holds_roles: bool,
}

/// One role assignment as the hot path sees it: three numbers.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Entry {
    pub(crate) scope: ScopeNumber,
    pub(crate) assignment: u32,
    pub(crate) role: u32,
}

/// A distinct scope of the role assignments.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct ScopeNumber(u32);

impl Index {
    /// The inventory that the index was built from.
    #[must_use]
    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// The groups that a principal belongs to, directly or through other groups.
    #[must_use]
    pub fn groups_of(&self, principal: PrincipalId) -> &[PrincipalId] {
        self.groups_of.get(&principal).map_or(&[], |groups| groups)
    }

    /// The groups whose members the exports may not show, in file order.
    pub(crate) fn doubtful_groups(&self) -> &[DoubtfulGroup] {
        &self.doubtful_groups
    }

    /// The principal itself, then its groups: everybody whose assignments count for it.
    pub fn identity_set(&self, principal: PrincipalId) -> impl Iterator<Item = PrincipalId> {
        std::iter::once(principal).chain(self.groups_of(principal).iter().copied())
    }

    /// The display name of a role, where a definition was exported or the role is built in.
    #[must_use]
    pub fn role_name(&self, role: RoleId) -> Option<&str> {
        let number = self.role_names.get(&role)?;
        self.inventory.role_definitions.get(*number as usize).map(|role| role.name.as_str())
    }

    /// The token of a registry with this name, in any letter case.
    #[must_use]
    pub fn token(&self, registry: RegistryNumber, name: &str) -> Option<&Token> {
        let key = (self.registry(registry)?.id.clone(), name.to_ascii_lowercase().into());
        self.inventory.tokens.get(*self.tokens.get(&key)? as usize)
    }

    pub(crate) fn scope_map(&self, id: &Scope) -> Option<&ScopeMap> {
        self.inventory.scope_maps.get(*self.scope_maps.get(id)? as usize)
    }

    /// The assignments made to exactly this object id, not through groups.
    pub(crate) fn entries_of(&self, principal: PrincipalId) -> &[Entry] {
        let Some(range) = self.by_principal.get(&principal) else { return &[] };
        self.entries.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    pub(crate) fn assignment(&self, entry: Entry) -> Option<&RoleAssignment> {
        self.inventory.role_assignments.get(entry.assignment as usize)
    }

    /// The role of an entry; `None` where no export defines it.
    pub(crate) fn role(&self, entry: Entry) -> Option<&CompiledRole> {
        self.roles.get(entry.role as usize)
    }

    pub(crate) fn deny_at(&self, number: u32) -> Option<(&DenyAssignment, &CompiledDeny)> {
        let number = number as usize;
        Some((self.inventory.deny_assignments.get(number)?, self.denies.get(number)?))
    }
}
