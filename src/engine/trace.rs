//! The trace: every assignment of somebody, in order, with the one fact that decided what it contributes.
//!
//! Decisions stop looking at what lies elsewhere; a trace says that it does.

use super::action::{Permission, PermissionsMode};
use super::assignment::RoleAssignment;
use super::authorize::{AccessRequest, Contribution, View};
use super::guid::PrincipalId;
use super::index::{Entry, Index, RegistryEntry};

/// One line of a trace.
#[derive(Clone, Copy, Debug)]
pub struct Considered<'index> {
    /// The assignment.
    pub assignment: &'index RoleAssignment,
    /// The group through which it concerns the caller; `None` where it names the caller.
    pub group: Option<PrincipalId>,
    /// The permission that was asked for.
    pub permission: Permission,
    /// What came of it.
    pub contribution: Contribution,
}

impl Index {
    /// Every assignment of the caller and its groups, in file order, with what came of it in `mode`.
    #[must_use]
    pub fn trace(&self, request: &AccessRequest<'_>, mode: PermissionsMode) -> Vec<Considered<'_>> {
        let Some(registry) = self.registry_entry(request.registry) else { return Vec::new() };
        let view = View { index: self, supposed: None };
        let mut lines: Vec<(Entry, Considered<'_>)> = Vec::new();
        for permission in request.action.permissions(mode) {
            for principal in self.identity_set(request.principal) {
                let group = (principal != request.principal).then_some(principal);
                for entry in self.entries_of(principal) {
                    let Some(assignment) = self.assignment(*entry) else { continue };
                    let contribution =
                        view.weigh_anywhere(request, registry, *entry, assignment, *permission);
                    let considered = Considered { assignment, group, permission: *permission, contribution };
                    lines.push((*entry, considered));
                }
            }
        }
        lines.sort_by_key(|(entry, considered)| (considered.permission, entry.assignment));
        lines.into_iter().map(|(_, considered)| considered).collect()
    }
}

impl View<'_> {
    /// As [`Self::weigh`], for assignments that may lie anywhere.
    fn weigh_anywhere(
        self,
        request: &AccessRequest<'_>,
        registry: &RegistryEntry,
        entry: Entry,
        assignment: &RoleAssignment,
        permission: Permission,
    ) -> Contribution {
        if registry.reaches(entry.scope) {
            self.weigh(request, entry, permission)
        } else if registry.is_uncertain(entry.scope) {
            Contribution::ManagementGroupUncertain
        } else if registry.is_below(entry.scope) {
            Contribution::BelowRegistry
        } else if assignment.principal_deleted {
            Contribution::PrincipalDeleted
        } else {
            Contribution::OutOfScope
        }
    }
}
