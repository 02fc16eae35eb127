//! Registries, their endpoints, and what lives in them: tokens, scope maps, tasks.

use smol_str::{SmolStr, format_smolstr};

use super::collection::{Collection, Origin};
use super::merge::{settle, settle_strictly, unite};
use super::principal::PrincipalPart;
use super::problem::LoadWarningCode;
use super::record::Record;
use crate::engine::action::PermissionsMode;
use crate::engine::guid::PrincipalId;
use crate::engine::inventory::{PrincipalKind, Registry, ScopeMap, Task, Token};
use crate::engine::scope::Scope;

/// What exports say about the permissions mode.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum ModeSeen {
    /// Nothing.
    #[default]
    Unseen,
    /// One mode.
    One(PermissionsMode),
    /// Two modes, or a value that is neither: unknown, and already told.
    Unusable,
}

/// A registry as far as one export shows it.
#[derive(Clone, Debug, Default)]
pub(super) struct RegistryPart {
    pub(super) name: Option<SmolStr>,
    pub(super) login_server: Option<SmolStr>,
    pub(super) regional_hosts: Vec<SmolStr>,
    pub(super) data_hosts: Vec<SmolStr>,
    pub(super) mode: ModeSeen,
    pub(super) sku: Option<SmolStr>,
    pub(super) admin_user_enabled: Option<bool>,
    pub(super) anonymous_pull_enabled: Option<bool>,
    pub(super) quarantine_enabled: Option<bool>,
    pub(super) arm_audience_tokens_enabled: Option<bool>,
    pub(super) network_restricted: Option<bool>,
    pub(super) locked_repositories: Vec<SmolStr>,
}

impl RegistryPart {
    /// Adds another export; returns the names of the fields that contradict.
    pub(super) fn merge(&mut self, other: Self) -> Vec<&'static str> {
        let Self {
            name,
            login_server,
            regional_hosts,
            data_hosts,
            mode,
            sku,
            admin_user_enabled,
            anonymous_pull_enabled,
            quarantine_enabled,
            arm_audience_tokens_enabled,
            network_restricted,
            locked_repositories,
        } = other;
        // The spelling of a name may differ between exports and means nothing.
        self.name = self.name.take().or(name);
        unite(&mut self.regional_hosts, regional_hosts);
        unite(&mut self.data_hosts, data_hosts);
        unite(&mut self.locked_repositories, locked_repositories);
        let agreements = [
            ("roleAssignmentMode", self.merge_mode(mode)),
            ("loginServer", settle(&mut self.login_server, login_server)),
            ("sku", settle(&mut self.sku, sku)),
            ("adminUserEnabled", settle_strictly(&mut self.admin_user_enabled, admin_user_enabled, false)),
            (
                "anonymousPullEnabled",
                settle_strictly(&mut self.anonymous_pull_enabled, anonymous_pull_enabled, false),
            ),
            ("quarantinePolicy", settle_strictly(&mut self.quarantine_enabled, quarantine_enabled, true)),
            (
                "azureADAuthenticationAsArmPolicy",
                settle_strictly(&mut self.arm_audience_tokens_enabled, arm_audience_tokens_enabled, false),
            ),
            ("networkRuleSet", settle_strictly(&mut self.network_restricted, network_restricted, true)),
        ];
        agreements.into_iter().filter(|(_, agrees)| !agrees).map(|(field, _)| field).collect()
    }

    fn merge_mode(&mut self, mode: ModeSeen) -> bool {
        match (self.mode, mode) {
            (_, ModeSeen::Unseen) | (ModeSeen::Unusable, _) => true,
            (ModeSeen::Unseen, _) => {
                self.mode = mode;
                true
            }
            (ModeSeen::One(known), ModeSeen::One(new)) if known == new => true,
            (ModeSeen::One(_), ModeSeen::One(_) | ModeSeen::Unusable) => {
                self.mode = ModeSeen::Unusable;
                false
            }
        }
    }

    /// The finished registry; the login server must be known.
    pub(super) fn finish(self, id: Scope, login_server: SmolStr) -> Registry {
        let name = self.name.unwrap_or_else(|| id.name().into());
        Registry {
            id,
            name,
            login_server,
            regional_hosts: self.regional_hosts,
            data_hosts: self.data_hosts,
            mode: match self.mode {
                ModeSeen::One(mode) => Some(mode),
                ModeSeen::Unseen | ModeSeen::Unusable => None,
            },
            sku: self.sku,
            admin_user_enabled: self.admin_user_enabled.unwrap_or(false),
            anonymous_pull_enabled: self.anonymous_pull_enabled.unwrap_or(false),
            quarantine_enabled: self.quarantine_enabled.unwrap_or(false),
            arm_audience_tokens_enabled: self.arm_audience_tokens_enabled,
            network_restricted: self.network_restricted.unwrap_or(false),
            locked_repositories: self.locked_repositories,
        }
    }
}

