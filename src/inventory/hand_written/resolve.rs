//! Names of the hand-written form to ids, once every file is read: a document may name what an export describes.

use smol_str::{SmolStr, ToSmolStr};
use uuid::Uuid;

use super::format::{
    ClusterItem, CustomRoleItem, DenyAssignmentItem, FederatedCredentialItem, GroupItem, IdentityItem,
    IdentityKind, ManagementGroupItem, ModeItem, RegistryItem, RoleAssignmentItem, ScopeMapItem, TokenItem,
};
use super::lookup::Lookup;
use super::read::HandWritten;
use crate::engine::action::PermissionsMode;
use crate::engine::assignment::{
    AssignmentName, DenyAssignment, PermissionBlock, PrincipalType, RoleAssignment, RoleDefinition, Window,
};
use crate::engine::guid::{ClientId, PrincipalId, RoleId};
use crate::engine::inventory::{
    FederatedCredential, PrincipalKind, ScopeMap, ServiceAccountImagePull, Token,
};
use crate::engine::scope::Scope;
use crate::inventory::cluster::{ClusterPart, KubeletPart};
use crate::inventory::collection::{AssignmentKey, Collection};
use crate::inventory::principal::PrincipalPart;
use crate::inventory::problem::{LoadErrorCode, LoadWarning, LoadWarningCode, Place};
use crate::inventory::registry::{self, ModeSeen, RegistryPart};

const AUDIENCE: &str = "api://AzureADTokenExchange";

/// Adds every hand-written inventory to the collection.
pub(in crate::inventory) fn resolve(collection: &mut Collection) {
    // Things first, then what refers to them, so that one document may name what another defines.
    let documents = std::mem::take(&mut collection.hand_written);
    for document in &documents {
        Resolver::new(collection, document).things();
    }
    for document in &documents {
        Resolver::new(collection, document).references();
    }
}

struct Resolver<'r> {
    document: &'r HandWritten,
    lookup: Lookup<'r>,
}

impl<'r> Resolver<'r> {
    fn new(collection: &'r mut Collection, document: &'r HandWritten) -> Self {
        Self { document, lookup: Lookup::new(collection, document) }
    }

    fn things(&mut self) {
        let document = self.document;
        document.registries.iter().for_each(|(place, item)| self.registry(place, item));
        document.identities.iter().for_each(|(place, item)| self.identity(place, item));
        for (place, item) in &document.groups {
            let origin = self.lookup.origin(place);
            self.lookup.collection.group(group_id(item), origin).name = item.name.to_smolstr();
        }
        document.custom_roles.iter().for_each(|(place, item)| self.custom_role(place, item));
    }

    fn references(&mut self) {
        let document = self.document;
        document.groups.iter().for_each(|(place, item)| self.members(place, item));
        document.role_assignments.iter().for_each(|(place, item)| self.role_assignment(place, item));
        document.deny_assignments.iter().for_each(|(place, item)| self.deny_assignment(place, item));
        document.clusters.iter().for_each(|(place, item)| self.cluster(place, item));
        document
            .federated_credentials
            .iter()
            .for_each(|(place, item)| self.federated_credential(place, item));
        document.scope_maps.iter().for_each(|(place, item)| self.scope_map(place, item));
        document.tokens.iter().for_each(|(place, item)| self.token(place, item));
        document.management_groups.iter().for_each(|(place, item)| self.management_groups(place, item));
    }

