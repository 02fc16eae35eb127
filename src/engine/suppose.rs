//! Supposing: one role assignment more, or another one in its place, without building an index anew.
//!
//! A fix is only shown once the engine has seen it work. That has to be cheap enough for the request path at a
//! hundred thousand assignments, so the change is laid over the index instead of into it.

use super::assignment::RoleAssignment;
use super::index::{Entry, Index};

/// One changed role assignment, as [`Index::decide_with`] takes it. Belongs to the index that it was made by.
#[derive(Clone, Debug)]
pub struct Supposition {
    pub(super) assignment: RoleAssignment,
    pub(super) entry: Entry,
}

impl Index {
    /// Supposes one assignment more, behind all others in file order.
    #[must_use]
    pub fn suppose_added(&self, assignment: RoleAssignment) -> Supposition {
        let behind = u32::try_from(self.inventory().role_assignments.len()).unwrap_or(u32::MAX);
        Supposition { entry: self.entry_beside(behind, &assignment), assignment }
    }

    /// Supposes `assignment` in the place of the one at `position` of the inventory.
    #[must_use]
    pub fn suppose_replaced(&self, position: u32, assignment: RoleAssignment) -> Supposition {
        Supposition { entry: self.entry_beside(position, &assignment), assignment }
    }
}

impl Supposition {
    /// The supposed assignment.
    #[must_use]
    pub const fn assignment(&self) -> &RoleAssignment {
        &self.assignment
    }
}
