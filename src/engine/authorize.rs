//! The algorithm: may this identity do this with that repository?
//!
//! Azure's order (Azure RBAC, "How Azure RBAC determines if a user has access to a resource"):
//!
//! 1. Everybody whose assignments count: the caller and all its groups.
//! 2. A deny assignment that reaches the registry, hits the caller and covers the permission ends it.
//! 3. Role assignments at the registry or above, active now, whose role yields the permission in the registry's
//!    mode, and whose conditions hold: one is enough.
//!
//! Where the exports do not say which mode a registry is in, both are tried; only an agreement is an answer. Where an
//! export says that it could not read the assignments of step 2 or 3, the answer is *unknown* as soon as they matter.

use jiff::Timestamp;

use super::account::mind_lock;
use super::action::{Action, Permission, PermissionsMode};
use super::assignment::{AssignmentCondition, RoleAssignment};
use super::condition::Truth;
use super::conditional_access::SignIn;
use super::decision::{Advice, AdviceSet, Decider, Decision, Reason, Verdict};
use super::deny::Denial;
use super::guid::PrincipalId;
use super::index::{CompiledRole, Entry, Index, Placement, RegistryEntry, RegistryNumber};
use super::suppose::Supposition;

/// One question: may `principal` do `action` with `repository` of `registry` at `now`?
#[derive(Clone, Copy, Debug)]
pub struct AccessRequest<'a> {
    /// Who asks, by object id.
    pub principal: PrincipalId,
    /// Which registry.
    pub registry: RegistryNumber,
    /// The repository path without host, tag or digest; `None` for the catalog.
    pub repository: Option<&'a str>,
    /// What is to be done.
    pub action: Action,
    /// When. The engine has no clock.
    pub now: Timestamp,
}

/// What one assignment contributes to one permission, with the one fact that decided it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Contribution {
    /// Grants the permission.
    Granted,
    /// Would, but its condition is false for this repository.
    ConditionFalse,
    /// Would, but its condition needs something that the registry does not supply.
    ConditionUnknown,
    /// Would, but its condition does not parse.
    ConditionInvalid,
    /// Yields the permission of the other permissions mode only.
    Inert,
    /// Its role yields nothing that matters here.
    PermissionMissing,
    /// Its role is defined nowhere in the exports.
    RoleUnknown,
    /// Not active at this time, or merely eligible.
    NotActive,
    /// Its principal was deleted.
    PrincipalDeleted,
    /// A custom role with data actions at a management group, which Azure does not allow.
    DataActionsAtManagementGroup,
    /// Made at a management group of which the exports do not show whether it lies above the registry.
    ManagementGroupUncertain,
    /// Made below the registry.
    BelowRegistry,
    /// Made elsewhere.
    OutOfScope,
}

impl Index {
    /// Answers one question. A pure function of the index and the request.
    #[must_use]
    pub fn decide(&self, request: &AccessRequest<'_>) -> Decision<'_> {
        self.decide_signed_in(request, &SignIn::default())
    }

    /// Answers one question about somebody of whose sign-in something is known.
    #[must_use]
    pub fn decide_signed_in(&self, request: &AccessRequest<'_>, sign_in: &SignIn<'_>) -> Decision<'_> {
        View { index: self, supposed: None }.decide(request, sign_in)
    }

    /// Answers one question as if one assignment more were there, or another one in its place.
    ///
    /// The same as changing the inventory and building the index anew, at the price of a decision.
    #[must_use]
    pub fn decide_with<'a>(
        &'a self,
        request: &AccessRequest<'_>,
        supposition: &'a Supposition,
    ) -> Decision<'a> {
        View { index: self, supposed: Some(supposition) }.decide(request, &SignIn::default())
    }

    /// The answer as if the registry were in `mode`.
    #[must_use]
    pub fn decide_in_mode(&self, request: &AccessRequest<'_>, mode: PermissionsMode) -> Decision<'_> {
        View { index: self, supposed: None }.decide_in_mode(request, mode)
    }
}

