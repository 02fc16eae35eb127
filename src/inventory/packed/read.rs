//! A packed document into the collection, where it meets the other documents of the load.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use smol_str::SmolStr;

use super::format::{
    ApplicationsItem, BlockItem, ClusterItem, ConditionItem, ConditionNumber, DenyAssignmentItem,
    FederatedCredentialItem, GroupItem, ManagementGroupsItem, PeopleItem, PolicyItem, PrincipalItem,
    RegistryItem, RoleAssignmentItem, RoleItem, ScopeMapItem, ScopeNumber, TaskItem, TokenItem,
};
use crate::engine::action::PermissionsMode;
use crate::engine::assignment::{
    AssignmentCondition, AssignmentName, DenyAssignment, PermissionBlock, PrincipalType, RoleAssignment,
    RoleDefinition, Window,
};
use crate::engine::conditional_access::{Applications, ConditionalAccessPolicy, GrantControls, People};
use crate::engine::inventory::{FederatedCredential, ScopeMap, ServiceAccountImagePull, Task, Token};
use crate::engine::scope::Scope;
use crate::inventory::assignment;
use crate::inventory::cluster::{ClusterPart, KubeletPart};
use crate::inventory::collection::{AssignmentKey, Collection, Origin};
use crate::inventory::document::Document;
use crate::inventory::export::GapItem;
use crate::inventory::hand_written::{format::ModeItem, guid_of};
use crate::inventory::own_kind::{Items, Section, check_version};
use crate::inventory::principal::PrincipalPart;
use crate::inventory::problem::{LoadError, LoadErrorCode, LoadWarning, LoadWarningCode, Place};
use crate::inventory::record::Record;
use crate::inventory::registry::{self, ModeSeen, RegistryPart};
use crate::inventory::role::BUILT_IN_FILE;

const SCHEMA: &str = "docs/schemas/packed-inventory.schema.json";

const FIELDS: &[&str] = &[
    "apiVersion",
    "kind",
    "exportedAt",
    "gaps",
    "scopes",
    "conditions",
    "registries",
    "clusters",
    "principals",
    "groups",
    "completeMemberships",
    "roleDefinitions",
    "roleAssignments",
    "denyAssignments",
    "tokens",
    "scopeMaps",
    "federatedCredentials",
    "tasks",
    "conditionalAccessPolicies",
    "managementGroups",
];

/// Reads one document; problems of single entries are noted in it.
pub(in crate::inventory) fn read(
    collection: &mut Collection,
    document: &Document<'_>,
    record: &Record<'_, '_>,
    file: u32,
    file_name: &str,
) {
    check_version(record, "a packed inventory");
    if record.has("exportedAt")
        && let Some(time) = record.time("exportedAt")
    {
        collection.exports.note_time(time);
    }
    let source = Source { document, record, file_name };
    source.refuse_unknown_fields();
    let tables = Tables::read(collection, &source);
    let mut reading = Reading { collection, tables, file };
    source.each("gaps", |place, gap: GapItem| reading.collection.exports.note_gap(place, gap.into()));
    source.each("registries", |place, item| reading.registry(&place, item));
    source.each("clusters", |place, item| reading.cluster(&place, item));
    source.each("principals", |place, item| reading.principal(&place, item));
    source.each("groups", |place, item| reading.group(&place, item));
    source.each("completeMemberships", |place, id: String| reading.complete_membership(place, &id));
    source.each("roleDefinitions", |place, item| reading.role(&place, item));
    source.each("roleAssignments", |place, item| reading.role_assignment(&place, item));
    source.each("denyAssignments", |place, item| reading.deny_assignment(&place, item));
    source.each("tokens", |place, item| reading.token(&place, item));
    source.each("scopeMaps", |place, item| reading.scope_map(&place, item));
    source.each("federatedCredentials", |place, item| reading.federated_credential(&place, item));
    source.each("tasks", |place, item| reading.task(&place, item));
    source.each("conditionalAccessPolicies", |place, item| reading.policy(&place, item));
    source.each("managementGroups", |place, item| reading.management_groups(&place, item));
}

