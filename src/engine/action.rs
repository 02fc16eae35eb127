//! What can be done with a registry, and which Azure permission each of it takes.
//!
//! The two permissions modes ask for different permissions: RBAC-only registries read control-plane `actions`,
//! ABAC-enabled ones read `dataActions` (Azure Container Registry, "Entra permissions and role assignments" and
//! "ABAC repository permissions"). The table below is the only place that knows which.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How a registry authorizes requests. Exports that do not say are *unknown*, never RBAC: older tools leave it out.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
pub enum PermissionsMode {
    /// "RBAC Registry Permissions": control-plane actions on the whole registry.
    #[serde(rename = "rbac")]
    Rbac,
    /// "RBAC Registry + ABAC Repository Permissions": data actions, optionally limited to repositories.
    #[serde(rename = "rbac-abac")]
    RbacAbac,
}

impl PermissionsMode {
    /// Both modes.
    pub const ALL: [Self; 2] = [Self::Rbac, Self::RbacAbac];

    /// The word of the Azure CLI's `--role-assignment-mode`, used in reports as well.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rbac => "rbac",
            Self::RbacAbac => "rbac-abac",
        }
    }

    /// Reads the CLI's word or ARM's `roleAssignmentMode` value, in any letter case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is = |word: &str| text.eq_ignore_ascii_case(word);
        if is("rbac") || is("LegacyRegistryPermissions") {
            Some(Self::Rbac)
        } else if is("rbac-abac") || is("AbacRepositoryPermissions") {
            Some(Self::RbacAbac)
        } else {
            None
        }
    }
}

impl fmt::Display for PermissionsMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What somebody wants to do with a repository, or with the registry's catalog.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Pull an image.
    #[default]
    Pull,
    /// Push an image, which reads as well.
    Push,
    /// Delete an image or a repository.
    Delete,
    /// List tags, manifests and referrers of a repository.
    List,
    /// List the registry's repositories. Never limited by a condition.
    Catalog,
}

/// The text is no action.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the actions are `pull`, `push`, `delete`, `list` and `catalog`")]
pub struct UnknownAction;

impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|action| action.as_str() == text).ok_or(UnknownAction)
    }
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 5] = [Self::Pull, Self::Push, Self::Delete, Self::List, Self::Catalog];

    /// The word of the command line and the batch format.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Delete => "delete",
            Self::List => "list",
            Self::Catalog => "catalog",
        }
    }

    /// The permissions that together allow this action in `mode`. Each may come from another assignment.
    #[must_use]
    pub const fn permissions(self, mode: PermissionsMode) -> &'static [Permission] {
        use Permission as P;
        match (mode, self) {
            (PermissionsMode::Rbac, Self::Pull | Self::List | Self::Catalog) => &[P::PullRead],
            (PermissionsMode::Rbac, Self::Push) => &[P::PushWrite, P::PullRead],
            (PermissionsMode::Rbac, Self::Delete) => &[P::ArtifactsDelete],
            (PermissionsMode::RbacAbac, Self::Pull) => &[P::ContentRead],
            (PermissionsMode::RbacAbac, Self::Push) => &[P::ContentWrite, P::ContentRead],
            (PermissionsMode::RbacAbac, Self::Delete) => &[P::ContentDelete, P::MetadataDelete],
            (PermissionsMode::RbacAbac, Self::List) => &[P::MetadataRead],
            (PermissionsMode::RbacAbac, Self::Catalog) => &[P::CatalogRead],
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One permission string of the registry's resource provider that a decision can turn on.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Permission {
    /// `…/registries/pull/read`, control plane.
    PullRead,
    /// `…/registries/push/write`, control plane.
    PushWrite,
    /// `…/registries/artifacts/delete`, control plane.
    ArtifactsDelete,
    /// `…/repositories/content/read`, data plane.
    ContentRead,
    /// `…/repositories/content/write`, data plane.
    ContentWrite,
    /// `…/repositories/content/delete`, data plane.
    ContentDelete,
    /// `…/repositories/metadata/read`, data plane.
    MetadataRead,
    /// `…/repositories/metadata/delete`, data plane.
    MetadataDelete,
    /// `…/catalog/read`, data plane.
    CatalogRead,
    /// `…/registries/quarantine/read`, control plane.
    QuarantineRead,
    /// `…/registries/quarantinedArtifacts/read`, data plane.
    QuarantinedArtifactsRead,
}

