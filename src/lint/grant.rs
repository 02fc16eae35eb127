//! Role assignments: what grants nothing, grants more than it seems, or to nobody.

use std::collections::{HashMap, HashSet};

use super::code::LintCode;
use super::estate::{Estate, RoleFacts, scope_name};
use super::finding::LintFinding;
use super::narrowing::Narrowing;
use crate::azure_cli::Shell;
use crate::engine::action::{Permission, PermissionsMode};
use crate::engine::assignment::RoleAssignment;
use crate::engine::guid::{ClientId, PrincipalId, RoleId};
use crate::engine::inventory::Registry;
use crate::engine::scope::Scope;
use crate::inventory::Listed;

/// Checks every role assignment.
pub(super) fn check(estate: &Estate<'_>, found: &mut Vec<LintFinding>) {
    let mut narrowing = Narrowing::new(estate);
    let mut seen: HashMap<(PrincipalId, RoleId, &Scope), &RoleAssignment> = HashMap::new();
    let mut told_roles: HashSet<RoleId> = HashSet::new();
    for (position, assignment) in estate.inventory().role_assignments.iter().enumerate() {
        let grant = Grant { estate, position, assignment };
        let Some(role) = estate.role(assignment.role) else {
            if !estate.reach(assignment).is_empty() && told_roles.insert(assignment.role) {
                found.push(grant.unknown_role());
            }
            continue;
        };
        if !role.is_about_images() {
            continue;
        }
        if let Some(useless) = grant.useless(role) {
            found.push(useless);
            continue;
        }
        let key = (assignment.principal, assignment.role, &assignment.scope);
        if let Some(first) = seen.insert(key, assignment) {
            found.push(grant.duplicate(first));
        }
        if told_roles.insert(assignment.role) {
            found.extend(wildcard(estate, role));
        }
        grant.modes(role, found);
        found.extend(grant.unconditioned(role));
        narrowing.check(&grant, role, found);
    }
}

/// One assignment with its surroundings.
pub(super) struct Grant<'e, 'a> {
    pub(super) estate: &'e Estate<'a>,
    pub(super) position: usize,
    pub(super) assignment: &'a RoleAssignment,
}

impl Grant<'_, '_> {
    pub(super) fn finding(&self, code: LintCode, what: String) -> LintFinding {
        let place = self.estate.place(Listed::RoleAssignments, self.position);
        LintFinding::new(code, self.estate.assignment(self.assignment), place, what)
    }

    /// `` `AcrPull` for `id-web` at `contoso` ``.
    pub(super) fn told(&self) -> String {
        let (role, who) = (
            self.estate.role_name(self.assignment.role),
            self.estate.principal_name(self.assignment.principal),
        );
        format!("`{role}` for `{who}` at `{}`", scope_name(&self.assignment.scope))
    }

    fn delete(&self) -> String {
        Shell::Posix.line(["az", "role", "assignment", "delete", "--ids", &self.assignment.id()])
    }

    fn unknown_role(&self) -> LintFinding {
        let what = format!("{}: no export defines the role", self.told());
        self.finding(LintCode::RoleDefinitionUnknown, what)
    }

    /// An assignment that grants nothing to anybody, whatever the registry's mode.
    fn useless(&self, role: &RoleFacts<'_>) -> Option<LintFinding> {
        let assignment = self.assignment;
        let scope = &assignment.scope;
        if is_below_registry(scope) {
            let what = format!("{}: `{scope}` lies below the registry", self.told());
            return Some(self.finding(LintCode::ScopeBelowRegistry, what).with_command(self.delete()));
        }
        if self.estate.reach(assignment).is_empty() {
            return None;
        }
        if assignment.principal_deleted {
            let what = format!("{}: the principal is gone", self.told());
            return Some(self.finding(LintCode::PrincipalDeleted, what).with_command(self.delete()));
        }
        if let Some(finding) = self.names_client_id() {
            return Some(finding);
        }
        if scope.management_group().is_some() && role.compiled.custom_with_data_actions {
            let what = format!("{}: a custom role with data actions", self.told());
            return Some(self.finding(LintCode::DataActionsAtManagementGroup, what));
        }
        let end = assignment.window.as_ref().and_then(|window| window.end);
        end.filter(|end| *end <= self.estate.now).map(|end| {
            self.finding(LintCode::AssignmentExpired, format!("{}: it ended at {end}", self.told()))
        })
    }

    fn names_client_id(&self) -> Option<LintFinding> {
        let id = self.assignment.principal;
        if self.estate.index.principal(id).is_some() {
            return None;
        }
        let meant = self.estate.index.principal_by_client_id(ClientId::new(id.guid()))?;
        let what = format!("{}: that is the client id of `{}`", self.told(), meant.name);
        let fix = format!("delete it and assign the role to the object id, {}", meant.principal_id);
        Some(self.finding(LintCode::AssignmentNamesClientId, what).with_fix(fix).with_command(self.delete()))
    }

