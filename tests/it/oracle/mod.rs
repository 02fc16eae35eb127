//! The index against a second opinion: an evaluator written from the published rules, without an index, that
//! scans everything each time; and laws that hold for any estate.
//!
//! `ACR_ADMISSION_CASES` sets how many random estates are tried.

mod estate;
mod fixes;
mod packing;
mod scan;
mod shapes;

use acr_admission::engine::action::Action;
use acr_admission::engine::authorize::AccessRequest;
use acr_admission::engine::decision::{Reason, Verdict};
use acr_admission::engine::index::Index;
use jiff::Timestamp;
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq};
use proptest::proptest;

use self::estate::{Estate, REGISTRIES, REPOSITORIES, estate, principal};

/// Every estate is asked about every principal, registry, repository and action: 240 questions each.
fn cases() -> u32 {
    std::env::var("ACR_ADMISSION_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(500)
}

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

struct Asked {
    principal: usize,
    registry: usize,
    repository: &'static str,
    action: Action,
}

fn questions() -> impl Iterator<Item = Asked> {
    (0..4).flat_map(|principal| {
        (0..REGISTRIES.len()).flat_map(move |registry| {
            REPOSITORIES.iter().flat_map(move |repository| {
                Action::ALL.into_iter().map(move |action| Asked { principal, registry, repository, action })
            })
        })
    })
}

fn ask(index: &Index, asked: &Asked) -> (Reason, Option<String>) {
    let decision = index.decide(&AccessRequest {
        principal: principal(asked.principal),
        registry: index.find_registry(REGISTRIES[asked.registry]).unwrap(),
        repository: (asked.action != Action::Catalog).then_some(asked.repository),
        action: asked.action,
        now: now(),
    });
    (decision.reason, decision.by.map(|by| by.name()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_index_answers_as_a_plain_scan_does(estate in estate()) {
        let index = Index::build(estate.inventory());
        for asked in questions() {
            let expected = scan::decide(&estate, &asked, now());
            prop_assert_eq!(
                ask(&index, &asked), expected,
                "principal {} registry {} repository {} {}",
                asked.principal, REGISTRIES[asked.registry], asked.repository, asked.action
            );
        }
    }

    #[test]
    fn the_order_of_assignments_never_matters(estate in estate(), seed in any::<u64>()) {
        let index = Index::build(estate.inventory());
        let shuffled = Index::build(estate.shuffled(seed).inventory());
        for asked in questions() {
            prop_assert_eq!(ask(&index, &asked).0, ask(&shuffled, &asked).0);
        }
    }

    #[test]
    fn one_more_grant_never_takes_access_away(estate in estate(), extra in estate::assignment()) {
        let before = Index::build(estate.inventory());
        let mut wider = estate;
        wider.assignments.push(extra);
        let after = Index::build(wider.inventory());
        for asked in questions() {
            if ask(&before, &asked).0.verdict() == Verdict::Allow {
                let after = ask(&after, &asked).0.verdict();
                // A grant of one mode can make the modes differ where the mode is unknown: never a plain deny.
                let mode_is_known = REGISTRIES[asked.registry] != "silent";
                prop_assert!(after == Verdict::Allow || (!mode_is_known && after == Verdict::Unknown));
            }
        }
    }

    #[test]
    fn one_more_deny_never_gives_access(estate in estate(), extra in estate::deny()) {
        let before = Index::build(estate.inventory());
        let mut narrower = estate;
        narrower.denies.push(extra);
        let after = Index::build(narrower.inventory());
        for asked in questions() {
            match ask(&before, &asked).0.verdict() {
                Verdict::Deny => prop_assert_eq!(ask(&after, &asked).0.verdict(), Verdict::Deny),
                Verdict::Allow => {}
                _ => prop_assert!(ask(&after, &asked).0.verdict() != Verdict::Allow),
            }
        }
    }

    #[test]
    fn letter_case_of_ids_never_matters(estate in estate()) {
        let index = Index::build(estate.inventory());
        let mut loud = Estate { upper_case: true, ..estate };
        loud.upper_case = true;
        let shouted = Index::build(loud.inventory());
        for asked in questions() {
            prop_assert_eq!(ask(&index, &asked), ask(&shouted, &asked));
        }
    }
}
