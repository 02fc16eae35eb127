//! Groups whose exported member list may leave somebody out.
//!
//! `az ad group member list` shows no service principals, and managed identities are some. A list that shows none is
//! believed; but where such a group's grant would have turned a denial, the denial says so.

use super::authorize::AccessRequest;
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
        let AccessRequest { principal, registry, .. } = *request;
        let roles_were_missing =
            decision.verdict() == Verdict::Deny && decision.reason != Reason::DeniedByDenyAssignment;
        // The command shows people.
        let is_shown = self.principal(principal).is_some_and(|known| known.kind == PrincipalKind::User);
        let mode = self.registry(registry).and_then(|registry| registry.mode);
        let request = *request;
        let groups = if roles_were_missing && !is_shown { self.doubtful_groups() } else { &[] };
        groups
            .iter()
            .filter_map(|number| self.inventory().groups.get(*number as usize))
            .filter(move |group| !self.groups_of(principal).contains(&group.id))
            .filter(move |group| {
                let as_group = AccessRequest { principal: group.id, ..request };
                mode.is_some_and(|mode| self.decide_in_mode(&as_group, mode).verdict() == Verdict::Allow)
            })
    }
}
