//! Packing an inventory changes no answer about what is kept: over random estates, and over a large tenant.

use acr_admission::engine::action::{Action, PermissionsMode};
use acr_admission::engine::assignment::{AssignmentName, PrincipalType, RoleAssignment};
use acr_admission::engine::authorize::AccessRequest;
use acr_admission::engine::conditional_access::{
    Applications, ConditionalAccessPolicy, GrantControls, People, PolicyState,
};
use acr_admission::engine::decision::Reason;
use acr_admission::engine::guid::{ClientId, PrincipalId, RoleId};
use acr_admission::engine::index::{IdentityMatch, Index};
use acr_admission::engine::inventory::{Group, Inventory, Principal, PrincipalKind, Registry};
use acr_admission::engine::scope::Scope;
use acr_admission::inventory::packed::{Choice, pack};
use acr_admission::inventory::{Loaded, compress, from_documents};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert, prop_assert_eq};
use proptest::proptest;
use uuid::Uuid;

use super::estate::{Estate, REGISTRIES, REPOSITORIES, estate, principal};
use super::{cases, now};

/// What random estates lack: who principals are, how far groups are known, people's policies.
#[derive(Clone, Debug)]
struct Decoration {
    /// Of the principals 0 to 3 and 7: nobody's, or a kind, and whether assignments tell it.
    who: Vec<(u8, bool)>,
    /// Of each group: whether its members are known, and whether some may be hidden; whether it is listed.
    groups: Vec<(bool, bool, bool)>,
    policy: Option<(bool, bool, u8)>,
    whole_chain: bool,
    registries: Vec<usize>,
    people_count: bool,
}

fn decoration() -> impl Strategy<Value = Decoration> {
    (
        vec((0..5_u8, any::<bool>()), 8),
        vec((any::<bool>(), any::<bool>(), any::<bool>()), 3),
        proptest::option::of((any::<bool>(), any::<bool>(), 0..3_u8)),
        any::<bool>(),
        vec(0..REGISTRIES.len(), 0..3),
        any::<bool>(),
    )
        .prop_map(|(who, groups, policy, whole_chain, registries, people_count)| Decoration {
            who,
            groups,
            policy,
            whole_chain,
            registries,
            people_count,
        })
}

impl Decoration {
    fn is_group(number: usize) -> bool {
        (4..7).contains(&number)
    }

    /// Whether a principal is a person, as far as anything tells.
    fn is_person(&self, number: usize) -> bool {
        let (kind, is_told) = self.who[number];
        !Self::is_group(number) && (kind == 2 || (kind == 4 && is_told))
    }

    fn decorated(&self, estate: &Estate) -> Inventory {
        let mut inventory = estate.inventory();
        // An id stands for one thing; shrinking would give several the same.
        for (number, assignment) in inventory.role_assignments.iter_mut().enumerate() {
            assignment.name = AssignmentName::from(number.to_string().as_str());
        }
        for (number, deny) in inventory.deny_assignments.iter_mut().enumerate() {
            deny.name = AssignmentName::from(number.to_string().as_str());
        }
        for number in (0..8).filter(|number| !Self::is_group(*number)) {
            let (kind, is_told) = self.who[number];
            let described = match kind {
                0 => Some(PrincipalKind::ManagedIdentity),
                1 => Some(PrincipalKind::ServicePrincipal),
                2 => Some(PrincipalKind::User),
                _ => None,
            };
            inventory.principals.extend(described.map(|kind| {
                Principal {
                    kind,
                    principal_id: principal(number),
                    client_id: (kind != PrincipalKind::User)
                        .then(|| ClientId::new(Uuid::from_u128(0xC000 + number as u128))),
                    resource_id: None,
                    // Two share a name, and one of them may be a person.
                    name: format!("name-{}", number % 3).into(),
                }
            }));
            let told = match kind {
                2 | 4 => PrincipalType::User,
                _ => PrincipalType::ServicePrincipal,
            };
            for assignment in inventory.role_assignments.iter_mut().filter(|_| is_told) {
                if assignment.principal == principal(number) {
                    assignment.principal_type = told;
                }
            }
        }
        for (group, (known, hidden, _)) in inventory.groups.iter_mut().zip(&self.groups) {
            group.members_may_be_hidden = *known && *hidden;
            group.members.sort_unstable();
            group.members.dedup();
            group.members_known = *known;
        }
        let is_listed: Vec<bool> = self.groups.iter().map(|(_, _, listed)| *listed).collect();
        let mut listed = is_listed.iter();
        inventory.groups.retain(|group| *listed.next().unwrap() || !group.members.is_empty());
        if let Some((everyone, others, group)) = self.policy {
            inventory.conditional_access_policies.push(ConditionalAccessPolicy {
                id: "policy".into(),
                name: "people".into(),
                state: PolicyState::Enabled,
                included: People {
                    everyone,
                    users: vec![principal(0)],
                    groups: vec![principal(4 + usize::from(group))],
                    others: false,
                },
                excluded: People { others, ..People::default() },
                applications: Applications { all: true, ..Applications::default() },
                excluded_applications: Applications::default(),
                client_app_types: Vec::new(),
                unjudged_conditions: Vec::new(),
                controls: GrantControls { block: true, ..GrantControls::default() },
            });
        }
        if self.whole_chain {
            inventory.management_groups.known.insert("s1".into(), ["above".into()].into());
        }
        inventory
    }

