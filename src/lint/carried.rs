//! Conditions that role definitions and deny assignments carry themselves.
//!
//! A condition in a permission block narrows every assignment of the role, beside the assignment's own. One on a deny
//! assignment narrows the denial: where it cannot be used, or is never false, the denial applies to everything.

use super::code::LintCode;
use super::condition::{ConditionWarning, asks_for_name, condition_warnings};
use super::estate::{Estate, RoleFacts};
use super::finding::{ConditionSpot, LintFinding, Subject};
use super::narrowing::all_warnings;
use crate::engine::assignment::{AssignmentCondition, ConditionFault, DenyAssignment, RoleDefinition};
use crate::engine::condition::{Condition, Profile};
use crate::inventory::{Listed, Place};

/// Checks the conditions of every role about images and of every deny assignment.
pub(super) fn check(estate: &Estate<'_>, found: &mut Vec<LintFinding>) {
    for (position, role) in estate.inventory().role_definitions.iter().enumerate() {
        of_role(estate, position, role, found);
    }
    for (position, deny) in estate.inventory().deny_assignments.iter().enumerate() {
        of_deny(estate, position, deny, found);
    }
}

fn of_role(estate: &Estate<'_>, position: usize, role: &RoleDefinition, found: &mut Vec<LintFinding>) {
    let subject = Subject { kind: "roleDefinition", id: role.id.to_string(), name: role.name.to_string() };
    for block in &role.permissions {
        let Some(condition) = &block.condition else { continue };
        // The condition narrows this block and no other.
        let narrowed = RoleDefinition { permissions: vec![block.clone()], ..role.clone() };
        let facts = RoleFacts::of(&narrowed);
        if !facts.is_about_images() {
            continue;
        }
        let carrier = Carrier {
            subject: subject.clone(),
            place: estate.place(Listed::RoleDefinitions, position),
            told: format!("role `{}`", role.name),
        };
        carrier.tell(condition, |text| all_warnings(text, &facts), found);
    }
}

fn of_deny(estate: &Estate<'_>, position: usize, deny: &DenyAssignment, found: &mut Vec<LintFinding>) {
    let blocks = deny.permissions.iter().filter_map(|block| block.condition.as_ref());
    for condition in deny.condition.iter().chain(blocks) {
        let carrier = Carrier {
            subject: Subject {
                kind: "denyAssignment",
                id: deny.name.to_string(),
                name: deny.display_name.to_string(),
            },
            place: estate.place(Listed::DenyAssignments, position),
            told: format!("deny assignment `{}`", deny.display_name),
        };
        carrier.tell(condition, warnings_of_deny, found);
    }
}

/// What an action that is left open means is another matter for a denial, so only the text itself is looked at.
fn warnings_of_deny(text: &str) -> Vec<ConditionWarning> {
    let Ok(condition) = Condition::parse(text) else { return Vec::new() };
    let profile = if asks_for_name(&condition) { Profile::ContainerRegistry } else { Profile::AnyService };
    let mut warnings: Vec<ConditionWarning> =
        condition.validate(profile).iter().map(ConditionWarning::from).collect();
    warnings.extend(condition_warnings(&condition));
    warnings
}

/// What carries a condition.
struct Carrier {
    subject: Subject,
    place: Option<Place>,
    told: String,
}

impl Carrier {
    fn tell(
        self,
        condition: &AssignmentCondition,
        warnings: impl FnOnce(&str) -> Vec<ConditionWarning>,
        found: &mut Vec<LintFinding>,
    ) {
        let text = condition.text();
        let Self { subject, place, told } = self;
        let finding = |code, what: String| LintFinding::new(code, subject.clone(), place.clone(), what);
        match condition.fault() {
            Some(ConditionFault::Version(version)) => {
                let what = format!("{told}: `conditionVersion` is `{version}`");
                found.push(finding(LintCode::ConditionVersionInvalid, what));
            }
            Some(ConditionFault::Syntax(error)) => {
                let what = format!("{told}: {}: {}", error.code(), error.message());
                let fix = error.help().unwrap_or(LintCode::ConditionInvalid.fix());
                let mut invalid = finding(LintCode::ConditionInvalid, what).with_fix(fix);
                let part = text.get(error.span()).unwrap_or_default().to_owned();
                invalid.spot = Some(ConditionSpot { line: error.line(), column: error.column(), text: part });
                found.push(invalid);
            }
            None => found.extend(warnings(text).into_iter().map(|warning| {
                let spot = warning.spot(text);
                let mut suspicious =
                    finding(warning.code, format!("{told}: {}", warning.message)).with_fix(warning.help);
                suspicious.spot = Some(spot);
                suspicious
            })),
        }
    }
}
