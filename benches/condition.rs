//! What does a condition cost to read, and what is gained by specialising it?
//!
//! Baselines: reading the portal's condition, and evaluating it unspecialised. The longest legal condition has 25
//! times the bytes and may cost at most 50 times as much to read.

#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use std::hint::black_box;

use acr_admission::engine::condition::{AttributeValue, Condition, Facts, MAX_LENGTH, REPOSITORY_NAME};
use criterion::Criterion;

const READ: &str = "Microsoft.ContainerRegistry/registries/repositories/content/read";

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let portal = support::portal_condition("team-42");
    let longest = longest_condition();
    let deepest = deepest_condition();

    let mut group = criterion.benchmark_group("condition parse");
    for (name, text) in [("portal", &portal), ("longest", &longest), ("deepest", &deepest)] {
        group.bench_function(name, |bencher| bencher.iter(|| Condition::parse(black_box(text)).unwrap()));
    }
    group.finish();

    let condition = Condition::parse(&portal).unwrap();
    let specialised = condition.specialise(READ);
    let facts = facts();
    let mut group = criterion.benchmark_group("condition evaluate");
    group.bench_function("specialise", |bencher| bencher.iter(|| condition.specialise(black_box(READ))));
    group.bench_function("whole", |bencher| bencher.iter(|| condition.evaluate(black_box(&facts))));
    group.bench_function("specialised", |bencher| {
        bencher.iter(|| specialised.evaluate(black_box(Some("team-42/app"))));
    });
    group.finish();
    criterion.final_summary();

    if !support::measuring() {
        return;
    }
    let parse = support::median(2_000, |_| Condition::parse(black_box(&portal)));
    let parse_longest = support::median(200, |_| Condition::parse(black_box(&longest)));
    let parse_deepest = support::median(200, |_| Condition::parse(black_box(&deepest)));
    support::print_ratio("reading the longest condition", parse_longest, "reading the portal's", parse);
    support::print_ratio("reading the deepest condition", parse_deepest, "reading the portal's", parse);
    let whole = support::median(20_000, |_| condition.evaluate(black_box(&facts)));
    let program = support::median(200_000, |_| specialised.evaluate(black_box(Some("team-42/app"))));
    support::print_ratio("evaluating specialised", program, "evaluating whole", whole);
}

/// As many prefixes as 8 KB hold.
fn longest_condition() -> String {
    let mut text =
        format!("!(ActionMatches{{'{READ}'}}) OR (@Request[{REPOSITORY_NAME}] StringEquals 'team'");
    for number in 0.. {
        let next = format!("\n OR @Request[{REPOSITORY_NAME}] StringStartsWithIgnoreCase 'team-{number}/'");
        if text.len() + next.len() >= MAX_LENGTH {
            break;
        }
        text.push_str(&next);
    }
    text.push(')');
    text
}

/// As many parentheses as 8 KB hold.
fn deepest_condition() -> String {
    let innermost = format!("@Request[{REPOSITORY_NAME}] StringEquals 'a'");
    let depth = (MAX_LENGTH - innermost.len()) / 3;
    format!("{}{innermost}{}", "!(".repeat(depth), ")".repeat(depth))
}

fn facts() -> Facts<'static> {
    let mut facts = Facts::new(READ);
    facts.request = [(REPOSITORY_NAME, AttributeValue::Text("team-42/app".into()))].into_iter().collect();
    facts
}
