//! The last step: names resolved, loose ends told, and the plain data that the engine takes.

use std::collections::{BTreeMap, HashMap, HashSet};

use foldhash::fast::RandomState;
use smol_str::SmolStr;

use super::assignment::Scheduled;
use super::cluster::KubeletPart;
use super::collection::{AssignmentKey, ById, Collection, Origin};
use super::export;
use super::hand_written;
use super::membership;
use super::places::Places;
use super::problem::{LoadError, LoadErrorCode, LoadErrors, LoadWarning, LoadWarningCode, Place};
use super::registry::{ModeSeen, RegistryPart};
use crate::engine::assignment::{PrincipalType, RoleAssignment};
use crate::engine::guid::{ClientId, PrincipalId, RoleId};
use crate::engine::inventory::{Cluster, Group, Inventory, Principal, Registry};
use crate::engine::scope::Scope;

/// Everything read to one inventory, where its things stand, and its warnings.
pub(super) fn finish(
    mut collection: Collection,
) -> Result<(Inventory, Places, Vec<LoadWarning>), LoadErrors> {
    hand_written::resolve(&mut collection);
    membership::resolve(&mut collection);
    schedule(&mut collection);
    check_assignments(&mut collection);
    check_deny_assignments(&mut collection);
    let places = Places::note(&collection);
    let registries = registries(&mut collection);
    let principals = principals(&mut collection);
    let clusters = clusters(&mut collection, &principals);
    check_loose_ends(&mut collection, &principals);
    let gaps = export::finish(&mut collection);
    let complete_memberships = std::mem::take(&mut collection.groups.complete_memberships);
    let groups = membership::finish(&mut collection);
    check_cycles(&mut collection, &groups);
    if !collection.errors.is_empty() {
        return Err(LoadErrors::new(collection.errors, collection.dropped_errors));
    }
    let mut inventory = Inventory {
        registries,
        principals,
        groups,
        complete_memberships,
        role_definitions: plain(collection.role_definitions),
        role_assignments: plain(collection.role_assignments),
        deny_assignments: plain(collection.deny_assignments),
        tokens: plain(collection.tokens),
        scope_maps: plain(collection.scope_maps),
        federated_credentials: plain(collection.federated_credentials),
        clusters,
        tasks: plain(collection.tasks),
        conditional_access_policies: plain(collection.conditional_access_policies),
        management_groups: collection.ancestry.finish(),
        gaps,
    };
    inventory.role_assignments.shrink_to_fit();
    Ok((inventory, places, collection.warnings))
}

fn plain<K: Eq + std::hash::Hash, T>(things: ById<K, T>) -> Vec<T> {
    things.into_items().into_iter().map(|(_, thing)| thing).collect()
}

fn registries(collection: &mut Collection) -> Vec<Registry> {
    add_endpoints(collection);
    let mut finished = Vec::new();
    let mut servers: HashMap<SmolStr, (Place, Scope)> = HashMap::new();
    for (id, (origin, part)) in std::mem::take(&mut collection.registries).into_pairs() {
        let place = collection.place(origin);
        let Some(server) = part.login_server.clone() else {
            collection.fail(LoadError {
                code: LoadErrorCode::MissingField,
                place,
                message: format!("registry `{}` without `loginServer`", id.name()),
                help: "export it with `az acr list` or `az acr show`; other lists do not show the host"
                    .to_owned(),
            });
            continue;
        };
        if let Some((first, other)) = servers.get(&server) {
            let message = format!(
                "registries `{}` and `{}` have one login server, `{server}`",
                other.name(),
                id.name()
            );
            let help = format!("one of the two is out of date; the first is at {first}");
            collection.fail(LoadError { code: LoadErrorCode::DuplicateLoginServer, place, message, help });
            continue;
        }
        if part.mode == ModeSeen::Unseen {
            collection.warnings.push(mode_unknown(place.clone(), &id));
        }
        servers.insert(server.clone(), (place, id.clone()));
        finished.push(part.finish(id, server));
    }
    finished
}

fn mode_unknown(place: Place, id: &Scope) -> LoadWarning {
    LoadWarning {
        code: LoadWarningCode::RegistryModeUnknown,
        place,
        message: format!(
            "registry `{}` without `roleAssignmentMode`: its permissions mode is unknown",
            id.name()
        ),
        help: "export it with a newer `az acr show`, or the api-version 2025-11-01".to_owned(),
    }
}

fn add_endpoints(collection: &mut Collection) {
    for (origin, server, part) in std::mem::take(&mut collection.endpoints) {
        let found =
            collection.registries.entries().find(|(_, known)| known.login_server.as_ref() == Some(&server));
        let Some(id) = found.map(|(id, _)| id.clone()) else {
            collection.warnings.push(LoadWarning {
                code: LoadWarningCode::EndpointsOfUnknownRegistry,
                place: collection.place(origin),
                message: format!("endpoints of `{server}`, a registry that no export describes"),
                help: "add `az acr show` of that registry".to_owned(),
            });
            continue;
        };
        collection.registries.entry(id, origin, RegistryPart::default).0.merge(part);
    }
}

