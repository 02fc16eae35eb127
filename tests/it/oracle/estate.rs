//! Random estates, described in terms that both evaluators can be built from.

use std::sync::Arc;

use acr_admission::engine::action::PermissionsMode;
use acr_admission::engine::assignment::{
    AssignmentCondition, AssignmentName, DenyAssignment, PermissionBlock, PrincipalType, RoleAssignment,
    RoleDefinition, Window,
};
use acr_admission::engine::gap::{Gap, GapKind};
use acr_admission::engine::guid::{PrincipalId, RoleId};
use acr_admission::engine::inventory::{Group, Inventory, Registry};
use acr_admission::engine::scope::Scope;
use jiff::ToSpan;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use uuid::{Uuid, uuid};

pub(crate) const REPOSITORIES: [&str; 4] = ["app", "team-a/app", "team-a", "team-ab/app"];
pub(crate) const REGISTRIES: [&str; 3] = ["plain", "fine", "silent"];
pub(crate) const SUBSCRIPTION: &str = "/subscriptions/s1";
const OTHER_SUBSCRIPTION: &str = "/subscriptions/s2";
pub(crate) const ABOVE: &str = "/providers/Microsoft.Management/managementGroups/above";
const UNSEEN: &str = "/providers/Microsoft.Management/managementGroups/unseen";

/// Where things can be assigned; the registries live in `rg1`.
pub(crate) fn scopes() -> Vec<String> {
    let mut scopes: Vec<String> =
        ["/", ABOVE, UNSEEN, SUBSCRIPTION, OTHER_SUBSCRIPTION].map(str::to_owned).into();
    scopes.push(format!("{SUBSCRIPTION}/resourceGroups/rg1"));
    scopes.push(format!("{SUBSCRIPTION}/resourceGroups/rg1-prod"));
    scopes.extend(REGISTRIES.map(registry_id));
    scopes.push(format!("{}/repositories/app", registry_id("fine")));
    scopes
}

pub(crate) fn registry_id(name: &str) -> String {
    format!("{SUBSCRIPTION}/resourceGroups/rg1/providers/Microsoft.ContainerRegistry/registries/{name}")
}

/// Principals 0 to 3 sign in, 4 to 6 are groups, 7 is nobody.
pub(crate) fn principal(number: usize) -> PrincipalId {
    PrincipalId::new(Uuid::from_u128(0xA000 + number as u128))
}

