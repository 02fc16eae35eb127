//! Groups whose members the exports may not show.
//!
//! `az ad group member list` shows no service principals, and managed identities are some. A list that shows none is
//! believed, and a group without any list reaches nobody: both err towards no access. But where such a group's grant
//! would have turned a denial, the denial says so.

use super::authorize::{AccessRequest, View};
use super::decision::{Decision, Reason, Verdict};
use super::guid::PrincipalId;
use super::index::Index;
use super::inventory::Group;

impl Index {
    /// The groups that would turn a denial, were the caller one of the members that their lists may leave out.
    pub fn groups_that_might_help<'index>(
        &'index self,
        request: &AccessRequest<'_>,
        decision: &Decision<'_>,
    ) -> impl Iterator<Item = &'index Group> {
        View { index: self, supposed: None }.groups_that_might_help(request, decision)
    }
}

impl<'a> View<'a> {
    /// As of the index, with what is supposed beside it.
    pub(super) fn groups_that_might_help(
        self,
        request: &AccessRequest<'_>,
        decision: &Decision<'_>,
    ) -> impl Iterator<Item = &'a Group> {
        let index = self.index;
        let AccessRequest { principal, registry, .. } = *request;
        let roles_were_missing =
            decision.verdict() == Verdict::Deny && decision.reason != Reason::DeniedByDenyAssignment;
        let mode = index.registry(registry).and_then(|registry| registry.mode);
        let request = *request;
        let groups = if roles_were_missing { index.doubtful_groups() } else { &[] };
        groups
            .iter()
            .filter_map(move |doubtful| {
                let group = index.inventory().groups.get(doubtful.position as usize)?;
                (doubtful.holds_roles || self.supposes_for(group.id)).then_some(group)
            })
            .filter(move |group| {
                index.may_be_in(principal, group.id) || index.may_be_hidden_in(principal, group.id)
            })
            .filter(move |group| {
                let as_group = AccessRequest { principal: group.id, ..request };
                mode.is_some_and(|mode| self.decide_in_mode(&as_group, mode).verdict() == Verdict::Allow)
            })
    }

    /// Whether the supposed assignment is made to this group or to one around it.
    fn supposes_for(self, group: PrincipalId) -> bool {
        self.supposed.is_some_and(|supposed| {
            self.index.identity_set(group).any(|id| id == supposed.assignment.principal)
        })
    }
}
