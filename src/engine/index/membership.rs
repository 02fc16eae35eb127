//! Who belongs to which group, through any number of groups in between.

use super::Map;
use crate::engine::guid::PrincipalId;
use crate::engine::inventory::Group;

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