    fn registry(&mut self, place: &Place, item: &RegistryItem) {
        let location = (&item.id, &item.subscription, &item.resource_group);
        let Some(id) =
            self.lookup.resource_id(place, location, "Microsoft.ContainerRegistry/registries", &item.name)
        else {
            return;
        };
        let server = item.login_server.clone().unwrap_or_else(|| format!("{}.azurecr.io", item.name));
        let lower = |hosts: &[String]| hosts.iter().map(|host| host.to_ascii_lowercase().into()).collect();
        let part = RegistryPart {
            name: Some(item.name.to_smolstr()),
            login_server: Some(server.to_ascii_lowercase().into()),
            regional_hosts: lower(&item.regional_hosts),
            data_hosts: lower(&item.data_hosts),
            mode: match item.mode {
                None => ModeSeen::Unseen,
                Some(ModeItem::Rbac) => ModeSeen::One(PermissionsMode::Rbac),
                Some(ModeItem::RbacAbac) => ModeSeen::One(PermissionsMode::RbacAbac),
            },
            sku: item.sku.as_ref().map(SmolStr::from),
            admin_user_enabled: Some(item.admin_user),
            anonymous_pull_enabled: Some(item.anonymous_pull),
            quarantine_enabled: Some(item.quarantine),
            arm_audience_tokens_enabled: item.arm_audience_tokens,
            network_restricted: Some(item.network_restricted),
            locked_repositories: item.locked_repositories.iter().map(SmolStr::from).collect(),
        };
        let mut warnings = std::cell::RefCell::new(Vec::new());
        registry::merge_into(
            self.lookup.collection,
            self.lookup.origin(place),
            id,
            part,
            |code, _, message| {
                let help = "describe the registry once".to_owned();
                warnings.borrow_mut().push(LoadWarning { code, place: place.clone(), message, help });
            },
        );
        self.lookup.collection.warnings.append(warnings.get_mut());
    }

    fn identity(&mut self, place: &Place, item: &IdentityItem) {
        let kind = match item.kind {
            IdentityKind::ManagedIdentity => PrincipalKind::ManagedIdentity,
            IdentityKind::ServicePrincipal => PrincipalKind::ServicePrincipal,
            IdentityKind::User => PrincipalKind::User,
        };
        let location = (&item.id, &item.subscription, &item.resource_group);
        let provider = "Microsoft.ManagedIdentity/userAssignedIdentities";
        let resource_id = (kind == PrincipalKind::ManagedIdentity)
            .then(|| self.lookup.resource_id(place, location, provider, &item.name))
            .flatten();
        let part = PrincipalPart {
            kind: Some(kind),
            client_id: item.client_id.map(ClientId::new),
            resource_id,
            name: item.name.to_smolstr(),
        };
        let origin = self.lookup.origin(place);
        let id = PrincipalId::new(item.principal_id);
        self.lookup.collection.principals.entry(id, origin, PrincipalPart::default).0.merge(part);
    }

    fn custom_role(&mut self, place: &Place, item: &CustomRoleItem) {
        let id = RoleId::new(item.id.unwrap_or_else(|| guid_of("role", &item.name)));
        let block = PermissionBlock {
            actions: smol(&item.actions),
            not_actions: smol(&item.not_actions),
            data_actions: smol(&item.data_actions),
            not_data_actions: smol(&item.not_data_actions),
            condition: None,
        };
        let role =
            RoleDefinition { id, name: item.name.to_smolstr(), built_in: false, permissions: vec![block] };
        let origin = self.lookup.origin(place);
        self.lookup.collection.role_definitions.entry(id, origin, || role);
    }

    fn members(&mut self, place: &Place, item: &GroupItem) {
        let members: Vec<PrincipalId> = item
            .members
            .iter()
            .enumerate()
            .filter_map(|(index, name)| self.lookup.principal(place, &format!("members[{index}]"), name))
            .collect();
        let origin = self.lookup.origin(place);
        self.lookup.collection.group(group_id(item), origin).write_members(members);
    }

    fn role_assignment(&mut self, place: &Place, item: &RoleAssignmentItem) {
        let principal = self.lookup.principal(place, "principal", &item.principal);
        let role = self.lookup.role(place, &item.role);
        let scope = self.lookup.scope(place, &item.scope);
        let condition = item.condition.as_deref().map(|text| self.lookup.condition(place, text));
        let (Some(principal), Some(role), Some(scope)) = (principal, role, scope) else { return };
        let window = (item.start.is_some() || item.end.is_some() || item.eligible_only).then(|| {
            Box::new(Window { start: item.start, end: item.end, eligible_only: item.eligible_only })
        });
        let assignment = RoleAssignment {
            name: self.assignment_name(item, &scope),
            scope: scope.clone(),
            role,
            principal,
            principal_type: PrincipalType::Unknown,
            principal_deleted: false,
            condition,
            window,
        };
        let key = AssignmentKey { name: assignment.name.clone(), scope };
        let origin = self.lookup.origin(place);
        if self.lookup.collection.role_assignments.insert(key, origin, assignment).is_err() {
            self.same_name_twice(place, "role");
        }
    }