fn principals(collection: &mut Collection) -> Vec<Principal> {
    let mut finished = Vec::new();
    let mut clients: HashMap<ClientId, (Place, PrincipalId)> = HashMap::new();
    for (id, (origin, part)) in std::mem::take(&mut collection.principals).into_pairs() {
        if let Some(client) = part.client_id {
            let place = collection.place(origin);
            if let Some((first, other)) = clients.get(&client) {
                let message = format!("principals {other} and {id} have one client id, {client}");
                let help = format!("one of the two is out of date; the first is at {first}");
                collection.fail(LoadError { code: LoadErrorCode::DuplicateClientId, place, message, help });
                continue;
            }
            clients.insert(client, (place, id));
        }
        finished.push(part.finish(id));
    }
    finished
}

fn clusters(collection: &mut Collection, principals: &[Principal]) -> Vec<Cluster> {
    let object_id = |kubelet: &KubeletPart| {
        let same = |principal: &&Principal| {
            (kubelet.client_id.is_some() && principal.client_id == kubelet.client_id)
                || (kubelet.resource_id.is_some() && principal.resource_id == kubelet.resource_id)
        };
        principals.iter().find(same).map(|principal| principal.principal_id)
    };
    let clusters = std::mem::take(&mut collection.clusters).into_pairs();
    clusters.map(|(id, (_, part))| part.finish(id, object_id)).collect()
}

/// Gives active and eligible assignments of Privileged Identity Management their time.
fn schedule(collection: &mut Collection) {
    let scheduled = std::mem::take(&mut collection.scheduled);
    if scheduled.is_empty() {
        return;
    }
    // Azure allows one assignment per principal, role and scope, so that triple finds the one that is meant.
    let triple = |one: &RoleAssignment| (one.principal, one.role, one.scope.clone());
    let assignments = collection.role_assignments.entries();
    let known: HashMap<_, _> = assignments.map(|(key, one)| (triple(one), key.clone())).collect();
    for Scheduled { origin, assignment, stands_for } in scheduled {
        let is_eligible = assignment.window.as_ref().is_some_and(|window| window.eligible_only);
        let key = stands_for.filter(|key| collection.role_assignments.find(key).is_some());
        let key = key.or_else(|| known.get(&triple(&assignment)).cloned()).filter(|_| !is_eligible);
        if let Some(active) = key.and_then(|key| collection.role_assignments.find_mut(&key)) {
            active.window = assignment.window;
            continue;
        }
        let key = AssignmentKey { name: assignment.name.clone(), scope: assignment.scope.clone() };
        collection.role_assignments.entry(key, origin, || assignment);
    }
}

/// Warns of assignments of unknown roles and to unknown principals: once a role or group, once for all others.
fn check_assignments(collection: &mut Collection) {
    let mut roles: BTreeMap<RoleId, (Origin, usize)> = BTreeMap::new();
    let mut groups: BTreeMap<PrincipalId, (Origin, usize)> = BTreeMap::new();
    let mut others: HashSet<PrincipalId, RandomState> = HashSet::default();
    let mut first_other: Option<(Origin, PrincipalId)> = None;
    for (origin, assignment) in collection.role_assignments.iter() {
        if collection.role_definitions.find(&assignment.role).is_none() {
            roles.entry(assignment.role).or_insert((origin, 0)).1 += 1;
        }
        if assignment.principal_deleted || collection.is_principal(assignment.principal) {
            continue;
        }
        match (assignment.principal_type, collection.groups.by_id.find(&assignment.principal)) {
            (_, Some(group)) if group.has_members_told => {}
            (PrincipalType::Group, _) | (_, Some(_)) => {
                groups.entry(assignment.principal).or_insert((origin, 0)).1 += 1;
            }
            // People do not pull in clusters, and no export lists them all.
            (PrincipalType::User, None) => {}
            (PrincipalType::ServicePrincipal | PrincipalType::Unknown, None) => {
                others.insert(assignment.principal);
                first_other.get_or_insert((origin, assignment.principal));
            }
        }
    }
    for (role, (origin, times)) in roles {
        collection.warnings.push(LoadWarning {
            code: LoadWarningCode::UnknownRole,
            place: collection.place(origin),
            message: format!("no export defines role {role}: {} nothing", assignments(times, "grant")),
            help: "export the role definitions with the filter `atScopeAndBelow()`".to_owned(),
        });
    }
    for (group, (origin, times)) in groups {
        // So that whoever is denied something can be told that this group may hold them.
        collection.group(group, origin);
        collection.warnings.push(LoadWarning {
            code: LoadWarningCode::UnknownGroup,
            place: collection.place(origin),
            message: format!(
                "no export lists the members of group {group}: {} nobody",
                assignments(times, "reach")
            ),
            help: format!("export `https://graph.microsoft.com/beta/groups/{group}/transitiveMembers`"),
        });
    }
    if let Some((origin, first)) = first_other {
        collection.warnings.push(LoadWarning {
            code: LoadWarningCode::UnknownPrincipal,
            place: collection.place(origin),
            message: format!(
                "role assignments name principals that no export describes: {}, first {first}",
                others.len()
            ),
            help: "export the identities of every subscription; others can be asked for by object id only"
                .to_owned(),
        });
    }
}

