//! ACR tasks and quick runs: with which identity they read the registry that they run in.
//!
//! ```text
//! mode       task with --source-acr-auth-id                  quick run
//! rbac       not needed: default access                      not needed: default access
//! rbac-abac  [system] or an id: that identity, none: nobody  [caller]: whoever starts it, none: nobody
//! ```
//!
//! The identity is then judged like any other (Azure Container Registry, "ABAC repository permissions", section on
//! tasks). Starting a task takes control-plane permissions besides, which are not judged here.

use jiff::Timestamp;

use super::account::mind_lock;
use super::action::{Action, PermissionsMode};
use super::authorize::AccessRequest;
use super::conditional_access::SignIn;
use super::decision::{Advice, Decision, Reason};
use super::guid::PrincipalId;
use super::index::{Index, RegistryNumber};
use super::inventory::Task;
use super::scope::Scope;

/// What a task wants of the registry that it belongs to.
#[derive(Clone, Copy, Debug)]
pub struct TaskRequest<'a> {
    /// The task's registry.
    pub registry: RegistryNumber,
    /// The repository path; `None` for the catalog.
    pub repository: Option<&'a str>,
    /// What is to be done.
    pub action: Action,
    /// When.
    pub now: Timestamp,
}

/// `--source-acr-auth-id` of `az acr build` and `az acr run`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum QuickRunIdentity {
    /// `[caller]`: whoever starts the run.
    Caller,
    /// `none`, or left out.
    #[default]
    Nobody,
}

/// Who reads the registry for a task.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TaskIdentity {
    /// An identity of Entra.
    Principal(PrincipalId),
    /// Nobody.
    Nobody,
    /// An identity that no export shows.
    NotExported,
}

impl Index {
    /// The task of a registry with this name, in any letter case.
    #[must_use]
    pub fn find_task(&self, registry: RegistryNumber, name: &str) -> Option<&Task> {
        let id = &self.registry(registry)?.id;
        self.inventory()
            .tasks
            .iter()
            .find(|task| task.registry == *id && task.name.eq_ignore_ascii_case(name))
    }

    /// The identity that a task names for its own registry.
    #[must_use]
    pub fn task_identity(&self, task: &Task) -> TaskIdentity {
        let Some(named) = task.source_identity.as_deref().filter(|named| !named.is_empty()) else {
            return TaskIdentity::Nobody;
        };
        if named.eq_ignore_ascii_case("none") {
            return TaskIdentity::Nobody;
        }
        if named.eq_ignore_ascii_case("[system]") {
            return task.system_identity.map_or(TaskIdentity::Nobody, TaskIdentity::Principal);
        }
        let by_client_id = || self.principal_by_client_id(named.parse().ok()?);
        let by_resource_id = || self.principal_by_resource_id(&Scope::parse(named).ok()?);
        by_client_id()
            .or_else(by_resource_id)
            .map_or(TaskIdentity::NotExported, |found| TaskIdentity::Principal(found.principal_id))
    }

    /// Whether a task may do that in its registry.
    #[must_use]
    pub fn decide_task(&self, task: &Task, request: &TaskRequest<'_>) -> Decision<'_> {
        let as_identity = |mode| match self.task_identity(task) {
            TaskIdentity::Principal(principal) => self.decide_in_mode(&request.of(principal), mode),
            TaskIdentity::Nobody => Decision::plain(Reason::TaskHasNoRegistryIdentity),
            TaskIdentity::NotExported => Decision::plain(Reason::IdentityNotInEstate),
        };
        self.decide_by_mode(request, |mode| match mode {
            PermissionsMode::Rbac if !task.login_disabled => {
                Decision::plain(Reason::AllowedByTaskDefaultAccess)
            }
            PermissionsMode::Rbac | PermissionsMode::RbacAbac => as_identity(mode),
        })
    }

    /// Whether a quick build or quick run that `caller` starts may do that in the registry that it runs in.
    #[must_use]
    pub fn decide_quick_run(
        &self,
        caller: PrincipalId,
        identity: QuickRunIdentity,
        request: &TaskRequest<'_>,
        sign_in: &SignIn<'_>,
    ) -> Decision<'_> {
        let decision = self.decide_by_mode(request, |mode| match (mode, identity) {
            (PermissionsMode::Rbac, _) => Decision::plain(Reason::AllowedByTaskDefaultAccess),
            (PermissionsMode::RbacAbac, QuickRunIdentity::Caller) => {
                self.decide_in_mode(&request.of(caller), mode)
            }
            (PermissionsMode::RbacAbac, QuickRunIdentity::Nobody) => {
                Decision::plain(Reason::TaskHasNoRegistryIdentity)
            }
        });
        // Only a role of the caller takes a sign-in of the caller at the registry.
        match self.registry(request.registry) {
            Some(registry) if decision.reason == Reason::AllowedByRole => {
                self.mind_sign_in(&request.of(caller), sign_in, registry, decision)
            }
            Some(_) | None => decision,
        }
    }

    /// The answer in the registry's mode; where that is unknown, the answer of both modes if it is the same.
    fn decide_by_mode<'index>(
        &'index self,
        request: &TaskRequest<'_>,
        decide: impl Fn(PermissionsMode) -> Decision<'index>,
    ) -> Decision<'index> {
        let Some(registry) = self.registry(request.registry) else {
            return Decision::plain(Reason::RegistryNotManaged);
        };
        let decision = registry.mode.map_or_else(|| agreed(&decide), &decide);
        mind_lock(registry, request.repository, request.action, decision)
    }
}

/// The answer of both modes, where they agree.
fn agreed<'index>(decide: impl Fn(PermissionsMode) -> Decision<'index>) -> Decision<'index> {
    let mut abac = decide(PermissionsMode::RbacAbac);
    if decide(PermissionsMode::Rbac).verdict() != abac.verdict() {
        return Decision::plain(Reason::RegistryModeUnknown);
    }
    abac.advice.insert(Advice::RegistryModeMissing);
    abac
}

impl<'a> TaskRequest<'a> {
    /// The same, asked for somebody.
    #[must_use]
    pub const fn of(&self, principal: PrincipalId) -> AccessRequest<'a> {
        let Self { registry, repository, action, now } = *self;
        AccessRequest { principal, registry, repository, action, now }
    }
}
