//! Role definitions, role assignments and deny assignments, with their conditions compiled once.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use smol_str::SmolStr;
use uuid::Uuid;

use super::action::Permission;
use super::condition::{Condition, ConditionError, RepositoryTest, Truth};
use super::guid::{PrincipalId, RoleId};
use super::scope::Scope;

/// A role: blocks of what it grants.
#[derive(Clone, Debug)]
pub struct RoleDefinition {
    /// The GUID that assignments end with. Names change, this does not.
    pub id: RoleId,
    /// The display name.
    pub name: SmolStr,
    /// Whether Azure ships the role.
    pub built_in: bool,
    /// The permission blocks; they add up.
    pub permissions: Vec<PermissionBlock>,
}

/// One block of a role or deny assignment: what is named, minus what is taken out again.
#[derive(Clone, Debug, Default)]
pub struct PermissionBlock {
    /// Control-plane patterns.
    pub actions: Vec<SmolStr>,
    /// Control-plane patterns taken out again.
    pub not_actions: Vec<SmolStr>,
    /// Data-plane patterns.
    pub data_actions: Vec<SmolStr>,
    /// Data-plane patterns taken out again.
    pub not_data_actions: Vec<SmolStr>,
    /// A condition of the block itself, beside the assignment's.
    pub condition: Option<Arc<AssignmentCondition>>,
}

/// The name of an assignment: a GUID in every export, free text in hand-written inventories.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum AssignmentName {
    /// What Azure gives.
    Guid(Uuid),
    /// What people write.
    Text(SmolStr),
}

impl From<&str> for AssignmentName {
    fn from(name: &str) -> Self {
        name.parse().map_or_else(|_| Self::Text(name.into()), Self::Guid)
    }
}

impl fmt::Display for AssignmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guid(guid) => guid.hyphenated().fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// What kind of principal an export says an assignment names. Decoration: ids decide.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum PrincipalType {
    /// A person.
    User,
    /// A group.
    Group,
    /// A service principal or managed identity.
    ServicePrincipal,
    /// Something else, or not exported.
    Unknown,
}

/// One role assignment.
#[derive(Clone, Debug)]
pub struct RoleAssignment {
    /// The last segment of its id.
    pub name: AssignmentName,
    /// Where it is made.
    pub scope: Scope,
    /// Which role it gives.
    pub role: RoleId,
    /// To whom, by object id.
    pub principal: PrincipalId,
    /// What the export says the principal is.
    pub principal_type: PrincipalType,
    /// Whether the export shows that the principal is gone ("Identity not found").
    pub principal_deleted: bool,
    /// What narrows it.
    pub condition: Option<Arc<AssignmentCondition>>,
    /// When it counts; `None` for always.
    pub window: Option<Box<Window>>,
}

impl RoleAssignment {
    /// The full resource id, as `az role assignment delete --ids` takes it.
    #[must_use]
    pub fn id(&self) -> String {
        let scope = self.scope.as_str().trim_end_matches('/');
        format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{}", self.name)
    }
}

/// The time in which an assignment is active, and whether it is merely eligible (Privileged Identity Management).
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// First instant that counts.
    pub start: Option<Timestamp>,
    /// First instant that does not count any more.
    pub end: Option<Timestamp>,
    /// Eligible and not activated: grants nothing.
    pub eligible_only: bool,
}

impl Window {
    /// Whether the assignment counts at `now`.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        !self.eligible_only
            && self.start.is_none_or(|start| start <= now)
            && self.end.is_none_or(|end| now < end)
    }
}

/// One deny assignment. It beats every role assignment (Azure RBAC, "Understand Azure deny assignments").
#[derive(Clone, Debug)]
pub struct DenyAssignment {
    /// The last segment of its id.
    pub name: AssignmentName,
    /// The display name.
    pub display_name: SmolStr,
    /// Where it is made.
    pub scope: Scope,
    /// Whether resources below `scope` are spared.
    pub only_this_scope: bool,
    /// Whom it hits; [`PrincipalId::EVERYONE`] for all.
    pub principals: Vec<PrincipalId>,
    /// Whom it spares, even if named above.
    pub excluded: Vec<PrincipalId>,
    /// What it takes away.
    pub permissions: Vec<PermissionBlock>,
    /// What narrows it. One that cannot be evaluated does not narrow: the deny applies.
    pub condition: Option<Arc<AssignmentCondition>>,
    /// `false` for the effect `audit`, which only logs.
    pub enforced: bool,
}

