//! The contoso estate as the services hold it, made of the recorded answers in `tests/fixtures`: REST bodies as
//! they are, and outputs of `az` turned back into REST bodies.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

pub(crate) const TENANT: &str = "f991813c-a062-4b9d-890f-a063cd042b6f";
pub(crate) const SUBSCRIPTION: &str = "7fb77e3a-a15c-4c66-8742-f0b1b4ce8478";
/// Where [`Estate::in_two_subscriptions`] moves a registry to.
pub(crate) const OTHER_SUBSCRIPTION: &str = "c0ffee00-1111-4222-8333-444455556666";

/// Everything the stand-in knows, in the shape of REST.
#[derive(Clone, Debug)]
pub(crate) struct Estate {
    pub(super) subscriptions: Vec<(&'static str, &'static str)>,
    pub(super) management_group_entities: Vec<Value>,
    pub(super) role_assignments: Vec<Value>,
    pub(super) role_definitions: Vec<Value>,
    pub(super) deny_assignments: Vec<Value>,
    /// Registries and what lives in them, identities and their credentials, clusters.
    pub(super) resources: Vec<Value>,
    /// Service principals, users and groups, each with its `@odata.type`.
    pub(super) directory: Vec<Value>,
    /// Group and member, by object id.
    memberships: Vec<(String, String)>,
    members_as_bare_ids: bool,
    pub(super) conditional_access_policies: Vec<Value>,
}

impl Estate {
    pub(crate) fn contoso() -> Self {
        let mut estate = Self {
            subscriptions: vec![(SUBSCRIPTION, "Contoso Production")],
            management_group_entities: values("az-real/rest-management-group-entities.json"),
            role_assignments: values("az-real/rest-role-assignments.json"),
            role_definitions: values("az-real/rest-role-definitions.custom.json"),
            deny_assignments: values("az-real/rest-deny-assignments.json"),
            resources: values("az-real/rest-registries.json"),
            directory: Vec::new(),
            memberships: Vec::new(),
            members_as_bare_ids: false,
            conditional_access_policies: values("az-real/rest-graph-conditional-access-policies.json"),
        };
        for name in [
            "acr-token-list.contosoapps",
            "acr-scope-map-list.contosoapps",
            "acr-task-list.contosoapps",
            "identity-list",
            "identity-federated-credential-list.id-batch-runner",
            "identity-federated-credential-list.id-frontend-web",
            "identity-federated-credential-list.id-payments-api",
            "aks-list",
        ] {
            estate.resources.extend(values(&format!("az-real/{name}.json")).iter().map(as_rest));
        }
        // The recorded answer tells more than the CLI printed of it: who pulls.
        let tenants = read("az/arm-managed-cluster.aks-tenants.json");
        estate.resources.retain(|one| one["id"] != tenants["id"]);
        estate.resources.push(tenants);
        for (file, kind) in
            [("ad-sp-list", "servicePrincipal"), ("ad-user-list", "user"), ("ad-group-list", "group")]
        {
            for mut object in values(&format!("az-real/{file}.json")) {
                object["@odata.type"] = format!("#microsoft.graph.{kind}").into();
                estate.directory.push(object);
            }
        }
        for group in ["acr-image-readers", "aks-workload-identities"] {
            let id = estate.object_id(group);
            for member in values(&format!("az-real/ad-group-member-list.{group}.all-types.json")) {
                estate.memberships.push((id.clone(), text(&member, "id").to_owned()));
            }
        }
        estate
    }

    /// With the registry `contosoedge`, and what is said about it, in a second subscription.
    pub(crate) fn in_two_subscriptions() -> Self {
        let mut estate = Self::contoso();
        let other = estate.management_group_entities.iter().find(|one| one["name"] == SUBSCRIPTION).unwrap();
        estate.management_group_entities.push(moved(other));
        for list in [&mut estate.resources, &mut estate.role_assignments] {
            for record in
                list.iter_mut().filter(|record| record.to_string().contains("/registries/contosoedge"))
            {
                *record = moved(record);
            }
        }
        estate.subscriptions.push((OTHER_SUBSCRIPTION, "Contoso Edge"));
        estate
    }

