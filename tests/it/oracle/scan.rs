//! The second opinion: Azure's rules read once more from the documentation, as plainly as possible.
//!
//! Shares nothing with the engine but the words for actions and reasons.

use acr_admission::engine::action::Action;
use acr_admission::engine::decision::{Reason, Verdict};
use jiff::Timestamp;

use super::Asked;
use super::estate::{
    ABOVE, Assignment, Deny, Estate, REGISTRIES, ROLES, Role, SUBSCRIPTION, Tree, registry_id, scopes,
};

const PROVIDER: &str = "microsoft.containerregistry/registries/";

/// Some(true), Some(false), or None for "cannot be known".
type Ternary = Option<bool>;

pub(crate) fn decide(estate: &Estate, asked: &Asked, _now: Timestamp) -> (Reason, Option<String>) {
    match asked.registry {
        0 => in_mode(estate, asked, false),
        1 => in_mode(estate, asked, true),
        _ => {
            let plain = in_mode(estate, asked, false);
            let fine = in_mode(estate, asked, true);
            if plain.0.verdict() == fine.0.verdict() { fine } else { (Reason::RegistryModeUnknown, None) }
        }
    }
}

fn needed(action: Action, fine: bool) -> &'static [&'static str] {
    match (action, fine) {
        (Action::Pull | Action::List | Action::Catalog, false) => &["pull/read"],
        (Action::Push, false) => &["push/write", "pull/read"],
        (Action::Delete, false) => &["artifacts/delete"],
        (Action::Pull, true) => &["repositories/content/read"],
        (Action::Push, true) => &["repositories/content/write", "repositories/content/read"],
        (Action::Delete, true) => &["repositories/content/delete", "repositories/metadata/delete"],
        (Action::List, true) => &["repositories/metadata/read"],
        (Action::Catalog, true) => &["catalog/read"],
    }
}

/// What somebody who knows the other mode would have granted for the same permission.
fn counterparts(permission: &str) -> &'static [&'static str] {
    match permission {
        "pull/read" => &["repositories/content/read", "repositories/metadata/read", "catalog/read"],
        "push/write" => &["repositories/content/write"],
        "artifacts/delete" => &["repositories/content/delete"],
        "repositories/content/write" => &["push/write"],
        "repositories/content/delete" | "repositories/metadata/delete" => &["artifacts/delete"],
        _ => &["pull/read"],
    }
}

fn in_mode(estate: &Estate, asked: &Asked, fine: bool) -> (Reason, Option<String>) {
    let answers: Vec<_> = needed(asked.action, fine)
        .iter()
        .map(|permission| for_permission(estate, asked, permission, fine))
        .collect();
    let first = |verdict| answers.iter().find(|answer| answer.0.verdict() == verdict);
    let telling = first(Verdict::Deny).or_else(|| first(Verdict::Unknown)).or_else(|| first(Verdict::Allow));
    telling.cloned().unwrap()
}

fn for_permission(estate: &Estate, asked: &Asked, permission: &str, fine: bool) -> (Reason, Option<String>) {
    let identities = identities(estate, asked.principal);
    let registry = registry_id(REGISTRIES[asked.registry]);
    let repository = (fine && permission.starts_with("repositories/")).then_some(asked.repository);
    let denies = |hit: fn(&Estate, &Deny, usize) -> bool| {
        estate.denies.iter().find(|deny| {
            takes_away(estate, deny, &registry, permission, repository) && hit(estate, deny, asked.principal)
        })
    };
    if let Some(deny) = denies(is_hit) {
        return (Reason::DeniedByDenyAssignment, Some(deny.name.to_string()));
    }
    let mut fallback: Option<(u8, Reason, String)> = None;
    for assignment in &estate.assignments {
        if !identities.contains(&assignment.principal) || !reaches(&scopes()[assignment.scope], &registry) {
            continue;
        }
        match weigh(estate, assignment, permission, repository, fine) {
            Some(Reason::AllowedByRole) => {
                return match denies(may_be_hit) {
                    Some(deny) => (Reason::DenyAssignmentMembersUnknown, Some(deny.name.to_string())),
                    None if estate.lacks[1] => (Reason::DenyAssignmentsNotExported, None),
                    None => (Reason::AllowedByRole, Some(assignment.name.to_string())),
                };
            }
            Some(reason) => {
                let rank = match reason {
                    Reason::ConditionNotMet => 0,
                    Reason::ConditionNotEvaluable => 1,
                    Reason::ConditionInvalid => 2,
                    _ => 3,
                };
                if fallback.as_ref().is_none_or(|(found, ..)| rank < *found) {
                    fallback = Some((rank, reason, assignment.name.to_string()));
                }
            }
            None => {}
        }
    }
    match fallback {
        _ if estate.lacks[0] => (Reason::RoleAssignmentsNotExported, None),
        Some((_, reason, by)) => (reason, Some(by)),
        None if asked.action == Action::Pull => (Reason::NoPullPermission, None),
        None => (Reason::NoPermission, None),
    }
}

/// The caller and every group around it.
fn identities(estate: &Estate, principal: usize) -> Vec<usize> {
    let mut all = vec![principal];
    loop {
        let before = all.len();
        for (number, members) in estate.members.iter().enumerate() {
            let group = 4 + number;
            if !all.contains(&group) && members.iter().any(|member| all.contains(member)) {
                all.push(group);
            }
        }
        if all.len() == before {
            return all;
        }
    }
}

