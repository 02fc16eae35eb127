//! The sentences of an explanation.

use crate::engine::action::PermissionsMode;
use crate::engine::authorize::Contribution;
use crate::engine::fix::NoFix;
use crate::engine::near_miss::{NearMiss, NearMissKind};
use crate::engine::scope::Scope;

/// The one fact that decided what an assignment contributes.
pub(super) const fn contribution(contribution: Contribution, mode: PermissionsMode) -> &'static str {
    match contribution {
        Contribution::Granted => "grants it",
        Contribution::ConditionFalse => "would grant it, but its condition is false for this repository",
        Contribution::ConditionUnknown => {
            "would grant it, but its condition asks for what the registry does not supply"
        }
        Contribution::ConditionInvalid => {
            "would grant it, but its condition does not parse, so it grants nothing"
        }
        Contribution::Inert => match mode {
            PermissionsMode::Rbac => "ignored: its role holds data actions, which mode rbac does not read",
            PermissionsMode::RbacAbac => {
                "ignored: its role holds control-plane actions, which mode rbac-abac does not read for this"
            }
        },
        Contribution::PermissionMissing => "its role does not hold the permission",
        Contribution::RoleUnknown => "no export defines its role, so it grants nothing",
        Contribution::NotActive => "it is not active at this time",
        Contribution::PrincipalDeleted => "its principal was deleted",
        Contribution::DataActionsAtManagementGroup => {
            "a custom role with data actions grants nothing at a management group"
        }
        Contribution::ManagementGroupUncertain => {
            "no export shows whether its management group lies above the registry, so it does not count"
        }
        Contribution::BelowRegistry => "it is made below the registry, where no registry looks",
        Contribution::OutOfScope => "it is made elsewhere, neither at the registry nor above it",
    }
}

/// Code, the object that it is about, and the sentence.
pub(super) fn near_miss(near_miss: &NearMiss<'_>) -> (&'static str, String, String) {
    let assignment = |one: &crate::engine::assignment::RoleAssignment| one.name.to_string();
    match near_miss.kind {
        NearMissKind::Repository(one) => {
            let example = near_miss.example.as_deref().unwrap_or_default();
            let text = format!("if the repository were one that the condition covers, such as `{example}`");
            ("Repository", assignment(one), text)
        }
        NearMissKind::Mode(mode) => {
            ("Mode", mode.to_string(), format!("if the registry were in mode {mode}"))
        }
        NearMissKind::Scope(one) => {
            let text = format!("if the scope were the registry instead of {}", place(&one.scope, None));
            ("Scope", assignment(one), text)
        }
        NearMissKind::Time(one) => ("Time", assignment(one), "if the assignment were active now".to_owned()),
        NearMissKind::ClientId(one) => {
            let text = "if the assignment named the identity's object id: it names the client id";
            ("ClientId", assignment(one), text.to_owned())
        }
        NearMissKind::HiddenMember(group) => {
            let name = if group.name.is_empty() { group.id.to_string() } else { group.name.to_string() };
            let text =
                format!("if the identity were a member of group {name}, whose members the export may hide");
            ("HiddenMember", group.id.to_string(), text)
        }
        NearMissKind::Deny(deny) => {
            let text = format!("if the deny assignment \"{}\" did not hit the identity", deny.display_name);
            ("Deny", deny.name.to_string(), text)
        }
    }
}

/// A scope in words, as seen from a registry.
pub(super) fn place(scope: &Scope, registry: Option<&Scope>) -> String {
    if registry == Some(scope) {
        return "the registry".to_owned();
    }
    if let Some(group) = scope.management_group() {
        return format!("management group {group}");
    }
    let segments: Vec<&str> = scope.as_str().split('/').filter(|segment| !segment.is_empty()).collect();
    match segments.as_slice() {
        [] => "the root of the tenant".to_owned(),
        [_, id] => format!("subscription {id}"),
        [_, _, _, group] => format!("resource group {group}"),
        [_, _, _, group, _, _, kind, name] if kind.eq_ignore_ascii_case("registries") => {
            format!("registry {name} in resource group {group}")
        }
        _ => scope.to_string(),
    }
}

/// Why no role assignment is offered.
pub(super) const fn no_fix(why: NoFix) -> &'static str {
    match why {
        NoFix::NotDenied | NoFix::NotAPull => "nothing to fix by a role assignment",
        NoFix::ModeUnknown => "no export shows the registry's mode, so no role is known to work",
        NoFix::DenyAssignment => "a deny assignment beats every role, or may",
        NoFix::PrincipalDeleted => "the principal was deleted; whoever replaced it has another object id",
        NoFix::TimeBound => {
            "the assignment to change is time-bound: change it in Privileged Identity Management"
        }
        NoFix::NameNotExpressible => "no condition can name this repository",
        NoFix::ConditionTooLong => {
            "the condition would be longer than the 8 KB that Azure takes: use a prefix"
        }
        NoFix::NotVerified => "no role assignment was found that turns this verdict and changes nothing else",
    }
}