/// What a decision sees: the index, and what is supposed beside it.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) index: &'a Index,
    pub(super) supposed: Option<&'a Supposition>,
}

impl<'a> View<'a> {
    fn decide(self, request: &AccessRequest<'_>, sign_in: &SignIn<'_>) -> Decision<'a> {
        let Some(registry) = self.index.registry(request.registry) else {
            return Decision::plain(Reason::RegistryNotManaged);
        };
        let mut decision = match registry.mode {
            Some(mode) => self.decide_in_mode(request, mode),
            None => self.decide_in_both_modes(request),
        };
        if self.groups_that_might_help(request, &decision).next().is_some() {
            decision.advice.insert(Advice::GroupMembersMayBeHidden);
        }
        let decision = self.index.mind_sign_in(request, sign_in, registry, decision);
        mind_lock(registry, request.repository, request.action, decision)
    }

    pub(super) fn decide_in_mode(self, request: &AccessRequest<'_>, mode: PermissionsMode) -> Decision<'a> {
        let Some(entry) = self.index.registry_entry(request.registry) else {
            return Decision::plain(Reason::RegistryNotManaged);
        };
        self.decide_permissions(request, entry, request.action.permissions(mode), mode)
    }

    /// All of the permissions are needed: the first that is refused decides, else the first that is not known.
    pub(super) fn decide_permissions(
        self,
        request: &AccessRequest<'_>,
        registry: &RegistryEntry,
        permissions: &[Permission],
        mode: PermissionsMode,
    ) -> Decision<'a> {
        let mut answer: Option<Decision<'a>> = None;
        let mut advice = AdviceSet::default();
        for permission in permissions {
            let decision = self.decide_permission(request, registry, *permission, mode);
            advice.extend(decision.advice);
            match (decision.verdict(), answer) {
                (Verdict::Allow, Some(_)) => {}
                (Verdict::Unknown, Some(known)) if known.verdict() == Verdict::Unknown => {}
                (Verdict::Allow, None) | (Verdict::Unknown, _) => answer = Some(decision),
                (Verdict::Deny | Verdict::Unmanaged | Verdict::Skip, _) => {
                    return Decision { advice, ..decision };
                }
            }
        }
        answer.map_or_else(|| Decision::plain(Reason::InternalError), |answer| Decision { advice, ..answer })
    }

    fn decide_in_both_modes(self, request: &AccessRequest<'_>) -> Decision<'a> {
        let rbac = self.decide_in_mode(request, PermissionsMode::Rbac);
        let abac = self.decide_in_mode(request, PermissionsMode::RbacAbac);
        if rbac.verdict() != abac.verdict() {
            return Decision::plain(Reason::RegistryModeUnknown);
        }
        // Where both refuse, no control-plane role pulls, so the ABAC answer is the one that explains something.
        let mut decision = abac;
        decision.advice.insert(Advice::RegistryModeMissing);
        decision
    }

    fn decide_permission(
        self,
        request: &AccessRequest<'_>,
        registry: &RegistryEntry,
        permission: Permission,
        mode: PermissionsMode,
    ) -> Decision<'a> {
        let mut advice = AdviceSet::default();
        let denial = self.denial(request, registry, permission, &mut advice);
        if let Denial::Certain(deny) = denial {
            let by = Some(Decider::DenyAssignment(deny));
            return Decision { reason: Reason::DeniedByDenyAssignment, by, advice };
        }
        let best = self.best_contribution(request, registry, permission, &mut advice);
        let (contribution, assignment) = match best {
            Some(found) if found.0 == Contribution::Granted || !registry.lacks_grants => found,
            Some(_) | None => {
                return Decision { reason: nothing_found(request.action, registry), by: None, advice };
            }
        };
        let reason = match contribution {
            Contribution::Granted => match denial {
                Denial::Possible(deny) => {
                    let by = Some(Decider::DenyAssignment(deny));
                    return Decision { reason: Reason::DenyAssignmentMembersUnknown, by, advice };
                }
                Denial::Nobody | Denial::Certain(_) if registry.lacks_denies => {
                    return Decision { reason: Reason::DenyAssignmentsNotExported, by: None, advice };
                }
                Denial::Nobody | Denial::Certain(_) => Reason::AllowedByRole,
            },
            Contribution::ConditionFalse => Reason::ConditionNotMet,
            Contribution::ConditionUnknown => Reason::ConditionNotEvaluable,
            Contribution::ConditionInvalid => Reason::ConditionInvalid,
            Contribution::Inert => match mode {
                PermissionsMode::Rbac => Reason::RoleIgnoredInRbacMode,
                PermissionsMode::RbacAbac => Reason::RoleIgnoredInAbacMode,
            },
            Contribution::PermissionMissing
            | Contribution::RoleUnknown
            | Contribution::NotActive
            | Contribution::PrincipalDeleted
            | Contribution::DataActionsAtManagementGroup
            | Contribution::ManagementGroupUncertain
            | Contribution::BelowRegistry
            | Contribution::OutOfScope => {
                return Decision { reason: nothing_found(request.action, registry), by: None, advice };
            }
        };
        let by = self.assignment(assignment).map(Decider::RoleAssignment);
        Decision { reason, by, advice }
    }

    /// The most telling contribution of all assignments in reach; among equals the first in file order.
    fn best_contribution(
        self,
        request: &AccessRequest<'_>,
        registry: &RegistryEntry,
        permission: Permission,
        advice: &mut AdviceSet,
    ) -> Option<(Contribution, Entry)> {
        let mut best: Option<(Contribution, Entry)> = None;
        let mut only_by_wildcard = true;
        for principal in self.index.identity_set(request.principal) {
            let entries = self.index.entries_of(principal);
            let supposed = self.supposed_in_reach(request.registry, principal, advice);
            let shown = registry.reaching_among(entries).copied().filter(|entry| self.shows(*entry));
            for entry in shown.chain(supposed) {
                let contribution = self.weigh(request, entry, permission);
                contribution.advise(advice);
                only_by_wildcard &=
                    contribution != Contribution::Granted || self.is_by_registry_wildcard(entry, permission);
                let better =
                    best.is_none_or(|(found, at)| (contribution, entry.assignment) < (found, at.assignment));
                if better {
                    best = Some((contribution, entry));
                }
            }
            registry.advise_on_others(entries, |entry| self.shows(entry), advice);
        }
        if only_by_wildcard && best.is_some_and(|(found, _)| found == Contribution::Granted) {
            advice.insert(Advice::WildcardInCustomRole);
        }
        best
    }

    fn is_by_registry_wildcard(self, entry: Entry, permission: Permission) -> bool {
        self.role(entry).is_some_and(|role| role.by_registry_wildcard.contains(permission))
    }

    /// The supposed assignment, where it is one of this principal's and reaches the registry.
    fn supposed_in_reach(
        self,
        registry: RegistryNumber,
        principal: PrincipalId,
        advice: &mut AdviceSet,
    ) -> Option<Entry> {
        let supposed = self.supposed.filter(|supposed| supposed.assignment.principal == principal)?;
        match self.index.placement(&supposed.assignment.scope, registry) {
            Placement::Reaching => Some(supposed.entry),
            Placement::Uncertain => {
                advice.insert(Advice::ManagementGroupChainUnknown);
                None
            }
            Placement::Below => {
                advice.insert(Advice::ScopeBelowRegistry);
                None
            }
            Placement::Elsewhere => None,
        }
    }

    /// Whether an entry of the index is still there, not replaced by the supposed one.
    fn shows(self, entry: Entry) -> bool {
        self.supposed.is_none_or(|supposed| supposed.entry.assignment != entry.assignment)
    }

    fn assignment(self, entry: Entry) -> Option<&'a RoleAssignment> {
        match self.supposed {
            Some(supposed) if supposed.entry.assignment == entry.assignment => Some(&supposed.assignment),
            Some(_) | None => self.index.assignment(entry),
        }
    }

    fn role(self, entry: Entry) -> Option<&'a CompiledRole> {
        self.index.role(entry)
    }

    /// What one assignment that reaches the registry contributes.
    pub(super) fn weigh(
        self,
        request: &AccessRequest<'_>,
        entry: Entry,
        permission: Permission,
    ) -> Contribution {
        let Some(role) = self.role(entry) else { return Contribution::RoleUnknown };
        if !role.any.contains(permission) && !role.any.contains_any(permission.in_other_mode()) {
            return Contribution::PermissionMissing;
        }
        let Some(assignment) = self.assignment(entry) else { return Contribution::OutOfScope };
        if assignment.principal_deleted {
            return Contribution::PrincipalDeleted;
        }
        if assignment.window.as_ref().is_some_and(|window| !window.is_active(request.now)) {
            return Contribution::NotActive;
        }
        if !role.any.contains(permission) {
            return Contribution::Inert;
        }
        if permission.is_data_action()
            && role.custom_with_data_actions
            && assignment.scope.management_group().is_some()
        {
            return Contribution::DataActionsAtManagementGroup;
        }
        let by_role = if role.plain.contains(permission) {
            Contribution::Granted
        } else {
            role.guarded
                .iter()
                .filter(|guarded| guarded.permissions.contains(permission))
                .map(|guarded| holds(&guarded.condition, permission, request.repository))
                .min()
                .unwrap_or(Contribution::PermissionMissing)
        };
        let by_assignment = assignment
            .condition
            .as_ref()
            .map_or(Contribution::Granted, |condition| holds(condition, permission, request.repository));
        by_role.max(by_assignment)
    }
}

