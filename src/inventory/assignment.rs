//! Role assignments, deny assignments, and the time-bound and eligible ones of Privileged Identity Management.

use std::sync::Arc;

use smol_str::SmolStr;

use super::collection::{AssignmentKey, Collection, FileScopes, Origin};
use super::merge::unite;
use super::problem::LoadWarningCode;
use super::record::Record;
use super::role;
use crate::engine::assignment::{
    AssignmentCondition, AssignmentName, DenyAssignment, PermissionBlock, PrincipalType, RoleAssignment,
    Window,
};
use crate::engine::guid::PrincipalId;
use crate::engine::scope::Scope;

/// An assignment of Privileged Identity Management, until all role assignments are known.
#[derive(Debug)]
pub(super) struct Scheduled {
    pub(super) origin: Origin,
    pub(super) assignment: RoleAssignment,
    /// The role assignment that it stands for, where the export says so.
    pub(super) stands_for: Option<AssignmentKey>,
}

/// Reads `az role assignment list|create` and ARM role assignments.
pub(super) fn read(
    collection: &mut Collection,
    origin: Origin,
    record: &Record<'_, '_>,
    file: &mut FileScopes,
) {
    let Some(assignment) = assignment(collection, record, "a role assignment") else { return };
    file.note(&assignment.scope);
    let key = AssignmentKey { name: assignment.name.clone(), scope: assignment.scope.clone() };
    if let Err((known, duplicate)) = collection.role_assignments.insert(key, origin, assignment)
        && !merge(known, duplicate)
    {
        record.warn(
            LoadWarningCode::ExportsDisagree,
            "id",
            format!("exports of role assignment `{}` disagree: the first is used", known.name),
            "export the role assignments once, after the last change",
        );
    }
}

/// Adds what another export says; `false` where the two differ.
pub(super) fn merge(known: &mut RoleAssignment, new: RoleAssignment) -> bool {
    known.principal_deleted |= new.principal_deleted;
    if known.principal_type == PrincipalType::Unknown {
        known.principal_type = new.principal_type;
    }
    let same_condition = match (&known.condition, new.condition) {
        (_, None) => true,
        (None, condition) => {
            known.condition = condition;
            true
        }
        (Some(old), Some(new)) => Arc::ptr_eq(old, &new) || old.text() == new.text(),
    };
    same_condition && known.role == new.role && known.principal == new.principal
}

/// Reads ARM `roleAssignmentScheduleInstances` and `roleEligibilityScheduleInstances`.
pub(super) fn read_scheduled(
    collection: &mut Collection,
    origin: Origin,
    record: &Record<'_, '_>,
    eligible_only: bool,
) {
    let Some(mut assignment) = assignment(collection, record, "a scheduled assignment") else { return };
    let (start, end) = (record.time("startDateTime"), record.time("endDateTime"));
    assignment.window = Some(Box::new(Window { start, end, eligible_only }));
    let stands_for = record.text("originRoleAssignmentId").and_then(|id| {
        let (scope, name) = split_id(&id, ROLE_ASSIGNMENTS)?;
        Some(AssignmentKey { name: AssignmentName::from(name), scope: collection.scopes.intern(scope).ok()? })
    });
    collection.scheduled.push(Scheduled { origin, assignment, stands_for });
}

const ROLE_ASSIGNMENTS: &str = "/providers/microsoft.authorization/roleassignments/";

fn assignment(collection: &mut Collection, record: &Record<'_, '_>, what: &str) -> Option<RoleAssignment> {
    let principal: Option<PrincipalId> = required(record, "principalId", what, |key| record.guid(key));
    let role = required(record, "roleDefinitionId", what, |key| {
        record.text(key).and_then(|text| role::role_id(record, key, &text))
    });
    let name = name(record, what);
    let scope = scope(collection, record, what);
    let condition = role::condition(record, &mut collection.conditions);
    let (Some(principal), Some(role), Some(name), Some(scope)) = (principal, role, name, scope) else {
        return None;
    };
    let principal_type = principal_type(record);
    let principal_name = record.text("principalName");
    if principal_type == PrincipalType::Group
        && let Some(name) = principal_name.as_deref().filter(|name| !name.is_empty())
    {
        collection.groups.hint(principal, name);
    }
    Some(RoleAssignment {
        name,
        scope,
        role,
        principal,
        principal_type,
        // Empty is "Identity not found"; absent or null only says that Graph was not asked.
        principal_deleted: principal_name.is_some_and(|name| name.is_empty()),
        condition,
        window: None,
    })
}

/// The value of a field, reported where it is missing.
fn required<T>(
    record: &Record<'_, '_>,
    key: &str,
    what: &str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Option<T> {
    let value = read(key);
    if value.is_none() {
        record.missing(key, what);
    }
    value
}

fn name(record: &Record<'_, '_>, what: &str) -> Option<AssignmentName> {
    let name = record.text("name").filter(|name| !name.is_empty());
    let name = name.map(|name| AssignmentName::from(&*name)).or_else(|| {
        let id = record.text("id")?;
        id.trim_end_matches('/').rsplit('/').next().filter(|last| !last.is_empty()).map(AssignmentName::from)
    });
    if name.is_none() {
        record.missing("name", what);
    }
    name
}

fn scope(collection: &mut Collection, record: &Record<'_, '_>, what: &str) -> Option<Scope> {
    if record.has("scope") {
        return record.scope("scope", &mut collection.scopes);
    }
    let id = record.text("id");
    let scope = id.as_deref().and_then(|id| {
        split_id(id, ROLE_ASSIGNMENTS)
            .or_else(|| split_id(id, "/providers/microsoft.authorization/denyassignments/"))
    });
    let scope = scope.and_then(|(scope, _)| collection.scopes.intern(scope).ok());
    if scope.is_none() {
        record.missing("scope", what);
    }
    scope
}

/// An assignment's id, cut into its scope and its name.
fn split_id<'i>(id: &'i str, provider: &str) -> Option<(&'i str, &'i str)> {
    let at = id.to_ascii_lowercase().rfind(provider)?;
    let (scope, name) = (id.get(..at)?, id.get(at + provider.len()..)?);
    Some((if scope.is_empty() { "/" } else { scope }, name.trim_end_matches('/')))
}