/// Reads `az acr list|show` and ARM registries.
pub(super) fn read(collection: &mut Collection, origin: Origin, record: &Record<'_, '_>) {
    let Some(id) = record.scope("id", &mut collection.scopes) else {
        return record.missing("id", "a registry");
    };
    let part = RegistryPart {
        name: record.name("name"),
        login_server: record.lower_name("loginServer").filter(|server| !server.is_empty()),
        regional_hosts: lower_names(record, "regionalEndpointHostNames"),
        data_hosts: lower_names(record, "dataEndpointHostNames"),
        mode: mode(record),
        sku: record.object("sku").and_then(|sku| sku.name("name")),
        admin_user_enabled: record.flag("adminUserEnabled"),
        anonymous_pull_enabled: record.flag("anonymousPullEnabled"),
        quarantine_enabled: policy(record, "quarantinePolicy"),
        arm_audience_tokens_enabled: policy(record, "azureADAuthenticationAsArmPolicy"),
        network_restricted: network_restricted(record),
        // A lock is an attribute of the repository; no export of registries shows it.
        locked_repositories: Vec::new(),
    };
    merge_into(collection, origin, id, part, |code, field, message| {
        record.warn(code, field, message, "export the registries once, after the last change");
    });
}

/// Adds a part to the registry with this id; contradictions go to `warn`.
pub(super) fn merge_into(
    collection: &mut Collection,
    origin: Origin,
    id: Scope,
    part: RegistryPart,
    warn: impl Fn(LoadWarningCode, &str, String),
) {
    let name = id.name().to_owned();
    let (known, _) = collection.registries.entry(id, origin, RegistryPart::default);
    for field in known.merge(part) {
        let (code, outcome) = if field == "roleAssignmentMode" {
            (LoadWarningCode::RegistryModeConflict, "its permissions mode counts as unknown")
        } else {
            (LoadWarningCode::ExportsDisagree, "the value that grants less, or the first, is used")
        };
        warn(code, field, format!("exports of registry `{name}` disagree about `{field}`: {outcome}"));
    }
}

fn mode(record: &Record<'_, '_>) -> ModeSeen {
    let Some(text) = record.text("roleAssignmentMode").filter(|text| !text.is_empty()) else {
        return ModeSeen::Unseen;
    };
    if let Some(mode) = PermissionsMode::parse(&text) {
        return ModeSeen::One(mode);
    }
    record.warn(
        LoadWarningCode::UnknownValue,
        "roleAssignmentMode",
        format!("`roleAssignmentMode` is `{text}`: the registry's permissions mode counts as unknown"),
        "update acr-admission; it knows `LegacyRegistryPermissions` and `AbacRepositoryPermissions`",
    );
    ModeSeen::Unusable
}

fn policy(record: &Record<'_, '_>, name: &str) -> Option<bool> {
    let status = record.object("policies")?.object(name)?.text("status")?;
    Some(status.eq_ignore_ascii_case("enabled"))
}

fn network_restricted(record: &Record<'_, '_>) -> Option<bool> {
    let closed = record.text("publicNetworkAccess").map(|access| access.eq_ignore_ascii_case("disabled"));
    let rules = record.object("networkRuleSet").and_then(|rules| rules.text("defaultAction"));
    let listed = rules.map(|action| action.eq_ignore_ascii_case("deny"));
    match (closed, listed) {
        (None, None) => None,
        (closed, listed) => Some(closed.unwrap_or(false) || listed.unwrap_or(false)),
    }
}

