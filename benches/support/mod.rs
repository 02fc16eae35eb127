//! Made-up estates of any size, and ratios measured within one run.

#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench may stop at the first surprise, prints its ratios, and uses its part of this file"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use acr_admission::engine::action::PermissionsMode;
use acr_admission::engine::assignment::{
    AssignmentCondition, AssignmentName, PermissionBlock, PrincipalType, RoleAssignment, RoleDefinition,
};
use acr_admission::engine::guid::{PrincipalId, RoleId};
use acr_admission::engine::inventory::{Group, Inventory, Registry};
use acr_admission::engine::scope::Scope;
use uuid::Uuid;

pub const SUBSCRIPTION: &str = "/subscriptions/7fb77e3a-a15c-4c66-8742-f0b1b4ce8478";

/// Principals hold this many assignments each; real tenants are of the same order.
const ASSIGNMENTS_EACH: usize = 20;

pub fn principal(number: usize) -> PrincipalId {
    PrincipalId::new(Uuid::from_u128(0xACE0_0000_0000_0000 + number as u128))
}

pub fn registry_id(number: usize) -> String {
    format!(
        "{SUBSCRIPTION}/resourceGroups/rg-{}/providers/Microsoft.ContainerRegistry/registries/registry{number}",
        number % 10
    )
}

pub fn portal_condition(prefix: &str) -> String {
    format!(
        "(\n (\n  !(ActionMatches{{'Microsoft.ContainerRegistry/registries/repositories/content/read'}})\n  AND\n  \
         !(ActionMatches{{'Microsoft.ContainerRegistry/registries/repositories/metadata/read'}})\n )\n OR \n (\n  \
         @Request[Microsoft.ContainerRegistry/registries/repositories:name] StringStartsWithIgnoreCase '{prefix}/'\n )\n)"
    )
}

/// An estate of `size` role assignments on 50 registries, every third with a condition of its own.
pub fn estate(size: usize) -> Inventory {
    let pull = RoleId::new(Uuid::from_u128(1));
    let reader = RoleId::new(Uuid::from_u128(2));
    let roles = vec![
        role(pull, &["Microsoft.ContainerRegistry/registries/pull/read"], &[]),
        role(reader, &[], &["Microsoft.ContainerRegistry/registries/repositories/content/read"]),
    ];
    let registries: Vec<_> = (0..50).map(registry).collect();
    let scopes: Vec<_> = registries.iter().map(|registry| registry.id.clone()).collect();
    let role_assignments = (0..size)
        .map(|number| RoleAssignment {
            name: AssignmentName::Guid(Uuid::from_u128(0xB000 + number as u128)),
            scope: scopes[(number / 3 + number % ASSIGNMENTS_EACH) % scopes.len()].clone(),
            role: if number.is_multiple_of(2) { pull } else { reader },
            principal: principal(number / ASSIGNMENTS_EACH),
            principal_type: PrincipalType::ServicePrincipal,
            principal_deleted: false,
            condition: number.is_multiple_of(3).then(|| {
                Arc::new(AssignmentCondition::new(&portal_condition(&format!("team-{number}")), Some("2.0")))
            }),
            window: None,
        })
        .collect();
    let groups = (0..size / 100)
        .map(|number| Group {
            id: principal(1_000_000 + number),
            name: format!("group-{number}").into(),
            members: (0..10).map(|member| principal(number * 5 + member)).collect(),
            members_known: true,
            members_may_be_hidden: false,
        })
        .collect();
    Inventory { registries, role_definitions: roles, role_assignments, groups, ..Inventory::default() }
}

fn registry(number: usize) -> Registry {
    Registry {
        id: Scope::parse(&registry_id(number)).unwrap(),
        name: format!("registry{number}").into(),
        login_server: format!("registry{number}.azurecr.io").into(),
        regional_hosts: Vec::new(),
        data_hosts: Vec::new(),
        mode: Some(if number.is_multiple_of(2) { PermissionsMode::Rbac } else { PermissionsMode::RbacAbac }),
        sku: None,
        admin_user_enabled: false,
        anonymous_pull_enabled: false,
        quarantine_enabled: false,
        arm_audience_tokens_enabled: None,
        network_restricted: false,
        locked_repositories: Vec::new(),
    }
}

fn role(id: RoleId, actions: &[&str], data_actions: &[&str]) -> RoleDefinition {
    let words = |words: &[&str]| words.iter().map(|word| (*word).into()).collect();
    let block = PermissionBlock {
        actions: words(actions),
        data_actions: words(data_actions),
        ..PermissionBlock::default()
    };
    RoleDefinition { id, name: "role".into(), built_in: true, permissions: vec![block] }
}

/// Whether figures are wanted: `cargo bench` says so. Tests only see that a bench still runs.
pub fn measuring() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}

/// The median time of one call, over batches long enough for the clock.
pub fn median<T>(batch: u32, mut call: impl FnMut(u32) -> T) -> Duration {
    let mut times: Vec<_> = (0..21)
        .map(|_| {
            let start = Instant::now();
            for round in 0..batch {
                black_box(call(round));
            }
            start.elapsed() / batch
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// Prints how a figure stands to its baseline of the same run.
pub fn print_ratio(what: &str, figure: Duration, baseline_name: &str, baseline: Duration) {
    let ratio = figure.as_secs_f64() / baseline.as_secs_f64();
    println!("ratio: {what} {figure:?} = {ratio:.2} x {baseline_name} {baseline:?}");
}