    fn duplicate(&self, first: &RoleAssignment) -> LintFinding {
        let what = format!("{}: assignment `{}` gives the same", self.told(), first.name);
        self.finding(LintCode::DuplicateAssignment, what)
    }

    fn modes(&self, role: &RoleFacts<'_>, found: &mut Vec<LintFinding>) {
        let reach = self.estate.reach(self.assignment);
        // A role made for much more than registries is nobody's mistake unless somebody pulls with it.
        let pulls = self.estate.pulls(self.assignment.principal);
        if !role.is_for_registries && !pulls {
            return;
        }
        let is_ignored = |registry: &&&Registry| registry.mode.is_some_and(|mode| !role.works_in(mode));
        let ignoring: Vec<&Registry> = reach.iter().filter(is_ignored).copied().collect();
        if !ignoring.is_empty() {
            found.push(self.ignored(role, &ignoring, ignoring.len() == reach.len()));
        }
        let open: Vec<&Registry> =
            reach.iter().filter(|registry| registry.mode == Some(PermissionsMode::Rbac)).copied().collect();
        let is_broad = !role.is_for_registries && role.compiled.any.contains(Permission::PullRead);
        if is_broad && !open.is_empty() {
            let what = format!("{} pulls every repository of {}", self.told(), names(&open));
            found.push(self.finding(LintCode::BroadRoleForPulling, what));
        }
    }

    fn ignored(&self, role: &RoleFacts<'_>, ignoring: &[&Registry], everywhere: bool) -> LintFinding {
        let what = format!("{} gives no access to images in {}", self.told(), names(ignoring));
        let code = match (everywhere, role.works_in_rbac_mode) {
            (false, _) => LintCode::RolePartlyIgnored,
            (true, true) => LintCode::RoleIgnoredInAbacMode,
            (true, false) => LintCode::RoleIgnoredInRbacMode,
        };
        let finding = self.finding(code, what);
        // At the registry itself and for nothing else: taking it away changes nothing.
        let is_at_registry = ignoring.iter().any(|registry| registry.id == self.assignment.scope);
        if everywhere && is_at_registry && is_about_images_only(role) {
            return finding.with_command(self.delete());
        }
        finding
    }

    fn unconditioned(&self, role: &RoleFacts<'_>) -> Option<LintFinding> {
        // Built-in roles of both planes, such as the data importer's, take no condition.
        let is_of_both_planes = role.definition.built_in && role.works_in_rbac_mode;
        if role.conditionable.is_empty() || is_of_both_planes || self.assignment.condition.is_some() {
            return None;
        }
        let abac: Vec<&Registry> = self.abac_registries();
        (!abac.is_empty()).then(|| {
            let what = format!("{} holds for every repository of {}", self.told(), names(&abac));
            self.finding(LintCode::RepositoryRoleUnconditioned, what)
        })
    }

    /// The registries in reach that look at data actions.
    pub(super) fn abac_registries(&self) -> Vec<&Registry> {
        let reach = self.estate.reach(self.assignment).iter().copied();
        reach.filter(|registry| registry.mode == Some(PermissionsMode::RbacAbac)).collect()
    }
}

fn wildcard(estate: &Estate<'_>, role: &RoleFacts<'_>) -> Option<LintFinding> {
    if role.compiled.by_registry_wildcard.is_empty() {
        return None;
    }
    let definitions = &estate.inventory().role_definitions;
    let position = definitions.iter().position(|definition| definition.id == role.definition.id)?;
    let name = role.definition.name.to_string();
    let what = format!("`{name}` covers images only through a wildcard");
    let subject =
        super::finding::Subject { kind: "roleDefinition", id: role.definition.id.to_string(), name };
    let place = estate.place(Listed::RoleDefinitions, position);
    Some(LintFinding::new(LintCode::WildcardInCustomRole, subject, place, what))
}

/// Whether the role does nothing but what decisions about images turn on, so that an ignored one is of no use.
fn is_about_images_only(role: &RoleFacts<'_>) -> bool {
    let blocks = &role.definition.permissions;
    let mut actions = blocks.iter().flat_map(|block| block.actions.iter().chain(&block.data_actions));
    actions.all(|action| {
        let is = |known: &str| known.eq_ignore_ascii_case(action);
        Permission::ordinary().any(|known| is(known.as_str()))
            || super::condition::CONDITIONABLE.into_iter().any(is)
    })
}

fn is_below_registry(scope: &Scope) -> bool {
    let provider = "/providers/microsoft.containerregistry/registries/";
    let below = scope.key().split_once(provider).map(|(_, rest)| rest);
    below.is_some_and(|rest| rest.contains('/'))
}

fn names(registries: &[&Registry]) -> String {
    let names: Vec<String> = registries.iter().map(|registry| format!("`{}`", registry.name)).collect();
    names.join(", ")
}
