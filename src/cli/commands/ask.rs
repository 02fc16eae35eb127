//! From names to a decision: which registry, which repository, which account, and may it?
//!
//! The identity is judged, not a node: `:443` and upper case in a host change nothing here.

use jiff::Timestamp;
use smol_str::{SmolStr, ToSmolStr};

use crate::engine::account::{decide_admin_user, decide_anonymous};
use crate::engine::action::{Action, PermissionsMode};
use crate::engine::authorize::AccessRequest;
use crate::engine::conditional_access::SignIn;
use crate::engine::decision::{Decision, Reason, Verdict};
use crate::engine::guid::PrincipalId;
use crate::engine::image::{ImageReference, ImageReferenceError};
use crate::engine::index::{HostMatch, IdentityMatch, Index, RegistryNumber};
use crate::engine::inventory::{PrincipalKind, Registry};
use crate::engine::pull::IdentityKind;
use crate::engine::quarantine::{NamedBy, mind_quarantine};
use crate::engine::task::{QuickRunIdentity, TaskIdentity, TaskRequest};
use crate::report::IdentityRow;

/// A question in the caller's words.
#[derive(Clone, Debug)]
pub(crate) struct Query<'a> {
    pub(crate) who: Who<'a>,
    pub(crate) target: Target<'a>,
    pub(crate) action: Action,
    pub(crate) sign_in: SignIn<'a>,
    /// Whether the image is said not to have passed the registry's quarantine.
    pub(crate) quarantined: bool,
}

/// Who is asked about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Who<'a> {
    /// An identity or account by id or name.
    Identity(&'a str),
    /// An ACR task of the registry, by name.
    Task(&'a str),
    /// A quick run that an identity starts.
    QuickRun(&'a str, QuickRunIdentity),
}

/// What is asked about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target<'a> {
    Image(&'a str),
    Repository { registry: &'a str, repository: Option<&'a str> },
}

/// Why a question cannot be asked at all.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum QueryError {
    #[error("`identity` is empty")]
    EmptyIdentity,
    #[error("`image` is empty")]
    EmptyImage,
    #[error("`repository` is missing; only `catalog` can do without")]
    RepositoryMissing,
}

/// The answer, with the names that it is about.
#[derive(Clone, Debug)]
pub(crate) struct Reply<'index> {
    pub(crate) decision: Decision<'index>,
    pub(crate) registry: Option<&'index Registry>,
    pub(crate) repository: Option<SmolStr>,
    pub(crate) identity: Option<IdentityRow>,
    /// What was decided, for a trace; only identities of Entra have one.
    pub(crate) access: Option<(PrincipalId, RegistryNumber)>,
    /// What a code alone does not tell.
    pub(crate) note: Option<String>,
}

impl<'index> Reply<'index> {
    fn plain(reason: Reason) -> Self {
        Self::of(Decision::plain(reason))
    }

    fn of(decision: Decision<'index>) -> Self {
        Self { decision, registry: None, repository: None, identity: None, access: None, note: None }
    }

    fn with_note(self, note: &impl ToString) -> Self {
        Self { note: Some(note.to_string()), ..self }
    }

    /// Whether an identity that may pull from an ABAC-enabled registry cannot list tags and referrers there.
    pub(crate) fn misses_metadata(&self, index: &Index, query: &Query<'_>, now: Timestamp) -> bool {
        let Some((principal, registry)) = self.access else { return false };
        let pulls = query.action == Action::Pull && self.decision.reason == Reason::AllowedByRole;
        if !pulls || self.mode() != Some(PermissionsMode::RbacAbac) {
            return false;
        }
        let repository = self.repository.as_deref();
        let listing = AccessRequest { principal, registry, repository, action: Action::List, now };
        index.decide_signed_in(&listing, &query.sign_in).verdict() != Verdict::Allow
    }

    /// The registry's permissions mode.
    pub(crate) fn mode(&self) -> Option<PermissionsMode> {
        self.registry?.mode
    }
}

/// What a target turned out to be.
enum Located<'index> {
    At { number: RegistryNumber, repository: Option<SmolStr> },
    Nowhere(Reply<'index>),
}

