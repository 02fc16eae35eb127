//! What the checks share: roles boiled down, the registries that each scope reaches, and who pulls.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::condition::CONDITIONABLE;
use super::finding::Subject;
use crate::engine::action::{Permission, PermissionsMode};
use crate::engine::assignment::{RoleAssignment, RoleDefinition};
use crate::engine::guid::{PrincipalId, RoleId};
use crate::engine::index::{CompiledRole, Index};
use crate::engine::inventory::{Inventory, Registry};
use crate::engine::pattern::action_matches;
use crate::engine::scope::Scope;
use crate::inventory::{Listed, Place, Places};

/// The inventory as the checks see it.
pub(super) struct Estate<'a> {
    pub(super) index: &'a Index,
    pub(super) places: &'a Places,
    pub(super) now: Timestamp,
    roles: HashMap<RoleId, RoleFacts<'a>>,
    reach: HashMap<&'a Scope, Vec<&'a Registry>>,
    /// Identities that pull in some cluster, and their groups.
    pulling: HashSet<PrincipalId>,
    group_names: HashMap<PrincipalId, &'a str>,
}

/// A role as far as registries go.
pub(super) struct RoleFacts<'a> {
    pub(super) definition: &'a RoleDefinition,
    pub(super) compiled: CompiledRole,
    /// Whether it allows anything with images in mode `rbac`.
    pub(super) works_in_rbac_mode: bool,
    /// Whether it allows anything with images in mode `rbac-abac`.
    pub(super) works_in_abac_mode: bool,
    /// Its data actions that conditions can limit.
    pub(super) conditionable: Vec<&'static str>,
    /// Whether it is about registries alone.
    pub(super) is_for_registries: bool,
}

impl<'a> Estate<'a> {
    pub(super) fn new(index: &'a Index, places: &'a Places, now: Timestamp) -> Self {
        let inventory = index.inventory();
        let roles = inventory.role_definitions.iter().map(|role| (role.id, RoleFacts::of(role))).collect();
        let mut reach: HashMap<&Scope, Vec<&Registry>> = HashMap::new();
        for assignment in &inventory.role_assignments {
            reach.entry(&assignment.scope).or_insert_with(|| reached(inventory, &assignment.scope));
        }
        let group_names = inventory.groups.iter().map(|group| (group.id, group.name.as_str())).collect();
        Self { index, places, now, roles, reach, pulling: pulling(index), group_names }
    }

    pub(super) fn inventory(&self) -> &'a Inventory {
        self.index.inventory()
    }

    pub(super) fn role(&self, id: RoleId) -> Option<&RoleFacts<'a>> {
        self.roles.get(&id)
    }

    /// The registries at or below the scope of an assignment.
    pub(super) fn reach(&self, assignment: &RoleAssignment) -> &[&'a Registry] {
        self.reach.get(&assignment.scope).map_or(&[], Vec::as_slice)
    }

    /// Whether this identity, or a member of this group, pulls in a cluster.
    pub(super) fn pulls(&self, principal: PrincipalId) -> bool {
        self.pulling.contains(&principal)
    }

    /// Whether an assignment counts at the time that is judged.
    pub(super) fn is_active(&self, assignment: &RoleAssignment) -> bool {
        !assignment.principal_deleted
            && assignment.window.as_ref().is_none_or(|window| window.is_active(self.now))
    }

    /// The display name of a principal or group, its object id where no export has one.
    pub(super) fn principal_name(&self, id: PrincipalId) -> String {
        let principal = self.index.principal(id).map(|principal| principal.name.as_str());
        let name = principal.or_else(|| self.group_names.get(&id).copied()).filter(|name| !name.is_empty());
        name.map_or_else(|| id.to_string(), ToOwned::to_owned)
    }

    pub(super) fn role_name(&self, id: RoleId) -> String {
        let name = self.index.role_name(id).filter(|name| !name.is_empty());
        name.map_or_else(|| id.to_string(), ToOwned::to_owned)
    }

    /// An assignment as a subject: its id, and who holds what where.
    pub(super) fn assignment(&self, assignment: &RoleAssignment) -> Subject {
        let (role, who) = (self.role_name(assignment.role), self.principal_name(assignment.principal));
        let name = format!("{role} for {who} at {}", scope_name(&assignment.scope));
        Subject { kind: "roleAssignment", id: assignment.id(), name }
    }

    pub(super) fn place(&self, list: Listed, position: usize) -> Option<Place> {
        self.places.of(list, position)
    }
}

