//! The pod's side of a pull, and the answers.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::engine::decision::{AdviceSet, Reason, Verdict};
use crate::engine::guid::PrincipalId;
use crate::engine::index::RegistryNumber;

/// What a pull is judged by.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Question {
    /// May this workload's own identity pull it?
    #[default]
    Workload,
    /// Will the node manage to pull it?
    Actual,
}

/// Everything about a pod that its pulls depend on.
#[derive(Clone, Debug)]
pub struct Puller<'a> {
    /// The namespace of the request, never of the object.
    pub namespace: &'a str,
    /// The service account's name, defaults applied.
    pub service_account_name: &'a str,
    /// The service account itself.
    pub service_account: ServiceAccountState<'a>,
    /// The secrets that the kubelet would read, in order: the pod's, or the service account's where the pod
    /// names none at all.
    pub pull_secrets: Vec<PullSecretState<'a>>,
    /// The pod is bound to a virtual node, which has no credential of its own.
    pub virtual_node: bool,
    /// The pod is bound to Windows nodes, whose plugin gets no service account token.
    pub windows: bool,
}

/// What is known of a service account.
#[derive(Clone, Copy, Debug)]
pub enum ServiceAccountState<'a> {
    /// It exists.
    Found(&'a ServiceAccountFacts),
    /// It does not exist (yet).
    NotFound,
}

/// The parts of a service account that pulls depend on.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ServiceAccountFacts {
    /// `kubernetes.azure.com/acr-client-id`; present and empty is not the same as absent.
    pub acr_client_id: Option<SmolStr>,
    /// `kubernetes.azure.com/acr-tenant-id`.
    pub acr_tenant_id: Option<SmolStr>,
    /// `azure.workload.identity/client-id`.
    pub workload_client_id: Option<SmolStr>,
    /// Names of its pull secrets.
    pub pull_secrets: Vec<SmolStr>,
}

/// What is known of one pull secret.
#[derive(Clone, Debug)]
pub enum PullSecretState<'a> {
    /// Its content was read.
    Read(&'a PullSecret),
    /// Its content is there, and a kubelet cannot read it: nobody tries anything.
    Malformed {
        /// The secret's name.
        name: &'a str,
    },
    /// No such secret: the kubelet goes on without it.
    Absent {
        /// The secret's name.
        name: &'a str,
    },
    /// The secret may exist; its content may not be read here.
    NotReadable {
        /// The secret's name.
        name: &'a str,
    },
}

/// The entries of a docker configuration, without any password.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PullSecret {
    /// The secret's name.
    pub name: SmolStr,
    /// Its entries as written.
    pub entries: Vec<PullSecretEntry>,
}

/// One entry of a docker configuration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PullSecretEntry {
    /// The key as written, such as `contoso.azurecr.io` or `https://contoso.azurecr.io/v2/`.
    pub key: SmolStr,
    /// The user name, possibly empty.
    pub user: SmolStr,
    /// Whether there is a password. Without one the entry is an anonymous try.
    pub has_password: bool,
}

/// What an image's registry and repository are, and the answers to both questions.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The registry, where the host is one's login server.
    pub registry: Option<RegistryNumber>,
    /// The repository in that registry.
    pub repository: Option<SmolStr>,
    /// Will the node manage to pull it?
    pub actual: Answer,
    /// May the workload's own identity pull it?
    pub workload: Answer,
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

/// One try of a kubelet, in the words of reports (`secret:NAME:USER`, `node`, `anonymous`, …).
#[derive(Clone, Debug, Eq, PartialEq)]
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
