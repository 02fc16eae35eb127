//! Which assignment would do: the role of the registry's mode, at the registry, for the one repository.

use std::sync::Arc;

use uuid::{Uuid, uuid};

use super::condition::{portal_condition, widened_condition};
use crate::engine::action::{Action, PermissionsMode};
use crate::engine::assignment::{AssignmentCondition, AssignmentName, PrincipalType, RoleAssignment};
use crate::engine::authorize::{AccessRequest, Contribution};
use crate::engine::condition::MAX_LENGTH;
use crate::engine::decision::{Reason, Verdict};
use crate::engine::guid::{PrincipalId, RoleId};
use crate::engine::index::Index;
use crate::engine::inventory::{PrincipalKind, Registry};
use crate::engine::scope::Scope;
use crate::engine::suppose::Supposition;

/// Built-in roles keep their GUIDs when Azure renames them.
const ACR_PULL: RoleId = role(uuid!("7f951dda-4ed3-4680-a7ca-43fe172d538d"));
const ACR_PUSH: RoleId = role(uuid!("8311e382-0749-4cb8-b61a-304f252e45ec"));
const ACR_DELETE: RoleId = role(uuid!("c2f4ef07-c644-48eb-af81-4b1b4947fb11"));
const REPOSITORY_READER: RoleId = role(uuid!("b93aa761-3e63-49ed-ac28-beffa264f7ac"));
const REPOSITORY_WRITER: RoleId = role(uuid!("2a1e307c-b015-4ebd-883e-5b7698a07328"));
const REPOSITORY_CONTRIBUTOR: RoleId = role(uuid!("2efddaa5-3f1f-4df3-97df-af3f13818f4c"));
const CATALOG_LISTER: RoleId = role(uuid!("bfdb9389-c9a5-478a-bb2f-ba9ca092c3c7"));

/// The roles that are good for nothing but one permissions mode, by the mode that ignores them. Owner, Contributor
/// and Reader grant no pull in mode `rbac-abac` either, but whoever deletes them loses more than a pull.
const fn ignored_roles(mode: PermissionsMode) -> &'static [RoleId] {
    match mode {
        PermissionsMode::Rbac => {
            &[REPOSITORY_READER, REPOSITORY_WRITER, REPOSITORY_CONTRIBUTOR, CATALOG_LISTER]
        }
        PermissionsMode::RbacAbac => &[ACR_PULL, ACR_PUSH, ACR_DELETE],
    }
}

/// A change of one role assignment that was seen to turn a denied pull to allow.
#[derive(Clone, Debug)]
pub struct Fix<'index> {
    /// The change.
    pub change: Change<'index>,
    /// How far the change reaches.
    pub reach: Reach,
    /// Assignments of the same principal at the same registry that its mode ignores. Deleting them changes
    /// nothing, as long as the registry stays in its mode.
    pub ignored: Vec<&'index RoleAssignment>,
}

/// What is to be done.
#[derive(Clone, Debug)]
pub enum Change<'index> {
    /// A new assignment.
    Create(Box<Grant>),
    /// Another condition, or none, for an assignment that is there already: Azure keeps one for each principal,
    /// role and scope, and making it again silently does nothing.
    Update {
        /// The assignment as it is.
        existing: &'index RoleAssignment,
        /// The condition that it needs.
        condition: Option<String>,
    },
}

/// A role assignment that is not there yet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Grant {
    /// To whom, by object id.
    pub principal: PrincipalId,
    /// What the principal is; [`PrincipalType::Unknown`] where no export says.
    pub principal_type: PrincipalType,
    /// Which role.
    pub role: RoleId,
    /// Where.
    pub scope: Scope,
    /// What narrows it, version 2.0.
    pub condition: Option<String>,
}

/// What a fix opens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reach {
    /// The repository that was asked about, and no other.
    Repository,
    /// Every repository of the registry: its mode knows nothing narrower.
    Registry,
}

/// Why there is no fix by a role assignment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NoFix {
    /// There is nothing to fix, or nobody knows whether there is.
    NotDenied,
    /// Only pulls are fixed.
    NotAPull,
    /// The exports do not say which mode the registry is in, so no role is known to work.
    ModeUnknown,
    /// A deny assignment beats every role, or may.
    DenyAssignment,
    /// The principal is gone.
    PrincipalDeleted,
    /// The assignment that would have to be changed is managed by Privileged Identity Management.
    TimeBound,
    /// The repository's name cannot stand in a condition.
    NameNotExpressible,
    /// The condition would be longer than Azure takes.
    ConditionTooLong,
    /// The engine tried it, and it would not do, or would do more.
    NotVerified,
}