/// Whether a scope is the registry or above it. Only `ABOVE` is known to lie above the subscription.
fn reaches(scope: &str, registry: &str) -> bool {
    let segments = |text: &str| -> Vec<String> {
        text.split('/').filter(|part| !part.is_empty()).map(str::to_lowercase).collect()
    };
    if scope == ABOVE {
        return registry.starts_with(SUBSCRIPTION);
    }
    let (scope, registry) = (segments(scope), segments(registry));
    registry.len() >= scope.len() && registry[..scope.len()] == scope[..]
}

fn weigh(
    estate: &Estate,
    assignment: &Assignment,
    permission: &str,
    repository: Option<&str>,
    fine: bool,
) -> Option<Reason> {
    let role = ROLES.get(assignment.role)?;
    if assignment.deleted || assignment.expired {
        return None;
    }
    if !yields(role, permission) {
        let inert = counterparts(permission).iter().any(|other| yields(role, other));
        let reason = if fine { Reason::RoleIgnoredInAbacMode } else { Reason::RoleIgnoredInRbacMode };
        return inert.then_some(reason);
    }
    let at_management_group = scopes()[assignment.scope].contains("managementGroups");
    if fine && !role.1 && !role.2[2].is_empty() && at_management_group {
        return None;
    }
    // Both must hold; where neither does, the worse of the two is named.
    let outcomes = [&estate.role_conditions[assignment.role], &assignment.condition].map(|tree| match tree {
        None => Reason::AllowedByRole,
        Some(tree) if tree.is_broken() => Reason::ConditionInvalid,
        Some(tree) => match evaluate(tree, permission, repository) {
            Some(true) => Reason::AllowedByRole,
            Some(false) => Reason::ConditionNotMet,
            None => Reason::ConditionNotEvaluable,
        },
    });
    let worst_first = [
        Reason::ConditionInvalid,
        Reason::ConditionNotEvaluable,
        Reason::ConditionNotMet,
        Reason::AllowedByRole,
    ];
    worst_first.into_iter().find(|reason| outcomes.contains(reason))
}

fn yields((_, _, lists): &Role, permission: &str) -> bool {
    let data = permission.starts_with("repositories/") || permission == "catalog/read";
    let (granted, removed) = if data { (lists[2], lists[3]) } else { (lists[0], lists[1]) };
    let action = format!("{PROVIDER}{permission}");
    granted.iter().any(|pattern| like(pattern, &action))
        && !removed.iter().any(|pattern| like(pattern, &action))
}

/// Whether a deny assignment takes the permission away from those whom it hits.
fn takes_away(
    estate: &Estate,
    deny: &Deny,
    registry: &str,
    permission: &str,
    repository: Option<&str>,
) -> bool {
    let scope = &scopes()[deny.scope];
    let in_reach = if deny.only_this_scope { scope == registry } else { reaches(scope, registry) };
    let narrowed_away = [&deny.condition, &estate.role_conditions[deny.role]]
        .into_iter()
        .flatten()
        .any(|tree| !tree.is_broken() && evaluate(tree, permission, repository) == Some(false));
    deny.enforced && in_reach && yields(&ROLES[deny.role], permission) && !narrowed_away
}

fn is_hit(estate: &Estate, deny: &Deny, principal: usize) -> bool {
    let identities = identities(estate, principal);
    let named = deny.everyone || deny.principals.iter().any(|one| identities.contains(one));
    named && !deny.excluded.iter().any(|one| identities.contains(one))
}

/// Whether the deny names a group that may hold the caller, for all that was exported.
fn may_be_hit(estate: &Estate, deny: &Deny, principal: usize) -> bool {
    let identities = identities(estate, principal);
    let is_open = |group: usize| {
        // A group without a list in it leaves it open as well.
        (0..estate.listed.len())
            .any(|inner| !estate.listed[inner] && self::identities(estate, 4 + inner).contains(&group))
    };
    let perhaps = deny.principals.iter().any(|group| is_open(*group));
    perhaps && !estate.complete[principal] && !deny.excluded.iter().any(|one| identities.contains(one))
}

fn evaluate(tree: &Tree, permission: &str, repository: Option<&str>) -> Ternary {
    match tree {
        Tree::Equals(value, true) => repository.map(|name| name.to_lowercase() == value.to_lowercase()),
        Tree::Equals(value, false) => repository.map(|name| name == *value),
        Tree::StartsWith(value) => repository.map(|name| name.starts_with(value)),
        Tree::ActionIs(pattern) => Some(like(pattern, &format!("{PROVIDER}{permission}"))),
        Tree::Exists => Some(repository.is_some()),
        Tree::ResourceName | Tree::Broken => None,
        Tree::Not(inner) => evaluate(inner, permission, repository).map(|value| !value),
        Tree::And(left, right) => {
            let values = [evaluate(left, permission, repository), evaluate(right, permission, repository)];
            if values.contains(&Some(false)) {
                Some(false)
            } else if values.contains(&None) {
                None
            } else {
                Some(true)
            }
        }
        Tree::Or(left, right) => {
            let values = [evaluate(left, permission, repository), evaluate(right, permission, repository)];
            if values.contains(&Some(true)) {
                Some(true)
            } else if values.contains(&None) {
                None
            } else {
                Some(false)
            }
        }
    }
}

/// `*` is any run; letter case does not count. Splits at the stars and finds the pieces from left to right.
fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let pieces: Vec<&str> = pattern.split('*').collect();
    let (first, last) = (pieces[0], pieces[pieces.len() - 1]);
    if pieces.len() == 1 {
        return pattern == text;
    }
    if !text.starts_with(first) || !text.ends_with(last) || text.len() < first.len() + last.len() {
        return false;
    }
    let mut middle = text.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)).unwrap();
    pieces[1..pieces.len() - 1].iter().all(|piece| {
        let Some((_, rest)) = middle.split_once(piece) else { return false };
        middle = rest;
        true
    })
}
