//! Who belongs to which group, through any number of groups in between.

use std::collections::HashSet;

use foldhash::fast::RandomState;

use super::{Index, Map};
use crate::engine::guid::PrincipalId;
use crate::engine::inventory::{Group, PrincipalKind};

impl Index {
    /// Whether somebody may be in a group for all that the exports show: they list not all of its members, and not
    /// all of the groups around this principal.
    pub(crate) fn may_be_in(&self, principal: PrincipalId, group: PrincipalId) -> bool {
        self.open_groups.contains(&group) && self.groups_may_be_missing(principal, group)
    }

    /// Whether somebody may be left out of the only list of a group's members. `az ad group member list` shows
    /// people, so not them.
    pub(crate) fn may_be_hidden_in(&self, principal: PrincipalId, group: PrincipalId) -> bool {
        let is_shown = self.principal(principal).is_some_and(|known| known.kind == PrincipalKind::User);
        self.hiding_groups.contains(&group) && !is_shown && self.groups_may_be_missing(principal, group)
    }

    fn groups_may_be_missing(&self, principal: PrincipalId, group: PrincipalId) -> bool {
        !self.groups_of(principal).contains(&group)
            && !self.inventory().complete_memberships.contains(&principal)
    }
}

/// The groups whose members are not all exported: those without a list, and the groups around them.
pub(super) fn open_groups(
    groups: &[Group],
    groups_of: &Map<PrincipalId, Box<[PrincipalId]>>,
) -> HashSet<PrincipalId, RandomState> {
    let without_list = groups.iter().filter(|group| !group.members_known).map(|group| group.id);
    without_list
        .flat_map(|id| std::iter::once(id).chain(groups_of.get(&id).into_iter().flatten().copied()))
        .collect()
}

/// For every member of any group: all groups around it, nearest first, each once. Cycles end by themselves,
/// because a group that was seen is not entered again.
pub(super) fn transitive_groups(groups: &[Group]) -> Map<PrincipalId, Box<[PrincipalId]>> {
    let mut direct: Map<PrincipalId, Vec<PrincipalId>> = Map::default();
    for group in groups {
        for member in &group.members {
            direct.entry(*member).or_default().push(group.id);
        }
    }
    direct
        .keys()
        .map(|member| {
            let mut reached: Vec<PrincipalId> = Vec::new();
            let mut next = 0;
            let mut current = *member;
            loop {
                for group in direct.get(&current).into_iter().flatten() {
                    if !reached.contains(group) && group != member {
                        reached.push(*group);
                    }
                }
                let Some(group) = reached.get(next) else { break };
                current = *group;
                next += 1;
            }
            (*member, reached.into_boxed_slice())
        })
        .collect()
}