    fn choice(&self, index: &Index) -> Choice {
        let find = |number: &usize| index.find_registry(REGISTRIES[*number]).unwrap();
        Choice {
            registries: self.registries.iter().map(find).collect(),
            // The estates have no clusters; one that is not there leaves people out all the same.
            clusters: if self.people_count { Vec::new() } else { vec![Scope::parse("/clusters/c").unwrap()] },
        }
    }
}

fn ask(
    index: &Index,
    who: PrincipalId,
    registry: &str,
    repository: &str,
    action: Action,
) -> (Reason, Option<String>) {
    let decision = index.decide(&AccessRequest {
        principal: who,
        registry: index.find_registry(registry).unwrap(),
        repository: (action != Action::Catalog).then_some(repository),
        action,
        now: now(),
    });
    (decision.reason, decision.by.map(|by| by.name()))
}

fn bytes_of(index: &Index, choice: &Choice) -> Vec<u8> {
    let mut bytes = Vec::new();
    pack(index, None, choice).write(&mut bytes).unwrap();
    bytes
}

fn loaded(bytes: &[u8]) -> Loaded {
    let text = String::from_utf8_lossy(bytes);
    from_documents([("packed.json".to_owned(), bytes.to_vec())])
        .unwrap_or_else(|errors| panic!("{errors}\n{text}"))
}