impl Index {
    /// The narrowest change of a role assignment that turns a denied pull to allow and changes nothing else.
    ///
    /// Costs some dozen decisions, however large the inventory is.
    ///
    /// # Errors
    /// Why there is none.
    pub fn fix(&self, request: &AccessRequest<'_>) -> Result<Fix<'_>, NoFix> {
        let (Action::Pull, Some(repository)) = (request.action, request.repository) else {
            return Err(NoFix::NotAPull);
        };
        let decision = self.decide(request);
        if decision.reason == Reason::DeniedByDenyAssignment {
            return Err(NoFix::DenyAssignment);
        }
        let registry = self.registry(request.registry).ok_or(NoFix::NotDenied)?;
        if decision.verdict() != Verdict::Deny {
            return Err(NoFix::NotDenied);
        }
        let mode = registry.mode.ok_or(NoFix::ModeUnknown)?;
        self.check_principal(request.principal)?;

        let change = self.proposal(request, registry, repository, mode)?;
        let supposition = self.supposed(&change);
        let outcome = self.decide_with(request, &supposition).reason;
        if matches!(outcome, Reason::DenyAssignmentMembersUnknown | Reason::DenyAssignmentsNotExported) {
            return Err(NoFix::DenyAssignment);
        }
        if !self.is_verified(request, repository, mode, &supposition) {
            return Err(NoFix::NotVerified);
        }
        let reach = match mode {
            PermissionsMode::Rbac => Reach::Registry,
            PermissionsMode::RbacAbac => Reach::Repository,
        };
        Ok(Fix { change, reach, ignored: self.ignored(request, registry, mode) })
    }

    /// The index as it would be with the change.
    #[must_use]
    pub fn supposed(&self, change: &Change<'_>) -> Supposition {
        let compiled = |text: &String| Arc::new(AssignmentCondition::new(text, Some("2.0")));
        match change {
            Change::Create(grant) => self.suppose_added(RoleAssignment {
                name: AssignmentName::Guid(Uuid::nil()),
                scope: grant.scope.clone(),
                role: grant.role,
                principal: grant.principal,
                principal_type: grant.principal_type,
                principal_deleted: false,
                condition: grant.condition.as_ref().map(compiled),
                window: None,
            }),
            Change::Update { existing, condition } => {
                let changed = RoleAssignment {
                    condition: condition.as_ref().map(compiled),
                    ..RoleAssignment::clone(existing)
                };
                match self.position(existing) {
                    Some(position) => self.suppose_replaced(position, changed),
                    None => self.suppose_added(changed),
                }
            }
        }
    }

    fn proposal(
        &self,
        request: &AccessRequest<'_>,
        registry: &Registry,
        repository: &str,
        mode: PermissionsMode,
    ) -> Result<Change<'_>, NoFix> {
        let role = match mode {
            PermissionsMode::Rbac => ACR_PULL,
            PermissionsMode::RbacAbac => REPOSITORY_READER,
        };
        let existing = self.existing(request, registry, role);
        if existing.is_some_and(|existing| existing.window.is_some()) {
            return Err(NoFix::TimeBound);
        }
        let condition = match mode {
            PermissionsMode::Rbac => None,
            PermissionsMode::RbacAbac => {
                let old = existing.and_then(|existing| existing.condition.as_deref());
                // One that cannot be read grants nothing, and nobody can widen it.
                let old = old.filter(|old| old.fault().is_none());
                let condition = match old {
                    Some(old) => widened_condition(old.text(), repository),
                    None => portal_condition(repository),
                };
                Some(condition.ok_or(NoFix::NameNotExpressible)?)
            }
        };
        if condition.as_ref().is_some_and(|condition| condition.len() > MAX_LENGTH) {
            return Err(NoFix::ConditionTooLong);
        }
        Ok(match existing {
            Some(existing) => Change::Update { existing, condition },
            None => Change::Create(Box::new(Grant {
                principal: request.principal,
                principal_type: self.principal_type(request.principal),
                role,
                scope: registry.id.clone(),
                condition,
            })),
        })
    }

    /// The assignment that Azure would take a new one for: same principal, role and scope. Merely eligible ones,
    /// and those whose time is over or to come, are no assignments yet or any more.
    fn existing(
        &self,
        request: &AccessRequest<'_>,
        registry: &Registry,
        role: RoleId,
    ) -> Option<&RoleAssignment> {
        self.made_to(request.principal).find(|assignment| {
            let is_active = assignment.window.as_ref().is_none_or(|window| window.is_active(request.now));
            assignment.role == role && assignment.scope == registry.id && is_active
        })
    }

    fn check_principal(&self, principal: PrincipalId) -> Result<(), NoFix> {
        let is_gone = self.principal(principal).is_none()
            && self.made_to(principal).any(|assignment| assignment.principal_deleted);
        if is_gone { Err(NoFix::PrincipalDeleted) } else { Ok(()) }
    }

    /// What the exports say that a principal is.
    fn principal_type(&self, principal: PrincipalId) -> PrincipalType {
        if let Some(principal) = self.principal(principal) {
            return match principal.kind {
                PrincipalKind::ManagedIdentity | PrincipalKind::ServicePrincipal => {
                    PrincipalType::ServicePrincipal
                }
                PrincipalKind::User => PrincipalType::User,
            };
        }
        if self.inventory().groups.iter().any(|group| group.id == principal) {
            return PrincipalType::Group;
        }
        let mut types = self.made_to(principal).map(|assignment| assignment.principal_type);
        types.find(|one| *one != PrincipalType::Unknown).unwrap_or(PrincipalType::Unknown)
    }

    /// What the registry's mode makes useless, and nothing else of the principal depends on.
    fn ignored(
        &self,
        request: &AccessRequest<'_>,
        registry: &Registry,
        mode: PermissionsMode,
    ) -> Vec<&RoleAssignment> {
        self.trace(request, mode)
            .into_iter()
            .filter(|line| line.contribution == Contribution::Inert && line.group.is_none())
            .map(|line| line.assignment)
            .filter(|assignment| assignment.scope == registry.id)
            .filter(|assignment| ignored_roles(mode).contains(&assignment.role))
            .collect()
    }

    /// The assignments that name exactly this principal.
    pub(super) fn made_to(&self, principal: PrincipalId) -> impl Iterator<Item = &RoleAssignment> {
        self.entries_of(principal).iter().filter_map(|entry| self.assignment(*entry))
    }

    fn position(&self, assignment: &RoleAssignment) -> Option<u32> {
        let entries = self.entries_of(assignment.principal).iter();
        let same = |one: &RoleAssignment| std::ptr::eq(one, assignment);
        entries.copied().find(|entry| self.assignment(*entry).is_some_and(same)).map(|entry| entry.assignment)
    }
}

const fn role(guid: Uuid) -> RoleId {
    RoleId::new(guid)
}
