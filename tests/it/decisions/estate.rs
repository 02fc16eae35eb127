//! A row's estate, as files that the program loads.

use serde_json::{Value, json};

use super::table::{Deny, Gap, Grant, Policy, Row};

pub(super) const SUBSCRIPTION: &str = "5b000000-0000-4000-8000-000000000001";
const REGISTRIES: &str = "6a0ec4d3-30cb-4a83-91c0-ae56bc0e3d26";
const CLIENT_ID: &str = "c1000000-0000-4000-8000-000000000001";

/// The row's estate: a hand-written inventory, and exports of what that form does not have.
pub(super) fn documents(row: &Row, mode: &str) -> Vec<(String, Vec<u8>)> {
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
    if !row.gaps.is_empty() {
        let named = |name: &str| if name == "S1" { SUBSCRIPTION.to_owned() } else { name.to_owned() };
        let gap =
            |gap: &Gap| json!({"what": gap.what, "scope": named(&gap.scope), "command": "az", "why": "no"});
        let export = json!({
            "apiVersion": "acr-admission.dev/v1", "kind": "InventoryExport", "exportedAt": super::NOW,
            "gaps": row.gaps.iter().map(gap).collect::<Vec<_>>(),
        });
        documents.push(("export.json".to_owned(), export.to_string().into_bytes()));
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

pub(super) fn scope(name: &str, upper_case: bool) -> String {
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

pub(super) fn principal(name: &str) -> String {
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

pub(super) fn id(number: usize) -> String {
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
