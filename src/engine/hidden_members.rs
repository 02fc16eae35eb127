//! Groups whose exported member list may leave somebody out.
//!
//! `az ad group member list` shows no service principals, and managed identities are some. A list that shows none is
//! believed; but where such a group's grant would have turned a denial, the denial says so.

use super::authorize::{AccessRequest, View};
use super::decision::{Decision, Reason, Verdict};
use super::index::Index;
use super::inventory::{Group, PrincipalKind};

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
        // The command shows people.
        let is_shown = index.principal(principal).is_some_and(|known| known.kind == PrincipalKind::User);
        let mode = index.registry(registry).and_then(|registry| registry.mode);
        let request = *request;
        let groups = if roles_were_missing && !is_shown { index.doubtful_groups() } else { &[] };
        groups
            .iter()
            .filter_map(|number| index.inventory().groups.get(*number as usize))
            .filter(move |group| !index.groups_of(principal).contains(&group.id))
            .filter(move |group| {
                let as_group = AccessRequest { principal: group.id, ..request };
                mode.is_some_and(|mode| self.decide_in_mode(&as_group, mode).verdict() == Verdict::Allow)
            })
    }
}
