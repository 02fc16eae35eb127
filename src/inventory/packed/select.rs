//! What is kept: everything that verdict or reason of a question about the chosen clusters and registries can turn on.
//!
//! The rule is to keep in doubt. Service accounts may name any client id and pull secrets any user, so every identity
//! stays, with all of its grants that reach a chosen registry; people pull in no cluster, so they stay only where
//! people may ask. What is dropped could not have been seen:
//!
//! | dropped | because |
//! |---|---|
//! | registries and clusters that were not chosen | nobody asks about them |
//! | assignments elsewhere than at, above or below a chosen registry | they reach none |
//! | assignments of roles without any permission of registries | they yield nothing |
//! | people without a grant or denial in reach; with clusters chosen, all of them | nothing is to be said about them |
//! | groups that hold nothing in reach, or nobody who is kept | they give nobody anything |

use std::collections::{HashMap, HashSet};

use crate::engine::assignment::{DenyAssignment, PrincipalType, RoleAssignment, RoleDefinition};
use crate::engine::guid::{PrincipalId, RoleId};
use crate::engine::index::{CompiledDeny, CompiledRole, Index, Placement, RegistryNumber};
use crate::engine::inventory::{Cluster, Group, Principal, PrincipalKind, Registry};
use crate::engine::scope::Scope;

/// What is asked about later. An empty list stands for all.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Clusters by resource id. With any of them, no questions about people.
    pub clusters: Vec<Scope>,
    /// Registries.
    pub registries: Vec<RegistryNumber>,
}

/// What is kept of the larger lists, in their order.
pub(super) struct Selection<'a> {
    pub(super) registries: Vec<&'a Registry>,
    pub(super) clusters: Vec<&'a Cluster>,
    pub(super) role_assignments: Vec<&'a RoleAssignment>,
    pub(super) deny_assignments: Vec<&'a DenyAssignment>,
    pub(super) role_definitions: Vec<&'a RoleDefinition>,
    /// People whose names are kept, because somebody else has the same, are marked.
    pub(super) principals: Vec<(&'a Principal, bool)>,
    pub(super) groups: Vec<(&'a Group, Vec<PrincipalId>)>,
    pub(super) complete_memberships: Vec<PrincipalId>,
}

/// What an object id stands for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Who {
    Identity,
    Person,
    Group,
    /// A group that only assignments know.
    UnlistedGroup,
    /// Somebody whom only assignments or groups know.
    Undescribed,
}

impl<'a> Selection<'a> {
    pub(super) fn of(index: &'a Index, choice: &Choice) -> Self {
        let estate = Estate::new(index, choice);
        let candidates = estate.candidates();
        let deny_assignments = estate.denies();
        let holders = estate.holders(&candidates, &deny_assignments);
        let people = estate.people(&holders);
        let live = estate.live_groups(&people);
        let mut keeps = estate.grants(&candidates, &people, &live);
        let groups = estate.groups(&estate.chosen(&keeps), &deny_assignments, &people, &live);
        estate.keep_witnesses(&mut keeps, &groups);
        let role_assignments = estate.chosen(&keeps);
        let roles: HashSet<RoleId> = role_assignments.iter().map(|assignment| assignment.role).collect();
        let inventory = index.inventory();
        let mut role_definitions: Vec<&RoleDefinition> =
            inventory.role_definitions.iter().filter(|role| roles.contains(&role.id)).collect();
        // They are found by id, so their order means nothing; those that the program knows too load first.
        role_definitions.sort_by_key(|role| role.id);
        let is_chosen =
            |cluster: &&Cluster| choice.clusters.is_empty() || choice.clusters.contains(&cluster.id);
        Self {
            registries: estate.registries.iter().map(|(_, registry)| *registry).collect(),
            clusters: inventory.clusters.iter().filter(is_chosen).collect(),
            role_definitions,
            complete_memberships: inventory
                .complete_memberships
                .iter()
                .copied()
                .filter(|id| estate.is_kept(*id, &people))
                .collect(),
            principals: inventory
                .principals
                .iter()
                .filter(|principal| {
                    principal.kind != PrincipalKind::User || people.contains(&principal.principal_id)
                })
                .map(|principal| (principal, estate.keeps_name(principal)))
                .collect(),
            role_assignments,
            deny_assignments,
            groups,
        }
    }
}

struct Estate<'a> {
    index: &'a Index,
    registries: Vec<(RegistryNumber, &'a Registry)>,
    keeps_people: bool,
    groups: HashMap<PrincipalId, &'a Group>,
    /// Display names of everybody but people: a question by such a name must find as many as before.
    names: HashSet<&'a str>,
}

