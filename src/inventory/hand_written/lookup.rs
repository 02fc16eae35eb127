//! What the names of the hand-written form stand for.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use super::read::HandWritten;
use crate::engine::assignment::AssignmentCondition;
use crate::engine::guid::{PrincipalId, RoleId};
use crate::engine::scope::Scope;
use crate::inventory::collection::{Collection, Origin};
use crate::inventory::problem::{LoadError, LoadErrorCode, LoadWarning, LoadWarningCode, Place};
use crate::inventory::spelling::nearest;

const NO_SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000000";
const RESOURCE_GROUP: &str = "acr-admission";

/// Turns names into ids, and reports those that nothing has.
pub(super) struct Lookup<'r> {
    pub(super) collection: &'r mut Collection,
    document: &'r HandWritten,
    names: Names,
}

impl<'r> Lookup<'r> {
    pub(super) fn new(collection: &'r mut Collection, document: &'r HandWritten) -> Self {
        Self { names: Names::of(collection), collection, document }
    }

    pub(super) fn origin(&self, place: &Place) -> Origin {
        Origin { file: self.document.file, line: place.line.unwrap_or_default(), index: 0 }
    }

    pub(super) fn subscription(&self) -> &'r str {
        self.document.subscription.as_deref().unwrap_or(NO_SUBSCRIPTION)
    }

    pub(super) fn resource_id(
        &mut self,
        place: &Place,
        (id, subscription, resource_group): (&Option<String>, &Option<String>, &Option<String>),
        provider: &str,
        name: &str,
    ) -> Option<Scope> {
        if let Some(id) = id {
            return self.id(place, "id", id);
        }
        let subscription = subscription.as_deref().unwrap_or(self.subscription());
        let group =
            resource_group.as_deref().or(self.document.resource_group.as_deref()).unwrap_or(RESOURCE_GROUP);
        let id = format!("/subscriptions/{subscription}/resourceGroups/{group}/providers/{provider}/{name}");
        self.id(place, "name", &id)
    }

    pub(super) fn id(&mut self, place: &Place, field: &str, id: &str) -> Option<Scope> {
        match self.collection.scopes.intern(id) {
            Ok(scope) => Some(scope),
            Err(error) => {
                let message = format!("`{id}` is no Azure id: {error}");
                self.fail(
                    place,
                    LoadErrorCode::BadValue,
                    field,
                    message,
                    "write the whole resource id".to_owned(),
                );
                None
            }
        }
    }

    pub(super) fn scope(&mut self, place: &Place, text: &str) -> Option<Scope> {
        if text.starts_with('/') {
            return self.id(place, "scope", text);
        }
        if text == "subscription" {
            return self.id(place, "scope", &format!("/subscriptions/{}", self.subscription()));
        }
        if let Some(group) = text.strip_prefix("managementGroup:") {
            let id = format!("/providers/Microsoft.Management/managementGroups/{}", group.trim());
            return self.id(place, "scope", &id);
        }
        self.registry_named(place, "scope", text)
    }

    pub(super) fn registry_named(&mut self, place: &Place, field: &str, name: &str) -> Option<Scope> {
        let found = self.names.registries.get(&name.to_lowercase()).cloned();
        if found.is_none() {
            let near = nearest(name, self.names.registries.keys().map(String::as_str)).map(str::to_owned);
            self.unknown(place, field, "registry", name, near);
        }
        found
    }

    pub(super) fn child_of_registry(
        &mut self,
        place: &Place,
        registry: &str,
        kind: &str,
        name: &str,
    ) -> Option<Scope> {
        let registry = self.registry_named(place, "registry", registry)?;
        self.id(place, "name", &format!("{registry}/{kind}/{name}"))
    }

    pub(super) fn role(&mut self, place: &Place, text: &str) -> Option<RoleId> {
        // An id nobody defines is a fact about a tenant; a name nobody has is a slip.
        if let Ok(id) = text.rsplit('/').next().unwrap_or(text).parse() {
            return Some(id);
        }
        match self.names.roles.get(&text.to_lowercase()).map(Vec::as_slice) {
            Some([role]) => Some(*role),
            Some([]) | None => {
                let near = nearest(text, self.names.roles.keys().map(String::as_str));
                let near = near.and_then(|near| self.names.roles.get(near)?.first());
                let near = near.and_then(|id| self.collection.role_definitions.find(id));
                let near = near.map(|role| role.name.to_string());
                self.unknown(place, "role", "role", text, near);
                None
            }
            Some(_) => self.ambiguous(place, "role", "role", text),
        }
    }

    pub(super) fn principal(&mut self, place: &Place, field: &str, text: &str) -> Option<PrincipalId> {
        if let Ok(id) = text.parse::<Uuid>() {
            // Azure assigns roles to object ids. Taking a client id here would hide the commonest mistake.
            return Some(PrincipalId::new(id));
        }
        let key = text.to_lowercase();
        let principals = self.names.principals.get(&key).into_iter().flatten();
        let mut all: Vec<PrincipalId> =
            principals.chain(self.names.groups.get(&key).into_iter().flatten()).copied().collect();
        all.dedup();
        match all.as_slice() {
            [one] => Some(*one),
            [] => {
                let known = self.names.principals.keys().chain(self.names.groups.keys()).map(String::as_str);
                let near = nearest(text, known).map(str::to_owned);
                self.unknown(place, field, "identity or group", text, near);
                None
            }
            _ => self.ambiguous(place, field, "identity or group", text),
        }
    }

    /// The resource id of a managed identity.
    pub(super) fn resource(&mut self, place: &Place, field: &str, text: &str) -> Option<Scope> {
        if text.starts_with('/') {
            return self.id(place, field, text);
        }
        let principal = self.principal(place, field, text)?;
        let resource_id =
            self.collection.principals.find(&principal).and_then(|part| part.resource_id.clone());
        if resource_id.is_none() {
            self.unknown(place, field, "managed identity", text, None);
        }
        resource_id
    }

    pub(super) fn condition(&mut self, place: &Place, text: &str) -> Arc<AssignmentCondition> {
        let (condition, is_new) = self.collection.conditions.intern(text, None);
        if is_new && let Some(fault) = condition.fault() {
            let message = format!("the condition cannot be used, so what carries it grants nothing: {fault}");
            self.collection.warnings.push(LoadWarning {
                code: LoadWarningCode::ConditionInvalid,
                place: Place { path: format!("{}.condition", place.path), ..place.clone() },
                message,
                help: "`acr-admission condition check` explains the place".to_owned(),
            });
        }
        condition
    }

    pub(super) fn unknown(
        &mut self,
        place: &Place,
        field: &str,
        what: &str,
        name: &str,
        near: Option<String>,
    ) {
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("define the {what} in this document, or load an export that does"),
        };
        self.fail(place, LoadErrorCode::UnknownName, field, format!("no {what} is called `{name}`"), help);
    }

    pub(super) fn ambiguous<T>(&mut self, place: &Place, field: &str, what: &str, name: &str) -> Option<T> {
        let message = format!("more than one {what} is called `{name}`");
        self.fail(place, LoadErrorCode::UnknownName, field, message, "write its id instead".to_owned());
        None
    }

    pub(super) fn fail(
        &mut self,
        place: &Place,
        code: LoadErrorCode,
        field: &str,
        message: String,
        help: String,
    ) {
        let place = Place { path: format!("{}.{field}", place.path), ..place.clone() };
        self.collection.fail(LoadError { code, place, message, help });
    }
}

/// What a name can stand for.
#[derive(Default)]
struct Names {
    registries: HashMap<String, Scope>,
    roles: HashMap<String, Vec<RoleId>>,
    principals: HashMap<String, Vec<PrincipalId>>,
    groups: HashMap<String, Vec<PrincipalId>>,
}

impl Names {
    fn of(collection: &Collection) -> Self {
        let mut names = Self::default();
        for (id, part) in collection.registries.entries() {
            names.registries.insert(id.name().to_lowercase(), id.clone());
            names
                .registries
                .extend(part.login_server.as_ref().map(|server| (server.to_string(), id.clone())));
        }
        for (id, role) in collection.role_definitions.entries() {
            names.roles.entry(role.name.to_lowercase()).or_default().push(*id);
        }
        for (id, part) in collection.principals.entries() {
            names.principals.entry(part.name.to_lowercase()).or_default().push(*id);
        }
        for (id, part) in collection.groups.by_id.entries() {
            names.groups.entry(part.name.to_lowercase()).or_default().push(*id);
        }
        names
    }
}
