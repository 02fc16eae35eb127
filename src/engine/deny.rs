//! Deny assignments: does one take the permission away?
//!
//! A deny beats every grant, so what is not known about one must never end in *allow*. A condition that cannot be
//! evaluated does not narrow it. Where it names a group whose members no export lists, and the caller's own groups were
//! not exported whole either, it may hit the caller: whatever a role would grant is then unknown.

use super::action::Permission;
use super::assignment::{AssignmentCondition, DenyAssignment};
use super::authorize::{AccessRequest, View};
use super::condition::Truth;
use super::decision::{Advice, AdviceSet};
use super::guid::PrincipalId;
use super::index::{CompiledDeny, RegistryEntry};

/// What the deny assignments come to for one permission.
#[derive(Clone, Copy, Debug)]
pub(super) enum Denial<'a> {
    /// None hits the caller.
    Nobody,
    /// This one does: the first in file order.
    Certain(&'a DenyAssignment),
    /// This one does if the caller is in a group whose members were not exported.
    Possible(&'a DenyAssignment),
}

/// Whether a deny assignment names the caller.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Hit {
    No,
    Yes,
    /// If the caller is in a group whose members were not exported.
    Perhaps,
}

impl<'a> View<'a> {
    /// What the deny assignments that reach the registry come to for one permission.
    pub(super) fn denial(
        self,
        request: &AccessRequest<'_>,
        registry: &RegistryEntry,
        permission: Permission,
        advice: &mut AdviceSet,
    ) -> Denial<'a> {
        let mut possible: Option<(&DenyAssignment, AdviceSet)> = None;
        for number in &registry.denies {
            let Some((deny, compiled)) = self.index.deny_at(*number) else { continue };
            if !compiled.any.contains(permission) {
                continue;
            }
            let hit = self.hit(deny, request.principal);
            let mut noted = AdviceSet::default();
            if hit == Hit::No || !covers(deny, compiled, permission, request.repository, &mut noted) {
                if hit == Hit::No && self.may_hide_the_caller(deny, request.principal) {
                    advice.insert(Advice::GroupMembersMayBeHidden);
                }
                continue;
            }
            if hit == Hit::Yes {
                advice.extend(noted);
                return Denial::Certain(deny);
            }
            possible.get_or_insert((deny, noted));
        }
        let may_hit = |number: &u32| {
            let found = self.index.deny_at(*number);
            found.is_some_and(|(deny, compiled)| {
                compiled.any.contains(permission) && self.hit(deny, request.principal) != Hit::No
            })
        };
        if registry.uncertain_denies.iter().any(may_hit) {
            advice.insert(Advice::ManagementGroupChainUnknown);
        }
        let Some((deny, noted)) = possible else { return Denial::Nobody };
        advice.extend(noted);
        Denial::Possible(deny)
    }

    fn hit(self, deny: &DenyAssignment, principal: PrincipalId) -> Hit {
        let named = |ids: &[PrincipalId]| self.index.identity_set(principal).any(|id| ids.contains(&id));
        // Somebody who may be spared through such a group is not: that errs towards no access.
        if named(&deny.excluded) {
            Hit::No
        } else if deny.principals.contains(&PrincipalId::EVERYONE) || named(&deny.principals) {
            Hit::Yes
        } else if deny.principals.iter().any(|group| self.index.may_be_in(principal, *group)) {
            Hit::Perhaps
        } else {
            Hit::No
        }
    }

    /// Whether the deny names a group whose list leaves principals such as the caller out. The list is believed.
    fn may_hide_the_caller(self, deny: &DenyAssignment, principal: PrincipalId) -> bool {
        let spared = self.index.identity_set(principal).any(|id| deny.excluded.contains(&id));
        !spared && deny.principals.iter().any(|group| self.index.may_be_hidden_in(principal, *group))
    }
}

/// Whether a deny that hits the caller takes the permission away. A condition narrows it only where it is
/// plainly false.
fn covers(
    deny: &DenyAssignment,
    compiled: &CompiledDeny,
    permission: Permission,
    repository: Option<&str>,
    advice: &mut AdviceSet,
) -> bool {
    let mut applies = |condition: Option<&AssignmentCondition>| {
        let Some(condition) = condition else { return true };
        match condition.evaluate(permission, repository) {
            Some(Truth::True) => true,
            Some(Truth::False) => false,
            Some(Truth::Unknown) | None => {
                advice.insert(Advice::DenyConditionNotEvaluable);
                true
            }
        }
    };
    applies(deny.condition.as_deref())
        && compiled
            .blocks
            .iter()
            .filter(|(permissions, _)| permissions.contains(permission))
            .any(|(_, condition)| applies(condition.as_deref()))
}
