//! All checks, in one order.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::estate::Estate;
use super::finding::LintFinding;
use super::{carried, gap, grant, identity, registry};
use crate::engine::index::Index;
use crate::inventory::Places;

/// Every problem of an inventory as of `now`: the worst first, then by code, then as they come in the exports.
///
/// `places` is that of the load which the index was built from.
#[must_use]
pub fn lint(index: &Index, places: &Places, now: Timestamp) -> Vec<LintFinding> {
    let estate = Estate::new(index, places, now);
    let mut found = Vec::new();
    registry::check(&estate, &mut found);
    grant::check(&estate, &mut found);
    carried::check(&estate, &mut found);
    identity::check(&estate, &mut found);
    gap::check(&estate, &mut found);
    found.sort_by_key(|finding| (Reverse(finding.severity()), finding.code));
    found
}