    /// Only one of the two would count, and nobody could tell which.
    fn same_name_twice(&mut self, place: &Place, what: &str) {
        let message = format!("two {what} assignments with one name at one scope");
        let help = "give each its own `name`".to_owned();
        self.lookup.fail(place, LoadErrorCode::BadValue, "name", message, help);
    }

    /// The given name, or one made of the fields: readable, and without anything that an id could not hold.
    fn assignment_name(&self, item: &RoleAssignmentItem, scope: &Scope) -> AssignmentName {
        if let Some(name) = &item.name {
            return AssignmentName::from(name.as_str());
        }
        let last = scope.name();
        let words = format!("{} {} {last}", item.principal, item.role).to_lowercase();
        let base: String = words
            .split(|letter: char| !letter.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join("-");
        let taken = |name: &str| {
            let key = AssignmentKey { name: AssignmentName::from(name), scope: scope.clone() };
            self.lookup.collection.role_assignments.find(&key).is_some()
        };
        let numbered = (2..).map(|number| format!("{base}-{number}"));
        let free = std::iter::once(base.clone()).chain(numbered).find(|name| !taken(name));
        AssignmentName::from(free.unwrap_or(base).as_str())
    }

    fn deny_assignment(&mut self, place: &Place, item: &DenyAssignmentItem) {
        let scope = self.lookup.scope(place, &item.scope);
        let principals = self.principals(place, "principals", &item.principals);
        let excluded = self.principals(place, "excludePrincipals", &item.exclude_principals);
        let Some(scope) = scope else { return };
        let block = PermissionBlock {
            actions: smol(&item.actions),
            not_actions: smol(&item.not_actions),
            data_actions: smol(&item.data_actions),
            not_data_actions: smol(&item.not_data_actions),
            condition: None,
        };
        let name = AssignmentName::from(item.name.as_str());
        let deny = DenyAssignment {
            name: name.clone(),
            display_name: item.name.to_smolstr(),
            scope: scope.clone(),
            only_this_scope: item.only_this_scope,
            principals,
            excluded,
            permissions: vec![block],
            condition: item.condition.as_deref().map(|text| self.lookup.condition(place, text)),
            enforced: !item.audit_only,
        };
        let origin = self.lookup.origin(place);
        let key = AssignmentKey { name, scope };
        let (_, is_new) = self.lookup.collection.deny_assignments.entry(key, origin, || deny);
        if !is_new {
            self.same_name_twice(place, "deny");
        }
    }

    fn principals(&mut self, place: &Place, field: &str, names: &[String]) -> Vec<PrincipalId> {
        let mut found = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let is_everyone = name.eq_ignore_ascii_case("everyone");
            let id = if is_everyone {
                Some(PrincipalId::EVERYONE)
            } else {
                self.lookup.principal(place, &format!("{field}[{index}]"), name)
            };
            found.extend(id);
        }
        found
    }

    fn cluster(&mut self, place: &Place, item: &ClusterItem) {
        let location = (&item.id, &item.subscription, &item.resource_group);
        let provider = "Microsoft.ContainerService/managedClusters";
        let Some(id) = self.lookup.resource_id(place, location, provider, &item.name) else { return };
        let kubelet = item.kubelet_identity.as_deref().and_then(|name| {
            let principal_id = self.lookup.principal(place, "kubeletIdentity", name)?;
            let known = self.lookup.collection.principals.find(&principal_id);
            Some(KubeletPart {
                resource_id: known.and_then(|known| known.resource_id.clone()),
                client_id: known.and_then(|known| known.client_id),
                principal_id: Some(principal_id),
            })
        });
        let service_account_image_pull = item.service_account_image_pull.as_ref().map(|profile| {
            let name = profile.default_identity.as_deref();
            let identity = name.and_then(|name| {
                self.lookup.resource(place, "serviceAccountImagePull.defaultIdentity", name)
            });
            ServiceAccountImagePull { enabled: profile.enabled, default_identity: identity }
        });
        let part = ClusterPart {
            name: item.name.to_smolstr(),
            kubelet,
            service_principal: item.service_principal.map(ClientId::new),
            service_account_image_pull,
            oidc_issuer: item.oidc_issuer.as_ref().map(SmolStr::from),
        };
        let origin = self.lookup.origin(place);
        self.lookup.collection.clusters.entry(id, origin, ClusterPart::default).0.merge(part);
    }

