//! Resource Manager: lists below a subscription or a resource, single resources, and the writes of fix commands.

use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Answer, Estate, Request, TENANT, error, ok};

const ROLE_ASSIGNMENTS: &str = "/providers/microsoft.authorization/roleassignments";
const ROLE_DEFINITIONS: &str = "/providers/microsoft.authorization/roledefinitions";

pub(super) fn answer(estate: &mut Estate, request: &Request) -> Option<Answer> {
    let path = request.path.to_lowercase();
    if path == "/providers/microsoft.management/getentities" {
        return Some(request.page(&estate.management_group_entities, "nextLink"));
    }
    if let Some((scope, name)) = path.split_once(&format!("{ROLE_ASSIGNMENTS}/")) {
        return role_assignment(estate, request, scope, name);
    }
    if request.is(&Method::PATCH) {
        return patch(estate, &path, &request.body);
    }
    if !request.is(&Method::GET) {
        return None;
    }
    if let Some((_, name)) = path.split_once(&format!("{ROLE_DEFINITIONS}/")) {
        let found = estate.role_definitions.iter().find(|role| role["name"] == name);
        return Some(found.cloned().map_or_else(not_found, ok));
    }
    let records = list(estate, request, &path);
    if let Some(records) = records {
        return Some(request.page(&records, "nextLink"));
    }
    let found = estate.resources.iter().find(|one| id_of(one) == path)?;
    let mut found = found.clone();
    let version = request.query.get("api-version").map(String::as_str).unwrap_or_default();
    if path.contains("/managedclusters/") && !version.ends_with("-preview") {
        // Released versions of the API do not know who pulls.
        let profile = found["properties"]["securityProfile"].as_object_mut();
        profile.and_then(|profile| profile.remove("serviceAccountImagePullProfile"));
    }
    Some(ok(found))
}

/// The records of a list; `None` where the path is no list.
fn list(estate: &Estate, request: &Request, path: &str) -> Option<Vec<Value>> {
    if path == "/subscriptions" {
        return Some(estate.subscriptions.iter().map(|(id, name)| subscription(id, name)).collect());
    }
    let filter = request.query.get("$filter").map(String::as_str).unwrap_or_default();
    let (_, below) = path.split_once("/subscriptions/")?;
    let (subscription, below) = below.split_once('/')?;
    let below = format!("/{below}");
    if let Some(asked) = path.strip_suffix(ROLE_ASSIGNMENTS) {
        let above_only = filter.contains("atScope()");
        let in_reach = |one: &&Value| {
            let scope = one["properties"]["scope"].as_str().unwrap_or_default().to_lowercase();
            // The management groups of the estate lie above all its subscriptions.
            !scope.starts_with("/subscriptions/")
                || asked.starts_with(&scope)
                || !above_only && scope.starts_with(asked)
        };
        return Some(estate.role_assignments.iter().filter(in_reach).cloned().collect());
    }
    if path.ends_with(ROLE_DEFINITIONS) {
        return Some(estate.roles_applicable(subscription, filter));
    }
    if path.ends_with("/providers/microsoft.authorization/denyassignments") {
        let in_reach = |one: &&Value| id_of(one).contains(subscription);
        return Some(estate.deny_assignments.iter().filter(in_reach).cloned().collect());
    }
    if below == "/resources" {
        let kind = filter.split('\'').nth(1)?.to_lowercase();
        return Some(estate.below(path.strip_suffix("/resources")?, &kind));
    }
    // …/providers/NAMESPACE/TYPE, or that of a resource with one more TYPE behind its name.
    let (owner, resource) = path.rsplit_once("/providers/")?;
    let (namespace, resource) = resource.split_once('/')?;
    let segments: Vec<&str> = resource.split('/').collect();
    if segments.len().is_multiple_of(2) {
        return None;
    }
    let owner = if segments.len() == 1 { owner } else { path.rsplit_once('/')?.0 };
    let types: Vec<&str> = segments.into_iter().step_by(2).collect();
    Some(estate.below(owner, &format!("{namespace}/{}", types.join("/"))))
}

fn role_assignment(estate: &mut Estate, request: &Request, scope: &str, name: &str) -> Option<Answer> {
    let text = |one: &Value, key: &str| one["properties"][key].as_str().unwrap_or_default().to_lowercase();
    let position = estate.role_assignments.iter().position(|one| {
        one["name"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(name)) && text(one, "scope") == scope
    });
    if request.is(&Method::GET) {
        return Some(position.map_or_else(not_found, |at| ok(estate.role_assignments[at].clone())));
    }
    if request.is(&Method::DELETE) {
        return Some(match position {
            Some(at) => ok(estate.role_assignments.remove(at)),
            None => Answer(StatusCode::NO_CONTENT, Value::Null),
        });
    }
    if !request.is(&Method::PUT) {
        return None;
    }
    let (original_scope, _) = request.path.split_at(scope.len());
    let mut properties = request.body["properties"].clone();
    properties["scope"] = original_scope.into();
    let new = json!({
        "id": request.path,
        "name": name,
        "properties": properties,
        "type": "Microsoft.Authorization/roleAssignments",
    });
    let role = |one: &Value| text(one, "roleDefinitionId").rsplit('/').next().map(str::to_owned);
    let same_triple = |one: &&Value| {
        text(one, "principalId") == text(&new, "principalId")
            && text(one, "scope") == text(&new, "scope")
            && role(one) == role(&new)
    };
    if let Some(at) = position {
        estate.role_assignments[at] = new.clone();
        return Some(ok(new));
    }
    if estate.role_assignments.iter().any(|one| same_triple(&one)) {
        let message = "The role assignment already exists.";
        return Some(error(StatusCode::CONFLICT, "RoleAssignmentExists", message));
    }
    estate.role_assignments.push(new.clone());
    Some(Answer(StatusCode::CREATED, new))
}

fn patch(estate: &mut Estate, path: &str, body: &Value) -> Option<Answer> {
    let resource = estate.resources.iter_mut().find(|one| id_of(one) == path)?;
    for (key, value) in body["properties"].as_object()? {
        resource["properties"][key] = value.clone();
    }
    Some(ok(resource.clone()))
}

fn subscription(id: &str, name: &str) -> Value {
    json!({
        "id": format!("/subscriptions/{id}"),
        "subscriptionId": id,
        "tenantId": TENANT,
        "displayName": name,
        "state": "Enabled",
        "subscriptionPolicies": {},
        "managedByTenants": [],
    })
}

fn id_of(record: &Value) -> String {
    record["id"].as_str().unwrap_or_default().to_lowercase()
}

fn not_found() -> Answer {
    error(StatusCode::NOT_FOUND, "ResourceNotFound", "The resource was not found.")
}
