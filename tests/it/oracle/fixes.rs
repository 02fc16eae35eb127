//! Supposing is rebuilding, and a fix does what it says and no more: laws over random estates.

use acr_admission::engine::action::Action;
use acr_admission::engine::assignment::RoleAssignment;
use acr_admission::engine::authorize::AccessRequest;
use acr_admission::engine::decision::{AdviceSet, Reason, Verdict};
use acr_admission::engine::fix::{Change, NoFix, Reach};
use acr_admission::engine::index::Index;
use acr_admission::engine::inventory::Inventory;
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq};
use proptest::proptest;

use super::estate::{Estate, REGISTRIES, REPOSITORIES, assignment, estate, principal};
use super::{Asked, cases, now, questions};

/// More names than the estates' conditions mention.
const MORE_REPOSITORIES: [&str; 9] =
    ["app", "team-a/app", "team-a", "team-ab/app", "team-a/", "team-a/appx", "ap", "xapp", "other"];

fn request<'a>(index: &Index, asked: &Asked, repository: &'a str) -> AccessRequest<'a> {
    AccessRequest {
        principal: principal(asked.principal),
        registry: index.find_registry(REGISTRIES[asked.registry]).unwrap(),
        repository: (asked.action != Action::Catalog).then_some(repository),
        action: asked.action,
        now: now(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases() / 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn supposing_an_assignment_is_building_the_index_with_it(
        estate in estate(), extra in assignment(), place in any::<proptest::sample::Index>(), replace in any::<bool>()
    ) {
        let index = Index::build(estate.inventory());
        let extra = Estate::role_assignment(&extra);
        let mut inventory = estate.inventory();
        let count = inventory.role_assignments.len();
        let supposition = if replace && count > 0 {
            let place = place.index(count);
            inventory.role_assignments[place] = extra.clone();
            index.suppose_replaced(u32::try_from(place).unwrap(), extra)
        } else {
            inventory.role_assignments.push(extra.clone());
            index.suppose_added(extra)
        };
        let rebuilt = Index::build(inventory);
        for asked in questions() {
            let request = request(&index, &asked, asked.repository);
            let (supposed, built) = (index.decide_with(&request, &supposition), rebuilt.decide(&request));
            let facts = |reason: Reason, by: Option<String>, advice: AdviceSet| (reason, by, advice);
            prop_assert_eq!(
                facts(supposed.reason, supposed.by.map(|by| by.name()), supposed.advice),
                facts(built.reason, built.by.map(|by| by.name()), built.advice)
            );
        }
    }

    #[test]
    fn a_fix_turns_its_pull_to_allow_and_nothing_else(estate in estate()) {
        let index = Index::build(estate.inventory());
        for asked in questions().filter(|asked| asked.action == Action::Pull) {
            let wanted = request(&index, &asked, asked.repository);
            let fix = match index.fix(&wanted) {
                Ok(fix) => fix,
                Err(why) => {
                    let reason = index.decide(&wanted).reason;
                    let expected = match why {
                        NoFix::NotDenied => reason.verdict() != Verdict::Deny,
                        NoFix::DenyAssignment => {
                            let may_deny = estate.lacks[1] || estate.listed.contains(&false);
                            may_deny || reason == Reason::DeniedByDenyAssignment
                        }
                        NoFix::ModeUnknown => asked.registry == 2,
                        NoFix::PrincipalDeleted => true,
                        // A push that only missed the pull comes with it, where a careless condition names neighbours.
                        NoFix::NotAPull | NoFix::TimeBound | NoFix::NameNotExpressible
                        | NoFix::ConditionTooLong | NoFix::NotVerified => false,
                    };
                    prop_assert!(expected, "{why:?} for {reason}");
                    continue;
                }
            };
            let fixed = Index::build(changed(estate.inventory(), &index, &fix.change));
            prop_assert_eq!(fixed.decide(&wanted).verdict(), Verdict::Allow);
            for other in questions().filter(|other| other.repository == REPOSITORIES[0]) {
                for repository in MORE_REPOSITORIES {
                    let same_registry = other.registry == asked.registry && other.principal == asked.principal;
                    let expected_to_change = same_registry
                        && (fix.reach == Reach::Registry || repository == asked.repository);
                    if expected_to_change {
                        continue;
                    }
                    let request = request(&index, &other, repository);
                    prop_assert_eq!(index.decide(&request).verdict(), fixed.decide(&request).verdict());
                }
            }
        }
    }

    #[test]
    fn deleting_what_the_mode_ignores_changes_nothing(estate in estate()) {
        let index = Index::build(estate.inventory());
        for asked in questions().filter(|asked| asked.action == Action::Pull) {
            let Ok(fix) = index.fix(&request(&index, &asked, asked.repository)) else { continue };
            for ignored in fix.ignored {
                let mut inventory = estate.inventory();
                inventory.role_assignments.retain(|one| one.id() != ignored.id());
                let without = Index::build(inventory);
                for other in questions() {
                    let request = request(&index, &other, other.repository);
                    prop_assert_eq!(index.decide(&request).verdict(), without.decide(&request).verdict());
                }
            }
        }
    }
}

/// The inventory with the change written into it, as Azure would.
fn changed(mut inventory: Inventory, index: &Index, change: &Change<'_>) -> Inventory {
    let assignment: RoleAssignment = index.supposed(change).assignment().clone();
    match change {
        Change::Create(_) => inventory.role_assignments.push(assignment),
        Change::Update { existing, .. } => {
            let position =
                inventory.role_assignments.iter().position(|one| one.id() == existing.id()).unwrap();
            inventory.role_assignments[position] = assignment;
        }
    }
    inventory
}
