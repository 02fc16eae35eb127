//! The document of `explain`. Field names are a contract.

use serde::Serialize;
use smol_str::SmolStr;

use super::condition::ConditionRow;
use super::sentence;
use crate::azure_cli::{Account, Remedy, Repair};
use crate::engine::action::{Action, PermissionsMode};
use crate::engine::assignment::RoleAssignment;
use crate::engine::authorize::{AccessRequest, Contribution};
use crate::engine::decision::{Advice, Decision, Reason, Verdict};
use crate::engine::fix::NoFix;
use crate::engine::guid::PrincipalId;
use crate::engine::index::Index;
use crate::engine::inventory::Registry;
use crate::engine::near_miss::NearMiss;
use crate::engine::pull::IdentityKind;
use crate::engine::trace::Considered;
use crate::report::fix::FixRow;
use crate::report::model::{API_VERSION, IdentityRow};
use crate::review;

/// Everything there is to say about one answer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// `acr-admission.dev/v1`.
    pub api_version: &'static str,
    /// `Explanation`.
    pub kind: &'static str,
    /// The verdict.
    pub verdict: Verdict,
    /// Its stable code.
    pub reason: Reason,
    /// The code in words.
    pub message: String,
    /// What was asked for.
    pub action: Action,
    /// Who was judged.
    pub identity: Option<IdentityRow>,
    /// The groups whose assignments count for the identity.
    pub groups: Vec<String>,
    /// The registry.
    pub registry: Option<RegistryRow>,
    /// The repository.
    pub repository: Option<SmolStr>,
    /// The object that decided.
    pub by: Option<String>,
    /// The assignments that grant a permission that was needed.
    pub matched: Vec<String>,
    /// Attributes that conditions asked for and nobody supplied.
    pub missing_context_values: Vec<String>,
    /// Every assignment of the identity and its groups, in order.
    pub assignments: Vec<AssignmentRow>,
    /// What would have turned a denial.
    pub near_misses: Vec<NearMissRow>,
    /// How to mend it.
    pub fix: Option<FixRow>,
    /// What else is worth knowing.
    pub advice: Vec<AdviceRow>,
    #[serde(skip)]
    pub(super) repair: Option<Repair>,
    #[serde(skip)]
    pub(super) no_fix: Option<NoFix>,
}

/// The registry that was asked about.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RegistryRow {
    /// The resource name.
    pub name: SmolStr,
    /// The host of image references.
    pub login_server: SmolStr,
    /// The permissions mode; `null` where no export says.
    pub mode: Option<PermissionsMode>,
    /// The permissions that the action takes in that mode.
    pub permissions: Vec<&'static str>,
}

/// One assignment that was considered.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AssignmentRow {
    /// Its name.
    pub assignment: String,
    /// Its role, by name where known.
    pub role: String,
    /// Where it is made.
    pub scope: String,
    /// The same in words.
    #[serde(skip)]
    pub(super) place: String,
    /// The group through which it concerns the identity.
    pub group: Option<String>,
    /// The permission that was asked for.
    pub permission: &'static str,
    /// What came of it.
    pub outcome: &'static str,
    /// The same in words.
    pub why: &'static str,
    /// Its condition.
    pub condition: Option<ConditionRow>,
    #[serde(skip)]
    pub(super) contribution: Contribution,
}

/// Something that would have turned the denial.
#[derive(Clone, Debug, Serialize)]
pub struct NearMissRow {
    /// What would have to be different.
    pub kind: &'static str,
    /// The assignment, deny assignment, group or mode that it is about.
    pub object: String,
    /// A repository that would be allowed.
    pub example: Option<SmolStr>,
    /// In words, behind "would be allowed".
    pub text: String,
}

/// One piece of advice.
#[derive(Clone, Debug, Serialize)]
pub struct AdviceRow {
    /// The stable code.
    pub code: Advice,
    /// In words.
    pub text: &'static str,
}

impl Explanation {
    /// An explanation without assignments: of accounts that roles do not concern, or where nobody could be asked.
    #[must_use]
    pub fn new(
        decision: &Decision<'_>,
        action: Action,
        identity: Option<IdentityRow>,
        registry: Option<&Registry>,
        repository: Option<SmolStr>,
    ) -> Self {
        let reason = decision.reason;
        let by = decision.by.map(|by| by.name());
        let is_token = identity.as_ref().filter(|identity| identity.kind == IdentityKind::Token);
        let account = Account {
            registry: registry.map(|registry| registry.name.as_str()),
            repository: repository.as_deref(),
            token: is_token.map(|identity| identity.name.as_str()),
            scope_map: is_token.and(by.as_deref()),
        };
        let fix = Remedy::of(remedied(reason, action), account).as_ref().map(FixRow::from);
        Self {
            api_version: API_VERSION,
            kind: "Explanation",
            verdict: reason.verdict(),
            reason,
            message: review::sentence::reason(reason).to_owned(),
            action,
            groups: Vec::new(),
            registry: registry.map(|registry| RegistryRow::of(registry, action)),
            identity,
            repository,
            matched: Vec::new(),
            missing_context_values: Vec::new(),
            assignments: Vec::new(),
            near_misses: Vec::new(),
            fix,
            advice: decision
                .advice
                .iter()
                .map(|code| AdviceRow { code, text: review::sentence::advice(code) })
                .collect(),
            by,
            repair: None,
            no_fix: None,
        }
    }

