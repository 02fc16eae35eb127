//! Accounts that are no Entra identity: repository-scoped tokens, the admin user, and nobody at all.
//!
//! They stand beside roles, conditions and deny assignments, and work the same in both permissions modes
//! (Azure Container Registry, "Token-based repository permissions", "Authentication", "Anonymous pull access").

use jiff::Timestamp;

use super::action::{Action, Permission, PermissionsMode};
use super::decision::{Advice, Decider, Decision, Reason, Verdict};
use super::index::Index;
use super::inventory::{Registry, ScopeMap, Token};

impl Index {
    /// What a token may do. One that cannot sign in may do nothing.
    #[must_use]
    pub fn decide_token(
        &self,
        token: &Token,
        repository: Option<&str>,
        action: Action,
        now: Timestamp,
    ) -> Decision<'_> {
        if !token.enabled {
            return Decision::plain(Reason::TokenDisabled);
        }
        let is_valid = |expiry: &Option<Timestamp>| expiry.is_none_or(|expiry| now < expiry);
        if token.passwords.as_ref().is_some_and(|passwords| !passwords.iter().any(is_valid)) {
            return Decision::plain(Reason::TokenPasswordsExpired);
        }
        let map = self.scope_map(&token.scope_map);
        let covered = map.is_some_and(|map| {
            // Scope maps are written in the words of data actions, whatever the registry's mode.
            let needed = action.permissions(PermissionsMode::RbacAbac);
            repository.is_some_and(|repository| needed.iter().all(|one| covers(map, *one, repository)))
        });
        let reason = if covered { Reason::AllowedByToken } else { Reason::TokenScopeMapDoesNotCover };
        let decision = Decision { by: map.map(Decider::ScopeMap), ..Decision::plain(reason) };
        match self.registry_by_id(&token.registry) {
            Some(registry) => mind_lock(registry, repository, action, decision),
            None => decision,
        }
    }
}

/// What the holder of a registry's admin password may do: everything, while the admin user is on.
#[must_use]
pub fn decide_admin_user(registry: &Registry, repository: Option<&str>, action: Action) -> Decision<'static> {
    let reason =
        if registry.admin_user_enabled { Reason::AllowedByAdminUser } else { Reason::AdminUserDisabled };
    mind_lock(registry, repository, action, Decision::plain(reason))
}

/// What a request without any credential may do: pull, where the registry lets everybody.
#[must_use]
pub fn decide_anonymous(registry: &Registry, repository: Option<&str>, action: Action) -> Decision<'static> {
    let reason = match action {
        Action::Pull if allows_anonymous_pull(registry) => Reason::AllowedByAnonymousPull,
        Action::Pull => Reason::NoPullPermission,
        Action::Push | Action::Delete | Action::List | Action::Catalog => Reason::NoPermission,
    };
    mind_lock(registry, repository, action, Decision::plain(reason))
}

/// What becomes of a decision where the repository's lock attribute `readEnabled` is false: nobody pulls, whoever
/// they are (Azure Container Registry, "Lock images"). The other lock attributes leave pulls alone.
pub(in crate::engine) fn mind_lock<'index>(
    registry: &Registry,
    repository: Option<&str>,
    action: Action,
    decision: Decision<'index>,
) -> Decision<'index> {
    let locked = |name| registry.locked_repositories.iter().any(|locked| locked == name);
    // Who could not pull anyway is told why: the lock is not what keeps them out.
    if action == Action::Pull && decision.verdict() != Verdict::Deny && repository.is_some_and(locked) {
        return Decision { reason: Reason::RepositoryReadLocked, by: None, ..decision };
    }
    decision
}

/// Whether everybody may pull. The Basic SKU lacks the feature, whatever the switch says.
#[must_use]
pub fn allows_anonymous_pull(registry: &Registry) -> bool {
    let basic = registry.sku.as_deref().is_some_and(|sku| sku.eq_ignore_ascii_case("basic"));
    registry.anonymous_pull_enabled && !basic
}

/// Advice that follows from the registry alone.
pub fn registry_advice(registry: &Registry) -> impl Iterator<Item = Advice> {
    [
        (registry.network_restricted, Advice::RegistryNetworkRestricted),
        (registry.quarantine_enabled, Advice::QuarantineEnabled),
    ]
    .into_iter()
    .filter_map(|(applies, advice)| applies.then_some(advice))
}

/// Whether a scope map covers a permission on a repository. Entries read `repositories/NAME/ACTION`, where NAME
/// may end in `/*` or be a lone `*`; any other star makes the entry invalid, so it covers nothing.
fn covers(map: &ScopeMap, permission: Permission, repository: &str) -> bool {
    let Some(wanted) = permission.as_str().rsplit_once("repositories/").map(|(_, action)| action) else {
        return false;
    };
    map.actions.iter().any(|entry| {
        let rest = strip_prefix_ignoring_case(entry, "repositories/");
        let Some((name, last)) = rest.and_then(|rest| rest.rsplit_once('/')) else { return false };
        let Some((name, kind)) = name.rsplit_once('/') else { return false };
        let same_action = wanted.split_once('/').is_some_and(|(first, second)| {
            first.eq_ignore_ascii_case(kind) && second.eq_ignore_ascii_case(last)
        });
        same_action && name_covers(name, repository)
    })
}

fn name_covers(name: &str, repository: &str) -> bool {
    if !repository_pattern_counts(name) {
        return false;
    }
    match name.strip_suffix('*') {
        Some(prefix) => repository.starts_with(prefix),
        None => name == repository,
    }
}

/// Whether the repository of a scope map's entry can match anything: one star at most, alone or at the end behind a
/// slash (Azure Container Registry, "token-based repository permissions").
#[must_use]
pub fn repository_pattern_counts(name: &str) -> bool {
    match name.strip_suffix('*') {
        Some(prefix) => prefix.is_empty() || (prefix.ends_with('/') && !prefix.contains('*')),
        None => !name.contains('*'),
    }
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::name_covers;

    #[test]
    fn a_wildcard_stands_alone_or_after_a_slash_at_the_end() {
        assert!(name_covers("*", "a/b"));
        assert!(name_covers("samples/*", "samples/a/b"));
        assert!(name_covers("samples/x", "samples/x"));
        for (name, repository) in [
            ("samples/*", "samples"),
            ("samples*", "samples/x"),
            ("*/x", "a/x"),
            ("a/*/*", "a/b/c"),
            ("a", "a/b"),
        ] {
            assert!(!name_covers(name, repository), "{name} {repository}");
        }
    }
}