    fn federated_credential(&mut self, place: &Place, item: &FederatedCredentialItem) {
        let Some(identity) = self.lookup.resource(place, "identity", &item.identity) else { return };
        let audiences = item.audiences.clone().unwrap_or_else(|| vec![AUDIENCE.to_owned()]);
        let count = self.lookup.collection.federated_credentials.len();
        // Exports tell credentials apart by id; the hand-written form has none, so the position makes one.
        let id = format!("{identity}/federatedIdentityCredentials/{count}");
        let Ok(id) = self.lookup.collection.scopes.intern(&id) else { return };
        let credential = FederatedCredential {
            identity,
            issuer: item.issuer.to_smolstr(),
            subject: item.subject.to_smolstr(),
            audiences: smol(&audiences),
        };
        let origin = self.lookup.origin(place);
        self.lookup.collection.federated_credentials.entry(id, origin, || credential);
    }

    fn scope_map(&mut self, place: &Place, item: &ScopeMapItem) {
        let Some(id) = self.lookup.child_of_registry(place, &item.registry, "scopeMaps", &item.name) else {
            return;
        };
        let scope_map =
            ScopeMap { id: id.clone(), name: item.name.to_smolstr(), actions: smol(&item.actions) };
        let origin = self.lookup.origin(place);
        self.lookup.collection.scope_maps.entry(id, origin, || scope_map);
    }

    fn token(&mut self, place: &Place, item: &TokenItem) {
        let Some(id) = self.lookup.child_of_registry(place, &item.registry, "tokens", &item.name) else {
            return;
        };
        let scope_map = self.lookup.child_of_registry(place, &item.registry, "scopeMaps", &item.scope_map);
        let Some(scope_map) = scope_map else { return };
        let passwords = item.passwords.as_ref().map_or_else(
            || vec![None],
            |passwords| passwords.iter().map(|password| password.expires).collect(),
        );
        let token = Token {
            registry: self.lookup.collection.scopes.ancestor(&id, 2),
            name: item.name.to_smolstr(),
            scope_map,
            enabled: item.enabled.unwrap_or(true),
            passwords: Some(passwords),
        };
        let origin = self.lookup.origin(place);
        self.lookup.collection.tokens.entry(id, origin, || token);
    }

    fn management_groups(&mut self, place: &Place, item: &ManagementGroupItem) {
        let subscription =
            item.subscription.as_deref().unwrap_or(self.lookup.subscription()).to_ascii_lowercase();
        let chain = item.ancestors.iter().map(|name| name.to_ascii_lowercase().into()).collect();
        if !self.lookup.collection.ancestry.note_chain(subscription.into(), chain) {
            self.lookup.collection.warnings.push(LoadWarning {
                code: LoadWarningCode::ExportsDisagree,
                place: place.clone(),
                message:
                    "this subscription's management groups differ from another source: they count as unknown"
                        .to_owned(),
                help: "describe them once".to_owned(),
            });
        }
    }
}

fn group_id(item: &GroupItem) -> PrincipalId {
    PrincipalId::new(item.id.unwrap_or_else(|| guid_of("group", &item.name)))
}

fn smol(texts: &[String]) -> Vec<SmolStr> {
    texts.iter().map(SmolStr::from).collect()
}

/// A GUID made from a name (version 8, FNV-1a): the same on every machine, so that traces can be compared.
pub(in crate::inventory) fn guid_of(kind: &str, name: &str) -> Uuid {
    let half = |start: u64| {
        let bytes = kind.bytes().chain([b'/']).chain(name.bytes());
        bytes.fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
    };
    let (high, low) = (half(0xcbf2_9ce4_8422_2325), half(0x8422_2325_cbf2_9ce4));
    uuid::Builder::from_custom_bytes(Uuid::from_u64_pair(high, low).into_bytes()).into_uuid()
}