impl<'a> Estate<'a> {
    fn new(index: &'a Index, choice: &Choice) -> Self {
        let inventory = index.inventory();
        let is_chosen =
            |number: &RegistryNumber| choice.registries.is_empty() || choice.registries.contains(number);
        let others = inventory.principals.iter().filter(|principal| principal.kind != PrincipalKind::User);
        Self {
            index,
            registries: index.registries().filter(|(number, _)| is_chosen(number)).collect(),
            keeps_people: choice.clusters.is_empty(),
            groups: inventory.groups.iter().map(|group| (group.id, group)).collect(),
            names: others.map(|principal| principal.name.as_str()).filter(|name| !name.is_empty()).collect(),
        }
    }

    fn who(&self, id: PrincipalId) -> Who {
        if let Some(principal) = self.index.principal(id) {
            return match principal.kind {
                PrincipalKind::User => Who::Person,
                PrincipalKind::ManagedIdentity | PrincipalKind::ServicePrincipal => Who::Identity,
            };
        }
        if self.groups.contains_key(&id) {
            return Who::Group;
        }
        match self.told_type(id) {
            Some(PrincipalType::User) => Who::Person,
            Some(PrincipalType::Group) => Who::UnlistedGroup,
            Some(PrincipalType::ServicePrincipal | PrincipalType::Unknown) | None => Who::Undescribed,
        }
    }

    /// The type that the assignments of an undescribed principal tell, as verdicts read it.
    fn told_type(&self, id: PrincipalId) -> Option<PrincipalType> {
        self.typed_assignment(id).map(|assignment| assignment.principal_type)
    }

