//! What the node's plugin sends: whose login, if any.
//!
//! Under the question `workload` the workload's own identity stands in for whoever pulls in this cluster, in the
//! node's place in the chain; where a service account names none, the two questions agree.

use super::cluster::{ClusterProfile, DefaultIdentity, PluginLogin, PullIdentity, WithoutServiceAccount};
use super::location::ImageName;
use super::plugin::{PluginCredential, answers_with_login};
use super::puller::{Puller, Question, ServiceAccountFacts, ServiceAccountState};
use crate::engine::decision::Reason;

/// The node's contribution to a chain.
#[derive(Clone, Copy, Debug)]
pub(super) enum NodeCredential<'a> {
    /// A login.
    Sent(Sender<'a>),
    /// Perhaps a login; who it would be is not known.
    Unknown(Reason),
    /// Nothing, and why.
    NotSent(Reason),
}

/// Who logs in through the plugin.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sender<'a> {
    /// The kubelet identity.
    Kubelet,
    /// The cluster's service principal.
    ServicePrincipal,
    /// The identity of service accounts that name none.
    ClusterDefault(&'a DefaultIdentity),
    /// The client id in an annotation of the service account, as written.
    Annotation { client_id: &'a str, trust: Trust },
}

/// What stands behind the client id of an annotation.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Trust {
    /// An identity binding, which AKS itself enforces and no export shows.
    IdentityBinding,
    /// A federated credential, or nothing.
    FederatedCredential,
}

/// Why nobody logs in.
#[derive(Clone, Copy, Debug)]
enum NoSender {
    /// The cluster has no plugin.
    NoPlugin,
    /// The service account is not known.
    AccountNotFound,
    /// Its annotation is present and empty.
    EmptyAnnotation,
    /// Nobody is named, and there is no default.
    NobodyNamed,
}

impl<'a> NodeCredential<'a> {
    /// What the plugin sends for an image, as far as a question goes.
    pub(super) fn of(
        image: ImageName<'_>,
        puller: &Puller<'a>,
        cluster: &'a ClusterProfile,
        question: Question,
    ) -> Self {
        let sender = match question {
            Question::Actual => node_sender(puller, cluster),
            Question::Workload => workload_sender(puller, cluster),
        };
        if puller.virtual_node {
            return Self::NotSent(Reason::VirtualNodeHasNoPullIdentity);
        }
        if matches!(sender, Err(NoSender::NoPlugin)) {
            return Self::NotSent(Reason::NoPullIdentityConfigured);
        }
        let credential = match sender {
            Ok(Sender::ServicePrincipal) => PluginCredential::ClientSecret,
            Ok(Sender::Kubelet | Sender::ClusterDefault(_) | Sender::Annotation { .. }) | Err(_) => {
                PluginCredential::ManagedIdentity
            }
        };
        if !answers_with_login(image.host, cluster.cloud, &cluster.nodes.mirrors, credential) {
            return Self::NotSent(Reason::NodeCredentialNotSent);
        }
        match sender {
            Ok(sender) => match cluster.nodes.login {
                PluginLogin::Succeeds => Self::Sent(sender),
                PluginLogin::Fails => Self::NotSent(Reason::NodeCredentialNotSent),
            },
            Err(NoSender::AccountNotFound) => Self::Unknown(Reason::ServiceAccountNotFound),
            Err(NoSender::EmptyAnnotation) => Self::NotSent(Reason::EmptyAcrClientIdAnnotation),
            Err(NoSender::NobodyNamed | NoSender::NoPlugin) => {
                Self::NotSent(Reason::NoPullIdentityConfigured)
            }
        }
    }
}

/// Whom a node of this cluster logs in as.
fn node_sender<'a>(puller: &Puller<'a>, cluster: &'a ClusterProfile) -> Result<Sender<'a>, NoSender> {
    match cluster.pull_identity {
        PullIdentity::Kubelet => Ok(Sender::Kubelet),
        PullIdentity::ServicePrincipal => Ok(Sender::ServicePrincipal),
        PullIdentity::None => Err(NoSender::NoPlugin),
        // The plugin's configuration on Windows nodes asks for no token.
        PullIdentity::ServiceAccount if puller.windows => Ok(Sender::Kubelet),
        PullIdentity::ServiceAccount => match puller.service_account {
            ServiceAccountState::Found(account) => {
                acr_sender(account, cluster.pull_identity).unwrap_or_else(|| {
                    let default = cluster.default_identity.as_ref();
                    default.map(Sender::ClusterDefault).ok_or(NoSender::NobodyNamed)
                })
            }
            ServiceAccountState::NotFound => Err(NoSender::AccountNotFound),
            ServiceAccountState::StaticPod => Err(NoSender::NobodyNamed),
        },
        PullIdentity::ServiceAccountGeneric => match puller.service_account {
            ServiceAccountState::Found(account) => {
                acr_sender(account, cluster.pull_identity).unwrap_or(Err(NoSender::NobodyNamed))
            }
            ServiceAccountState::NotFound => Err(NoSender::AccountNotFound),
            ServiceAccountState::StaticPod => match cluster.nodes.without_service_account {
                WithoutServiceAccount::Nothing => Err(NoSender::NobodyNamed),
                WithoutServiceAccount::NodeIdentity => Ok(Sender::Kubelet),
            },
        },
    }
}

/// The workload's own identity, else whom the node logs in as: never one that this cluster's mode would not use.
fn workload_sender<'a>(puller: &Puller<'a>, cluster: &'a ClusterProfile) -> Result<Sender<'a>, NoSender> {
    let account = match puller.service_account {
        ServiceAccountState::Found(account) => account,
        ServiceAccountState::NotFound => return Err(NoSender::AccountNotFound),
        ServiceAccountState::StaticPod => return node_sender(puller, cluster),
    };
    if let Some(sender) = acr_sender(account, cluster.pull_identity) {
        return sender;
    }
    match account.workload_client_id.as_deref().filter(|client_id| !client_id.trim().is_empty()) {
        Some(client_id) => Ok(Sender::Annotation { client_id, trust: Trust::FederatedCredential }),
        None => node_sender(puller, cluster),
    }
}

/// Whom the annotations for image pulls name, if they are there at all.
fn acr_sender(account: &ServiceAccountFacts, mode: PullIdentity) -> Option<Result<Sender<'_>, NoSender>> {
    let client_id = account.acr_client_id.as_deref()?;
    if client_id.is_empty() {
        return Some(Err(NoSender::EmptyAnnotation));
    }
    let tenant_missing = account.acr_tenant_id.as_deref().is_none_or(str::is_empty);
    Some(match mode {
        PullIdentity::ServiceAccount => Ok(Sender::Annotation { client_id, trust: Trust::IdentityBinding }),
        PullIdentity::ServiceAccountGeneric if tenant_missing => Err(NoSender::NobodyNamed),
        // Elsewhere nothing but a federated credential could back what anybody may write into an annotation.
        PullIdentity::ServiceAccountGeneric
        | PullIdentity::Kubelet
        | PullIdentity::ServicePrincipal
        | PullIdentity::None => Ok(Sender::Annotation { client_id, trust: Trust::FederatedCredential }),
    })
}
