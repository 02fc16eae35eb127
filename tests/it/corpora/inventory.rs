//! Exported data, given anything: errors with a place, or an inventory in which every identity gets a decision at every
//! registry, and nobody is allowed anything without the object that allows it.

use acr_admission::engine::action::Action;
use acr_admission::engine::authorize::AccessRequest;
use acr_admission::engine::decision::{Decider, Reason, Verdict};
use acr_admission::engine::index::Index;
use acr_admission::inventory::{LoadErrors, Loaded, from_documents};
use jiff::Timestamp;

/// Enough to meet everybody in a small input.
const REGISTRIES: usize = 3;
const IDENTITIES: usize = 4;

pub(crate) fn check(input: &[u8]) {
    // The name plays a part for member lists: a group that the input may define itself.
    let document = ("members.readers.json".to_owned(), input.to_vec());
    match from_documents([document]) {
        Ok(loaded) => decide(loaded),
        Err(errors) => check_places(&errors, input),
    }
}

fn check_places(errors: &LoadErrors, input: &[u8]) {
    assert!(!errors.as_slice().is_empty());
    // UTF-16 has its line breaks elsewhere, and YAML has more of them.
    let lines = input.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() + 1;
    for error in errors.as_slice() {
        let line = error.place.line.unwrap_or(1) as usize;
        assert!((1..=lines + 1).contains(&line), "{error}: line {line} of {lines}");
        assert!(!error.message.is_empty() && !error.help.is_empty(), "{error}");
    }
}

fn decide(loaded: Loaded) {
    let index = Index::build(loaded.inventory);
    for (registry, _) in index.registries().take(REGISTRIES) {
        for principal in index.inventory().principals.iter().take(IDENTITIES) {
            for repository in [None, Some("team-a/app")] {
                let decision = index.decide(&AccessRequest {
                    principal: principal.principal_id,
                    registry,
                    repository,
                    action: Action::Pull,
                    now: Timestamp::UNIX_EPOCH,
                });
                if decision.verdict() == Verdict::Allow {
                    assert_eq!(decision.reason, Reason::AllowedByRole);
                    assert!(matches!(decision.by, Some(Decider::RoleAssignment(_))), "{decision:?}");
                }
            }
        }
    }
}
