//! What is answered about an image: a reason with who decided, the chain of tries, and advice.

use std::fmt;

use serde::{Serialize, Serializer};
use smol_str::SmolStr;

use crate::engine::decision::{AdviceSet, Reason, Verdict};
use crate::engine::guid::PrincipalId;
use crate::engine::index::RegistryNumber;

/// What an image's registry and repository are, and the answers to both questions.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The registry, where the host is one's login server or data endpoint.
    pub registry: Option<RegistryNumber>,
    /// The repository in that registry.
    pub repository: Option<SmolStr>,
    /// Will the node manage to pull it?
    pub actual: Answer,
    /// May the workload's own identity pull it?
    pub workload: Answer,
}

/// What an image's registry and repository are, and the answer to one question.
#[derive(Clone, Debug)]
pub struct QuestionJudgement {
    /// The registry, where the host is one's login server or data endpoint.
    pub registry: Option<RegistryNumber>,
    /// The repository in that registry.
    pub repository: Option<SmolStr>,
    /// The answer.
    pub answer: Answer,
}

/// The answer to one question about one image.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Why; the verdict follows from it.
    pub reason: Reason,
    /// Who decided; `None` where nobody was asked.
    pub identity: Option<JudgedIdentity>,
    /// Name of the role assignment, deny assignment or scope map that decided.
    pub by: Option<SmolStr>,
    /// The tries a kubelet would make, in order.
    pub chain: Vec<Try>,
    /// What else is worth knowing.
    pub advice: AdviceSet,
}

impl Answer {
    /// The answer where nothing but the reason is known.
    #[must_use]
    pub fn unknown(reason: Reason) -> Self {
        Self { reason, identity: None, by: None, chain: Vec::new(), advice: AdviceSet::default() }
    }

    /// The verdict.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.reason.verdict()
    }
}

/// Who an answer is about.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JudgedIdentity {
    /// What kind of account it is.
    pub kind: IdentityKind,
    /// Its name: display name, token name, registry name, or `anonymous`.
    pub name: SmolStr,
    /// The object id, for Entra identities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal_id: Option<PrincipalId>,
}

/// The kinds of account that can pull.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub enum IdentityKind {
    /// A managed identity.
    ManagedIdentity,
    /// A service principal.
    ServicePrincipal,
    /// A person.
    User,
    /// A repository-scoped token of the registry.
    Token,
    /// The registry's admin user.
    AdminUser,
    /// Nobody.
    Anonymous,
}

/// One try of a kubelet. It prints in the words of reports: `secret:NAME:USER`, `node`, `anonymous`, ….
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Try {
    /// A secret's entry with a password.
    Secret {
        /// The secret's name.
        name: SmolStr,
        /// The entry's user name.
        user: SmolStr,
    },
    /// A secret's entry without one, which goes out as an anonymous request.
    SecretWithoutPassword {
        /// The secret's name.
        name: SmolStr,
    },
    /// An entry of a docker configuration on the node.
    NodeConfig {
        /// The entry's user name.
        user: SmolStr,
    },
    /// The node's own identity.
    Node,
    /// The service account's identity, by client id as written.
    ServiceAccountIdentity {
        /// The client id.
        client_id: SmolStr,
    },
    /// The empty entry of a plugin answer that also held a login.
    PluginAnonymous,
    /// No credential at all, where nothing else was found.
    Anonymous,
}

impl Try {
    /// Whether the request goes out without any credential, for whichever reason.
    #[must_use]
    pub const fn is_anonymous(&self) -> bool {
        match self {
            Self::SecretWithoutPassword { .. } | Self::PluginAnonymous | Self::Anonymous => true,
            Self::Secret { .. }
            | Self::NodeConfig { .. }
            | Self::Node
            | Self::ServiceAccountIdentity { .. } => false,
        }
    }
}

impl fmt::Display for Try {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret { name, user } => write!(f, "secret:{name}:{user}"),
            Self::SecretWithoutPassword { name } => write!(f, "secretWithoutPassword:{name}"),
            Self::NodeConfig { user } => write!(f, "nodeConfig:{user}"),
            Self::Node => f.write_str("node"),
            Self::ServiceAccountIdentity { client_id } => write!(f, "serviceAccountIdentity:{client_id}"),
            Self::PluginAnonymous => f.write_str("pluginAnonymous"),
            Self::Anonymous => f.write_str("anonymous"),
        }
    }
}

impl Serialize for Try {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