/// Where the document comes from.
struct Source<'s, 'd, 'a> {
    document: &'d Document<'a>,
    record: &'s Record<'d, 'a>,
    file_name: &'s str,
}

impl Source<'_, '_, '_> {
    fn refuse_unknown_fields(&self) {
        for (key, value) in self.record.entries().filter(|(key, _)| !FIELDS.contains(key)) {
            let Self { document, file_name, .. } = *self;
            Section { document, file_name, key, value, schema: SCHEMA }.unknown(FIELDS);
        }
    }

    fn items<T: DeserializeOwned>(&self, field: &str) -> Items<T> {
        let Self { document, file_name, record } = *self;
        let found = record.entries().find(|(key, _)| *key == field);
        found.map_or_else(Vec::new, |(key, value)| {
            Section { document, file_name, key, value, schema: SCHEMA }.items()
        })
    }

    fn each<T: DeserializeOwned>(&self, field: &str, mut each: impl FnMut(Place, T)) {
        for (place, item) in self.items(field) {
            each(place, item);
        }
    }
}

/// What the lists name by position. An entry that could not be read is a hole, and told.
struct Tables {
    scopes: Vec<Scope>,
    conditions: Vec<Arc<AssignmentCondition>>,
}

impl Tables {
    fn read(collection: &mut Collection, source: &Source<'_, '_, '_>) -> Self {
        let mut tables = Self { scopes: Vec::new(), conditions: Vec::new() };
        source.each("scopes", |place, text: String| match collection.scopes.intern(&text) {
            Ok(scope) => tables.scopes.push(scope),
            Err(error) => collection.fail(bad_value(place, format!("no Azure id: {error}"))),
        });
        source.each("conditions", |place, item: ConditionItem| {
            let ConditionItem { text, version } = item;
            let (condition, is_new) = collection.conditions.intern(&text, version.as_deref());
            if is_new && let Some(fault) = condition.fault() {
                collection.warnings.push(LoadWarning {
                    code: LoadWarningCode::ConditionInvalid,
                    place,
                    message: format!(
                        "the condition cannot be used, so what carries it grants nothing: {fault}"
                    ),
                    help: "correct it in Azure, export again and pack again".to_owned(),
                });
            }
            tables.conditions.push(condition);
        });
        tables
    }
}

fn bad_value(place: Place, message: String) -> LoadError {
    let help = "pack the inventory again; nobody writes packed inventories by hand".to_owned();
    LoadError { code: LoadErrorCode::BadValue, place, message, help }
}

/// The reading of one document.
struct Reading<'c> {
    collection: &'c mut Collection,
    tables: Tables,
    file: u32,
}

