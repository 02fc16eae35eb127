//! What does it cost to load a big tenant? 100,000 role assignments as `az role assignment list --all` prints
//! them, against a plain typed parse of the same bytes, and what stays in memory afterwards.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

mod support;

use std::fmt::Write;
use std::fs;
use std::hint::black_box;
use std::time::Instant;

use acr_admission::inventory::{self, Loaded};
use criterion::{BatchSize, Criterion, Throughput};
use serde::Deserialize;

/// The fields of a role assignment as a straightforward program would read them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code)]
struct PlainAssignment {
    condition: Option<String>,
    condition_version: Option<String>,
    created_by: Option<String>,
    created_on: Option<String>,
    description: Option<String>,
    id: String,
    name: String,
    principal_id: String,
    principal_name: Option<String>,
    principal_type: Option<String>,
    resource_group: Option<String>,
    role_definition_id: String,
    role_definition_name: Option<String>,
    scope: String,
    r#type: String,
    updated_by: Option<String>,
    updated_on: Option<String>,
}

/// A tenant: 2,000 registries, 20,000 principals, every second assignment with one of 5,000 conditions.
fn export(assignments: usize) -> Vec<u8> {
    let mut text = String::from("[\n");
    for number in 0..assignments {
        if number > 0 {
            text.push_str(",\n");
        }
        record(&mut text, number);
    }
    text.push_str("\n]\n");
    text.into_bytes()
}

fn record(text: &mut String, number: usize) {
    let subscription = guid(1, number % 40);
    let (group, registry) = (number % 200, number % 2_000);
    let scope = format!(
        "/subscriptions/{subscription}/resourceGroups/rg-registries-{group}/providers/Microsoft.ContainerRegistry/registries/contoso{registry}"
    );
    let name = guid(2, number);
    let principal = guid(3, number % 20_000);
    text.push_str("  {\n");
    if number.is_multiple_of(2) {
        let team = number % 5_000;
        let content = "Microsoft.ContainerRegistry/registries/repositories/content/read";
        let _ = write!(
            text,
            "    \"condition\": \"(\\n (\\n  !(ActionMatches{{'{content}'}})\\n )\\n OR \\n (\\n  @Request[Microsoft.ContainerRegistry/registries/repositories:name] StringStartsWith 'team-{team}/'\\n )\\n)\",\n    \"conditionVersion\": \"2.0\",\n"
        );
    }
    let _ = write!(
        text,
        r#"    "createdBy": "91859023-ec99-41ee-a807-06b24c0dfbf8",
    "createdOn": "2026-06-01T09:00:00.123456+00:00",
    "id": "{scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
    "name": "{name}",
    "principalId": "{principal}",
    "principalName": "{client}",
    "principalType": "ServicePrincipal",
    "resourceGroup": "rg-registries-{group}",
    "roleDefinitionId": "/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/b93aa761-3e63-49ed-ac28-beffa264f7ac",
    "roleDefinitionName": "Container Registry Repository Reader",
    "scope": "{scope}",
    "type": "Microsoft.Authorization/roleAssignments",
    "updatedBy": "91859023-ec99-41ee-a807-06b24c0dfbf8",
    "updatedOn": "2026-06-01T09:00:00.123456+00:00"
  }}"#,
        client = guid(4, number % 20_000),
    );
}

fn guid(kind: usize, number: usize) -> String {
    let mixed = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!(
        "{kind:08x}-{:04x}-4{:03x}-8{:03x}-{number:012x}",
        mixed & 0xffff,
        mixed >> 20 & 0xfff,
        mixed >> 40 & 0xfff
    )
}

fn load(bytes: Vec<u8>) -> Loaded {
    inventory::from_documents([("role-assignments.json".to_owned(), bytes)]).unwrap()
}

fn plain(bytes: &[u8]) -> Vec<PlainAssignment> {
    serde_json::from_slice(bytes).unwrap()
}

/// Resident memory of this process in MiB, where the system tells.
fn resident() -> Option<usize> {
    let text = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = text.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * 4 / 1024)
}

/// What stays in memory when a file was loaded and only the inventory is kept, as `serve` does.
fn measure_memory(assignments: usize) {
    let path = std::env::temp_dir().join(format!("acr-admission-bench-{}.json", std::process::id()));
    fs::write(&path, export(assignments)).unwrap();
    let before = resident();
    let loaded = inventory::load(std::slice::from_ref(&path)).unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(loaded.inventory.role_assignments.len(), assignments);
    if let (Some(before), Some(after)) = (before, resident()) {
        println!("resident: {before} MiB before, {after} MiB with {assignments} role assignments");
    }
}

fn main() {
    let assignments = if support::measuring() { 100_000 } else { 200 };
    measure_memory(assignments);
    let bytes = export(assignments);
    println!("{} bytes a record", bytes.len() / assignments);
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("inventory");
    group.sample_size(10).throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("plain_typed_parse", |bencher| bencher.iter(|| black_box(plain(&bytes))));
    group.bench_function("load", |bencher| {
        bencher.iter_batched(|| bytes.clone(), |bytes| black_box(load(bytes)), BatchSize::PerIteration);
    });
    group.finish();
    if support::measuring() {
        ratio(&bytes);
    }
}

/// The number that matters: both in one run, in turn, the best of several each. The load takes the bytes over,
/// as it does with a file's, so the copy for it is not counted.
fn ratio(bytes: &[u8]) {
    let (mut typed, mut loaded) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..9 {
        let start = Instant::now();
        drop(black_box(plain(bytes)));
        typed = typed.min(start.elapsed().as_secs_f64());
        let copy = bytes.to_vec();
        let start = Instant::now();
        drop(black_box(load(copy)));
        loaded = loaded.min(start.elapsed().as_secs_f64());
    }
    println!("load takes {:.2}x a plain typed parse ({loaded:.3} s, {typed:.3} s)", loaded / typed);
}