/// Answers one question.
pub(crate) fn ask<'index>(
    index: &'index Index,
    query: &Query<'_>,
    now: Timestamp,
) -> Result<Reply<'index>, QueryError> {
    let (Who::Identity(name) | Who::Task(name) | Who::QuickRun(name, _)) = query.who;
    if name.is_empty() {
        return Err(QueryError::EmptyIdentity);
    }
    let located = match query.target {
        Target::Image("") => return Err(QueryError::EmptyImage),
        Target::Image(image) => locate_image(index, image),
        Target::Repository { repository: None | Some(""), .. } if query.action != Action::Catalog => {
            return Err(QueryError::RepositoryMissing);
        }
        Target::Repository { registry, repository } => {
            locate_repository(index, registry, repository.filter(|repository| !repository.is_empty()))
        }
    };
    let (number, repository) = match located {
        Located::At { number, repository } => (number, repository),
        Located::Nowhere(reply) => return Ok(reply),
    };
    let Some(registry) = index.registry(number) else { return Ok(Reply::plain(Reason::RegistryNotManaged)) };
    let asked = Asked {
        index,
        registry,
        sign_in: query.sign_in,
        quarantined: query.quarantined.then(|| named_by(query.target)),
        request: TaskRequest {
            registry: number,
            repository: repository.as_deref(),
            action: query.action,
            now,
        },
    };
    let reply = match query.who {
        Who::Identity(name) => asked.of_identity(name),
        Who::Task(name) => asked.of_task(name),
        Who::QuickRun(name, identity) => asked.of_quick_run(name, identity),
    };
    Ok(Reply { registry: Some(registry), repository, ..reply })
}

fn locate_image<'index>(index: &'index Index, image: &str) -> Located<'index> {
    let reference: ImageReference = match image.parse() {
        Ok(reference) => reference,
        Err(error) => {
            let reason = match error {
                ImageReferenceError::ImageId => Reason::ImageIdReference,
                ImageReferenceError::Empty | ImageReferenceError::Invalid { .. } => {
                    Reason::InvalidImageReference
                }
            };
            return Located::Nowhere(Reply::plain(reason).with_note(&error));
        }
    };
    let https = reference.port().is_none_or(|port| port.parse() == Ok(443_u16));
    let repository = SmolStr::new(reference.repository().as_str());
    match index.host(reference.host()).filter(|_| https) {
        Some(HostMatch::LoginServer(number)) => Located::At { number, repository: Some(repository) },
        Some(HostMatch::DataEndpoint(number)) => Located::Nowhere(Reply {
            registry: index.registry(number),
            repository: Some(repository),
            ..Reply::plain(Reason::NotALoginServer)
        }),
        None => Located::Nowhere(Reply::plain(Reason::RegistryNotManaged)),
    }
}