impl<'a> RoleFacts<'a> {
    pub(super) fn of(definition: &'a RoleDefinition) -> Self {
        let compiled = CompiledRole::build(definition);
        let works = |is_data| {
            Permission::ordinary().any(|one| one.is_data_action() == is_data && compiled.any.contains(one))
        };
        let blocks = &definition.permissions;
        let holds = |action: &&'static str| {
            blocks.iter().any(|block| {
                let matches = |patterns: &[smol_str::SmolStr]| {
                    patterns.iter().any(|pattern| action_matches(pattern, action))
                };
                matches(&block.data_actions) && !matches(&block.not_data_actions)
            })
        };
        let is_for_registries =
            blocks.iter().flat_map(|block| block.actions.iter().chain(&block.data_actions)).all(|pattern| {
                let provider = "microsoft.containerregistry/";
                pattern.get(..provider.len()).is_some_and(|start| start.eq_ignore_ascii_case(provider))
            });
        Self {
            works_in_rbac_mode: works(false),
            works_in_abac_mode: works(true),
            conditionable: CONDITIONABLE.into_iter().filter(holds).collect(),
            is_for_registries,
            definition,
            compiled,
        }
    }

    /// Whether it allows anything with images at all.
    pub(super) fn is_about_images(&self) -> bool {
        self.works_in_rbac_mode || self.works_in_abac_mode
    }

    pub(super) fn works_in(&self, mode: PermissionsMode) -> bool {
        match mode {
            PermissionsMode::Rbac => self.works_in_rbac_mode,
            PermissionsMode::RbacAbac => self.works_in_abac_mode,
        }
    }
}

fn reached<'a>(inventory: &'a Inventory, scope: &Scope) -> Vec<&'a Registry> {
    let reaches = |registry: &&Registry| match (scope.management_group(), registry.id.subscription()) {
        (Some(group), Some(subscription)) => {
            inventory.management_groups.is_ancestor(group, subscription) == Some(true)
        }
        (Some(_), None) => false,
        (None, _) => scope.contains(&registry.id),
    };
    inventory.registries.iter().filter(reaches).collect()
}

fn pulling(index: &Index) -> HashSet<PrincipalId> {
    let inventory = index.inventory();
    let mut found: HashSet<PrincipalId> = HashSet::new();
    let by_resource = |id: &Scope| index.principal_by_resource_id(id).map(|principal| principal.principal_id);
    for cluster in &inventory.clusters {
        found.extend(cluster.kubelet_identity.as_ref().map(|kubelet| kubelet.principal_id));
        let service_principal = cluster.service_principal.and_then(|id| index.principal_by_client_id(id));
        found.extend(service_principal.map(|principal| principal.principal_id));
        let profile = cluster.service_account_image_pull.as_ref();
        found.extend(profile.and_then(|profile| profile.default_identity.as_ref()).and_then(by_resource));
    }
    found.extend(inventory.federated_credentials.iter().filter_map(|one| by_resource(&one.identity)));
    let groups: Vec<PrincipalId> =
        found.iter().flat_map(|identity| index.groups_of(*identity).iter().copied()).collect();
    found.extend(groups);
    found
}

/// A scope in few words.
pub(super) fn scope_name(scope: &Scope) -> String {
    let segments: Vec<&str> = scope.key().split('/').filter(|segment| !segment.is_empty()).collect();
    let name = scope.name();
    match segments.as_slice() {
        [] => "/".to_owned(),
        ["providers", "microsoft.management", ..] => format!("management group {name}"),
        ["subscriptions", _] => format!("subscription {name}"),
        ["subscriptions", _, "resourcegroups", _] => format!("resource group {name}"),
        _ => name.to_owned(),
    }
}