    fn typed_assignment(&self, id: PrincipalId) -> Option<&'a RoleAssignment> {
        let entries = self.index.entries_of(id).iter();
        entries
            .filter_map(|entry| self.index.assignment(*entry))
            .find(|assignment| assignment.principal_type != PrincipalType::Unknown)
    }

    /// The assignments that may count at a chosen registry, or are told of there, whoever holds them.
    fn candidates(&self) -> Vec<bool> {
        let inventory = self.index.inventory();
        let mut in_reach: HashMap<&Scope, bool> = HashMap::new();
        let yields: HashMap<RoleId, bool> = inventory
            .role_definitions
            .iter()
            .map(|role| (role.id, !CompiledRole::build(role).any.is_empty()))
            .collect();
        inventory
            .role_assignments
            .iter()
            .map(|assignment| {
                // A role that nobody defined grants nothing, and is told.
                yields.get(&assignment.role).copied().unwrap_or(true)
                    && *in_reach
                        .entry(&assignment.scope)
                        .or_insert_with(|| self.is_in_reach(&assignment.scope))
            })
            .collect()
    }

    fn is_in_reach(&self, scope: &Scope) -> bool {
        self.registries.iter().any(|(number, _)| match self.index.placement(scope, *number) {
            Placement::Reaching | Placement::Uncertain | Placement::Below => true,
            Placement::Elsewhere => false,
        })
    }

    fn denies(&self) -> Vec<&'a DenyAssignment> {
        let entries = self.registries.iter().filter_map(|(number, _)| self.index.registry_entry(*number));
        let mut numbers: Vec<u32> =
            entries.flat_map(|entry| entry.denies.iter().chain(&entry.uncertain_denies)).copied().collect();
        numbers.sort_unstable();
        numbers.dedup();
        let found = numbers.into_iter().filter_map(|number| self.index.deny_at(number));
        found
            .filter(|(_, compiled): &(_, &CompiledDeny)| !compiled.any.is_empty())
            .map(|(deny, _)| deny)
            .collect()
    }

    fn holders(&self, candidates: &[bool], denies: &[&DenyAssignment]) -> HashSet<PrincipalId> {
        let assignments = self.index.inventory().role_assignments.iter().zip(candidates);
        let granted = assignments.filter(|(_, counts)| **counts).map(|(assignment, _)| assignment.principal);
        granted.chain(denies.iter().flat_map(|deny| deny.principals.iter().copied())).collect()
    }

    /// The described people who are kept.
    fn people(&self, holders: &HashSet<PrincipalId>) -> HashSet<PrincipalId> {
        let principals = self.index.inventory().principals.iter();
        principals
            .filter(|principal| principal.kind == PrincipalKind::User)
            .filter(|principal| {
                let holds =
                    || self.index.identity_set(principal.principal_id).any(|id| holders.contains(&id));
                (self.keeps_people && holds()) || self.names.contains(principal.name.as_str())
            })
            .map(|principal| principal.principal_id)
            .collect()
    }

    fn keeps_name(&self, principal: &Principal) -> bool {
        principal.kind != PrincipalKind::User || self.names.contains(principal.name.as_str())
    }

    /// Whether somebody who is no group is kept.
    fn is_kept(&self, id: PrincipalId, people: &HashSet<PrincipalId>) -> bool {
        match self.who(id) {
            Who::Identity | Who::Undescribed => true,
            Who::Person => people.contains(&id) || (self.keeps_people && self.index.principal(id).is_none()),
            Who::Group | Who::UnlistedGroup => false,
        }
    }

    /// The groups that somebody is in who is kept, or may be.
    fn live_groups(&self, people: &HashSet<PrincipalId>) -> HashSet<PrincipalId> {
        let mut live = HashSet::new();
        let groups = &self.index.inventory().groups;
        for group in groups {
            if !group.members_known || group.members_may_be_hidden {
                live.extend(self.index.identity_set(group.id));
            }
        }
        let members: HashSet<PrincipalId> = groups.iter().flat_map(|group| &group.members).copied().collect();
        for member in members {
            if self.is_kept(member, people) {
                live.extend(self.index.groups_of(member));
            }
        }
        live
    }

    /// The candidates whose holders are kept.
    fn grants(
        &self,
        candidates: &[bool],
        people: &HashSet<PrincipalId>,
        live: &HashSet<PrincipalId>,
    ) -> Vec<bool> {
        let all = &self.index.inventory().role_assignments;
        let is_for_somebody = |id| match self.who(id) {
            Who::Group => live.contains(&id),
            Who::UnlistedGroup => true,
            Who::Identity | Who::Person | Who::Undescribed => self.is_kept(id, people),
        };
        let both = all.iter().zip(candidates);
        both.map(|(assignment, counts)| *counts && is_for_somebody(assignment.principal)).collect()
    }

    fn chosen(&self, keeps: &[bool]) -> Vec<&'a RoleAssignment> {
        let all = self.index.inventory().role_assignments.iter().zip(keeps);
        all.filter(|(_, keep)| **keep).map(|(assignment, _)| assignment).collect()
    }

    /// Whom only assignments know must stay known, and stay what the assignments say: where none of theirs is kept
    /// that says so, one is that counts for nothing.
    fn keep_witnesses(&self, keeps: &mut [bool], groups: &[(&Group, Vec<PrincipalId>)]) {
        let all = &self.index.inventory().role_assignments;
        let members: HashSet<PrincipalId> = groups.iter().flat_map(|(_, members)| members).copied().collect();
        let mut known: HashSet<PrincipalId> = HashSet::new();
        let mut typed: HashSet<PrincipalId> = HashSet::new();
        for assignment in self.chosen(keeps) {
            known.insert(assignment.principal);
            if assignment.principal_type != PrincipalType::Unknown {
                typed.insert(assignment.principal);
            }
        }
        for (assignment, keep) in all.iter().zip(keeps) {
            let id = assignment.principal;
            let matters = match self.who(id) {
                Who::Undescribed => true,
                Who::Person => self.index.principal(id).is_none() && members.contains(&id),
                Who::Identity | Who::Group | Who::UnlistedGroup => false,
            };
            if *keep || !matters {
                continue;
            }
            *keep = if assignment.principal_type == PrincipalType::Unknown {
                self.typed_assignment(id).is_none() && known.insert(id)
            } else {
                typed.insert(id)
            };
        }
    }

    /// The groups that something in reach names, with all groups in them, and the members who are kept.
    fn groups(
        &self,
        assignments: &[&RoleAssignment],
        denies: &[&DenyAssignment],
        people: &HashSet<PrincipalId>,
        live: &HashSet<PrincipalId>,
    ) -> Vec<(&'a Group, Vec<PrincipalId>)> {
        let inventory = self.index.inventory();
        let granted = assignments.iter().map(|assignment| assignment.principal);
        let refused = denies.iter().flat_map(|deny| deny.principals.iter().chain(&deny.excluded)).copied();
        let mut found: Vec<PrincipalId> = granted.chain(refused).filter(|id| live.contains(id)).collect();
        for policy in &inventory.conditional_access_policies {
            found.extend(policy.included.groups.iter().chain(&policy.excluded.groups));
        }
        // Whom only groups know must stay known.
        found.extend(
            inventory.groups.iter().filter(|group| self.has_undescribed_member(group)).map(|group| group.id),
        );
        let mut kept: HashSet<PrincipalId> = HashSet::new();
        while let Some(id) = found.pop() {
            if let Some(group) = self.groups.get(&id)
                && kept.insert(id)
            {
                found.extend(group.members.iter().filter(|member| self.groups.contains_key(member)));
            }
        }
        let members = |group: &Group| {
            let stays = |id: &&PrincipalId| kept.contains(*id) || self.is_kept(**id, people);
            group.members.iter().filter(stays).copied().collect()
        };
        let groups = inventory.groups.iter().filter(|group| kept.contains(&group.id));
        groups.map(|group| (group, members(group))).collect()
    }

    fn has_undescribed_member(&self, group: &Group) -> bool {
        group.members.iter().any(|id| self.who(*id) == Who::Undescribed)
    }
}
