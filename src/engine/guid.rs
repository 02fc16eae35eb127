//! The GUIDs Azure tells things apart by, one type each, so that a client id can never be compared with an
//! object id by accident: mixing the two up is the commonest mistake in role assignments.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! guid {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a GUID that is known to be of this kind.
            #[must_use]
            pub const fn new(guid: Uuid) -> Self {
                Self(guid)
            }

            /// The bare GUID.
            #[must_use]
            pub const fn guid(self) -> Uuid {
                self.0
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            /// Reads a GUID in any letter case, with or without hyphens.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }
    };
}

guid! {
    /// The object id of a user, group, service principal or managed identity: what role assignments name.
    PrincipalId
}
guid! {
    /// The client (application) id of a managed identity or service principal: what annotations and pull
    /// secrets name. Role assignments never do.
    ClientId
}
guid! {
    /// The GUID at the end of a role definition id. Built-in roles keep it when Azure renames them.
    RoleId
}

impl PrincipalId {
    /// "Everyone" in a deny assignment: the all-zero id of type `SystemDefined`
    /// (Azure RBAC, "List Azure deny assignments").
    pub const EVERYONE: Self = Self(Uuid::nil());
}