fn nothing_found(action: Action, registry: &RegistryEntry) -> Reason {
    match action {
        _ if registry.lacks_grants => Reason::RoleAssignmentsNotExported,
        Action::Pull => Reason::NoPullPermission,
        Action::Push | Action::Delete | Action::List | Action::Catalog => Reason::NoPermission,
    }
}

fn holds(condition: &AssignmentCondition, permission: Permission, repository: Option<&str>) -> Contribution {
    match condition.evaluate(permission, repository) {
        Some(Truth::True) => Contribution::Granted,
        Some(Truth::False) => Contribution::ConditionFalse,
        Some(Truth::Unknown) => Contribution::ConditionUnknown,
        None => Contribution::ConditionInvalid,
    }
}

impl Contribution {
    /// The stable code, as traces and explanations show it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Granted => "Granted",
            Self::ConditionFalse => "ConditionFalse",
            Self::ConditionUnknown => "ConditionNotEvaluable",
            Self::ConditionInvalid => "ConditionInvalid",
            Self::Inert => "IgnoredInThisMode",
            Self::PermissionMissing => "PermissionMissing",
            Self::RoleUnknown => "RoleUnknown",
            Self::NotActive => "NotActive",
            Self::PrincipalDeleted => "PrincipalDeleted",
            Self::DataActionsAtManagementGroup => "DataActionsAtManagementGroup",
            Self::ManagementGroupUncertain => "ManagementGroupUncertain",
            Self::BelowRegistry => "BelowRegistry",
            Self::OutOfScope => "OutOfScope",
        }
    }

    fn advise(self, advice: &mut AdviceSet) {
        match self {
            Self::RoleUnknown => advice.insert(Advice::RoleDefinitionUnknown),
            Self::PrincipalDeleted => advice.insert(Advice::PrincipalDeleted),
            Self::DataActionsAtManagementGroup => advice.insert(Advice::DataActionsAtManagementGroup),
            Self::Granted
            | Self::ConditionFalse
            | Self::ConditionUnknown
            | Self::ConditionInvalid
            | Self::Inert
            | Self::PermissionMissing
            | Self::NotActive
            | Self::ManagementGroupUncertain
            | Self::BelowRegistry
            | Self::OutOfScope => {}
        }
    }
}
