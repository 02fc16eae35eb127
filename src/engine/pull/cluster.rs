//! What has to be known of a cluster to tell who pulls in it.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::puller::PullSecretEntry;
use crate::engine::guid::{ClientId, PrincipalId};

/// A cluster's side of every pull: the exports' facts with the operator's settings applied.
#[derive(Clone, Debug)]
pub struct ClusterProfile {
    /// The resource name in the inventory.
    pub name: SmolStr,
    /// Who pulls where no pull secret does.
    pub pull_identity: PullIdentity,
    /// The cloud of the nodes: their plugin serves regional and hyphenated hosts of this cloud only.
    pub cloud: Cloud,
    /// Object id of the kubelet identity.
    pub kubelet_identity: Option<PrincipalId>,
    /// Client id of the cluster's service principal.
    pub service_principal: Option<ClientId>,
    /// The identity of service accounts that name none, in service-account mode.
    pub default_identity: Option<DefaultIdentity>,
    /// The issuer of the cluster's service account tokens, compared as exact text.
    pub oidc_issuer: Option<SmolStr>,
    /// When a client id annotation is believed.
    pub federation: Federation,
    /// What is special about the nodes. Nothing, on AKS.
    pub nodes: NodeConditions,
}

/// The identity of service accounts that name none.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DefaultIdentity {
    /// Its client id, as text: the plugin sends whatever it is given.
    pub client_id: SmolStr,
    /// Its object id; `None` where no export knows the identity.
    pub principal_id: Option<PrincipalId>,
}

/// What changes the chain of a node, and is seen neither in a pod nor in an export.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct NodeConditions {
    /// Entries of a `config.json` in the kubelet's root or home directory; AKS writes none.
    pub docker_config: Vec<PullSecretEntry>,
    /// Hosts that the plugin serves in the name of another registry.
    pub mirrors: Vec<Mirror>,
    /// Whether the plugin's logins succeed.
    pub login: PluginLogin,
    /// What the plugin does for pods without a service account.
    pub without_service_account: WithoutServiceAccount,
}

/// A host whose images another registry serves (network-isolated clusters: `mcr.microsoft.com`).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mirror {
    /// The host in image references.
    pub source: SmolStr,
    /// The registry that the plugin logs in at.
    pub target: SmolStr,
}

/// Whether the credential plugin gets the logins that it tries for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum PluginLogin {
    /// It does.
    #[default]
    Succeeds,
    /// It does not: the exchange is refused, the identity is not bound to the cluster, or the kubelet may not ask for
    /// the token's audience. A plugin that fails gives nothing at all, not even the empty entry.
    Fails,
}

/// What the plugin does in a service-account mode for pods that have no service account, static ones.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum WithoutServiceAccount {
    /// It fails, or is not even asked.
    #[default]
    Nothing,
    /// It logs in with the node's identity (`requireServiceAccount: false`, self-managed plugins only).
    NodeIdentity,
}

/// Who pulls in a cluster where no pull secret does.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum PullIdentity {
    /// The kubelet identity, for every pod: the default of AKS.
    #[default]
    Kubelet,
    /// The service account's identity, else the cluster's default (AKS service-account image pull).
    ServiceAccount,
    /// The service account's identity, with both annotations required (self-managed credential plugins).
    ServiceAccountGeneric,
    /// The cluster's service principal (old AKS clusters).
    ServicePrincipal,
    /// Nobody: no credential plugin.
    None,
}

/// An Azure cloud.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum Cloud {
    /// Azure, `azurecr.io`.
    #[default]
    AzurePublic,
    /// Azure operated by 21Vianet, `azurecr.cn`.
    AzureChina,
    /// Azure Government, `azurecr.us`.
    AzureUSGovernment,
}

impl Cloud {
    /// The last two labels of registry hosts in this cloud.
    #[must_use]
    pub const fn registry_suffix(self) -> &'static str {
        match self {
            Self::AzurePublic => "azurecr.io",
            Self::AzureChina => "azurecr.cn",
            Self::AzureUSGovernment => "azurecr.us",
        }
    }
}

/// When a client id annotation counts as the workload's identity. It is only a claim: whoever may edit the
/// service account may write it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Federation {
    /// A matching federated credential is required once the inventory holds any; with none it counts, with advice.
    #[default]
    RequiredWhenKnown,
    /// A matching federated credential is always required.
    Required,
    /// The annotation is believed.
    Trusted,
}
