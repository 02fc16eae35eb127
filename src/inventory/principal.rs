//! Identities: user-assigned managed identities (`az identity list`), Graph's service principals and users.

use smol_str::SmolStr;

use super::collection::{Collection, Origin};
use super::merge::settle;
use super::problem::LoadWarningCode;
use super::record::Record;
use crate::engine::guid::{ClientId, PrincipalId};
use crate::engine::inventory::{FederatedCredential, Principal, PrincipalKind};
use crate::engine::scope::Scope;

/// A principal as far as one export shows it.
#[derive(Clone, Debug, Default)]
pub(super) struct PrincipalPart {
    pub(super) kind: Option<PrincipalKind>,
    pub(super) client_id: Option<ClientId>,
    pub(super) resource_id: Option<Scope>,
    pub(super) name: SmolStr,
}

impl PrincipalPart {
    /// Adds another export. Returns `false` where the two cannot be the same object.
    pub(super) fn merge(&mut self, other: Self) -> bool {
        let Self { kind, client_id, resource_id, name } = other;
        // Graph calls a managed identity a service principal, which is true but less.
        if self.kind.is_none() || kind == Some(PrincipalKind::ManagedIdentity) {
            self.kind = kind.or(self.kind);
        }
        if self.name.is_empty() {
            self.name = name;
        }
        settle(&mut self.resource_id, resource_id);
        settle(&mut self.client_id, client_id)
    }

    pub(super) fn finish(self, principal_id: PrincipalId) -> Principal {
        Principal {
            kind: self.kind.unwrap_or(PrincipalKind::ServicePrincipal),
            principal_id,
            client_id: self.client_id,
            resource_id: self.resource_id,
            name: self.name,
        }
    }
}

/// Reads `az identity list|show`.
pub(super) fn read_managed_identity(collection: &mut Collection, origin: Origin, record: &Record<'_, '_>) {
    let resource_id = record.scope("id", &mut collection.scopes);
    let Some(principal_id) = record.guid("principalId") else {
        return record.missing("principalId", "a managed identity");
    };
    let name = record.name("name").or_else(|| resource_id.as_ref().map(|id| id.name().into()));
    let part = PrincipalPart {
        kind: Some(PrincipalKind::ManagedIdentity),
        client_id: record.guid("clientId"),
        resource_id,
        name: name.unwrap_or_default(),
    };
    add(collection, origin, record, principal_id, part);
}

/// Reads Graph's service principals (`az ad sp list|show`, group members). Returns the object id.
pub(super) fn read_service_principal(
    collection: &mut Collection,
    origin: Origin,
    record: &Record<'_, '_>,
) -> Option<PrincipalId> {
    let principal_id = object_id(record, "a service principal")?;
    let is_managed = record.text("servicePrincipalType").is_some_and(|kind| kind == "ManagedIdentity");
    let kind = if is_managed { PrincipalKind::ManagedIdentity } else { PrincipalKind::ServicePrincipal };
    // A user-assigned identity lists its resource id; a system-assigned one that of the resource it belongs to.
    let resource_id = record.texts("alternativeNames").and_then(|names| {
        let own = |name: &str| name.to_ascii_lowercase().contains("/userassignedidentities/");
        names.iter().find(|name| own(name)).and_then(|name| collection.scopes.intern(name).ok())
    });
    let name = record.name("displayName").or_else(|| record.name("appDisplayName")).unwrap_or_default();
    let part = PrincipalPart { kind: Some(kind), client_id: record.guid("appId"), resource_id, name };
    add(collection, origin, record, principal_id, part);
    Some(principal_id)
}

/// Reads Graph's users. Returns the object id.
pub(super) fn read_user(
    collection: &mut Collection,
    origin: Origin,
    record: &Record<'_, '_>,
) -> Option<PrincipalId> {
    let principal_id = object_id(record, "a user")?;
    let name = record.name("displayName").or_else(|| record.name("userPrincipalName")).unwrap_or_default();
    let part = PrincipalPart { kind: Some(PrincipalKind::User), name, ..PrincipalPart::default() };
    add(collection, origin, record, principal_id, part);
    Some(principal_id)
}

/// The `id` of a Graph object.
pub(super) fn object_id(record: &Record<'_, '_>, what: &str) -> Option<PrincipalId> {
    let id = record.guid("id");
    if id.is_none() {
        record.missing("id", what);
    }
    id
}

fn add(
    collection: &mut Collection,
    origin: Origin,
    record: &Record<'_, '_>,
    principal_id: PrincipalId,
    part: PrincipalPart,
) {
    let (known, _) = collection.principals.entry(principal_id, origin, PrincipalPart::default);
    if !known.merge(part) {
        record.warn(
            LoadWarningCode::ExportsDisagree,
            "id",
            format!("exports of principal {principal_id} disagree about its client id: the first is used"),
            "export the identities again; an object id has one client id for ever",
        );
    }
}

/// Reads `az identity federated-credential list`.
pub(super) fn read_federated_credential(
    collection: &mut Collection,
    origin: Origin,
    record: &Record<'_, '_>,
) {
    let Some(id) = record.scope("id", &mut collection.scopes) else {
        return record.missing("id", "a federated credential");
    };
    let credential = FederatedCredential {
        identity: collection.scopes.ancestor(&id, 2),
        issuer: record.name("issuer").unwrap_or_default(),
        // Without a subject (flexible credentials match by expression) it fits no service account.
        subject: record.name("subject").unwrap_or_default(),
        audiences: record.names("audiences").unwrap_or_default(),
    };
    collection.federated_credentials.entry(id, origin, || credential);
}