    /// With a custom role that can be assigned in one resource group only, as [`Self::roles_applicable`] hides it.
    pub(crate) fn with_role_below_the_subscription(mut self, role: &str, group: &str) -> Self {
        let is_meant = |one: &&mut Value| one["properties"]["roleName"] == role;
        let definition = self.role_definitions.iter_mut().find(is_meant).unwrap();
        let scope = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}");
        definition["properties"]["assignableScopes"] = vec![scope].into();
        self
    }

    /// With more service principals than Graph takes in one question.
    pub(crate) fn with_many_principals(mut self, count: usize) -> Self {
        let pattern = self.role_assignments[0].clone();
        for number in 0..count {
            let id = format!("aaaaaaaa-0000-4000-8000-{number:012x}");
            let mut assignment = pattern.clone();
            assignment["name"] = id.clone().into();
            assignment["id"] = format!("{}/x/{id}", text(&pattern, "id")).into();
            assignment["properties"]["principalId"] = id.clone().into();
            self.role_assignments.push(assignment);
        }
        self
    }

    /// Only these resources with what lives in them, and the grants to this principal, by object id: an export of it is
    /// half the work.
    #[allow(dead_code, reason = "only the cluster suite is in a hurry")]
    pub(crate) fn around(mut self, resources: &[&str], principal: &str) -> Self {
        let ends = resources.iter().map(|name| format!("/{name}/")).collect::<Vec<_>>();
        let is_one = |one: &Value| ends.iter().any(|end| format!("{}/", text(one, "id")).contains(end));
        self.resources.retain(is_one);
        self.role_assignments.retain(|one| one["properties"]["principalId"] == principal);
        self.deny_assignments.clear();
        self
    }

    /// With grants to this principal, by object id, that have lost their conditions: they reach every repository.
    #[allow(dead_code, reason = "only the cluster suite has something change in the middle")]
    pub(crate) fn with_unconditional_grants(mut self, principal: &str) -> Self {
        let grants = self.role_assignments.iter_mut().map(|one| &mut one["properties"]);
        for grant in grants.filter(|grant| grant["principalId"] == principal) {
            grant["condition"] = Value::Null;
            grant["conditionVersion"] = Value::Null;
        }
        self
    }

    /// As Graph answers callers who may read groups and no applications (documented).
    pub(crate) fn with_members_as_bare_ids(mut self) -> Self {
        self.members_as_bare_ids = true;
        self
    }

    /// What a list of roles shows: without the filter for scopes below, roles of resource groups are hidden.
    pub(super) fn roles_applicable(&self, subscription: &str, filter: &str) -> Vec<Value> {
        let shows = |one: &&Value| {
            let name = text(&one["properties"], "roleName");
            let scopes = one["properties"]["assignableScopes"].as_array().unwrap();
            let at = |scope: &Value, below: bool| {
                let scope = scope.as_str().unwrap().to_lowercase();
                let here = format!("/subscriptions/{subscription}");
                scope == "/" || scope == here || below && scope.starts_with(&format!("{here}/"))
            };
            match filter.split_once(" eq ") {
                Some((_, wanted)) => name == wanted.trim_matches('\''),
                None => scopes.iter().any(|scope| at(scope, filter == "atScopeAndBelow()")),
            }
        };
        self.role_definitions.iter().filter(shows).cloned().collect()
    }

    /// The resources of a type (lower case) below an id.
    pub(super) fn below(&self, owner: &str, kind: &str) -> Vec<Value> {
        let fits = |one: &&Value| {
            text(one, "type").eq_ignore_ascii_case(kind)
                && text(one, "id").to_lowercase().starts_with(&format!("{owner}/"))
        };
        self.resources.iter().filter(fits).cloned().collect()
    }

    pub(super) fn members(&self, group: &str) -> Vec<Value> {
        let ids = self.memberships.iter().filter(|(of, _)| of == group).map(|(_, member)| member);
        let found = ids.filter_map(|id| self.directory.iter().find(|object| text(object, "id") == id));
        found.map(|object| if self.members_as_bare_ids { bare(object) } else { object.clone() }).collect()
    }

    pub(super) fn transitive_members(&self, group: &str) -> Vec<Value> {
        let mut seen = BTreeSet::new();
        let (mut found, mut open) = (Vec::new(), vec![group.to_owned()]);
        while let Some(group) = open.pop() {
            for member in self.members(&group) {
                let id = text(&member, "id").to_owned();
                if seen.insert(id.clone()) {
                    open.push(id);
                    found.push(member);
                }
            }
        }
        found
    }

    fn object_id(&self, name: &str) -> String {
        let found = self.directory.iter().find(|object| object["displayName"] == name).unwrap();
        text(found, "id").to_owned()
    }
}