impl Permission {
    /// Every permission that a decision can turn on.
    pub const ALL: [Self; 11] = [
        Self::PullRead,
        Self::PushWrite,
        Self::ArtifactsDelete,
        Self::ContentRead,
        Self::ContentWrite,
        Self::ContentDelete,
        Self::MetadataRead,
        Self::MetadataDelete,
        Self::CatalogRead,
        Self::QuarantineRead,
        Self::QuarantinedArtifactsRead,
    ];

    /// What an image that has not passed the quarantine takes, in both modes, instead of what pulls take.
    pub const QUARANTINE: [Self; 2] = [Self::QuarantineRead, Self::QuarantinedArtifactsRead];

    /// Those that the actions turn on: all but the ones of the quarantine.
    pub fn ordinary() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|permission| !Self::QUARANTINE.contains(permission))
    }

    /// The whole permission string.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PullRead => "Microsoft.ContainerRegistry/registries/pull/read",
            Self::PushWrite => "Microsoft.ContainerRegistry/registries/push/write",
            Self::ArtifactsDelete => "Microsoft.ContainerRegistry/registries/artifacts/delete",
            Self::ContentRead => "Microsoft.ContainerRegistry/registries/repositories/content/read",
            Self::ContentWrite => "Microsoft.ContainerRegistry/registries/repositories/content/write",
            Self::ContentDelete => "Microsoft.ContainerRegistry/registries/repositories/content/delete",
            Self::MetadataRead => "Microsoft.ContainerRegistry/registries/repositories/metadata/read",
            Self::MetadataDelete => "Microsoft.ContainerRegistry/registries/repositories/metadata/delete",
            Self::CatalogRead => "Microsoft.ContainerRegistry/registries/catalog/read",
            Self::QuarantineRead => "Microsoft.ContainerRegistry/registries/quarantine/read",
            Self::QuarantinedArtifactsRead => {
                "Microsoft.ContainerRegistry/registries/quarantinedArtifacts/read"
            }
        }
    }

    /// Whether the permission is a data action. The other plane's entries never grant or deny it.
    #[must_use]
    pub const fn is_data_action(self) -> bool {
        match self {
            Self::PullRead | Self::PushWrite | Self::ArtifactsDelete | Self::QuarantineRead => false,
            Self::ContentRead
            | Self::ContentWrite
            | Self::ContentDelete
            | Self::MetadataRead
            | Self::MetadataDelete
            | Self::CatalogRead
            | Self::QuarantinedArtifactsRead => true,
        }
    }

    /// What the same action takes in the other mode: used to tell "only inert roles" from "no role at all".
    #[must_use]
    pub const fn in_other_mode(self) -> &'static [Self] {
        match self {
            Self::PullRead => &[Self::ContentRead, Self::MetadataRead, Self::CatalogRead],
            Self::PushWrite => &[Self::ContentWrite],
            Self::ArtifactsDelete => &[Self::ContentDelete],
            Self::ContentRead | Self::MetadataRead | Self::CatalogRead => &[Self::PullRead],
            Self::ContentWrite => &[Self::PushWrite],
            Self::ContentDelete | Self::MetadataDelete => &[Self::ArtifactsDelete],
            Self::QuarantineRead | Self::QuarantinedArtifactsRead => &[],
        }
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// A set of [`Permission`]s in one word, so that a role's grants are one test on the hot path.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct PermissionSet(u16);

impl PermissionSet {
    /// Adds one permission.
    pub fn insert(&mut self, permission: Permission) {
        self.0 |= permission.bit();
    }

    /// Adds all of another set.
    pub fn extend(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Whether the permission is in the set.
    #[must_use]
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// Whether any of the permissions is in the set.
    #[must_use]
    pub fn contains_any(self, permissions: &[Permission]) -> bool {
        permissions.iter().any(|permission| self.contains(*permission))
    }

    /// Whether nothing is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}