    /// Adds what a code alone does not tell.
    #[must_use]
    pub fn with_note(mut self, note: Option<&str>) -> Self {
        if let Some(note) = note {
            self.message = format!("{}: {note}", self.message);
        }
        self
    }

    /// Adds what is known of an identity of Entra ID: groups, assignments, near misses and a verified fix.
    #[must_use]
    pub fn with_access(mut self, index: &Index, request: &AccessRequest<'_>) -> Self {
        let Some(registry) = index.registry(request.registry) else { return self };
        self.groups = index.groups_of(request.principal).iter().map(|id| group_name(index, *id)).collect();
        let modes = registry.mode.map_or_else(|| PermissionsMode::ALL.to_vec(), |mode| vec![mode]);
        let mut trace = Vec::new();
        for mode in modes {
            let lines = index.trace(request, mode);
            self.assignments
                .extend(lines.iter().map(|line| assignment_row(index, line, mode, request, registry)));
            trace.extend(lines);
        }
        for row in &self.assignments {
            if row.contribution == Contribution::Granted {
                self.matched.push(row.assignment.clone());
            }
            let failing = row.condition.iter().flat_map(|condition| &condition.failing);
            self.missing_context_values.extend(failing.filter_map(|failing| failing.missing.clone()));
        }
        self.missing_context_values.sort_unstable();
        self.missing_context_values.dedup();
        self.near_misses = index.near_misses(request, &trace).iter().map(NearMissRow::from).collect();
        match index.fix(request) {
            Ok(fix) => {
                let repair = Repair::from(&fix);
                self.fix = Some(FixRow::from(&repair));
                self.repair = Some(repair);
            }
            Err(NoFix::NotDenied | NoFix::NotAPull) => {}
            Err(why) => self.no_fix = Some(why),
        }
        self
    }
}

impl RegistryRow {
    fn of(registry: &Registry, action: Action) -> Self {
        let permissions = registry.mode.map(|mode| action.permissions(mode)).unwrap_or_default();
        Self {
            name: registry.name.clone(),
            login_server: registry.login_server.clone(),
            mode: registry.mode,
            permissions: permissions.iter().map(|permission| permission.as_str()).collect(),
        }
    }
}

impl From<&NearMiss<'_>> for NearMissRow {
    fn from(near_miss: &NearMiss<'_>) -> Self {
        let (kind, object, text) = sentence::near_miss(near_miss);
        Self { kind, object, example: near_miss.example.clone(), text }
    }
}

/// The sentences about ignored roles name the ones that pull.
const fn remedied(reason: Reason, action: Action) -> Reason {
    match (reason, action) {
        (
            Reason::RoleIgnoredInAbacMode | Reason::RoleIgnoredInRbacMode,
            Action::Push | Action::Delete | Action::List | Action::Catalog,
        ) => Reason::NoPermission,
        _ => reason,
    }
}

fn assignment_row(
    index: &Index,
    line: &Considered<'_>,
    mode: PermissionsMode,
    request: &AccessRequest<'_>,
    registry: &Registry,
) -> AssignmentRow {
    let Considered { assignment, group, permission, contribution } = *line;
    let RoleAssignment { name, scope, role, condition, .. } = assignment;
    AssignmentRow {
        assignment: name.to_string(),
        role: index.role_name(*role).map_or_else(|| role.to_string(), str::to_owned),
        scope: scope.to_string(),
        place: sentence::place(scope, Some(&registry.id)),
        group: group.map(|id| group_name(index, id)),
        permission: permission.as_str(),
        outcome: contribution.as_str(),
        why: sentence::contribution(contribution, mode),
        condition: condition
            .as_deref()
            .map(|condition| ConditionRow::of(condition, permission, request.repository)),
        contribution,
    }
}

fn group_name(index: &Index, id: PrincipalId) -> String {
    let groups = &index.inventory().groups;
    let named = groups.iter().find(|group| group.id == id && !group.name.is_empty());
    named.map_or_else(|| id.to_string(), |group| group.name.to_string())
}