/// Who an id or a name leads to.
fn found(index: &Index, text: &str) -> String {
    match index.find_identity(text) {
        IdentityMatch::One(one) => one.principal_id.to_string(),
        IdentityMatch::Several => "several".to_owned(),
        IdentityMatch::None => "nobody".to_owned(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn packing_changes_no_answer(estate in estate(), decoration in decoration()) {
        let before = Index::build(decoration.decorated(&estate));
        let choice = decoration.choice(&before);
        let bytes = bytes_of(&before, &choice);
        let mut compressed = Vec::new();
        compress(&bytes, &mut compressed).unwrap();
        let after = Index::build(loaded(&bytes).inventory);
        let again = Index::build(loaded(&compressed).inventory);
        prop_assert_eq!(format!("{:?}", after.inventory()), format!("{:?}", again.inventory()));
        let same_choice = Choice { registries: Vec::new(), clusters: choice.clusters.clone() };
        let repacked = bytes_of(&after, &same_choice);
        prop_assert_eq!(
            String::from_utf8_lossy(&repacked), String::from_utf8_lossy(&bytes), "what was packed stays as it is"
        );
        let kept: Vec<String> = after.registries().map(|(_, registry)| registry.name.to_string()).collect();
        prop_assert_eq!(kept.len(), if choice.registries.is_empty() {
            REGISTRIES.len()
        } else {
            choice.registries.iter().collect::<std::collections::BTreeSet<_>>().len()
        });
        for number in (0..8).filter(|number| !Decoration::is_group(*number)) {
            let id = principal(number).to_string();
            if decoration.is_person(number) {
                if found(&after, &id) == "nobody" {
                    continue;
                }
            } else {
                prop_assert_eq!(found(&after, &id), found(&before, &id), "principal {}", number);
                let client = Uuid::from_u128(0xC000 + number as u128).to_string();
                prop_assert_eq!(found(&after, &client), found(&before, &client), "client {}", number);
                let name = format!("name-{}", number % 3);
                let is_described = decoration.who[number].0 < 2;
                prop_assert!(!is_described || found(&after, &name) == found(&before, &name), "{}", name);
            }
            for registry in &kept {
                for repository in REPOSITORIES {
                    for action in Action::ALL {
                        prop_assert_eq!(
                            ask(&after, principal(number), registry, repository, action),
                            ask(&before, principal(number), registry, repository, action),
                            "principal {} registry {} repository {} {}", number, registry, repository, action
                        );
                    }
                }
            }
        }
    }
}

const ROLES: [(&str, u32); 6] = [
    // Storage Blob Data Reader, Key Vault Secrets User, Monitoring Metrics Publisher: nothing about registries.
    ("2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", 40),
    ("4633458b-17de-408a-b874-0445c86b69e6", 30),
    ("3913510d-42f4-4e42-8a64-420c390055eb", 15),
    // Reader, AcrPull, Container Registry Repository Reader.
    ("acdd72a7-3385-48ef-bd42-f606fba81ae7", 10),
    ("7f951dda-4ed3-4680-a7ca-43fe172d538d", 3),
    ("b93aa761-3e63-49ed-ac28-beffa264f7ac", 2),
];

/// Numbers that look random and are the same everywhere (`SplitMix64`).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap()
    }

    fn guid(&mut self) -> Uuid {
        let half = |numbers: &mut Self| numbers.below(usize::MAX) as u64;
        uuid::Builder::from_random_bytes(Uuid::from_u64_pair(half(self), half(self)).into_bytes()).into_uuid()
    }
}

const SUBSCRIPTIONS: usize = 60;
const IDENTITIES: usize = 4_000;
const PEOPLE: usize = 6_000;

/// A tenant of 100,000 assignments: most at resources that are no registries, half of them to people.
fn tenant() -> Inventory {
    let mut numbers = Numbers(1);
    let subscriptions: Vec<Uuid> = (0..SUBSCRIPTIONS).map(|_| numbers.guid()).collect();
    let registries = (0..30)
        .map(|number| {
            let group = format!("/subscriptions/{}/resourceGroups/rg-registries", subscriptions[number % 6]);
            Registry {
                id: Scope::parse(&format!(
                    "{group}/providers/Microsoft.ContainerRegistry/registries/registry{number}"
                ))
                .unwrap(),
                name: format!("registry{number}").into(),
                login_server: format!("registry{number}.azurecr.io").into(),
                regional_hosts: Vec::new(),
                data_hosts: Vec::new(),
                mode: Some(if number % 2 == 0 { PermissionsMode::Rbac } else { PermissionsMode::RbacAbac }),
                sku: None,
                admin_user_enabled: false,
                anonymous_pull_enabled: false,
                quarantine_enabled: false,
                arm_audience_tokens_enabled: None,
                network_restricted: false,
                locked_repositories: Vec::new(),
            }
        })
        .collect();
    let mut inventory = Inventory { registries, ..Inventory::default() };
    for number in 0..IDENTITIES + PEOPLE {
        let is_person = number >= IDENTITIES;
        inventory.principals.push(Principal {
            kind: if is_person { PrincipalKind::User } else { PrincipalKind::ManagedIdentity },
            principal_id: PrincipalId::new(numbers.guid()),
            client_id: (!is_person).then(|| ClientId::new(numbers.guid())),
            resource_id: None,
            name: if is_person { format!("Person {number}") } else { format!("id-workload-{number}") }.into(),
        });
    }
    let members: Vec<PrincipalId> = inventory.principals.iter().map(|one| one.principal_id).collect();
    inventory.groups = (0..400)
        .map(|number| Group {
            id: PrincipalId::new(numbers.guid()),
            name: format!("group-{number}").into(),
            // Nine groups of ten are groups of people.
            members: (0..20)
                .map(|_| match number % 10 {
                    0 => members[numbers.below(IDENTITIES)],
                    _ => members[IDENTITIES + numbers.below(PEOPLE)],
                })
                .collect(),
            members_known: true,
            members_may_be_hidden: false,
        })
        .collect();
    inventory.role_assignments =
        (0..100_000).map(|_| assignment(&mut numbers, &subscriptions, &inventory)).collect();
    inventory.role_definitions = from_documents([]).unwrap().inventory.role_definitions;
    inventory
}