fn locate_repository<'index>(
    index: &'index Index,
    registry: &str,
    repository: Option<&str>,
) -> Located<'index> {
    let Some(number) = index.find_registry(registry) else {
        return Located::Nowhere(Reply::plain(Reason::RegistryNotManaged));
    };
    let Some(repository) = repository else { return Located::At { number, repository: None } };
    // The grammar lives in one place; behind a host the rest of a reference must be the repository and nothing else.
    let valid = match format!("localhost/{repository}").parse::<ImageReference>() {
        Ok(reference) if reference.repository().as_str() == repository => Ok(()),
        Ok(_) => Err("a repository has no tag and no digest".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    match valid {
        Ok(()) => Located::At { number, repository: Some(repository.into()) },
        Err(note) => Located::Nowhere(Reply {
            registry: index.registry(number),
            ..Reply::plain(Reason::InvalidImageReference).with_note(&note)
        }),
    }
}

/// A question whose registry and repository are found.
struct Asked<'index, 'a> {
    index: &'index Index,
    registry: &'index Registry,
    sign_in: SignIn<'a>,
    /// How an image is named that has not passed the quarantine; `None` for ordinary ones.
    quarantined: Option<NamedBy>,
    request: TaskRequest<'a>,
}

impl<'index> Asked<'index, '_> {
    fn of_identity(&self, name: &str) -> Reply<'index> {
        match self.index.find_identity(name) {
            IdentityMatch::One(found) => {
                let principal = found.principal_id;
                let request = self.request.of(principal);
                let decision = match self.quarantined {
                    Some(named_by) => self.index.decide_quarantined(&request, named_by, &self.sign_in),
                    None => self.index.decide_signed_in(&request, &self.sign_in),
                };
                self.reply(decision, principal)
            }
            IdentityMatch::Several => several_have_the_name(),
            IdentityMatch::None => self.of_account(name),
        }
    }

    /// Accounts that are no identities of Entra.
    fn of_account(&self, name: &str) -> Reply<'index> {
        let Self { index, registry, request, .. } = self;
        let TaskRequest { registry: number, repository, action, now } = *request;
        let account = |decision, kind, name: &str| Reply {
            identity: Some(IdentityRow { kind, name: name.into(), principal_id: None }),
            ..Reply::of(match self.quarantined {
                Some(_) => mind_quarantine(registry, action, decision),
                None => decision,
            })
        };
        if let Some(token) = index.token(number, name) {
            let decision = index.decide_token(token, repository, action, now);
            return account(decision, IdentityKind::Token, &token.name);
        }
        if registry.name.eq_ignore_ascii_case(name) {
            let decision = self.sign_in.mind_account(decide_admin_user(registry, repository, action));
            return account(decision, IdentityKind::AdminUser, &registry.name);
        }
        if name == "anonymous" {
            let decision = self.sign_in.mind_account(decide_anonymous(registry, repository, action));
            return account(decision, IdentityKind::Anonymous, name);
        }
        Reply::plain(Reason::IdentityNotInEstate)
    }

    fn of_task(&self, name: &str) -> Reply<'index> {
        let Some(task) = self.index.find_task(self.request.registry, name) else {
            let note = format!("no task `{name}` of registry `{}` was exported", self.registry.name);
            return Reply::plain(Reason::IdentityNotInEstate).with_note(&note);
        };
        let decision = self.index.decide_task(task, &self.request);
        let reply = match self.index.task_identity(task) {
            // With default access nobody's roles are looked at.
            TaskIdentity::Principal(principal) if decision.reason != Reason::AllowedByTaskDefaultAccess => {
                self.reply(decision, principal)
            }
            TaskIdentity::Principal(_) | TaskIdentity::Nobody | TaskIdentity::NotExported => {
                Reply::of(decision)
            }
        };
        reply.with_note(&format!("task `{}`", task.name))
    }

    fn of_quick_run(&self, name: &str, identity: QuickRunIdentity) -> Reply<'index> {
        let principal = match self.index.find_identity(name) {
            IdentityMatch::One(found) => found.principal_id,
            IdentityMatch::Several => return several_have_the_name(),
            IdentityMatch::None => {
                return Reply::plain(Reason::IdentityNotInEstate)
                    .with_note(&"only an identity can start a run");
            }
        };
        let decision = self.index.decide_quick_run(principal, identity, &self.request, &self.sign_in);
        let without_roles =
            matches!(decision.reason, Reason::AllowedByTaskDefaultAccess | Reason::TaskHasNoRegistryIdentity);
        if without_roles { Reply::of(decision) } else { self.reply(decision, principal) }
    }

    fn reply(&self, decision: Decision<'index>, principal: PrincipalId) -> Reply<'index> {
        let found = self.index.principal(principal);
        let identity = IdentityRow {
            kind: found.map_or(IdentityKind::ServicePrincipal, |found| kind_of(found.kind)),
            name: found.map_or_else(|| principal.to_smolstr(), |found| found.name.clone()),
            principal_id: Some(principal),
        };
        Reply {
            identity: Some(identity),
            access: Some((principal, self.request.registry)),
            ..Reply::of(decision)
        }
    }
}

fn named_by(target: Target<'_>) -> NamedBy {
    let by_digest = match target {
        Target::Image(image) => {
            image.parse::<ImageReference>().is_ok_and(|reference| reference.digest().is_some())
        }
        Target::Repository { .. } => false,
    };
    if by_digest { NamedBy::Digest } else { NamedBy::Tag }
}

fn several_have_the_name<'index>() -> Reply<'index> {
    Reply::plain(Reason::IdentityNotInEstate)
        .with_note(&"several identities have this name; an id tells them apart")
}

const fn kind_of(kind: PrincipalKind) -> IdentityKind {
    match kind {
        PrincipalKind::ManagedIdentity => IdentityKind::ManagedIdentity,
        PrincipalKind::ServicePrincipal => IdentityKind::ServicePrincipal,
        PrincipalKind::User => IdentityKind::User,
    }
}