/// Name, whether built in, and the four lists.
pub(crate) type Role = (&'static str, bool, [&'static [&'static str]; 4]);

pub(crate) const ROLES: [Role; 9] = [
    ("AcrPull", true, [&["Microsoft.ContainerRegistry/registries/pull/read"], &[], &[], &[]]),
    (
        "AcrPush",
        true,
        [
            &[
                "Microsoft.ContainerRegistry/registries/pull/read",
                "Microsoft.ContainerRegistry/registries/push/write",
            ],
            &[],
            &[],
            &[],
        ],
    ),
    ("Reader", true, [&["*/read"], &[], &[], &[]]),
    ("Contributor", true, [&["*"], &["Microsoft.Authorization/*/Write"], &[], &[]]),
    (
        "RepositoryReader",
        true,
        [
            &[],
            &[],
            &[
                "Microsoft.ContainerRegistry/registries/repositories/metadata/read",
                "microsoft.containerregistry/registries/repositories/content/READ",
            ],
            &[],
        ],
    ),
    (
        "RepositoryContributor",
        true,
        [&[], &[], &["Microsoft.ContainerRegistry/registries/repositories/*"], &[]],
    ),
    ("CatalogLister", true, [&[], &[], &["Microsoft.ContainerRegistry/registries/catalog/read"], &[]]),
    (
        "AllButPull",
        false,
        [
            &["*"],
            &["Microsoft.ContainerRegistry/registries/pull/read"],
            &["*"],
            &["Microsoft.ContainerRegistry/registries/repositories/content/read"],
        ],
    ),
    ("Nothing", false, [&[], &[], &[], &[]]),
];

/// A condition as a tree that the scan can evaluate by itself.
#[derive(Clone, Debug)]
pub(crate) enum Tree {
    Equals(&'static str, bool),
    StartsWith(&'static str),
    ActionIs(&'static str),
    Exists,
    ResourceName,
    Not(Box<Tree>),
    And(Box<Tree>, Box<Tree>),
    Or(Box<Tree>, Box<Tree>),
    Broken,
}

pub(crate) const NAME: &str = "Microsoft.ContainerRegistry/registries/repositories:name";

impl Tree {
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Equals(value, true) => format!("@Request[{NAME}] StringEqualsIgnoreCase '{value}'"),
            Self::Equals(value, false) => format!("@Request[{NAME}] StringEquals '{value}'"),
            Self::StartsWith(value) => format!("@Request[{NAME}] StringStartsWith '{value}'"),
            Self::ActionIs(pattern) => format!("ActionMatches{{'{pattern}'}}"),
            Self::Exists => format!("Exists @Request[{NAME}]"),
            Self::ResourceName => format!("@Resource[{NAME}] StringEquals 'app'"),
            Self::Not(inner) => format!("!({})", inner.text()),
            Self::And(left, right) => format!("({}) AND ({})", left.text(), right.text()),
            Self::Or(left, right) => format!("({}) OR ({})", left.text(), right.text()),
            Self::Broken => "@Request[x] Resembles 'y'".to_owned(),
        }
    }

    /// A broken part makes the whole text unreadable.
    pub(crate) fn is_broken(&self) -> bool {
        match self {
            Self::Broken => true,
            Self::Not(inner) => inner.is_broken(),
            Self::And(left, right) | Self::Or(left, right) => left.is_broken() || right.is_broken(),
            Self::Equals(..)
            | Self::StartsWith(_)
            | Self::ActionIs(_)
            | Self::Exists
            | Self::ResourceName => false,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Assignment {
    pub(crate) name: u32,
    pub(crate) scope: usize,
    pub(crate) role: usize,
    pub(crate) principal: usize,
    pub(crate) deleted: bool,
    pub(crate) expired: bool,
    pub(crate) condition: Option<Tree>,
}

#[derive(Clone, Debug)]
pub(crate) struct Deny {
    pub(crate) name: u32,
    pub(crate) scope: usize,
    pub(crate) role: usize,
    pub(crate) principals: Vec<usize>,
    pub(crate) everyone: bool,
    pub(crate) excluded: Vec<usize>,
    pub(crate) only_this_scope: bool,
    pub(crate) enforced: bool,
    pub(crate) condition: Option<Tree>,
}

#[derive(Clone, Debug)]
pub(crate) struct Estate {
    pub(crate) assignments: Vec<Assignment>,
    pub(crate) denies: Vec<Deny>,
    /// Members of the three groups.
    pub(crate) members: Vec<Vec<usize>>,
    /// Whether an export lists the members of each group.
    pub(crate) listed: Vec<bool>,
    /// Whether all groups of principals 0 to 3 were exported.
    pub(crate) complete: Vec<bool>,
    /// The condition in the one block of each role.
    pub(crate) role_conditions: Vec<Option<Tree>>,
    pub(crate) upper_case: bool,
    /// Whether the export says that it could not read all role assignments, and all deny assignments.
    pub(crate) lacks: [bool; 2],
}

pub(crate) fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        6 => (prop_oneof![Just("app"), Just("APP"), Just("team-a/app")], any::<bool>()).prop_map(|(v, i)| Tree::Equals(v, i)),
        6 => prop_oneof![Just("team-a"), Just("team-a/"), Just("")].prop_map(Tree::StartsWith),
        4 => prop_oneof![
            Just("Microsoft.ContainerRegistry/registries/repositories/content/read"),
            Just("Microsoft.ContainerRegistry/registries/*/READ"),
            Just("Microsoft.ContainerRegistry/registries/repositories/metadata/read"),
        ].prop_map(Tree::ActionIs),
        1 => Just(Tree::Exists),
        1 => Just(Tree::ResourceName),
        1 => Just(Tree::Broken),
    ];
    leaf.prop_recursive(4, 12, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|tree| Tree::Not(Box::new(tree))),
            (inner.clone(), inner.clone())
                .prop_map(|(left, right)| Tree::And(Box::new(left), Box::new(right))),
            (inner.clone(), inner).prop_map(|(left, right)| Tree::Or(Box::new(left), Box::new(right))),
        ]
    })
}

pub(crate) fn assignment() -> impl Strategy<Value = Assignment> {
    let rarely = || prop_oneof![9 => Just(false), 1 => Just(true)];
    (any::<u32>(), 0..scopes().len(), 0..=ROLES.len(), 0..8_usize, rarely(), rarely(), option::of(tree()))
        .prop_map(|(name, scope, role, principal, deleted, expired, condition)| Assignment {
            name,
            scope,
            role,
            principal,
            deleted,
            expired,
            condition,
        })
}

pub(crate) fn deny() -> impl Strategy<Value = Deny> {
    let often = || prop_oneof![1 => Just(false), 4 => Just(true)];
    (
        any::<u32>(),
        0..scopes().len(),
        0..ROLES.len(),
        vec(0..8_usize, 0..3),
        any::<bool>(),
        vec(0..8_usize, 0..3),
        any::<bool>(),
        often(),
        option::of(tree()),
    )
        .prop_map(
            |(name, scope, role, principals, everyone, excluded, only_this_scope, enforced, condition)| {
                Deny {
                    name,
                    scope,
                    role,
                    principals,
                    everyone,
                    excluded,
                    only_this_scope,
                    enforced,
                    condition,
                }
            },
        )
}

pub(crate) fn estate() -> impl Strategy<Value = Estate> {
    let mostly = || prop_oneof![4 => Just(true), 1 => Just(false)];
    let rarely = || prop_oneof![7 => Just(false), 1 => Just(true)];
    let role_condition = prop_oneof![7 => Just(None), 1 => tree().prop_map(Some)];
    (
        vec(assignment(), 0..14),
        vec(deny(), 0..3),
        vec(vec(0..8_usize, 0..4), 3),
        vec(mostly(), 3),
        vec(any::<bool>(), 4),
        vec(role_condition, ROLES.len()),
        [rarely(), rarely()],
    )
        .prop_map(|(assignments, denies, members, listed, complete, mut role_conditions, lacks)| {
            // The roles that fixes give are built in, and no block of those has a condition.
            for fixing in ["AcrPull", "RepositoryReader"] {
                role_conditions[ROLES.iter().position(|role| role.0 == fixing).unwrap()] = None;
            }
            let upper_case = false;
            Estate { assignments, denies, members, listed, complete, role_conditions, upper_case, lacks }
        })
}

impl Estate {
    /// The same estate with its assignments in another order.
    pub(crate) fn shuffled(&self, seed: u64) -> Self {
        let mut other = self.clone();
        other.assignments.sort_by_key(|assignment| {
            (u64::from(assignment.name) ^ seed).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(17)
        });
        other
    }

    pub(crate) fn inventory(&self) -> Inventory {
        let mut inventory = Inventory {
            registries: [Some(PermissionsMode::Rbac), Some(PermissionsMode::RbacAbac), None]
                .into_iter()
                .zip(REGISTRIES)
                .map(|(mode, name)| self.registry(name, mode))
                .collect(),
            role_definitions: ROLES
                .iter()
                .enumerate()
                .map(|(number, role)| role_definition(number, role, self.role_conditions[number].as_ref()))
                .collect(),
            groups: self
                .members
                .iter()
                .enumerate()
                .map(|(number, members)| group(number, members, self.listed[number]))
                .collect(),
            complete_memberships: (0..4).filter(|one| self.complete[*one]).map(principal).collect(),
            ..Inventory::default()
        };
        inventory.management_groups.seen.entry("s1".into()).or_default().insert("above".into());
        inventory.role_assignments = self.assignments.iter().map(Self::role_assignment).collect();
        inventory.gaps = [GapKind::RoleAssignments, GapKind::DenyAssignments]
            .into_iter()
            .zip(self.lacks)
            .filter(|(_, lacks)| *lacks)
            .map(|(what, _)| Gap { what, scope: "s1".into(), command: "az".into(), why: "no".into() })
            .collect();
        inventory.deny_assignments = self.denies.iter().map(|one| self.deny_assignment(one)).collect();
        inventory
    }

    fn scope(&self, text: &str) -> Scope {
        let text = if self.upper_case { text.to_uppercase() } else { text.to_owned() };
        Scope::parse(&text).unwrap()
    }

    fn registry(&self, name: &str, mode: Option<PermissionsMode>) -> Registry {
        Registry {
            id: self.scope(&registry_id(name)),
            name: name.into(),
            login_server: format!("{name}.azurecr.io").into(),
            regional_hosts: Vec::new(),
            data_hosts: Vec::new(),
            mode,
            sku: None,
            admin_user_enabled: false,
            anonymous_pull_enabled: false,
            quarantine_enabled: false,
            arm_audience_tokens_enabled: None,
            network_restricted: false,
            locked_repositories: Vec::new(),
        }
    }

    pub(crate) fn role_assignment(assignment: &Assignment) -> RoleAssignment {
        let now = super::now();
        RoleAssignment {
            name: AssignmentName::Text(assignment.name.to_string().into()),
            scope: Scope::parse(&scopes()[assignment.scope]).unwrap(),
            role: role_id(assignment.role),
            principal: principal(assignment.principal),
            principal_type: PrincipalType::Unknown,
            principal_deleted: assignment.deleted,
            condition: assignment.condition.as_ref().map(condition),
            window: assignment
                .expired
                .then(|| Box::new(Window { start: None, end: Some(now - 1.hour()), eligible_only: false })),
        }
    }

    fn deny_assignment(&self, deny: &Deny) -> DenyAssignment {
        let mut principals: Vec<_> = deny.principals.iter().copied().map(principal).collect();
        if deny.everyone {
            principals.push(PrincipalId::EVERYONE);
        }
        DenyAssignment {
            name: AssignmentName::Text(deny.name.to_string().into()),
            display_name: "deny".into(),
            scope: self.scope(&scopes()[deny.scope]),
            only_this_scope: deny.only_this_scope,
            principals,
            excluded: deny.excluded.iter().copied().map(principal).collect(),
            permissions: vec![block(&ROLES[deny.role], self.role_conditions[deny.role].as_ref())],
            condition: deny.condition.as_ref().map(condition),
            enforced: deny.enforced,
        }
    }
}

fn condition(tree: &Tree) -> Arc<AssignmentCondition> {
    Arc::new(AssignmentCondition::new(&tree.text(), Some("2.0")))
}

/// One number more than there are roles: the last one is defined nowhere. Roles that fixes give have their real ids.
fn role_id(number: usize) -> RoleId {
    RoleId::new(match ROLES.get(number).map(|role| role.0) {
        Some("AcrPull") => uuid!("7f951dda-4ed3-4680-a7ca-43fe172d538d"),
        Some("RepositoryReader") => uuid!("b93aa761-3e63-49ed-ac28-beffa264f7ac"),
        Some(_) | None => Uuid::from_u128(0xF000 + number as u128),
    })
}

fn role_definition(number: usize, role: &Role, condition: Option<&Tree>) -> RoleDefinition {
    RoleDefinition {
        id: role_id(number),
        name: role.0.into(),
        built_in: role.1,
        permissions: vec![block(role, condition)],
    }
}

fn block((_, _, lists): &Role, narrowed_by: Option<&Tree>) -> PermissionBlock {
    let words = |list: &[&str]| list.iter().map(|word| (*word).into()).collect();
    PermissionBlock {
        actions: words(lists[0]),
        not_actions: words(lists[1]),
        data_actions: words(lists[2]),
        not_data_actions: words(lists[3]),
        condition: narrowed_by.map(condition),
    }
}

fn group(number: usize, members: &[usize], listed: bool) -> Group {
    Group {
        id: principal(4 + number),
        name: format!("group-{number}").into(),
        members: members.iter().copied().map(principal).collect(),
        members_known: listed,
        members_may_be_hidden: false,
    }
}
