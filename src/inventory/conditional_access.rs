//! Conditional Access policies as Microsoft Graph lists them (`identity/conditionalAccess/policies`).
//!
//! What is absent was not exported or is not used, and Graph adds conditions with every year. So a condition of a name
//! that nothing here knows narrows the policy in a way that cannot be judged, as long as there is anything in it.

use serde_json::Value;
use serde_json::value::RawValue;
use smol_str::SmolStr;
use uuid::Uuid;

use super::collection::{Collection, Origin};
use super::record::Record;
use crate::engine::conditional_access::{
    Applications, ConditionalAccessPolicy, GrantControls, People, PolicyState, REGISTRY_APPLICATION,
};
use crate::engine::guid::PrincipalId;

/// Conditions that are read one by one.
const READ: [&str; 3] = ["users", "applications", "clientAppTypes"];

/// Conditions of policies for workload identities, which include no people anyway.
const NOT_ABOUT_PEOPLE: [&str; 3] = ["clientApplications", "servicePrincipalRiskLevels", "agentIdRiskLevels"];

/// Reads Graph's Conditional Access policies.
pub(super) fn read(collection: &mut Collection, origin: Origin, record: &Record<'_, '_>) {
    let Some(id) = record.name("id") else { return record.missing("id", "a Conditional Access policy") };
    let conditions = record.object("conditions");
    let users = conditions.as_ref().and_then(|conditions| conditions.object("users"));
    let targets = conditions.as_ref().and_then(|conditions| conditions.object("applications"));
    let policy = ConditionalAccessPolicy {
        id: id.clone(),
        name: record.name("displayName").unwrap_or_default(),
        state: PolicyState::parse(&record.text("state").unwrap_or_default()),
        included: users.as_ref().map_or_else(unknown_people, |users| people(users, "include")),
        excluded: users.as_ref().map_or_else(People::default, |users| people(users, "exclude")),
        applications: targets.as_ref().map_or_else(unknown_applications, included_applications),
        excluded_applications: targets.as_ref().map_or_else(Applications::default, excluded_applications),
        client_app_types: conditions
            .as_ref()
            .and_then(|conditions| conditions.names("clientAppTypes"))
            .unwrap_or_default(),
        unjudged_conditions: conditions.as_ref().map(unjudged).unwrap_or_default(),
        controls: record.object("grantControls").map(|grant| controls(&grant)).unwrap_or_default(),
    };
    collection.conditional_access_policies.entry(id, origin, || policy);
}

/// A policy without `users` was cut down by whoever exported it.
fn unknown_people() -> People {
    People { others: true, ..People::default() }
}

fn unknown_applications() -> Applications {
    Applications { others: true, ..Applications::default() }
}

fn people(users: &Record<'_, '_>, choice: &str) -> People {
    let field = |what: &str| format!("{choice}{what}");
    let mut people = People::default();
    for word in users.texts(&field("Users")).unwrap_or_default() {
        match word.parse::<PrincipalId>() {
            Ok(id) => people.users.push(id),
            Err(_) if word.eq_ignore_ascii_case("All") => people.everyone = true,
            Err(_) if word.eq_ignore_ascii_case("None") => {}
            Err(_) => people.others = true,
        }
    }
    for group in users.texts(&field("Groups")).unwrap_or_default() {
        match group.parse() {
            Ok(id) => people.groups.push(id),
            Err(_) => people.others = true,
        }
    }
    let uncertain = [field("Roles"), field("GuestsOrExternalUsers")];
    people.others |= uncertain.iter().any(|key| users.value(key).is_some_and(says_something));
    people
}

fn included_applications(targets: &Record<'_, '_>) -> Applications {
    let mut included = applications(targets, "includeApplications");
    included.others |= filter_mode(targets).is_some_and(|mode| mode != "exclude");
    included
}

fn excluded_applications(targets: &Record<'_, '_>) -> Applications {
    let mut excluded = applications(targets, "excludeApplications");
    excluded.others |= filter_mode(targets).is_some_and(|mode| mode != "include");
    excluded
}

fn filter_mode(targets: &Record<'_, '_>) -> Option<String> {
    let filter = targets.object("applicationFilter")?;
    Some(filter.text("mode").unwrap_or_default().to_ascii_lowercase())
}

fn applications(targets: &Record<'_, '_>, key: &str) -> Applications {
    /// Groups of Microsoft's applications that Azure Container Registry does not belong to.
    const OTHER_SUITES: [&str; 3] = ["None", "Office365", "MicrosoftAdminPortals"];
    let mut applications = Applications::default();
    for word in targets.texts(key).unwrap_or_default() {
        if word.eq_ignore_ascii_case("All") {
            applications.all = true;
        } else if let Ok(id) = word.parse::<Uuid>() {
            applications.registry |= id == REGISTRY_APPLICATION;
        } else {
            applications.others |= !OTHER_SUITES.iter().any(|suite| word.eq_ignore_ascii_case(suite));
        }
    }
    applications
}

/// The names of the conditions that narrow the policy and cannot be judged.
fn unjudged(conditions: &Record<'_, '_>) -> Vec<SmolStr> {
    let is_one_of = |key: &str, names: &[&str]| names.iter().any(|name| key.eq_ignore_ascii_case(name));
    let narrows = |(key, value): &(&str, &RawValue)| {
        !is_one_of(key, &READ)
            && !is_one_of(key, &NOT_ABOUT_PEOPLE)
            && says_something(value)
            && !covers_everything(conditions, key)
    };
    conditions.entries().filter(narrows).map(|(key, _)| SmolStr::from(key)).collect()
}

/// Whether a condition on places or platforms names all of them and takes none out.
fn covers_everything(conditions: &Record<'_, '_>, key: &str) -> bool {
    let (include, exclude) = match key.to_ascii_lowercase().as_str() {
        "locations" => ("includeLocations", "excludeLocations"),
        "platforms" => ("includePlatforms", "excludePlatforms"),
        _ => return false,
    };
    let Some(choice) = conditions.object(key) else { return false };
    let all = choice.texts(include).unwrap_or_default().iter().any(|word| word.eq_ignore_ascii_case("all"));
    all && !choice.value(exclude).is_some_and(says_something)
}

/// Whether there is anything but nulls and empty lists.
fn says_something(value: &RawValue) -> bool {
    fn is_empty(value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.values().all(is_empty),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        }
    }
    serde_json::from_str(value.get()).map_or(true, |value| !is_empty(&value))
}

fn controls(grant: &Record<'_, '_>) -> GrantControls {
    let mut controls = grant.names("builtInControls").unwrap_or_default();
    let block = controls.iter().any(|control| control.eq_ignore_ascii_case("block"));
    for key in ["authenticationStrength", "termsOfUse", "customAuthenticationFactors"] {
        if grant.value(key).is_some_and(says_something) {
            controls.push(key.into());
        }
    }
    // An operator that is neither word asks for all: the stricter reading.
    let all_needed = !grant.text("operator").is_some_and(|word| word.eq_ignore_ascii_case("or"));
    GrantControls { block, all_needed, controls }
}
