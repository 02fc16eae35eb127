//! The conditions of role assignments: unusable, leaky, pointless, or made pointless by another assignment.

use std::collections::HashMap;

use super::code::LintCode;
use super::condition::{ConditionWarning, warnings_for_role};
use super::estate::{Estate, RoleFacts};
use super::finding::{ConditionSpot, LintFinding};
use super::grant::Grant;
use crate::engine::action::Permission;
use crate::engine::assignment::{AssignmentCondition, ConditionFault, RoleAssignment};
use crate::engine::condition::{Code, Condition, ConditionError, Profile, REPOSITORY_NAME};
use crate::engine::guid::{PrincipalId, RoleId};
use crate::engine::inventory::Registry;

/// The checks of conditions, each text and role looked at once.
pub(super) struct Narrowing<'e, 'a> {
    estate: &'e Estate<'a>,
    warnings: HashMap<(&'a str, RoleId), Vec<ConditionWarning>>,
    /// Assignments without condition that let somebody pull from registries in ABAC mode.
    open: HashMap<PrincipalId, Vec<&'a RoleAssignment>>,
}

impl<'e, 'a> Narrowing<'e, 'a> {
    pub(super) fn new(estate: &'e Estate<'a>) -> Self {
        let mut open: HashMap<PrincipalId, Vec<&RoleAssignment>> = HashMap::new();
        for assignment in &estate.inventory().role_assignments {
            let reads = estate
                .role(assignment.role)
                .is_some_and(|role| role.compiled.plain.contains(Permission::ContentRead));
            if reads && assignment.condition.is_none() && estate.is_active(assignment) {
                open.entry(assignment.principal).or_default().push(assignment);
            }
        }
        Self { estate, warnings: HashMap::new(), open }
    }

    pub(super) fn check(
        &mut self,
        grant: &Grant<'_, 'a>,
        role: &RoleFacts<'_>,
        found: &mut Vec<LintFinding>,
    ) {
        let Some(condition) = &grant.assignment.condition else { return };
        if let Some(fault) = condition.fault() {
            found.push(unusable(grant, fault));
            return;
        }
        if role.conditionable.is_empty() {
            found.extend(without_effect(grant, role, condition));
            return;
        }
        let text = condition.text();
        let key = (text, role.definition.id);
        let warnings = self.warnings.entry(key).or_insert_with(|| all_warnings(text, role));
        for warning in warnings.iter() {
            let what = format!("{}: {}", grant.told(), warning.message);
            let mut finding = grant.finding(warning.code, what).with_fix(warning.help.clone());
            finding.spot = Some(warning.spot(text));
            found.push(finding);
        }
        found.extend(self.cancelled(grant, role));
    }

    /// Whether the principal, or a group around it, pulls without a condition anyway.
    fn cancelled(&self, grant: &Grant<'_, 'a>, role: &RoleFacts<'_>) -> Option<LintFinding> {
        if !role.conditionable.contains(&Permission::ContentRead.as_str()) {
            return None;
        }
        let registries = grant.abac_registries();
        let reaches_one = |other: &&&RoleAssignment| {
            self.estate
                .reach(other)
                .iter()
                .any(|one| registries.iter().any(|same: &&Registry| same.id == one.id))
        };
        let holders = self.estate.index.identity_set(grant.assignment.principal);
        let other = holders.filter_map(|holder| self.open.get(&holder)).flatten().find(reaches_one)?;
        let what = format!(
            "{}: `{}` lets it pull without a condition",
            grant.told(),
            self.estate.assignment(other).name
        );
        Some(grant.finding(LintCode::ConditionCancelled, what))
    }
}

pub(super) fn all_warnings(text: &str, role: &RoleFacts<'_>) -> Vec<ConditionWarning> {
    let Ok(condition) = Condition::parse(text) else { return Vec::new() };
    // A role of several services may be narrowed by the attributes of any of them.
    let profile = if role.is_for_registries { Profile::ContainerRegistry } else { Profile::AnyService };
    let mut warnings: Vec<ConditionWarning> =
        condition.validate(profile).iter().map(ConditionWarning::from).collect();
    let lists_catalog = role.compiled.any.contains(Permission::CatalogRead);
    warnings.extend(warnings_for_role(&condition, &role.conditionable, lists_catalog));
    warnings
}

impl From<&ConditionError> for ConditionWarning {
    fn from(error: &ConditionError) -> Self {
        let code = match error.code() {
            Code::OperatorNotForAttribute => LintCode::ConditionOperatorNotForAttribute,
            Code::AttributeUnknown => LintCode::ConditionAttributeUnknown,
            _ => LintCode::ConditionInvalid,
        };
        let help = error.help().unwrap_or(code.fix()).to_owned();
        Self { code, span: error.span(), message: error.message().to_owned(), help }
    }
}

fn unusable(grant: &Grant<'_, '_>, fault: &ConditionFault) -> LintFinding {
    match fault {
        ConditionFault::Version(version) => {
            let what = format!("{}: `conditionVersion` is `{version}`", grant.told());
            grant.finding(LintCode::ConditionVersionInvalid, what)
        }
        ConditionFault::Syntax(error) => {
            let what = format!("{}: {}: {}", grant.told(), error.code(), error.message());
            let fix = error.help().unwrap_or(LintCode::ConditionInvalid.fix());
            let mut finding = grant.finding(LintCode::ConditionInvalid, what).with_fix(fix);
            let text = grant.assignment.condition.as_ref().map_or("", |condition| condition.text());
            let part = text.get(error.span()).unwrap_or_default().to_owned();
            finding.spot = Some(ConditionSpot { line: error.line(), column: error.column(), text: part });
            finding
        }
    }
}

/// A condition on the repository's name where requests have none. Conditions on other things, such as the roles that
/// an administrator may assign, are none of our business.
fn without_effect(
    grant: &Grant<'_, '_>,
    role: &RoleFacts<'_>,
    condition: &AssignmentCondition,
) -> Option<LintFinding> {
    let is_about_name = condition.text().to_ascii_lowercase().contains(&REPOSITORY_NAME.to_ascii_lowercase());
    (is_about_name && role.works_in_rbac_mode).then(|| {
        let what = format!("{}: pulls in mode `rbac` carry no repository name", grant.told());
        grant.finding(LintCode::ConditionWithoutEffect, what)
    })
}
