//! Microsoft Graph: groups with their members, service principals, Conditional Access.

use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Answer, Estate, Request, error, ok};

pub(super) fn answer(estate: &Estate, request: &Request) -> Option<Answer> {
    let (version, below) = request.path.strip_prefix('/')?.split_once('/')?;
    if !matches!(version, "v1.0" | "beta") {
        return None;
    }
    if below == "directoryObjects/getByIds" && request.is(&Method::POST) {
        return Some(by_ids(estate, &request.body));
    }
    if !request.is(&Method::GET) {
        return None;
    }
    if below == "identity/conditionalAccess/policies" {
        return Some(list(request, version, below, &estate.conditional_access_policies));
    }
    if let Some(client) = below.strip_prefix("servicePrincipals(appId='") {
        let client = client.strip_suffix("')")?;
        let found = estate.directory.iter().find(|object| object["appId"] == client);
        return Some(found.cloned().map_or_else(not_found, ok));
    }
    let (group, relation) = below.strip_prefix("groups/")?.split_once('/')?;
    let mut members = match relation {
        "members" => estate.members(group),
        "transitiveMembers" => estate.transitive_members(group),
        _ => return None,
    };
    if version == "v1.0" {
        // Documented: v1.0 leaves service principals out, and managed identities are service principals.
        members.retain(|member| member["@odata.type"] != "#microsoft.graph.servicePrincipal");
    }
    Some(list(request, version, "directoryObjects", &members))
}

fn list(request: &Request, version: &str, context: &str, records: &[Value]) -> Answer {
    let Answer(status, mut document) = request.page(records, "@odata.nextLink");
    document["@odata.context"] = context_of(version, context);
    Answer(status, document)
}

fn context_of(version: &str, name: &str) -> Value {
    format!("https://graph.microsoft.com/{version}/$metadata#{name}").into()
}

/// Those of the ids that exist and are of a wanted type; nothing tells of the others.
fn by_ids(estate: &Estate, body: &Value) -> Answer {
    let has = |list: &Value, wanted: &str| {
        list.as_array().is_some_and(|list| list.iter().any(|one| one.as_str() == Some(wanted)))
    };
    let fits = |object: &&Value| {
        let kind = object["@odata.type"].as_str().unwrap_or_default().rsplit('.').next();
        has(&body["types"], kind.unwrap_or_default())
            && has(&body["ids"], object["id"].as_str().unwrap_or_default())
    };
    let found: Vec<Value> = estate.directory.iter().filter(fits).cloned().collect();
    ok(json!({"@odata.context": context_of("v1.0", "directoryObjects"), "value": found}))
}

fn not_found() -> Answer {
    error(StatusCode::NOT_FOUND, "Request_ResourceNotFound", "Resource does not exist.")
}
