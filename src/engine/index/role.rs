//! Roles and deny assignments boiled down to the registry permissions they yield.

use std::sync::Arc;

use crate::engine::action::{Permission, PermissionSet};
use crate::engine::assignment::{AssignmentCondition, DenyAssignment, PermissionBlock, RoleDefinition};
use crate::engine::pattern::action_matches;

/// What a role yields of the permissions that registry decisions turn on.
#[derive(Debug, Default)]
pub(crate) struct CompiledRole {
    /// Everything it may yield, conditions aside.
    pub(crate) any: PermissionSet,
    /// What it yields through blocks without a condition of their own.
    pub(crate) plain: PermissionSet,
    /// What it yields through blocks with one.
    pub(crate) guarded: Box<[Guarded]>,
    /// What a custom role yields only through a wildcard inside the registry's namespace: the custom-role page
    /// of Azure Container Registry honours those in some tenants only, Azure RBAC in all.
    pub(crate) by_registry_wildcard: PermissionSet,
    /// A custom role with data actions: cannot be assigned at a management group.
    pub(crate) custom_with_data_actions: bool,
}

/// The permissions of one block and the condition that guards them.
#[derive(Debug)]
pub(crate) struct Guarded {
    pub(crate) permissions: PermissionSet,
    pub(crate) condition: Arc<AssignmentCondition>,
}

impl CompiledRole {
    pub(crate) fn build(role: &RoleDefinition) -> Self {
        let mut compiled = Self {
            custom_with_data_actions: !role.built_in
                && role.permissions.iter().any(|block| !block.data_actions.is_empty()),
            ..Self::default()
        };
        let mut guarded = Vec::new();
        let mut without_wildcard = PermissionSet::default();
        for block in &role.permissions {
            let permissions = yielded(block);
            compiled.any.extend(permissions);
            without_wildcard.extend(yielded_without_registry_wildcards(block));
            match &block.condition {
                None => compiled.plain.extend(permissions),
                Some(condition) => guarded.push(Guarded { permissions, condition: Arc::clone(condition) }),
            }
        }
        compiled.guarded = guarded.into();
        if !role.built_in {
            for permission in Permission::ordinary() {
                if compiled.any.contains(permission) && !without_wildcard.contains(permission) {
                    compiled.by_registry_wildcard.insert(permission);
                }
            }
        }
        compiled
    }
}

/// What a deny assignment takes away, block by block.
#[derive(Debug)]
pub(crate) struct CompiledDeny {
    /// Everything it may take away, conditions aside.
    pub(crate) any: PermissionSet,
    /// The blocks' permissions with their own conditions.
    pub(crate) blocks: Box<[(PermissionSet, Option<Arc<AssignmentCondition>>)]>,
}

impl CompiledDeny {
    pub(crate) fn build(deny: &DenyAssignment) -> Self {
        let blocks: Box<[_]> =
            deny.permissions.iter().map(|block| (yielded(block), block.condition.clone())).collect();
        let mut any = PermissionSet::default();
        for (permissions, _) in &blocks {
            any.extend(*permissions);
        }
        Self { any, blocks }
    }
}

/// A block's permissions: named by its own plane's entries and not taken out by them again.
fn yielded(block: &PermissionBlock) -> PermissionSet {
    collect(block, |_| true)
}

fn yielded_without_registry_wildcards(block: &PermissionBlock) -> PermissionSet {
    collect(block, |pattern| {
        let provider = "microsoft.containerregistry/";
        !(pattern.contains('*')
            && pattern.get(..provider.len()).is_some_and(|start| start.eq_ignore_ascii_case(provider)))
    })
}

fn collect(block: &PermissionBlock, counts: impl Fn(&str) -> bool) -> PermissionSet {
    let mut set = PermissionSet::default();
    for permission in Permission::ALL {
        let (granted, removed) = if permission.is_data_action() {
            (&block.data_actions, &block.not_data_actions)
        } else {
            (&block.actions, &block.not_actions)
        };
        let action = permission.as_str();
        if granted.iter().any(|pattern| counts(pattern) && action_matches(pattern, action))
            && !removed.iter().any(|pattern| action_matches(pattern, action))
        {
            set.insert(permission);
        }
    }
    set
}
