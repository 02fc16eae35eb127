//! Registries, their tokens and scope maps.

use super::code::LintCode;
use super::estate::Estate;
use super::finding::{LintFinding, Subject};
use crate::azure_cli::Shell;
use crate::engine::account::{allows_anonymous_pull, repository_pattern_counts};
use crate::engine::inventory::{Registry, ScopeMap, Token};
use crate::engine::scope::Scope;
use crate::inventory::Listed;

/// Checks every registry.
pub(super) fn check(estate: &Estate<'_>, found: &mut Vec<LintFinding>) {
    for (position, registry) in estate.inventory().registries.iter().enumerate() {
        let name = &registry.name;
        let finding = |code, what: String| {
            let subject = Subject { kind: "registry", id: registry.id.to_string(), name: name.to_string() };
            LintFinding::new(code, subject, estate.place(Listed::Registries, position), what)
        };
        if registry.mode.is_none() {
            let what = format!(
                "registry `{name}`: `roleAssignmentMode` is missing, or exports contradict each other"
            );
            found.push(finding(LintCode::RegistryModeMissing, what));
        }
        if registry.admin_user_enabled {
            let what = format!("registry `{name}`: the admin user can sign in");
            found.push(
                finding(LintCode::AdminUserEnabled, what).with_command(switch(registry, "--admin-enabled")),
            );
        }
        if registry.anonymous_pull_enabled {
            let (code, what) = if allows_anonymous_pull(registry) {
                let what = format!("registry `{name}`: every repository can be pulled without signing in");
                (LintCode::AnonymousPullEnabled, what)
            } else {
                let what = format!("registry `{name}`: anonymous pull is on, and the Basic SKU has none");
                (LintCode::AnonymousPullWithoutEffect, what)
            };
            found.push(finding(code, what).with_command(switch(registry, "--anonymous-pull-enabled")));
        }
    }
    tokens(estate, found);
    scope_maps(estate, found);
}

fn switch(registry: &Registry, flag: &str) -> String {
    Shell::Posix.line(["az", "acr", "update", "-n", &registry.name, flag, "false"])
}

fn tokens(estate: &Estate<'_>, found: &mut Vec<LintFinding>) {
    for (position, token) in estate.inventory().tokens.iter().enumerate() {
        let Token { registry, name, scope_map, enabled, passwords } = token;
        let finding = |code, what: String| {
            let subject =
                Subject { kind: "token", id: format!("{registry}/tokens/{name}"), name: name.to_string() };
            LintFinding::new(code, subject, estate.place(Listed::Tokens, position), what)
        };
        let told = format!("token `{name}` of registry `{}`", registry.name());
        let is_over = |end: &Option<jiff::Timestamp>| end.is_some_and(|end| end <= estate.now);
        if !enabled {
            found.push(finding(LintCode::TokenDisabled, format!("{told} is switched off")));
        } else if passwords.as_ref().is_some_and(|all| !all.is_empty() && all.iter().all(is_over)) {
            let what = format!("{told}: every password has expired");
            found.push(finding(LintCode::TokenPasswordsExpired, what));
        }
        if estate.index.scope_map(scope_map).is_none() {
            let what =
                format!("{told} points to scope map `{}`, which no export describes", scope_map.name());
            found.push(finding(LintCode::TokenScopeMapMissing, what));
        }
    }
}

fn scope_maps(estate: &Estate<'_>, found: &mut Vec<LintFinding>) {
    for (position, map) in estate.inventory().scope_maps.iter().enumerate() {
        let ScopeMap { id, name, actions } = map;
        let wrong: Vec<String> =
            actions.iter().filter(|entry| !counts(entry)).map(|entry| format!("`{entry}`")).collect();
        if wrong.is_empty() {
            continue;
        }
        let subject = Subject { kind: "scopeMap", id: id.to_string(), name: name.to_string() };
        let place = estate.place(Listed::ScopeMaps, position);
        let what = format!(
            "scope map `{name}` of registry `{}`: {} grants nothing",
            registry_name(id),
            wrong.join(", ")
        );
        found.push(LintFinding::new(LintCode::ScopeMapWildcardInvalid, subject, place, what));
    }
}

/// Whether the repository of an entry such as `repositories/samples/*/content/read` can match anything.
fn counts(entry: &str) -> bool {
    let name = entry.split_once('/').and_then(|(_, rest)| rest.rsplit_once('/')).map(|(name, _)| name);
    let name = name.and_then(|name| name.rsplit_once('/')).map_or("", |(name, _)| name);
    repository_pattern_counts(name)
}

/// The registry in the id of a scope map.
fn registry_name(id: &Scope) -> &str {
    id.as_str().trim_end_matches('/').rsplit('/').nth(2).unwrap_or_default()
}
