//! The kept parts of an inventory as a packed document.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use smol_str::SmolStr;

use super::format::{
    ApplicationsItem, BlockItem, ClusterItem, ConditionItem, ConditionNumber, DenyAssignmentItem,
    FederatedCredentialItem, GroupItem, ImagePullItem, KubeletItem, ManagementGroupsItem, PackedDocument,
    PeopleItem, PolicyItem, PrincipalItem, RegistryItem, RoleAssignmentItem, RoleItem, ScopeMapItem,
    ScopeNumber, TaskItem, TokenItem, WindowItem,
};
use super::select::{Choice, Selection};
use crate::engine::action::PermissionsMode;
use crate::engine::assignment::{
    AssignmentCondition, ConditionFault, DenyAssignment, PermissionBlock, PrincipalType, RoleAssignment,
    RoleDefinition,
};
use crate::engine::conditional_access::{Applications, ConditionalAccessPolicy, People};
use crate::engine::guid::PrincipalId;
use crate::engine::index::Index;
use crate::engine::inventory::{Cluster, Group, Inventory, Principal, Registry};
use crate::engine::scope::Scope;
use crate::inventory::export::GapItem;
use crate::inventory::from_documents;
use crate::inventory::hand_written::format::ModeItem;

/// Packs what questions about the choice can turn on. `exported_at` is that of the load which the index was built from.
#[must_use]
pub fn pack(index: &Index, exported_at: Option<Timestamp>, choice: &Choice) -> PackedDocument {
    let inventory = index.inventory();
    let built_in = from_documents([]).map(|known| known.inventory.role_definitions).unwrap_or_default();
    let selection = Selection::of(index, choice);
    let mut tables = Tables::default();
    let mut document = PackedDocument {
        api_version: "acr-admission.dev/v1".to_owned(),
        kind: "PackedInventory".to_owned(),
        exported_at,
        gaps: inventory.gaps.iter().map(GapItem::from).collect(),
        registries: selection.registries.iter().map(|registry| registry_item(registry)).collect(),
        clusters: selection.clusters.iter().map(|cluster| tables.cluster(cluster)).collect(),
        principals: selection.principals.iter().map(|(one, named)| tables.principal(one, *named)).collect(),
        groups: selection.groups.iter().map(|(group, members)| group_item(group, members)).collect(),
        complete_memberships: selection.complete_memberships.iter().map(ToString::to_string).collect(),
        role_definitions: selection
            .role_definitions
            .iter()
            // What is built into the program is known when the document is read, unless the export has it newer.
            .filter(|role| !built_in.iter().any(|known| is_same(known, role)))
            .map(|role| RoleItem {
                id: role.id,
                name: role.name.to_string(),
                built_in: role.built_in,
                permissions: tables.blocks(&role.permissions),
            })
            .collect(),
        role_assignments: selection.role_assignments.iter().map(|one| tables.role_assignment(one)).collect(),
        deny_assignments: selection
            .deny_assignments
            .iter()
            .map(|deny| tables.deny_assignment(deny))
            .collect(),
        federated_credentials: federated_credentials(inventory, &mut tables),
        conditional_access_policies: inventory.conditional_access_policies.iter().map(policy).collect(),
        management_groups: management_groups(inventory, &selection.registries),
        ..PackedDocument::default()
    };
    tables.contents_of_registries(inventory, &selection.registries, &mut document);
    (document.scopes, document.conditions) = (tables.scopes, tables.conditions);
    document
}

/// The tables that the lists name by position, in the order of first use.
#[derive(Default)]
struct Tables<'a> {
    scopes: Vec<String>,
    scope_numbers: HashMap<&'a str, ScopeNumber>,
    conditions: Vec<ConditionItem>,
    condition_numbers: HashMap<(&'a str, Option<&'a str>), ConditionNumber>,
}

impl<'a> Tables<'a> {
    fn scope(&mut self, scope: &'a Scope) -> ScopeNumber {
        let next = self.scopes.len();
        let number = *self.scope_numbers.entry(scope.as_str()).or_insert(next);
        if number == next {
            self.scopes.push(scope.as_str().to_owned());
        }
        number
    }

    fn scopes(&mut self, scopes: &'a [Scope]) -> Vec<ScopeNumber> {
        scopes.iter().map(|scope| self.scope(scope)).collect()
    }