fn principal_type(record: &Record<'_, '_>) -> PrincipalType {
    match record.text("principalType").as_deref() {
        Some("User") => PrincipalType::User,
        Some("Group") => PrincipalType::Group,
        Some("ServicePrincipal") => PrincipalType::ServicePrincipal,
        _ => PrincipalType::Unknown,
    }
}

/// Reads `az role deny-assignment list` and ARM deny assignments.
pub(super) fn read_deny(
    collection: &mut Collection,
    origin: Origin,
    record: &Record<'_, '_>,
    file: &mut FileScopes,
) {
    let what = "a deny assignment";
    let (Some(name), Some(scope)) = (name(record, what), scope(collection, record, what)) else { return };
    if !record.has("permissions") {
        return record.missing("permissions", what);
    }
    if !record.has("principals") {
        return record.missing("principals", what);
    }
    file.note(&scope);
    let principals = named(record, "principals");
    for named in principals.iter().filter(|named| named.may_be_group) {
        collection.denied_groups.entry(named.id).or_insert(origin);
    }
    let ids = |named: Vec<Named>| named.into_iter().map(|named| named.id).collect();
    let deny = DenyAssignment {
        name: name.clone(),
        display_name: record.name("denyAssignmentName").unwrap_or_default(),
        scope: scope.clone(),
        only_this_scope: record.flag("doNotApplyToChildScopes").unwrap_or(false),
        principals: ids(principals),
        excluded: ids(named(record, "excludePrincipals")),
        permissions: role::blocks(record, &mut collection.conditions),
        condition: role::condition(record, &mut collection.conditions),
        enforced: is_enforced(record),
    };
    let (known, is_new) =
        collection.deny_assignments.entry(AssignmentKey { name, scope }, origin, || deny.clone());
    if !is_new {
        known.enforced |= deny.enforced;
        if known.display_name.is_empty() {
            known.display_name = deny.display_name.clone();
        }
        if !merge_deny(known, deny) {
            let message = format!(
                "exports of deny assignment `{}` disagree: whatever any of them denies counts",
                known.name
            );
            let help = "export the deny assignments once, after the last change";
            record.warn(LoadWarningCode::ExportsDisagree, "id", message, help);
        }
    }
}

/// Adds what another export denies; `false` where the two differ.
pub(super) fn merge_deny(known: &mut DenyAssignment, new: DenyAssignment) -> bool {
    let text =
        |condition: &Option<Arc<AssignmentCondition>>| condition.as_ref().map(|one| one.text().to_owned());
    let is_same = |one: &PermissionBlock, other: &PermissionBlock| {
        let patterns = |block: &PermissionBlock| {
            [&block.actions, &block.not_actions, &block.data_actions, &block.not_data_actions]
                .map(Clone::clone)
        };
        patterns(one) == patterns(other) && text(&one.condition) == text(&other.condition)
    };
    let before = (known.principals.len(), known.excluded.len(), known.permissions.len());
    let agrees = known.only_this_scope == new.only_this_scope
        && text(&known.condition) == text(&new.condition)
        && new.excluded.iter().all(|id| known.excluded.contains(id));
    unite(&mut known.principals, new.principals);
    known.excluded.retain(|id| new.excluded.contains(id));
    for block in new.permissions {
        if !known.permissions.iter().any(|one| is_same(one, &block)) {
            known.permissions.push(block);
        }
    }
    known.only_this_scope &= new.only_this_scope;
    if text(&known.condition) != text(&new.condition) {
        known.condition = None;
    }
    agrees && before == (known.principals.len(), known.excluded.len(), known.permissions.len())
}

/// Somebody whom a deny assignment names.
struct Named {
    id: PrincipalId,
    may_be_group: bool,
}

fn named(record: &Record<'_, '_>, key: &str) -> Vec<Named> {
    let principals = record.records(key).unwrap_or_default();
    let read = |principal: &Record<'_, '_>| {
        let Some(id) = principal.guid("id") else {
            principal.missing("id", "a principal");
            return None;
        };
        let is_other = |kind: &str| {
            ["User", "ServicePrincipal", "SystemDefined"].iter().any(|other| other.eq_ignore_ascii_case(kind))
        };
        Some(Named { id, may_be_group: !principal.text("type").is_some_and(|kind| is_other(&kind)) })
    };
    principals.iter().filter_map(read).collect()
}

fn is_enforced(record: &Record<'_, '_>) -> bool {
    let effect: Option<SmolStr> = record.lower_name("denyAssignmentEffect");
    match effect.as_deref() {
        None | Some("enforced") => true,
        Some("audit") => false,
        Some(other) => {
            let message =
                format!("`denyAssignmentEffect` is `{other}`: the deny assignment counts as enforced");
            let help = "update acr-admission; it knows `enforced` and `audit`";
            record.warn(LoadWarningCode::UnknownValue, "denyAssignmentEffect", message, help);
            true
        }
    }
}