/// What ARM keeps beside `properties`; the CLI puts all the rest among them.
const ENVELOPE: &[&str] = &[
    "eTag",
    "extendedLocation",
    "id",
    "identity",
    "kind",
    "location",
    "name",
    "sku",
    "systemData",
    "tags",
    "type",
];

/// Words that the CLI spells in small letters and REST in capitals.
const CAPITALS: &[(&str, &str)] = &[
    ("azurePortalFqdn", "azurePortalFQDN"),
    ("diskCsiDriver", "diskCSIDriver"),
    ("dnsServiceIp", "dnsServiceIP"),
    ("enableCsiProxy", "enableCSIProxy"),
    ("enableFips", "enableFIPS"),
    ("enableNodePublicIp", "enableNodePublicIP"),
    ("enableRbac", "enableRBAC"),
    ("enableUltraSsd", "enableUltraSSD"),
    ("enableVtpm", "enableVTPM"),
    ("fileCsiDriver", "fileCSIDriver"),
    ("issuerUrl", "issuerURL"),
    ("osDiskSizeGb", "osDiskSizeGB"),
    ("osSku", "osSKU"),
    ("resourceUid", "resourceUID"),
];

/// Turns an object as the CLI prints it back into the body that it was made of.
fn as_rest(printed: &Value) -> Value {
    let (mut body, mut properties) = (Map::new(), Map::new());
    for (key, value) in printed.as_object().unwrap() {
        if key == "resourceGroup" || value.is_null() {
            continue;
        }
        let (key, value) = (capitals(key), respelled(value));
        let part = if ENVELOPE.contains(&key.as_str()) { &mut body } else { &mut properties };
        part.insert(key, value);
    }
    body.insert("properties".to_owned(), properties.into());
    body.into()
}

fn respelled(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(key, value)| *key != "resourceGroup" && !value.is_null());
            fields.map(|(key, value)| (capitals(key), respelled(value))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(respelled).collect::<Vec<_>>().into(),
        other => other.clone(),
    }
}

fn capitals(key: &str) -> String {
    CAPITALS.iter().find(|(small, _)| *small == key).map_or(key, |(_, capital)| capital).to_owned()
}

/// Only service principals lose their fields: groups may be read.
fn bare(object: &Value) -> Value {
    let mut object = object.clone();
    if object["@odata.type"] == "#microsoft.graph.servicePrincipal" {
        let hidden = |key: &str| key != "@odata.type" && key != "id";
        object
            .as_object_mut()
            .unwrap()
            .iter_mut()
            .filter(|(key, _)| hidden(key))
            .for_each(|(_, value)| *value = Value::Null);
    }
    object
}

fn moved(record: &Value) -> Value {
    serde_json::from_str(&record.to_string().replace(SUBSCRIPTION, OTHER_SUBSCRIPTION)).unwrap()
}

fn text<'v>(record: &'v Value, key: &str) -> &'v str {
    record[key].as_str().unwrap_or_default()
}

fn read(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The records of a file, bare or in `value`.
fn values(name: &str) -> Vec<Value> {
    match read(name) {
        Value::Array(list) => list,
        mut document => match document["value"].take() {
            Value::Array(list) => list,
            other => panic!("{name} holds no list: {other}"),
        },
    }
}