fn assignment(numbers: &mut Numbers, subscriptions: &[Uuid], inventory: &Inventory) -> RoleAssignment {
    let subscription = format!("/subscriptions/{}", subscriptions[numbers.below(SUBSCRIPTIONS)]);
    let scope = match numbers.below(100) {
        0..3 => inventory.registries[numbers.below(30)].id.clone(),
        3..8 => Scope::parse(&subscription).unwrap(),
        8..30 => Scope::parse(&format!("{subscription}/resourceGroups/rg-{}", numbers.below(40))).unwrap(),
        _ => {
            let group = format!("{subscription}/resourceGroups/rg-{}", numbers.below(40));
            let name = numbers.below(50);
            Scope::parse(&format!("{group}/providers/Microsoft.Storage/storageAccounts/st{name}")).unwrap()
        }
    };
    let mut choice = numbers.below(100);
    let role = ROLES.iter().find(|(_, share)| {
        let is_it = choice < *share as usize;
        choice = choice.saturating_sub(*share as usize);
        is_it
    });
    let (principal, principal_type) = match numbers.below(100) {
        0..45 => {
            (inventory.principals[numbers.below(IDENTITIES)].principal_id, PrincipalType::ServicePrincipal)
        }
        45..80 => {
            (inventory.principals[IDENTITIES + numbers.below(PEOPLE)].principal_id, PrincipalType::User)
        }
        _ => (inventory.groups[numbers.below(400)].id, PrincipalType::Group),
    };
    RoleAssignment {
        name: AssignmentName::Guid(numbers.guid()),
        scope,
        role: RoleId::new(role.unwrap_or(&ROLES[0]).0.parse().unwrap()),
        principal,
        principal_type,
        principal_deleted: false,
        condition: None,
        window: None,
    }
}

/// Verdict, reason and deciding assignment of every identity at some registries, before and after.
#[test]
fn a_large_tenant_shrinks_and_answers_as_before() {
    let before = Index::build(tenant());
    let cluster = vec![Scope::parse("/clusters/c").unwrap()];
    for (what, choice) in [
        ("everything", Choice::default()),
        ("a cluster", Choice { clusters: cluster.clone(), registries: Vec::new() }),
        (
            "a cluster and one registry",
            Choice { clusters: cluster, registries: vec![before.find_registry("registry3").unwrap()] },
        ),
    ] {
        let started = std::time::Instant::now();
        let bytes = bytes_of(&before, &choice);
        let took = started.elapsed();
        let mut compressed = Vec::new();
        compress(&bytes, &mut compressed).unwrap();
        let after = Index::build(loaded(&compressed).inventory);
        println!(
            "{what}: {} of 100000 assignments, {} bytes, {} compressed, packed in {took:?}",
            after.inventory().role_assignments.len(),
            bytes.len(),
            compressed.len(),
        );
        assert!(compressed.len() < 1024 * 1024, "{what} fits into a ConfigMap");
        let mut allowed = 0;
        for one in before.inventory().principals.iter().take(IDENTITIES) {
            for registry in ["registry3", "registry12"] {
                if after.find_registry(registry).is_none() {
                    continue;
                }
                let answers = [&before, &after]
                    .map(|index| ask(index, one.principal_id, registry, "team/app", Action::Pull));
                assert_eq!(answers[0], answers[1], "{} {registry}", one.name);
                allowed += usize::from(answers[0].0 == Reason::AllowedByRole);
            }
        }
        assert!(allowed > 0, "{what}: nobody may pull anything");
    }
}