    fn condition(&mut self, condition: Option<&'a Arc<AssignmentCondition>>) -> Option<ConditionNumber> {
        let condition = condition?;
        let version = match condition.fault() {
            Some(ConditionFault::Version(version)) => Some(version.as_str()),
            Some(ConditionFault::Syntax(_)) | None => None,
        };
        let next = self.conditions.len();
        let number = *self.condition_numbers.entry((condition.text(), version)).or_insert(next);
        if number == next {
            let version = version.map(ToOwned::to_owned);
            self.conditions.push(ConditionItem { text: condition.text().to_owned(), version });
        }
        Some(number)
    }

    fn blocks(&mut self, blocks: &'a [PermissionBlock]) -> Vec<BlockItem> {
        blocks
            .iter()
            .map(|block| BlockItem {
                actions: texts(&block.actions),
                not_actions: texts(&block.not_actions),
                data_actions: texts(&block.data_actions),
                not_data_actions: texts(&block.not_data_actions),
                condition: self.condition(block.condition.as_ref()),
            })
            .collect()
    }

    fn cluster(&mut self, cluster: &'a Cluster) -> ClusterItem {
        ClusterItem {
            id: cluster.id.to_string(),
            name: cluster.name.to_string(),
            kubelet_identity: cluster.kubelet_identity.as_ref().map(|identity| KubeletItem {
                resource_id: identity.resource_id.as_ref().map(|id| self.scope(id)),
                client_id: identity.client_id,
                principal_id: identity.principal_id,
            }),
            service_principal: cluster.service_principal,
            service_account_image_pull: cluster.service_account_image_pull.as_ref().map(|profile| {
                ImagePullItem {
                    enabled: profile.enabled,
                    default_identity: profile.default_identity.as_ref().map(|id| self.scope(id)),
                }
            }),
            oidc_issuer: cluster.oidc_issuer.as_ref().map(ToString::to_string),
        }
    }

    fn principal(&mut self, principal: &'a Principal, is_named: bool) -> PrincipalItem {
        PrincipalItem {
            id: principal.principal_id,
            kind: principal.kind.into(),
            client_id: principal.client_id,
            resource_id: principal.resource_id.as_ref().map(|id| self.scope(id)),
            name: if is_named { principal.name.to_string() } else { String::new() },
        }
    }

    fn role_assignment(&mut self, assignment: &'a RoleAssignment) -> RoleAssignmentItem {
        let told = assignment.principal_type;
        RoleAssignmentItem {
            name: assignment.name.to_string(),
            scope: self.scope(&assignment.scope),
            role: assignment.role,
            principal: assignment.principal,
            r#type: (told != PrincipalType::Unknown).then(|| told.into()),
            deleted: assignment.principal_deleted,
            condition: self.condition(assignment.condition.as_ref()),
            window: assignment.window.as_ref().map(|window| WindowItem {
                start: window.start,
                end: window.end,
                eligible_only: window.eligible_only,
            }),
        }
    }

    fn deny_assignment(&mut self, deny: &'a DenyAssignment) -> DenyAssignmentItem {
        DenyAssignmentItem {
            name: deny.name.to_string(),
            display_name: deny.display_name.to_string(),
            scope: self.scope(&deny.scope),
            only_this_scope: deny.only_this_scope,
            principals: deny.principals.clone(),
            excluded: deny.excluded.clone(),
            permissions: self.blocks(&deny.permissions),
            condition: self.condition(deny.condition.as_ref()),
        }
    }

    /// Tokens, scope maps and tasks.
    fn contents_of_registries(
        &mut self,
        inventory: &'a Inventory,
        registries: &[&Registry],
        document: &mut PackedDocument,
    ) {
        let is_kept = |registry: &Scope| registries.iter().any(|kept| kept.id == *registry);
        for token in inventory.tokens.iter().filter(|token| is_kept(&token.registry)) {
            document.tokens.push(TokenItem {
                registry: self.scope(&token.registry),
                name: token.name.to_string(),
                scope_map: self.scope(&token.scope_map),
                enabled: token.enabled,
                passwords: token.passwords.clone(),
            });
        }
        let is_used = |id: &Scope| {
            let mut tokens = inventory.tokens.iter().filter(|token| is_kept(&token.registry));
            tokens.any(|token| token.scope_map == *id) || registries.iter().any(|kept| kept.id.contains(id))
        };
        for map in inventory.scope_maps.iter().filter(|map| is_used(&map.id)) {
            document.scope_maps.push(ScopeMapItem {
                id: self.scope(&map.id),
                name: map.name.to_string(),
                actions: texts(&map.actions),
            });
        }
        for task in inventory.tasks.iter().filter(|task| is_kept(&task.registry)) {
            document.tasks.push(TaskItem {
                registry: self.scope(&task.registry),
                name: task.name.to_string(),
                system_identity: task.system_identity,
                user_identities: self.scopes(&task.user_identities),
                source_identity: task.source_identity.as_ref().map(ToString::to_string),
                login_disabled: task.login_disabled,
            });
        }
    }
}