impl Reading<'_> {
    fn origin(&self, place: &Place) -> Origin {
        Origin { file: self.file, line: place.line.unwrap_or_default(), index: 0 }
    }

    fn scope(&mut self, place: &Place, number: ScopeNumber) -> Option<Scope> {
        let scope = self.tables.scopes.get(number).cloned();
        if scope.is_none() {
            self.collection.fail(bad_value(place.clone(), format!("there is no scope of number {number}")));
        }
        scope
    }

    fn some_scope(&mut self, place: &Place, number: Option<ScopeNumber>) -> Option<Scope> {
        self.scope(place, number?)
    }

    fn condition(
        &mut self,
        place: &Place,
        number: Option<ConditionNumber>,
    ) -> Option<Arc<AssignmentCondition>> {
        let number = number?;
        let condition = self.tables.conditions.get(number).cloned();
        if condition.is_none() {
            // An assignment that lost its condition would grant more than it does.
            self.collection
                .fail(bad_value(place.clone(), format!("there is no condition of number {number}")));
        }
        condition
    }

    /// An id that stands in an entry itself.
    fn id(&mut self, place: &Place, text: &str) -> Option<Scope> {
        match self.collection.scopes.intern(text) {
            Ok(scope) => Some(scope),
            Err(error) => {
                self.collection.fail(bad_value(place.clone(), format!("`id` is no Azure id: {error}")));
                None
            }
        }
    }

    fn disagree(&mut self, place: &Place, what: &str) {
        self.collection.warnings.push(LoadWarning {
            code: LoadWarningCode::ExportsDisagree,
            place: place.clone(),
            message: format!("{what} is not as in another file of the inventory"),
            help: "pack all parts from one export, and load no older ones beside them".to_owned(),
        });
    }

    fn registry(&mut self, place: &Place, item: RegistryItem) {
        let Some(id) = self.id(place, &item.id) else { return };
        let part = RegistryPart {
            name: Some(item.name.into()),
            login_server: Some(item.login_server.into()),
            regional_hosts: smol(item.regional_hosts),
            data_hosts: smol(item.data_hosts),
            mode: match item.mode {
                None => ModeSeen::Unseen,
                Some(ModeItem::Rbac) => ModeSeen::One(PermissionsMode::Rbac),
                Some(ModeItem::RbacAbac) => ModeSeen::One(PermissionsMode::RbacAbac),
            },
            sku: item.sku.map(SmolStr::from),
            admin_user_enabled: Some(item.admin_user_enabled),
            anonymous_pull_enabled: Some(item.anonymous_pull_enabled),
            quarantine_enabled: Some(item.quarantine_enabled),
            arm_audience_tokens_enabled: item.arm_audience_tokens_enabled,
            network_restricted: Some(item.network_restricted),
            locked_repositories: smol(item.locked_repositories),
        };
        let warnings = std::cell::RefCell::new(Vec::new());
        let origin = self.origin(place);
        registry::merge_into(self.collection, origin, id, part, |code, _, message| {
            let help = "pack all parts from one export, and load no older ones beside them".to_owned();
            warnings.borrow_mut().push(LoadWarning { code, place: place.clone(), message, help });
        });
        self.collection.warnings.append(&mut warnings.into_inner());
    }

    fn cluster(&mut self, place: &Place, item: ClusterItem) {
        let Some(id) = self.id(place, &item.id) else { return };
        let kubelet = item.kubelet_identity.map(|kubelet| KubeletPart {
            resource_id: self.some_scope(place, kubelet.resource_id),
            client_id: kubelet.client_id,
            principal_id: Some(kubelet.principal_id),
        });
        let service_account_image_pull =
            item.service_account_image_pull.map(|profile| ServiceAccountImagePull {
                enabled: profile.enabled,
                default_identity: self.some_scope(place, profile.default_identity),
            });
        let name: SmolStr = item.name.into();
        let part = ClusterPart {
            name: name.clone(),
            kubelet,
            service_principal: item.service_principal,
            service_account_image_pull,
            oidc_issuer: item.oidc_issuer.map(SmolStr::from),
        };
        let origin = self.origin(place);
        if !self.collection.clusters.entry(id, origin, ClusterPart::default).0.merge(part) {
            self.disagree(place, &format!("cluster `{name}`"));
        }
    }

    fn principal(&mut self, place: &Place, item: PrincipalItem) {
        let PrincipalItem { id, kind, client_id, resource_id, name } = item;
        let resource_id = self.some_scope(place, resource_id);
        let part = PrincipalPart { kind: Some(kind.into()), client_id, resource_id, name: name.into() };
        let origin = self.origin(place);
        if !self.collection.principals.entry(id, origin, PrincipalPart::default).0.merge(part) {
            self.disagree(place, &format!("the client id of principal {id}"));
        }
    }

    fn group(&mut self, place: &Place, item: GroupItem) {
        let origin = self.origin(place);
        let GroupItem { id, name, members, members_known, members_may_be_hidden } = item;
        let part = self.collection.group(id, origin);
        if part.name.is_empty() {
            part.name = name.into();
        }
        part.read_packed(members, members_known, members_may_be_hidden.then_some(self.file));
    }

    fn complete_membership(&mut self, place: Place, id: &str) {
        if let Ok(id) = id.parse() {
            self.collection.groups.complete_memberships.insert(id);
        } else {
            self.collection.fail(bad_value(place, format!("`{id}` is no object id")));
        }
    }

    fn blocks(&mut self, place: &Place, items: Vec<BlockItem>) -> Vec<PermissionBlock> {
        items
            .into_iter()
            .map(|block| PermissionBlock {
                actions: smol(block.actions),
                not_actions: smol(block.not_actions),
                data_actions: smol(block.data_actions),
                not_data_actions: smol(block.not_data_actions),
                condition: self.condition(place, block.condition),
            })
            .collect()
    }

    fn role(&mut self, place: &Place, item: RoleItem) {
        let RoleItem { id, name, built_in, permissions } = item;
        let role =
            RoleDefinition { id, name: name.into(), built_in, permissions: self.blocks(place, permissions) };
        let origin = self.origin(place);
        let roles = &mut self.collection.role_definitions;
        roles.replace_if(id, origin, role, |first| first.file == BUILT_IN_FILE);
    }

    fn role_assignment(&mut self, place: &Place, item: RoleAssignmentItem) {
        let Some(scope) = self.scope(place, item.scope) else { return };
        let name = AssignmentName::from(item.name.as_str());
        let assignment = RoleAssignment {
            name: name.clone(),
            scope: scope.clone(),
            role: item.role,
            principal: item.principal,
            principal_type: item.r#type.map_or(PrincipalType::Unknown, Into::into),
            principal_deleted: item.deleted,
            condition: self.condition(place, item.condition),
            window: item.window.map(|window| {
                let (start, end) = (window.start, window.end);
                Box::new(Window { start, end, eligible_only: window.eligible_only })
            }),
        };
        let origin = self.origin(place);
        let all = &mut self.collection.role_assignments;
        let agrees = match all.insert(AssignmentKey { name, scope }, origin, assignment) {
            Ok(()) => true,
            Err((known, again)) => assignment::merge(known, again),
        };
        if !agrees {
            self.disagree(place, &format!("role assignment `{}`", item.name));
        }
    }

    fn deny_assignment(&mut self, place: &Place, item: DenyAssignmentItem) {
        let Some(scope) = self.scope(place, item.scope) else { return };
        let name = AssignmentName::from(item.name.as_str());
        let deny = DenyAssignment {
            name: name.clone(),
            display_name: item.display_name.into(),
            scope: scope.clone(),
            only_this_scope: item.only_this_scope,
            principals: item.principals,
            excluded: item.excluded,
            permissions: self.blocks(place, item.permissions),
            condition: self.condition(place, item.condition),
            enforced: true,
        };
        let origin = self.origin(place);
        let all = &mut self.collection.deny_assignments;
        let (known, is_new) = all.entry(AssignmentKey { name, scope }, origin, || deny.clone());
        if !is_new {
            known.enforced = true;
            if !assignment::merge_deny(known, deny) {
                self.disagree(place, &format!("deny assignment `{}`", item.name));
            }
        }
    }

    fn token(&mut self, place: &Place, item: TokenItem) {
        let registry = self.scope(place, item.registry);
        let (Some(registry), Some(scope_map)) = (registry, self.scope(place, item.scope_map)) else { return };
        let Some(id) = self.id(place, &format!("{registry}/tokens/{}", item.name)) else { return };
        let token = Token {
            registry,
            name: item.name.into(),
            scope_map,
            enabled: item.enabled,
            passwords: item.passwords,
        };
        let origin = self.origin(place);
        self.collection.tokens.entry(id, origin, || token);
    }

    fn scope_map(&mut self, place: &Place, item: ScopeMapItem) {
        let Some(id) = self.scope(place, item.id) else { return };
        let map = ScopeMap { id: id.clone(), name: item.name.into(), actions: smol(item.actions) };
        let origin = self.origin(place);
        self.collection.scope_maps.entry(id, origin, || map);
    }

    fn federated_credential(&mut self, place: &Place, item: FederatedCredentialItem) {
        let Some(identity) = self.scope(place, item.identity) else { return };
        // Two parts of one export bring the same credential twice; its content tells that.
        let content = format!("{}\n{}\n{}", item.issuer, item.subject, item.audiences.join("\n"));
        let name = guid_of("federatedCredential", &content);
        let Some(id) = self.id(place, &format!("{identity}/federatedIdentityCredentials/{name}")) else {
            return;
        };
        let credential = FederatedCredential {
            identity,
            issuer: item.issuer.into(),
            subject: item.subject.into(),
            audiences: smol(item.audiences),
        };
        let origin = self.origin(place);
        self.collection.federated_credentials.entry(id, origin, || credential);
    }

    fn task(&mut self, place: &Place, item: TaskItem) {
        let Some(registry) = self.scope(place, item.registry) else { return };
        let Some(id) = self.id(place, &format!("{registry}/tasks/{}", item.name)) else { return };
        let user_identities =
            item.user_identities.iter().filter_map(|number| self.scope(place, *number)).collect();
        let task = Task {
            registry,
            name: item.name.into(),
            system_identity: item.system_identity,
            user_identities,
            source_identity: item.source_identity.map(SmolStr::from),
            login_disabled: item.login_disabled,
        };
        let origin = self.origin(place);
        self.collection.tasks.entry(id, origin, || task);
    }

    fn policy(&mut self, place: &Place, item: PolicyItem) {
        let origin = self.origin(place);
        let id: SmolStr = item.id.into();
        let policy = ConditionalAccessPolicy {
            id: id.clone(),
            name: item.name.into(),
            state: item.state.into(),
            included: people(item.included),
            excluded: people(item.excluded),
            applications: applications(&item.applications),
            excluded_applications: applications(&item.excluded_applications),
            client_app_types: smol(item.client_app_types),
            unjudged_conditions: smol(item.unjudged_conditions),
            controls: GrantControls {
                block: item.block,
                all_needed: item.all_needed,
                controls: smol(item.controls),
            },
        };
        self.collection.conditional_access_policies.entry(id, origin, || policy);
    }

    fn management_groups(&mut self, place: &Place, item: ManagementGroupsItem) {
        let ManagementGroupsItem { subscription, ancestors, seen } = item;
        let lower = |names: Vec<String>| names.iter().map(|name| name.to_ascii_lowercase().into()).collect();
        let subscription = SmolStr::from(subscription.to_ascii_lowercase());
        let agrees = ancestors
            .is_none_or(|chain| self.collection.ancestry.note_chain(subscription.clone(), lower(chain)));
        if let Some(seen) = seen {
            self.collection.ancestry.note_seen(subscription.clone(), lower(seen));
        }
        if !agrees {
            self.disagree(place, &format!("what lies above subscription {subscription}"));
        }
    }
}

fn people(item: PeopleItem) -> People {
    let PeopleItem { everyone, users, groups, others } = item;
    People { everyone, users, groups, others }
}

fn applications(item: &ApplicationsItem) -> Applications {
    let ApplicationsItem { all, registry, others } = *item;
    Applications { all, registry, others }
}

fn smol(texts: Vec<String>) -> Vec<SmolStr> {
    texts.into_iter().map(SmolStr::from).collect()
}

#[cfg(test)]
mod tests {
    use super::FIELDS;
    use crate::inventory::own_kind::fields_of_schema;
    use crate::inventory::packed::format::PackedDocument;

    #[test]
    fn the_fields_read_here_are_those_of_the_schema() {
        assert_eq!(fields_of_schema::<PackedDocument>(), FIELDS.iter().copied().map(str::to_owned).collect());
    }
}
