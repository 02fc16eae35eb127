//! The cases of `tests/cases/lint.yaml`: exactly the expected codes, each code found once and spared once.

use std::collections::BTreeSet;

use acr_admission::engine::condition::Condition;
use acr_admission::engine::index::Index;
use acr_admission::inventory::from_documents;
use acr_admission::lint::{LintCode, LintFinding, condition_warnings, lint};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

const TABLE: &str = include_str!("../cases/lint.yaml");

#[derive(Deserialize)]
struct Table {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default)]
    inventory: Map<String, Value>,
    #[serde(default)]
    files: Map<String, Value>,
    #[serde(default)]
    grants: Vec<Map<String, Value>>,
    #[serde(default)]
    finds: BTreeSet<String>,
    #[serde(default)]
    spares: BTreeSet<String>,
}

fn cases() -> Vec<Case> {
    let table: Table = serde_saphyr::from_str(TABLE).unwrap();
    table.cases
}

#[test]
fn every_trap_is_found_and_what_comes_close_is_spared() {
    let mut wrong = Vec::new();
    for case in cases() {
        let found: BTreeSet<String> =
            findings(&case).iter().map(|finding| finding.code.to_string()).collect();
        if found != case.finds {
            wrong.push(format!("{}: found {found:?}, expected {:?}", case.name, case.finds));
        }
        assert!(case.finds.is_disjoint(&case.spares), "{}: finds what it spares", case.name);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_is_found_by_a_case_and_spared_by_another() {
    let codes: BTreeSet<String> = LintCode::ALL.iter().map(ToString::to_string).collect();
    let union =
        |sets: fn(Case) -> BTreeSet<String>| cases().into_iter().flat_map(sets).collect::<BTreeSet<_>>();
    assert_eq!(union(|case| case.finds), codes);
    assert_eq!(union(|case| case.spares), codes);
}

#[test]
fn findings_say_where_what_why_and_how() {
    for case in cases() {
        for finding in findings(&case) {
            let LintFinding { code, subject, place, spot, what, fix, command } = &finding;
            let told = format!("{}: {finding:?}", case.name);
            assert!(!what.is_empty() && !fix.is_empty() && !subject.id.is_empty(), "{told}");
            let place = place.as_ref().unwrap_or_else(|| panic!("no place: {told}"));
            assert!(!place.file.is_empty() && place.line.is_some_and(|line| line > 0), "{told}");
            for text in [what.as_str(), fix, code.why(), code.title()] {
                assert!(!text.ends_with('.') && !text.contains('\n'), "{told}");
            }
            assert!(command.as_ref().is_none_or(|command| command.starts_with("az ")), "{told}");
            let is_about_text = spot.as_ref().is_none_or(|spot| spot.line > 0 && spot.column > 0);
            assert!(is_about_text, "{told}");
        }
    }
}

#[test]
fn the_worst_comes_first() {
    let all = cases().into_iter().find(|case| case.name == "a guard that names writing only").unwrap();
    let mut case = all;
    case.inventory
        .insert("registries".to_owned(), json!([{"name": "open", "mode": "rbac", "adminUser": true}]));
    let severities: Vec<_> = findings(&case).iter().map(LintFinding::severity).collect();
    assert!(severities.is_sorted_by(|first, second| first >= second), "{severities:?}");
    assert_eq!(severities.len(), 2);
}

/// The estate around every case, with what the case adds to it.
fn findings(case: &Case) -> Vec<LintFinding> {
    let mut estate = json!({
        "apiVersion": "acr-admission.dev/v1",
        "kind": "Inventory",
        "subscription": "5b000000-0000-4000-8000-000000000001",
        "resourceGroup": "rg",
        "registries": [{"name": "fine", "mode": "rbac-abac"}, {"name": "plain", "mode": "rbac"}],
        "identities": [
            {"name": "kubelet", "principalId": "1d000000-0000-4000-8000-000000000001"},
            {"name": "web", "principalId": "1d000000-0000-4000-8000-000000000002",
             "clientId": "c1000000-0000-4000-8000-000000000002"},
            {"name": "ci", "principalId": "1d000000-0000-4000-8000-000000000003"},
        ],
        "clusters": [{"name": "nodes", "kubeletIdentity": "kubelet", "oidcIssuer": "https://issuer.example/nodes/"}],
        "managementGroups": [{"ancestors": ["top"]}],
    });
    let fields = estate.as_object_mut().unwrap();
    for (list, more) in &case.inventory {
        let known = fields.entry(list).or_insert_with(|| json!([])).as_array_mut().unwrap();
        known.extend(more.as_array().unwrap().iter().cloned());
    }
    let grants: Vec<Value> = case.grants.iter().map(grant).collect();
    fields.insert("roleAssignments".to_owned(), grants.into());
    let text = serde_json::to_string_pretty(&estate).unwrap().replace("<P>", PROVIDER);
    let files = case.files.iter().map(|(name, value)| (name.clone(), value.to_string().into_bytes()));
    let documents = files.chain([("inventory.json".to_owned(), text.into_bytes())]);
    let loaded = from_documents(documents).unwrap_or_else(|errors| panic!("{}: {errors}", case.name));
    let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
    lint(&Index::build(loaded.inventory), &loaded.places, now)
}

const PROVIDER: &str = "Microsoft.ContainerRegistry/registries/";

fn grant(fields: &Map<String, Value>) -> Value {
    let mut grant = fields.clone();
    let role = match fields["role"].as_str().unwrap() {
        "RR" => "Container Registry Repository Reader",
        "RW" => "Container Registry Repository Writer",
        "RC" => "Container Registry Repository Contributor",
        other => other,
    };
    grant.insert("role".to_owned(), role.into());
    grant.entry("principal").or_insert_with(|| "web".into());
    grant.entry("scope").or_insert_with(|| "fine".into());
    if let Some(condition) = fields.get("condition") {
        grant.insert("condition".to_owned(), expanded(condition.as_str().unwrap()).into());
    }
    grant.into()
}

fn expanded(condition: &str) -> String {
    let guarded = condition.strip_prefix("READS{").and_then(|rest| rest.strip_suffix('}')).map(|inner| {
        format!(
            "((!(ActionMatches{{'<P>repositories/content/read'}}) AND \
             !(ActionMatches{{'<P>repositories/metadata/read'}})) OR ({inner}))"
        )
    });
    guarded.unwrap_or_else(|| condition.to_owned()).replace("NAME", "@Request[<P>repositories:name]")
}

/// The conditions of Microsoft's articles and of the portal, which nobody should be warned about; then everything
/// else that is valid, and the worst that fits into 8 KB.
#[test]
fn published_conditions_pass_and_no_condition_is_too_much() {
    let text = include_str!("../fixtures/conditions/valid.json");
    let fixtures: Value = serde_json::from_str(text).unwrap();
    let cases = fixtures.as_array().or_else(|| fixtures["cases"].as_array()).unwrap();
    let mut clean = BTreeSet::new();
    for case in cases {
        let condition = Condition::parse(case["condition"].as_str().unwrap()).unwrap();
        if condition_warnings(&condition).is_empty() {
            clean.insert(case["id"].as_str().unwrap());
        }
    }
    for id in
        ["acr-single-repo", "acr-prefix", "acr-multi-prefix", "acr-bicep-reader", "acr-single-repo-oneline"]
    {
        assert!(clean.contains(id), "{id} is warned about; clean are {clean:?}");
    }
    let name = "@Request[Microsoft.ContainerRegistry/registries/repositories:name]";
    let worst = [
        format!("{}{name} StringEquals 'a'{}", "(".repeat(4000), ")".repeat(4000)),
        format!("{}{name} StringEquals 'a'", "!".repeat(8000)),
        format!("{name} StringLike '{}'", "*a*b".repeat(2000)),
        format!("{name} StringLike '*a{}'", "?".repeat(8000)),
        vec![format!("{name} StringLike '*a*b?c*'"); 80].join(" OR "),
        format!("{name} ForAnyOfAnyValues:StringLike {{{}}}", vec!["'*a?*b'"; 900].join(",")),
    ];
    for text in worst {
        let condition = Condition::parse(&text).unwrap();
        let started = std::time::Instant::now();
        drop(condition_warnings(&condition));
        println!("{} bytes: {:?}", text.len(), started.elapsed());
    }
}
