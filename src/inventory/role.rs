//! Role definitions and permission blocks.

use std::sync::Arc;

use smol_str::SmolStr;

use super::collection::{Collection, Origin};
use super::intern::Conditions;
use super::problem::{LoadErrorCode, LoadWarningCode};
use super::record::Record;
use crate::engine::assignment::{AssignmentCondition, PermissionBlock, RoleDefinition};
use crate::engine::guid::RoleId;

/// The file number of the roles that are built into this program.
pub(super) const BUILT_IN_FILE: u32 = u32::MAX;

/// Azure's built-in roles that touch registries, so that an export without role definitions is complete.
pub(super) const BUILT_IN_ROLES: &str = include_str!("builtin-roles.json");

/// Reads `az role definition list` and ARM role definitions.
pub(super) fn read(collection: &mut Collection, origin: Origin, record: &Record<'_, '_>) {
    let Some(id) = id(record) else { return };
    if !record.has("permissions") {
        return record.missing("permissions", "a role definition");
    }
    let permissions = blocks(record, &mut collection.conditions);
    let name = record.name("roleName").unwrap_or_default();
    let role_type = record.text("roleType").or_else(|| record.inner_text("type")).unwrap_or_default();
    let role = RoleDefinition {
        id,
        name: name.clone(),
        built_in: role_type.eq_ignore_ascii_case("BuiltInRole"),
        permissions,
    };
    let known = collection.role_definitions.replace_if(id, origin, role, |first| first.file == BUILT_IN_FILE);
    // One role is listed in every subscription it can be assigned in; the first wins but may lack its name.
    if let Some(known) = known
        && known.name.is_empty()
    {
        known.name = name;
    }
}

fn id(record: &Record<'_, '_>) -> Option<RoleId> {
    if let Some(id) = record.text("id") {
        return role_id(record, "id", &id);
    }
    let Some(name) = record.text("name") else {
        record.missing("id", "a role definition");
        return None;
    };
    role_id(record, "name", &name)
}

/// The GUID at the end of a role definition id. What stands before it differs between tools and means nothing.
pub(super) fn role_id(record: &Record<'_, '_>, key: &str, text: &str) -> Option<RoleId> {
    let last = text.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let id = last.parse().ok();
    if id.is_none() {
        let message = format!("`{key}` ends with `{last}`, which is no GUID of a role");
        record.error(LoadErrorCode::BadValue, key, message, "export the file again and leave it unchanged");
    }
    id
}

/// The `permissions` of a role or deny assignment.
pub(super) fn blocks(record: &Record<'_, '_>, conditions: &mut Conditions) -> Vec<PermissionBlock> {
    let blocks = record.records("permissions").unwrap_or_default();
    blocks
        .iter()
        .map(|block| PermissionBlock {
            actions: patterns(block, "actions"),
            not_actions: patterns(block, "notActions"),
            data_actions: patterns(block, "dataActions"),
            not_data_actions: patterns(block, "notDataActions"),
            condition: condition(block, conditions),
        })
        .collect()
}

fn patterns(block: &Record<'_, '_>, key: &str) -> Vec<SmolStr> {
    block.names(key).unwrap_or_default()
}

/// The condition of an assignment or block. One that cannot be used is kept, so that it never grants, and told.
pub(super) fn condition(
    record: &Record<'_, '_>,
    conditions: &mut Conditions,
) -> Option<Arc<AssignmentCondition>> {
    let spelling = record.value("condition")?.get();
    let version = record.loose_text("conditionVersion").filter(|version| !version.is_empty());
    if let Some(known) = conditions.spelled(spelling, version.as_deref()) {
        return Some(known);
    }
    // A blank one is no absent one: `--condition "$UNSET"` sends it, somebody meant to limit something, and what Azure
    // makes of it is not documented. It stays, does not parse, and so grants nothing.
    let text = record.text("condition")?;
    let (condition, is_new) = conditions.intern(&text, version.as_deref());
    conditions.remember(spelling, version.as_deref(), &condition);
    if is_new && let Some(fault) = condition.fault() {
        record.warn(
            LoadWarningCode::ConditionInvalid,
            "condition",
            format!("the condition cannot be used, so what carries it grants nothing: {fault}"),
            "correct it in Azure and export again; `acr-admission condition check` explains the place",
        );
    }
    Some(condition)
}
