//! The decision table `tests/cases/decisions.yaml`, through the engine, the command line and the webhook.
//!
//! Each row becomes a hand-written inventory of its own and one question; every door must give the row's verdict and
//! reason.

mod webhook;

use acr_admission::engine::account::{decide_admin_user, decide_anonymous};
use acr_admission::engine::action::Action;
use acr_admission::engine::authorize::AccessRequest;
use acr_admission::engine::conditional_access::{SignIn, TokenAudience};
use acr_admission::engine::decision::{Advice, Decision, Reason};
use acr_admission::engine::image::ImageReference;
use acr_admission::engine::index::{HostMatch, IdentityMatch, Index};
use acr_admission::engine::quarantine::{NamedBy, mind_quarantine};
use acr_admission::engine::task::{QuickRunIdentity, TaskRequest};
use acr_admission::inventory::from_documents;
use assert_cmd::Command;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use smol_str::SmolStr;

const TABLE: &str = include_str!("../../cases/decisions.yaml");
const NOW: &str = "2026-11-22T12:00:00Z";
const SUBSCRIPTION: &str = "5b000000-0000-4000-8000-000000000001";
const REGISTRIES: &str = "6a0ec4d3-30cb-4a83-91c0-ae56bc0e3d26";
const CLIENT_ID: &str = "c1000000-0000-4000-8000-000000000001";

#[derive(Deserialize)]
struct Table {
    rows: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Row {
    #[serde(rename = "row")]
    number: u32,
    modes: Vec<String>,
    #[serde(default)]
    grants: Vec<Grant>,
    #[serde(default)]
    denies: Vec<Deny>,
    #[serde(default)]
    registry: Value,
    token: Option<Token>,
    #[serde(default)]
    policies: Vec<Policy>,
    task: Option<Task>,
    /// A group G3 of which only a list without service principals was exported.
    #[serde(default)]
    hidden_group: bool,
    /// A group G4 of which no member list was exported.
    #[serde(default)]
    unlisted_group: bool,
    /// All groups around U1 were exported.
    #[serde(default)]
    complete_memberships: bool,
    asks: Question,
    expect: String,
    reason: String,
    /// All advice of the engine, where the row is about it.
    advice: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Grant {
    role: Option<String>,
    #[serde(default)]
    actions: Vec<String>,
    #[serde(default)]
    not_actions: Vec<String>,
    #[serde(default)]
    data_actions: Vec<String>,
    #[serde(default)]
    not_data_actions: Vec<String>,
    scope: String,
    principal: Option<String>,
    condition: Option<String>,
    guarded: Option<String>,
    guarded_all: Option<String>,
    start: Option<String>,
    end: Option<String>,
    #[serde(default)]
    eligible_only: bool,
    #[serde(default)]
    upper_case: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Deny {
    #[serde(default)]
    actions: Vec<String>,
    #[serde(default)]
    not_actions: Vec<String>,
    #[serde(default)]
    data_actions: Vec<String>,
    principals: Vec<String>,
    #[serde(default)]
    excluded: Vec<String>,
    scope: String,
    condition: Option<String>,
    #[serde(default)]
    only_this_scope: bool,
    #[serde(default)]
    audit_only: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    actions: Vec<String>,
    enabled: Option<bool>,
    expires: Option<String>,
}

/// A Conditional Access policy: parts of Graph's shape, where they are not the usual ones.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Policy {
    state: Option<String>,
    users: Option<Value>,
    applications: Option<Value>,
    #[serde(default)]
    conditions: Value,
    grant: Option<Value>,
}

/// An ACR task: parts of the CLI's shape. It has a system-assigned identity, which grants call `task`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Task {
    source: Option<Value>,
    #[serde(default)]
    identities: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a word that a row may say, and any may go together"
)]
struct Question {
    identity: Option<String>,
    action: Option<String>,
    repository: Option<String>,
    image: Option<String>,
    #[serde(default)]
    task: bool,
    quick_run: Option<String>,
    audience: Option<String>,
    #[serde(default)]
    met: Vec<String>,
    /// The image has not passed the quarantine.
    #[serde(default)]
    quarantined: bool,
    /// The client's credential is from before the registry's change of mode.
    #[serde(default)]
    former_mode: bool,
    /// The client asks a connected registry of that registry.
    #[serde(default)]
    at_connected_registry: bool,
}