/// Warns of deny assignments to groups whose members no export lists: whom they stop is not known.
fn check_deny_assignments(collection: &mut Collection) {
    for (group, origin) in std::mem::take(&mut collection.denied_groups) {
        if group == PrincipalId::EVERYONE
            || collection.is_principal(group)
            || collection.group(group, origin).has_list()
        {
            continue;
        }
        collection.warnings.push(LoadWarning {
            code: LoadWarningCode::UnknownGroup,
            place: collection.place(origin),
            message: format!(
                "no export lists the members of group {group}, which a deny assignment names: whom it stops is \
                 not known"
            ),
            help: format!("export `https://graph.microsoft.com/beta/groups/{group}/transitiveMembers`"),
        });
    }
}

fn assignments(times: usize, verb: &str) -> String {
    if times == 1 {
        format!("1 role assignment {verb}{}", if verb.ends_with("ch") { "es" } else { "s" })
    } else {
        format!("{times} role assignments {verb}")
    }
}

/// Warns of tokens without scope map and of federated credentials without identity.
fn check_loose_ends(collection: &mut Collection, principals: &[Principal]) {
    let mut found = Vec::new();
    for (origin, token) in collection.tokens.iter() {
        if collection.scope_maps.find(&token.scope_map).is_none() {
            let message = format!(
                "token `{}` points to scope map `{}`, which no export describes",
                token.name,
                token.scope_map.name()
            );
            found.push((
                LoadWarningCode::UnknownScopeMap,
                origin,
                message,
                "add `az acr scope-map list` of the registry",
            ));
        }
    }
    let identities: HashSet<&Scope> =
        principals.iter().filter_map(|principal| principal.resource_id.as_ref()).collect();
    for (origin, credential) in collection.federated_credentials.iter() {
        if !identities.contains(&credential.identity) {
            let message = format!(
                "a federated credential of `{}`, which no export describes",
                credential.identity.name()
            );
            found.push((
                LoadWarningCode::UnknownIdentity,
                origin,
                message,
                "add `az identity list` of the subscription",
            ));
        }
    }
    for (code, origin, message, help) in found {
        let place = collection.place(origin);
        collection.warnings.push(LoadWarning { code, place, message, help: help.to_owned() });
    }
}

/// Warns of groups that contain themselves, each circle once.
fn check_cycles(collection: &mut Collection, groups: &[Group]) {
    let by_id: HashMap<PrincipalId, &Group> = groups.iter().map(|group| (group.id, group)).collect();
    let mut done: HashSet<PrincipalId> = HashSet::new();
    for group in groups {
        let Some(circle) = circle_from(group, &by_id, &mut done) else { continue };
        let names: Vec<String> = circle.iter().map(|group| format!("`{}`", group.name)).collect();
        collection.warnings.push(LoadWarning {
            code: LoadWarningCode::GroupCycle,
            place: Place::file("the exported groups"),
            message: format!("groups contain each other in a circle: {}", names.join(" > ")),
            help: "take one out of the other in Entra; every member counts as a member of all of them"
                .to_owned(),
        });
    }
}

/// Walks down from a group without recursion, so that a long chain of groups is no danger.
fn circle_from<'g>(
    start: &'g Group,
    by_id: &HashMap<PrincipalId, &'g Group>,
    done: &mut HashSet<PrincipalId>,
) -> Option<Vec<&'g Group>> {
    let mut path: Vec<(&Group, std::slice::Iter<'g, PrincipalId>)> = Vec::new();
    let mut on_path: HashSet<PrincipalId> = HashSet::new();
    if !done.insert(start.id) {
        return None;
    }
    on_path.insert(start.id);
    path.push((start, start.members.iter()));
    let mut circle = None;
    while let Some((group, members)) = path.last_mut() {
        let Some(member) = members.next() else {
            on_path.remove(&group.id);
            path.pop();
            continue;
        };
        if on_path.contains(member) {
            circle.get_or_insert_with(|| {
                path.iter().map(|(group, _)| *group).skip_while(|group| group.id != *member).collect()
            });
        } else if let Some(group) = by_id.get(member)
            && done.insert(*member)
        {
            on_path.insert(*member);
            path.push((group, group.members.iter()));
        }
    }
    circle
}
