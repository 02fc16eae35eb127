//! A fix that the engine has verified, as commands.

use jiff::Timestamp;
use serde::Serialize;

use super::command::{AzCommand, CommandFile};
use crate::engine::action::Action;
use crate::engine::assignment::{PrincipalType, RoleAssignment};
use crate::engine::authorize::AccessRequest;
use crate::engine::condition::Condition;
use crate::engine::decision::Verdict;
use crate::engine::fix::{Change, Fix, Grant, Reach};
use crate::engine::guid::RoleId;
use crate::engine::index::{Index, RegistryNumber};
use crate::engine::pull::Answer;
use crate::engine::scope::Scope;

/// A verified fix, as commands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Repair {
    /// The command.
    pub command: AzCommand,
    /// The file that the command reads, if it reads one.
    pub file: Option<CommandFile>,
    /// The same command with the condition in a file, which no shell can damage.
    pub condition_in_file: Option<ConditionInFile>,
    /// How far it reaches.
    pub reach: Reach,
    /// Afterwards, if wanted: deletes what the registry's mode ignores anyway.
    pub clean_up: Option<AzCommand>,
}

/// A command that reads the condition from a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConditionInFile {
    /// The command.
    pub command: AzCommand,
    /// The file: the condition in the portal's layout.
    pub file: CommandFile,
}

impl Repair {
    /// The verified fix of a denied answer about an image, where its identity is one of Entra ID.
    ///
    /// One try that can pull is enough for the whole chain, so what turns the try that the answer names turns the
    /// answer.
    #[must_use]
    pub fn of_answer(
        index: &Index,
        registry: RegistryNumber,
        repository: &str,
        answer: &Answer,
        now: Timestamp,
    ) -> Option<Self> {
        let principal = answer.identity.as_ref()?.principal_id?;
        let repository = Some(repository);
        let request = AccessRequest { principal, registry, repository, action: Action::Pull, now };
        let fix = (answer.verdict() == Verdict::Deny).then(|| index.fix(&request).ok()).flatten()?;
        Some(Self::from(&fix))
    }

    /// Command and file on one line each, for texts that have no more room.
    #[must_use]
    pub fn short_text(&self) -> String {
        match &self.file {
            None => self.command.to_string(),
            Some(file) => format!("{}\n{}: {}", self.command, file.name, file.on_one_line()),
        }
    }
}

impl From<&Fix<'_>> for Repair {
    fn from(fix: &Fix<'_>) -> Self {
        let clean_up = (!fix.ignored.is_empty()).then(|| {
            let ids: Vec<String> = fix.ignored.iter().map(|assignment| assignment.id()).collect();
            AzCommand::new(["role", "assignment", "delete", "--ids"]).with(ids.iter().map(String::as_str))
        });
        let (command, file, condition_in_file) = match &fix.change {
            Change::Create(grant) => create(grant),
            Change::Update { existing, condition } => update(existing, condition.as_deref()),
        };
        Self { command, file, condition_in_file, reach: fix.reach, clean_up }
    }
}

type Commands = (AzCommand, Option<CommandFile>, Option<ConditionInFile>);

fn create(grant: &Grant) -> Commands {
    let (principal, role) = (grant.principal.to_string(), grant.role.to_string());
    let create = AzCommand::new([
        "role",
        "assignment",
        "create",
        // By object id and type: no look-up in Entra ID, which the caller may not be allowed to make.
        "--assignee-object-id",
        &principal,
        "--assignee-principal-type",
        principal_type(grant.principal_type),
        "--role",
        &role,
        "--scope",
        grant.scope.as_str(),
    ]);
    let Some(condition) = &grant.condition else { return (create, None, None) };
    let conditioned = |condition: &str| {
        create.clone().with(["--condition", condition, "--condition-version", CONDITION_VERSION])
    };
    let in_file = ConditionInFile {
        command: conditioned("@condition.txt"),
        file: CommandFile { name: "condition.txt".to_owned(), content: format!("{condition}\n") },
    };
    (conditioned(&on_one_line(condition)), None, Some(in_file))
}

/// `update` takes the assignment as `list` prints it, and puts it back whole.
fn update(existing: &RoleAssignment, condition: Option<&str>) -> Commands {
    let id = existing.id();
    let listed = ListedAssignment {
        condition,
        condition_version: condition.map(|_| CONDITION_VERSION),
        name: existing.name.to_string(),
        principal_id: existing.principal.to_string(),
        principal_type: principal_type(existing.principal_type),
        role_definition_id: role_definition_id(&existing.scope, existing.role),
        scope: existing.scope.as_str(),
        kind: "Microsoft.Authorization/roleAssignments",
        id: &id,
    };
    // Texts always serialise.
    let content = serde_json::to_string_pretty(&listed).unwrap_or_default();
    let name = "role-assignment.json".to_owned();
    let command = AzCommand::new(["role", "assignment", "update", "--role-assignment", &name]);
    (command, Some(CommandFile { name, content: format!("{content}\n") }), None)
}

/// The shape of `az role assignment list`, as far as `update` reads it; keys in its order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListedAssignment<'a> {
    condition: Option<&'a str>,
    condition_version: Option<&'static str>,
    id: &'a str,
    name: String,
    principal_id: String,
    principal_type: &'static str,
    role_definition_id: String,
    scope: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
}

const CONDITION_VERSION: &str = "2.0";

const fn principal_type(kind: PrincipalType) -> &'static str {
    match kind {
        PrincipalType::User => "User",
        PrincipalType::Group => "Group",
        // Who pulls images is an identity of a machine, unless an export says otherwise. Azure refuses a wrong word.
        PrincipalType::ServicePrincipal | PrincipalType::Unknown => "ServicePrincipal",
    }
}

fn role_definition_id(scope: &Scope, role: RoleId) -> String {
    let subscription = scope.subscription().map(|id| format!("/subscriptions/{id}")).unwrap_or_default();
    format!("{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}")
}

/// `az` on Windows is a batch file, and a denial one line.
fn on_one_line(condition: &str) -> String {
    // As the portal's text reads with its line feeds taken out: each line of it begins with a blank or a parenthesis.
    let joined = condition.replace('\n', "");
    match (Condition::parse(&joined), Condition::parse(condition)) {
        (Ok(one), Ok(other)) if one == other => joined,
        _ => condition.replace('\n', " "),
    }
}
