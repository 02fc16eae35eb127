//! What an export could not read, and which answers become doubtful by that.
//!
//! Where role or deny assignments around a registry are missing, nobody knows what a role grants or what is taken away:
//! what would be an allow or a denial is `unknown` there. Of the other kinds what is missing counts as not there, which
//! makes answers `unknown` or `deny` by itself. Everybody who reads the inventory is told of every gap.

use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use uuid::Uuid;

use super::scope::Scope;

/// Something that an export asked Azure for in vain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Gap {
    /// What could not be read.
    pub what: GapKind,
    /// Of whom: a subscription, registry, cluster, identity or group, as the export names it.
    pub scope: SmolStr,
    /// The command that failed, where told.
    pub command: SmolStr,
    /// Why it failed, where told.
    pub why: SmolStr,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident, $words:literal, $weakens:literal;)+) => {
        /// What can be missing from an export.
        #[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        #[serde(rename_all = "camelCase")]
        pub enum GapKind {
            $($(#[$doc])* $variant,)+
        }

        impl GapKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// What people call it.
            #[must_use]
            pub const fn words(self) -> &'static str {
                match self {
                    $(Self::$variant => $words,)+
                }
            }

            /// Which answers become doubtful.
            #[must_use]
            pub const fn weakens(self) -> &'static str {
                match self {
                    $(Self::$variant => $weakens,)+
                }
            }
        }
    };
}

kinds! {
    /// Deny assignments of a subscription.
    DenyAssignments, "deny assignments",
        "what a role grants there is unknown, because a deny assignment that takes it away may be missing";
    /// Role assignments of a subscription.
    RoleAssignments, "role assignments",
        "who holds no fitting role there is unknown, because the grant may be missing";
    /// Role definitions of a subscription.
    RoleDefinitions, "role definitions",
        "a denial there may be wrong, because custom roles grant nothing without their definition";
    /// Registries of a subscription.
    Registries, "registries",
        "their images count as those of a registry that is not managed";
    /// Tokens of a registry.
    Tokens, "tokens",
        "pull secrets that hold one are unknown";
    /// Scope maps of a registry.
    ScopeMaps, "scope maps",
        "a denial of one of its tokens may be wrong, because a token without scope map may do nothing";
    /// Tasks of a registry.
    Tasks, "tasks",
        "questions about one of its tasks cannot be asked";
    /// Managed identities of a subscription.
    Identities, "managed identities",
        "client ids that name one of them are unknown";
    /// Federated credentials of an identity.
    FederatedCredentials, "federated credentials",
        "service accounts that name the identity are unknown";
    /// Clusters of a subscription.
    Clusters, "clusters",
        "who pulls in them must be said in the settings";
    /// The image-pull profile of a cluster.
    PullIdentity, "the image-pull profile",
        "the kubelet identity is taken for the one that pulls, which is wrong where service accounts do";
    /// Members of a group.
    GroupMembers, "group members",
        "a denial may be wrong where a grant to the group is missing, and an allow where a denial to it is";
    /// Management groups above a subscription.
    ManagementGroups, "management groups",
        "assignments at management groups may be left out: a denial or an allow there may be wrong";
    /// Conditional Access policies of the tenant.
    ConditionalAccess, "Conditional Access policies",
        "what they demand of people who sign in is not known; workloads are not affected";
}

impl Gap {
    /// Whether what is missing may be about a resource of a subscription. What names no subscription may be about any.
    #[must_use]
    pub fn may_concern(&self, resource: &Scope) -> bool {
        let subscription = match Scope::parse(&self.scope) {
            Ok(scope) => scope.subscription().map(str::to_owned),
            Err(_) => Some(self.scope.to_lowercase()),
        };
        let names_one = |text: &String| text.parse::<Uuid>().is_ok();
        subscription.filter(names_one).is_none_or(|id| resource.subscription() == Some(id.as_str()))
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of `{}`", self.what.words(), self.scope)
    }
}
