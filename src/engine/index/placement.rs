//! Where a scope lies as seen from a registry.

use super::build::UNKNOWN_ROLE;
use super::{Entry, Index, RegistryNumber, ScopeNumber};
use crate::engine::assignment::RoleAssignment;
use crate::engine::inventory::{ManagementGroups, Registry};
use crate::engine::scope::Scope;

/// Where a scope lies as seen from a registry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Placement {
    /// At the registry or above it.
    Reaching,
    /// At a management group of which the exports do not show whether it lies above.
    Uncertain,
    /// Below the registry.
    Below,
    /// Anywhere else.
    Elsewhere,
}

impl Index {
    /// Where `scope` lies as seen from a registry. Also for scopes that no assignment of the index is made at.
    pub(crate) fn placement(&self, scope: &Scope, registry: RegistryNumber) -> Placement {
        let Some(registry) = self.registry(registry) else { return Placement::Elsewhere };
        if scope.management_group().is_some() {
            return match management_group_above(scope, registry, &self.inventory().management_groups) {
                Some(true) => Placement::Reaching,
                Some(false) => Placement::Elsewhere,
                None => Placement::Uncertain,
            };
        }
        if scope.contains(&registry.id) {
            Placement::Reaching
        } else if registry_above(scope).as_ref() == Some(&registry.id) {
            Placement::Below
        } else {
            Placement::Elsewhere
        }
    }

    /// The entry of an assignment that is not in the index, as if it stood at `position` of the inventory.
    ///
    /// Its scope has no number: nothing of the index may be compared with it.
    pub(crate) fn entry_beside(&self, position: u32, assignment: &RoleAssignment) -> Entry {
        let role = self.role_names.get(&assignment.role).copied().unwrap_or(UNKNOWN_ROLE);
        Entry { scope: ScopeNumber(u32::MAX), assignment: position, role }
    }
}

/// Whether a management group lies above a registry; `None` where the exports do not tell.
pub(super) fn management_group_above(
    group: &Scope,
    registry: &Registry,
    ancestry: &ManagementGroups,
) -> Option<bool> {
    ancestry.is_ancestor(group.management_group()?, registry.id.subscription()?)
}

/// The id of the registry that a scope lies below, if it does.
pub(super) fn registry_above(scope: &Scope) -> Option<Scope> {
    const REGISTRIES: &str = "/providers/microsoft.containerregistry/registries/";
    let key = scope.key();
    let name_at = key.find(REGISTRIES)? + REGISTRIES.len();
    let name_length = key.get(name_at..)?.find('/')?;
    Scope::parse(key.get(..name_at + name_length)?).ok()
}