#[test]
fn every_row_holds_in_the_engine() {
    let mut wrong = Vec::new();
    for (row, mode) in rows() {
        let index = Index::build(from_documents(documents(&row, &mode)).unwrap().inventory);
        let decision = ask_engine(&index, &row.asks);
        let advice: Vec<String> = decision.advice.iter().map(|advice| advice.to_string()).collect();
        if let Some(expected) = &row.advice
            && advice != *expected
        {
            wrong.push(format!("row {} in {mode}: advice {advice:?}, not {expected:?}", row.number));
        }
        if decision.reason.to_string() != row.reason || decision.verdict().as_str() != row.expect {
            wrong.push(format!("row {} in {mode}: {}, not {}", row.number, decision.reason, row.reason));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_row_holds_on_the_command_line() {
    let mut wrong = Vec::new();
    for (row, mode) in rows() {
        let inventory = tempfile::tempdir().unwrap();
        for (name, text) in documents(&row, &mode) {
            std::fs::write(inventory.path().join(name), text).unwrap();
        }
        let run = command(&row.asks).arg("--inventory").arg(inventory.path()).output().unwrap();
        let answer: Value = serde_json::from_slice(&run.stdout).unwrap_or_default();
        if answer["verdict"] != json!(row.expect) || answer["reason"] != json!(row.reason) {
            let talk = String::from_utf8_lossy(&run.stderr);
            wrong.push(format!("row {} in {mode}: {answer}, not {}; {talk}", row.number, row.reason));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The question as a batch of one line; questions about tasks only go on the command line.
fn command(asks: &Question) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_acr-admission"));
    command.args(["can-pull", "--now", NOW, "--audience", asks.audience.as_deref().unwrap_or("registry")]);
    if asks.former_mode {
        command.arg("--former-mode-credential");
    }
    if asks.at_connected_registry {
        command.arg("--at-connected-registry");
    }
    command.args(asks.met.iter().flat_map(|control| ["--control-met", control]));
    let identity = asks.identity.as_deref().unwrap_or("U1");
    let action = asks.action.as_deref().unwrap_or("pull");
    if asks.task || asks.quick_run.is_some() {
        command.args(["-o", "json", "--registry", "acme", "--action", action]);
        command.args(asks.repository.iter().flat_map(|repository| ["--repository", repository]));
        match &asks.quick_run {
            Some(word) => command.args([identity, "--quick-run", word]),
            None => command.args(["--task", "build"]),
        };
        return command;
    }
    let registry = asks.image.is_none().then_some("acme");
    let question = json!({
        "id": "row", "identity": identity, "registry": registry, "repository": asks.repository,
        "image": asks.image, "action": action, "quarantined": asks.quarantined,
    });
    command.args(["--batch", "-"]).write_stdin(format!("{question}\n"));
    command
}

fn rows() -> Vec<(std::rc::Rc<Row>, String)> {
    let table: Table = serde_saphyr::from_str(TABLE).unwrap();
    let rows: Vec<_> = table
        .rows
        .into_iter()
        .map(std::rc::Rc::new)
        .flat_map(|row| row.modes.clone().into_iter().map(move |mode| (row.clone(), mode)))
        .collect();
    // Whoever adds a row counts it here, so that none gets lost on the way to the doors.
    assert_eq!(rows.len(), 247);
    rows
}

fn ask_engine<'index>(index: &'index Index, question: &Question) -> Decision<'index> {
    let now: Timestamp = NOW.parse().unwrap();
    let action: Action = question.action.as_deref().unwrap_or("pull").parse().unwrap();
    let number = index.find_registry("acme").unwrap();
    let registry = index.registry(number).unwrap();
    let image: Option<ImageReference> = question.image.as_ref().map(|image| image.parse().unwrap());
    if let Some(image) = &image
        && let Some(HostMatch::DataEndpoint(_)) = index.host(image.host())
    {
        return Decision::plain(Reason::NotALoginServer);
    }
    let repository = image.as_ref().map(|image| image.repository().as_str());
    let repository = repository.or(question.repository.as_deref());
    let named_by = match image.as_ref().and_then(ImageReference::digest) {
        Some(_) => NamedBy::Digest,
        None => NamedBy::Tag,
    };
    let account = |decision| {
        if question.quarantined { mind_quarantine(registry, action, decision) } else { decision }
    };
    let controls_met: Vec<SmolStr> = question.met.iter().map(SmolStr::from).collect();
    let audience = match question.audience.as_deref() {
        Some("arm") => TokenAudience::ResourceManager,
        _ => TokenAudience::Registry,
    };
    let sign_in = SignIn {
        audience,
        controls_met: &controls_met,
        from_former_mode: question.former_mode,
        at_connected_registry: question.at_connected_registry,
    };
    let request = TaskRequest { registry: number, repository, action, now };
    if question.task {
        return index.decide_task(index.find_task(number, "build").unwrap(), &request);
    }
    if let Some(word) = &question.quick_run {
        let identity = if word == "[caller]" { QuickRunIdentity::Caller } else { QuickRunIdentity::Nobody };
        let caller = principal(question.identity.as_deref().unwrap_or("U1")).parse().unwrap();
        return index.decide_quick_run(caller, identity, &request, &sign_in);
    }
    match question.identity.as_deref().unwrap_or("U1") {
        "acme" => account(sign_in.mind_account(decide_admin_user(registry, repository, action))),
        "anonymous" => account(sign_in.mind_account(decide_anonymous(registry, repository, action))),
        "token" => {
            account(index.decide_token(index.token(number, "token").unwrap(), repository, action, now))
        }
        name => match index.find_identity(name) {
            IdentityMatch::One(found) if question.quarantined => {
                index.decide_quarantined(&request.of(found.principal_id), named_by, &sign_in)
            }
            IdentityMatch::One(found) => index.decide_signed_in(&request.of(found.principal_id), &sign_in),
            IdentityMatch::Several | IdentityMatch::None => Decision::plain(Reason::IdentityNotInEstate),
        },
    }
}

/// The row's estate: a hand-written inventory, and exports of what that form does not have.
fn documents(row: &Row, mode: &str) -> Vec<(String, Vec<u8>)> {
    let mut documents = vec![document(row, mode)];
    if !row.policies.is_empty() {
        let policies: Vec<_> = row.policies.iter().enumerate().map(policy).collect();
        documents.push(("policies.json".to_owned(), json!({"value": policies}).to_string().into_bytes()));
    }
    if let Some(task) = &row.task {
        let identities: serde_json::Map<_, _> =
            task.identities.iter().map(|name| (user_assigned(name), json!({}))).collect();
        let task = json!({
            "id": format!("{}/tasks/build", scope("R", false)), "name": "build",
            "type": "Microsoft.ContainerRegistry/registries/tasks",
            "identity": {"principalId": id(5), "userAssignedIdentities": identities},
            "credentials": {"sourceRegistry": task.source},
        });
        documents.push(("tasks.json".to_owned(), json!([task]).to_string().into_bytes()));
    }
    if row.hidden_group {
        let groups = json!([{"id": id(13), "displayName": "G3", "securityEnabled": true}]);
        documents.push(("ad-group-list.json".to_owned(), groups.to_string().into_bytes()));
        documents.push(("ad-group-member-list.G3.json".to_owned(), b"[]".to_vec()));
    }
    if row.unlisted_group {
        let group = json!({"id": id(14), "displayName": "G4", "securityEnabled": true});
        documents.push(("ad-group-show.json".to_owned(), group.to_string().into_bytes()));
    }
    if row.complete_memberships {
        let context = "https://graph.microsoft.com/v1.0/$metadata#Collection(Edm.String)";
        let groups = json!({"@odata.context": context, "value": [id(11), id(12)]});
        documents.push(("get-member-groups.U1.json".to_owned(), groups.to_string().into_bytes()));
    }
    documents
}

fn policy((number, policy): (usize, &Policy)) -> Value {
    let mut conditions = json!({
        "users": policy.users.clone().unwrap_or(json!({"includeUsers": ["All"]})),
        "applications": policy.applications.clone().unwrap_or(json!({"includeApplications": [REGISTRIES]})),
        "clientAppTypes": ["all"], "locations": null, "signInRiskLevels": [],
    });
    for (key, value) in policy.conditions.as_object().into_iter().flatten() {
        conditions[key] = value.clone();
    }
    let text = json!({
        "id": format!("policy-{number}"), "state": policy.state.as_deref().unwrap_or("enabled"),
        "conditions": conditions,
        "grantControls": policy.grant.clone().unwrap_or(json!({"operator": "OR", "builtInControls": ["mfa"]})),
    });
    serde_json::from_str(&in_ids(&text.to_string())).unwrap()
}

/// Names of people and groups to their ids, as policies have them.
fn in_ids(text: &str) -> String {
    let names = ["person", "G1", "G2", "U1"];
    names.iter().fold(text.to_owned(), |text, name| {
        text.replace(&format!("\"{name}\""), &format!("\"{}\"", principal(name)))
    })
}

fn user_assigned(name: &str) -> String {
    let group = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg1");
    format!("{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}")
}

fn document(row: &Row, mode: &str) -> (String, Vec<u8>) {
    let mut registry = json!({"name": "acme", "id": scope("R", false)});
    if mode != "unknown" {
        registry["mode"] = json!(mode);
    }
    for (key, value) in row.registry.as_object().into_iter().flatten() {
        registry[key] = value.clone();
    }
    let roles: Vec<_> =
        row.grants.iter().enumerate().filter_map(|(number, grant)| custom_role(number, grant)).collect();
    let grants: Vec<_> =
        row.grants.iter().enumerate().map(|(number, grant)| assignment(number, grant)).collect();
    let mut inventory = json!({
        "apiVersion": "acr-admission.dev/v1", "kind": "Inventory",
        "registries": [registry, {"name": "other", "id": scope("other", false), "mode": "rbac"}],
        "identities": [
            {"name": "U1", "principalId": id(1), "clientId": CLIENT_ID},
            {"name": "U2", "principalId": id(2), "id": user_assigned("U2")},
            {"name": "person", "principalId": id(4), "kind": "user"},
        ],
        "groups": [
            {"name": "G1", "id": id(11), "members": [id(1), id(4)]},
            {"name": "G2", "id": id(12), "members": [id(11)]},
        ],
        "managementGroups": [{"subscription": SUBSCRIPTION, "ancestors": ["MG1"]}],
        "customRoles": roles,
        "roleAssignments": grants,
        "denyAssignments": row.denies.iter().map(deny).collect::<Vec<_>>(),
    });
    if let Some(token) = &row.token {
        inventory["scopeMaps"] = json!([{"name": "map", "registry": "acme", "actions": token.actions}]);
        inventory["tokens"] = json!([{
            "name": "token", "registry": "acme", "scopeMap": "map", "enabled": token.enabled.unwrap_or(true),
            "passwords": [{"expires": token.expires}],
        }]);
    }
    ("estate.json".to_owned(), without_nulls(inventory).to_string().into_bytes())
}

fn assignment(number: usize, grant: &Grant) -> Value {
    let role = match grant.role.as_deref() {
        None => custom_role_name(number),
        Some("RR") => "Container Registry Repository Reader".to_owned(),
        Some("RW") => "Container Registry Repository Writer".to_owned(),
        Some("RC") => "Container Registry Repository Contributor".to_owned(),
        Some(name) => name.to_owned(),
    };
    let condition = grant
        .condition
        .clone()
        .or_else(|| Some(guarded(&["content/read", "metadata/read"], grant.guarded.as_ref()?)))
        .or_else(|| {
            let all = [
                "content/read",
                "content/write",
                "content/delete",
                "metadata/read",
                "metadata/write",
                "metadata/delete",
            ];
            Some(guarded(&all, grant.guarded_all.as_ref()?))
        });
    json!({
        "name": format!("grant-{number}"), "role": role, "scope": scope(&grant.scope, grant.upper_case),
        "principal": principal(grant.principal.as_deref().unwrap_or("U1")),
        "condition": condition.map(|text| expand(&text)),
        "start": grant.start, "end": grant.end, "eligibleOnly": grant.eligible_only,
    })
}

fn custom_role_name(number: usize) -> String {
    format!("custom-{number}")
}

fn custom_role(number: usize, grant: &Grant) -> Option<Value> {
    grant.role.is_none().then(|| {
        json!({
            "name": custom_role_name(number), "id": id(100 + number),
            "actions": expand_all(&grant.actions), "notActions": expand_all(&grant.not_actions),
            "dataActions": expand_all(&grant.data_actions), "notDataActions": expand_all(&grant.not_data_actions),
        })
    })
}

fn deny(deny: &Deny) -> Value {
    json!({
        "name": "deny", "scope": scope(&deny.scope, false),
        "principals": deny.principals.iter().map(|name| principal(name)).collect::<Vec<_>>(),
        "excludePrincipals": deny.excluded.iter().map(|name| principal(name)).collect::<Vec<_>>(),
        "actions": expand_all(&deny.actions), "notActions": expand_all(&deny.not_actions),
        "dataActions": expand_all(&deny.data_actions),
        "condition": deny.condition.as_deref().map(expand),
        "onlyThisScope": deny.only_this_scope, "auditOnly": deny.audit_only,
    })
}

fn guarded(actions: &[&str], expression: &str) -> String {
    let guards: Vec<_> =
        actions.iter().map(|action| format!("!(ActionMatches{{'<P>repositories/{action}'}})")).collect();
    format!("(({}) OR ({expression}))", guards.join(" AND "))
}

fn scope(name: &str, upper_case: bool) -> String {
    let subscription = format!("/subscriptions/{SUBSCRIPTION}");
    let registry = |name: &str| {
        format!("{subscription}/resourceGroups/rg1/providers/Microsoft.ContainerRegistry/registries/{name}")
    };
    let text = match name {
        "/" => "/".to_owned(),
        "S1" => subscription,
        "rg1" | "rg1-prod" => format!("{subscription}/resourceGroups/{name}"),
        "MG1" | "MG2" => format!("/providers/Microsoft.Management/managementGroups/{name}"),
        "other" => registry("other"),
        name => format!("{}{}", registry("acme"), name.strip_prefix('R').unwrap()),
    };
    if upper_case { text.to_uppercase() } else { text }
}

fn principal(name: &str) -> String {
    match name {
        "U1" => id(1),
        "U2" => id(2),
        "U3" => id(3),
        "person" => id(4),
        "task" => id(5),
        "G1" => id(11),
        "G2" => id(12),
        "G3" => id(13),
        "G4" => id(14),
        "client id of U1" => CLIENT_ID.to_owned(),
        "everyone" => "everyone".to_owned(),
        other => panic!("no principal `{other}` in the estate"),
    }
}

fn id(number: usize) -> String {
    format!("a0000000-0000-4000-8000-{number:012}")
}

fn expand(text: &str) -> String {
    text.replace("<P>", "Microsoft.ContainerRegistry/registries/")
}

fn expand_all(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| expand(text)).collect()
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key, without_nulls(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

/// Which subscription a management group lies above is not known, so its deny assignment is not applied: with a word.
#[test]
fn a_deny_assignment_that_may_reach_the_registry_is_told() {
    let group = scope("MG1", false);
    let inventory = |denied: &str| {
        json!({
            "apiVersion": "acr-admission.dev/v1", "kind": "Inventory",
            "subscription": SUBSCRIPTION, "resourceGroup": "rg1",
            "registries": [{"name": "acme", "mode": "rbac"}],
            "identities": [{"name": "U1", "principalId": id(1)}, {"name": "U2", "principalId": id(2)}],
            "roleAssignments": [{"principal": "U1", "role": "AcrPull", "scope": "acme"}],
            "denyAssignments": [{"name": "d", "principals": [denied], "actions": ["*"], "scope": group}],
        })
    };
    for (denied, expected) in [("U1", true), ("everyone", true), ("U2", false)] {
        let document = ("a.yaml".to_owned(), inventory(denied).to_string().into_bytes());
        let index = Index::build(from_documents([document]).unwrap().inventory);
        let decision = index.decide(&AccessRequest {
            principal: id(1).parse().unwrap(),
            registry: index.find_registry("acme").unwrap(),
            repository: Some("app"),
            action: Action::Pull,
            now: NOW.parse().unwrap(),
        });
        assert_eq!(decision.reason, Reason::AllowedByRole);
        assert_eq!(decision.advice.contains(Advice::ManagementGroupChainUnknown), expected, "{denied}");
    }
}
