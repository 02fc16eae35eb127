//! Does a decision cost the same however many role assignments there are?
//!
//! Baseline: the same decision at 100 assignments. 100,000 may cost at most three times as much.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a bench may stop at the first surprise"
)]

mod support;

use acr_admission::engine::action::Action;
use acr_admission::engine::authorize::AccessRequest;
use acr_admission::engine::index::Index;
use criterion::{BenchmarkId, Criterion};
use jiff::Timestamp;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("decide");
    let sizes = if support::measuring() { [100, 10_000, 100_000] } else { [100, 200, 300] };
    let indexes = sizes.map(|size| (size, Index::build(support::estate(size))));
    for (size, index) in &indexes {
        let mut round = 0_u32;
        group.bench_with_input(BenchmarkId::from_parameter(size), index, |bencher, index| {
            bencher.iter(|| {
                round = round.wrapping_add(1);
                decide(index, *size, round)
            });
        });
    }
    group.finish();
    criterion.final_summary();

    if !support::measuring() {
        return;
    }
    let medians =
        indexes.map(|(size, index)| (size, support::median(20_000, |round| decide(&index, size, round))));
    let (_, baseline) = medians[0];
    for (size, median) in medians {
        support::print_ratio(&format!("a decision at {size} assignments"), median, "at 100", baseline);
    }
}

/// A different principal and registry each round, so that nothing stays in the processor's caches by luck.
fn decide(index: &Index, size: usize, round: u32) -> bool {
    let round = round as usize;
    let principals = (size / 20).max(1);
    let name = round.wrapping_mul(7) % 50;
    let registry = index.registries().nth(name).unwrap().0;
    let decision = index.decide(&AccessRequest {
        principal: support::principal(round.wrapping_mul(7919) % principals),
        registry,
        repository: Some("team-42/app"),
        action: Action::Pull,
        now: Timestamp::UNIX_EPOCH,
    });
    decision.by.is_some()
}
