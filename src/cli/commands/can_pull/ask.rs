//! From names to a decision: which registry, which repository, which account, and may it?
//!
//! The identity is judged, not a node: `:443` and upper case in a host change nothing here.

use jiff::Timestamp;
use smol_str::SmolStr;

use crate::engine::account::{decide_admin_user, decide_anonymous};
use crate::engine::action::{Action, PermissionsMode};
use crate::engine::authorize::AccessRequest;
use crate::engine::decision::{Decision, Reason};
use crate::engine::guid::PrincipalId;
use crate::engine::image::{ImageReference, ImageReferenceError};
use crate::engine::index::{HostMatch, IdentityMatch, Index, RegistryNumber};
use crate::engine::inventory::{PrincipalKind, Registry};
use crate::engine::pull::IdentityKind;
use crate::report::IdentityRow;

/// A question in the caller's words.
#[derive(Clone, Debug)]
pub(super) struct Query<'a> {
    pub(super) identity: &'a str,
    pub(super) target: Target<'a>,
    pub(super) action: Action,
}

/// What is asked about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target<'a> {
    Image(&'a str),
    Repository { registry: &'a str, repository: Option<&'a str> },
}

/// Why a question cannot be asked at all.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum QueryError {
    #[error("`identity` is empty")]
    EmptyIdentity,
    #[error("`image` is empty")]
    EmptyImage,
    #[error("`repository` is missing; only `catalog` can do without")]
    RepositoryMissing,
}

/// The answer, with the names that it is about.
#[derive(Clone, Debug)]
pub(super) struct Reply<'index> {
    pub(super) decision: Decision<'index>,
    pub(super) registry: Option<&'index Registry>,
    pub(super) repository: Option<SmolStr>,
    pub(super) identity: Option<IdentityRow>,
    /// What was decided, for a trace; only identities of Entra have one.
    pub(super) access: Option<(PrincipalId, RegistryNumber)>,
    /// What a code alone does not tell.
    pub(super) note: Option<String>,
}

impl Reply<'_> {
    fn plain(reason: Reason) -> Self {
        Self {
            decision: Decision::plain(reason),
            registry: None,
            repository: None,
            identity: None,
            access: None,
            note: None,
        }
    }

    fn with_note(self, note: &impl ToString) -> Self {
        Self { note: Some(note.to_string()), ..self }
    }

    /// The registry's permissions mode.
    pub(super) fn mode(&self) -> Option<PermissionsMode> {
        self.registry?.mode
    }
}

/// What a target turned out to be.
enum Located<'index> {
    At { number: RegistryNumber, repository: Option<SmolStr> },
    Nowhere(Reply<'index>),
}

/// Answers one question.
pub(super) fn ask<'index>(
    index: &'index Index,
    query: &Query<'_>,
    now: Timestamp,
) -> Result<Reply<'index>, QueryError> {
    if query.identity.is_empty() {
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
    let reply = judge(index, query, number, registry, repository.as_deref(), now);
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

fn judge<'index>(
    index: &'index Index,
    query: &Query<'_>,
    number: RegistryNumber,
    registry: &'index Registry,
    repository: Option<&str>,
    now: Timestamp,
) -> Reply<'index> {
    let Query { identity, action, .. } = *query;
    let account = |decision, kind, name: &str| Reply {
        decision,
        identity: Some(IdentityRow { kind, name: name.into(), principal_id: None }),
        ..Reply::plain(Reason::IdentityNotInEstate)
    };
    match index.find_identity(identity) {
        IdentityMatch::One(found) => {
            let principal = found.principal_id;
            let request = AccessRequest { principal, registry: number, repository, action, now };
            let identity = IdentityRow {
                kind: found.principal.map_or(IdentityKind::ServicePrincipal, |found| kind_of(found.kind)),
                name: found.principal.map_or_else(|| identity.into(), |found| found.name.clone()),
                principal_id: Some(principal),
            };
            return Reply {
                decision: index.decide(&request),
                identity: Some(identity),
                access: Some((principal, number)),
                ..Reply::plain(Reason::IdentityNotInEstate)
            };
        }
        IdentityMatch::Several => {
            return Reply::plain(Reason::IdentityNotInEstate)
                .with_note(&"several identities have this name; an id tells them apart");
        }
        IdentityMatch::None => {}
    }
    if let Some(token) = index.token(number, identity) {
        let decision = index.decide_token(token, repository, action, now);
        return account(decision, IdentityKind::Token, &token.name);
    }
    if registry.name.eq_ignore_ascii_case(identity) {
        return account(decide_admin_user(registry), IdentityKind::AdminUser, &registry.name);
    }
    if identity == "anonymous" {
        return account(decide_anonymous(registry, action), IdentityKind::Anonymous, identity);
    }
    Reply::plain(Reason::IdentityNotInEstate)
}

const fn kind_of(kind: PrincipalKind) -> IdentityKind {
    match kind {
        PrincipalKind::ManagedIdentity => IdentityKind::ManagedIdentity,
        PrincipalKind::ServicePrincipal => IdentityKind::ServicePrincipal,
        PrincipalKind::User => IdentityKind::User,
    }
}