/// All of them: whether there is any at all decides what annotations are worth, and the settings may name an issuer
/// that no export shows.
fn federated_credentials<'a>(
    inventory: &'a Inventory,
    tables: &mut Tables<'a>,
) -> Vec<FederatedCredentialItem> {
    let credentials = inventory.federated_credentials.iter();
    credentials
        .map(|credential| FederatedCredentialItem {
            identity: tables.scope(&credential.identity),
            issuer: credential.issuer.to_string(),
            subject: credential.subject.to_string(),
            audiences: texts(&credential.audiences),
        })
        .collect()
}

fn registry_item(registry: &Registry) -> RegistryItem {
    RegistryItem {
        id: registry.id.to_string(),
        name: registry.name.to_string(),
        login_server: registry.login_server.to_string(),
        regional_hosts: texts(&registry.regional_hosts),
        data_hosts: texts(&registry.data_hosts),
        mode: registry.mode.map(|mode| match mode {
            PermissionsMode::Rbac => ModeItem::Rbac,
            PermissionsMode::RbacAbac => ModeItem::RbacAbac,
        }),
        sku: registry.sku.as_ref().map(ToString::to_string),
        admin_user_enabled: registry.admin_user_enabled,
        anonymous_pull_enabled: registry.anonymous_pull_enabled,
        quarantine_enabled: registry.quarantine_enabled,
        arm_audience_tokens_enabled: registry.arm_audience_tokens_enabled,
        network_restricted: registry.network_restricted,
        locked_repositories: texts(&registry.locked_repositories),
    }
}

fn group_item(group: &Group, members: &[PrincipalId]) -> GroupItem {
    GroupItem {
        id: group.id,
        name: group.name.to_string(),
        members: members.to_vec(),
        members_known: group.members_known,
        members_may_be_hidden: group.members_may_be_hidden,
    }
}

fn policy(policy: &ConditionalAccessPolicy) -> PolicyItem {
    PolicyItem {
        id: policy.id.to_string(),
        name: policy.name.to_string(),
        state: policy.state.into(),
        included: people(&policy.included),
        excluded: people(&policy.excluded),
        applications: applications(policy.applications),
        excluded_applications: applications(policy.excluded_applications),
        client_app_types: texts(&policy.client_app_types),
        unjudged_conditions: texts(&policy.unjudged_conditions),
        block: policy.controls.block,
        all_needed: policy.controls.all_needed,
        controls: texts(&policy.controls.controls),
    }
}

fn people(people: &People) -> PeopleItem {
    let People { everyone, users, groups, others } = people;
    PeopleItem { everyone: *everyone, users: users.clone(), groups: groups.clone(), others: *others }
}

fn applications(applications: Applications) -> ApplicationsItem {
    let Applications { all, registry, others } = applications;
    ApplicationsItem { all, registry, others }
}

/// Of the subscriptions that hold a registry: no other chain is ever looked at.
fn management_groups(inventory: &Inventory, registries: &[&Registry]) -> Vec<ManagementGroupsItem> {
    let above = &inventory.management_groups;
    let mut subscriptions: Vec<&str> =
        registries.iter().filter_map(|registry| registry.id.subscription()).collect();
    subscriptions.sort_unstable();
    subscriptions.dedup();
    let names = |set: &std::collections::BTreeSet<SmolStr>| set.iter().map(ToString::to_string).collect();
    let item = |subscription: &str| ManagementGroupsItem {
        subscription: subscription.to_owned(),
        ancestors: above.known.get(subscription).map(names),
        seen: above.seen.get(subscription).map(names),
    };
    let items = subscriptions.into_iter().map(item);
    items.filter(|item| item.ancestors.is_some() || item.seen.is_some()).collect()
}

fn is_same(one: &RoleDefinition, other: &RoleDefinition) -> bool {
    let condition = |block: &PermissionBlock| block.condition.as_ref().map(|one| one.text().to_owned());
    one.id == other.id
        && one.name == other.name
        && one.built_in == other.built_in
        && one.permissions.len() == other.permissions.len()
        && one.permissions.iter().zip(&other.permissions).all(|(one, other)| {
            one.actions == other.actions
                && one.not_actions == other.not_actions
                && one.data_actions == other.data_actions
                && one.not_data_actions == other.not_data_actions
                && condition(one) == condition(other)
        })
}

fn texts(texts: &[SmolStr]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}
