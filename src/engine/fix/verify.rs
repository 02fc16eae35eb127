//! Trying a change: the pull must turn to allow, and nothing else may change.
//!
//! Whom the change does not name it cannot touch: a decision looks at assignments of the caller and its groups
//! only. For the principal itself the neighbours of the repository are asked about, where a wrong prefix or a lost
//! parenthesis would show, and every repository that its own conditions name.

use smol_str::{SmolStr, format_smolstr};

use crate::engine::action::{Action, PermissionsMode};
use crate::engine::authorize::AccessRequest;
use crate::engine::condition::{Condition, Literal, Operand};
use crate::engine::decision::Verdict;
use crate::engine::index::Index;
use crate::engine::suppose::Supposition;

/// More conditions than this are not read for names: a principal that holds hundreds of assignments at one
/// registry has its neighbours tried, and no denial waits for the rest.
const MAX_CONDITIONS: usize = 64;

/// What is asked about other repositories. Listing comes with every pull.
const ACTIONS: [Action; 4] = [Action::Pull, Action::List, Action::Push, Action::Delete];

impl Index {
    pub(super) fn is_verified(
        &self,
        request: &AccessRequest<'_>,
        repository: &str,
        mode: PermissionsMode,
        supposition: &Supposition,
    ) -> bool {
        if self.decide_with(request, supposition).verdict() != Verdict::Allow {
            return false;
        }
        match mode {
            // The mode knows nothing narrower than the registry, so every repository of it changes.
            PermissionsMode::Rbac => true,
            PermissionsMode::RbacAbac => self.others(request, repository).iter().all(|other| {
                ACTIONS.iter().all(|action| self.is_unchanged(request, other, *action, supposition))
            }),
        }
    }

    fn is_unchanged(
        &self,
        request: &AccessRequest<'_>,
        repository: &str,
        action: Action,
        supposition: &Supposition,
    ) -> bool {
        let asked = AccessRequest { repository: Some(repository), action, ..*request };
        self.decide(&asked).verdict() == self.decide_with(&asked, supposition).verdict()
    }

    /// Other repositories that a careless change would open or close.
    fn others(&self, request: &AccessRequest<'_>, repository: &str) -> Vec<SmolStr> {
        let mut others = neighbours(repository);
        let conditions = self
            .identity_set(request.principal)
            .flat_map(|principal| self.made_to(principal))
            .filter_map(|assignment| assignment.condition.as_deref())
            .take(MAX_CONDITIONS);
        for condition in conditions {
            let Ok(condition) = Condition::parse(condition.text()) else { continue };
            for name in names(&condition) {
                others.push(format_smolstr!("{}x", name));
                others.push(name);
            }
        }
        others.sort_unstable();
        others.dedup();
        // Letter case does not tell repositories apart: their names have none.
        others.retain(|other| !other.eq_ignore_ascii_case(repository) && !other.is_empty());
        others
    }
}

/// Names that differ from `repository` by what people get wrong: a missing or an additional piece at either end.
fn neighbours(repository: &str) -> Vec<SmolStr> {
    let mut names: Vec<SmolStr> =
        ["x", "-x", "/x", "2"].map(|end| format_smolstr!("{repository}{end}")).into();
    names.extend(["x", "x/", "x-"].map(|start| format_smolstr!("{start}{repository}")));
    if let Some((last, _)) = repository.char_indices().next_back() {
        names.extend(repository.get(..last).map(SmolStr::new));
    }
    for (slash, _) in repository.match_indices('/') {
        names.extend(repository.get(..slash).map(SmolStr::new));
        names.extend(repository.get(..=slash).map(|namespace| format_smolstr!("{namespace}x")));
        names.extend(repository.get(slash + 1..).map(SmolStr::new));
    }
    names
}

/// The names and prefixes that a condition compares the repository with.
pub(super) fn names(condition: &Condition) -> impl Iterator<Item = SmolStr> {
    condition
        .comparisons()
        .flat_map(|comparison| [&comparison.left, &comparison.right])
        .flat_map(|operand| match operand {
            Operand::Attribute(_) => &[],
            Operand::Literals(literals) => &**literals,
        })
        .filter_map(|literal| match literal {
            Literal::Text(text) => Some(text.clone()),
            Literal::Integer(_) | Literal::Boolean(_) | Literal::Guid(_) | Literal::DateTime(_) => None,
        })
}