fn lower_names(record: &Record<'_, '_>, key: &str) -> Vec<SmolStr> {
    let texts = record.texts(key).unwrap_or_default();
    texts.iter().map(|text| SmolStr::from(text.to_ascii_lowercase())).collect()
}

/// Reads `az acr show-endpoints`, which names its registry by login server only.
pub(super) fn read_endpoints(collection: &mut Collection, origin: Origin, record: &Record<'_, '_>) {
    let Some(login_server) = record.lower_name("loginServer") else { return };
    let hosts = |key| -> Vec<SmolStr> {
        let endpoints = record.records(key).unwrap_or_default();
        // Without dedicated data endpoints the CLI prints the pattern `*.blob.core.windows.net`: no host of ours.
        endpoints
            .iter()
            .filter_map(|one| one.lower_name("endpoint"))
            .filter(|host| !host.contains('*'))
            .collect()
    };
    let part = RegistryPart {
        regional_hosts: hosts("regionalEndpoints"),
        data_hosts: hosts("dataEndpoints"),
        ..RegistryPart::default()
    };
    collection.endpoints.push((origin, login_server, part));
}

/// Reads `az acr token list|show`.
pub(super) fn read_token(collection: &mut Collection, origin: Origin, record: &Record<'_, '_>) {
    let scopes = &mut collection.scopes;
    let (Some(id), Some(scope_map)) = (record.scope("id", scopes), record.scope("scopeMapId", scopes)) else {
        record.missing("id", "a token");
        return record.missing("scopeMapId", "a token");
    };
    let passwords = record.object("credentials").map(|credentials| {
        let passwords = credentials.records("passwords").unwrap_or_default();
        passwords.iter().map(|password| password.time("expiry")).collect()
    });
    let token = Token {
        registry: scopes.ancestor(&id, 2),
        name: id.name().into(),
        scope_map,
        enabled: record.text("status").is_some_and(|status| status.eq_ignore_ascii_case("enabled")),
        passwords,
    };
    let (known, is_new) = collection.tokens.entry(id, origin, || token.clone());
    if !is_new {
        known.enabled &= token.enabled;
        known.passwords = known.passwords.take().or(token.passwords);
    }
}

/// Reads `az acr scope-map list|show`.
pub(super) fn read_scope_map(collection: &mut Collection, origin: Origin, record: &Record<'_, '_>) {
    let Some(id) = record.scope("id", &mut collection.scopes) else {
        return record.missing("id", "a scope map");
    };
    let actions = record.names("actions").unwrap_or_default();
    let (known, _) = collection.scope_maps.entry(id.clone(), origin, || ScopeMap {
        name: id.name().into(),
        id,
        actions: Vec::new(),
    });
    if known.actions.is_empty() {
        known.actions = actions;
    }
}

/// Reads `az acr task list|show`.
pub(super) fn read_task(collection: &mut Collection, origin: Origin, record: &Record<'_, '_>) {
    let Some(id) = record.scope("id", &mut collection.scopes) else {
        return record.missing("id", "a task");
    };
    let identity = record.object("identity");
    let system_identity: Option<PrincipalId> =
        identity.as_ref().and_then(|identity| identity.guid("principalId"));
    let user_identities = identity.and_then(|identity| identity.object("userAssignedIdentities"));
    let source = record.object("credentials").and_then(|credentials| credentials.object("sourceRegistry"));
    let task = Task {
        registry: collection.scopes.ancestor(&id, 2),
        name: id.name().into(),
        system_identity,
        user_identities: user_identities
            .map(|ids| ids.keys().filter_map(|key| collection.scopes.intern(key).ok()).collect())
            .unwrap_or_default(),
        login_disabled: source.as_ref().is_some_and(|source| {
            source.text("loginMode").is_some_and(|mode| mode.eq_ignore_ascii_case("none"))
        }),
        source_identity: source.and_then(|source| source.name("identity")),
    };
    if let Some(principal_id) = system_identity {
        // Entra names a system-assigned identity after its resource; the registry keeps such names apart.
        let name = format_smolstr!("{}/{}", task.registry.name(), task.name);
        let part =
            PrincipalPart { kind: Some(PrincipalKind::ManagedIdentity), name, ..PrincipalPart::default() };
        collection.principals.entry(principal_id, origin, PrincipalPart::default).0.merge(part);
    }
    collection.tasks.entry(id, origin, || task);
}