/// The condition of an assignment or permission block, parsed and specialised once at load.
///
/// Most requests are pulls, and the only attribute a registry supplies is the repository's name, so the
/// condition is folded up front for `content/read`, and for `metadata/read` which an allowed pull gets advice
/// about, and its tree is dropped. Other permissions parse the text again, which costs microseconds and is off the
/// request path.
#[derive(Clone, Debug)]
pub struct AssignmentCondition {
    text: Box<str>,
    compiled: Result<Compiled, Box<ConditionFault>>,
}

#[derive(Clone, Debug)]
struct Compiled {
    pull: RepositoryTest,
    /// `None` where listing is conditioned as pulling is, which is how the portal writes conditions.
    list: Option<RepositoryTest>,
    pull_in_rbac_mode: Truth,
}

/// Why a condition cannot be used. The assignment that carries it grants nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ConditionFault {
    /// The text does not parse.
    #[error("{0}")]
    Syntax(ConditionError),
    /// `conditionVersion` is not `2.0`, the only public version.
    #[error(
        "1:1: E_VERSION: `conditionVersion` is `{0}`, only `2.0` exists; the condition itself may be fine"
    )]
    Version(SmolStr),
}

impl AssignmentCondition {
    /// Compiles a condition as exported; `version` is `conditionVersion`, absent meaning `2.0`.
    #[must_use]
    pub fn new(text: &str, version: Option<&str>) -> Self {
        Self { text: text.into(), compiled: Self::compile(text, version) }
    }

    fn compile(text: &str, version: Option<&str>) -> Result<Compiled, Box<ConditionFault>> {
        if let Some(version) = version.filter(|version| !version.is_empty() && *version != "2.0") {
            return Err(Box::new(ConditionFault::Version(version.into())));
        }
        let condition = Condition::parse(text).map_err(|error| Box::new(ConditionFault::Syntax(error)))?;
        let pull = condition.specialise(Permission::ContentRead.as_str());
        let list = condition.specialise(Permission::MetadataRead.as_str());
        Ok(Compiled {
            list: (list != pull).then_some(list),
            pull,
            pull_in_rbac_mode: condition.specialise(Permission::PullRead.as_str()).evaluate(None),
        })
    }

    /// The text as exported.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Why the condition cannot be used, if it cannot.
    #[must_use]
    pub fn fault(&self) -> Option<&ConditionFault> {
        self.compiled.as_ref().err().map(Box::as_ref)
    }

    /// The value of the condition for one permission, or `None` where it cannot be used at all.
    ///
    /// The repository name exists only for the data actions of repositories; a registry in RBAC mode supplies
    /// no attribute (Azure Container Registry, "ABAC repository permissions").
    #[must_use]
    pub fn evaluate(&self, permission: Permission, repository: Option<&str>) -> Option<Truth> {
        let compiled = self.compiled.as_ref().ok()?;
        match permission {
            Permission::ContentRead => Some(compiled.pull.evaluate(repository)),
            Permission::MetadataRead => {
                Some(compiled.list.as_ref().unwrap_or(&compiled.pull).evaluate(repository))
            }
            Permission::PullRead => Some(compiled.pull_in_rbac_mode),
            Permission::PushWrite
            | Permission::ArtifactsDelete
            | Permission::CatalogRead
            | Permission::QuarantineRead
            | Permission::QuarantinedArtifactsRead => self.evaluate_text(permission, None),
            Permission::ContentWrite | Permission::ContentDelete | Permission::MetadataDelete => {
                self.evaluate_text(permission, repository)
            }
        }
    }

    fn evaluate_text(&self, permission: Permission, repository: Option<&str>) -> Option<Truth> {
        let condition = Condition::parse(&self.text).ok()?;
        Some(condition.specialise(permission.as_str()).evaluate(repository))
    }
}
