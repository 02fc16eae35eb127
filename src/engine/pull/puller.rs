//! The pod's side of a pull. Everything is borrowed from whoever read the pod, its account and its secrets.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::holder::TokenHolder;

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

impl<'a> Puller<'a> {
    /// Whose token each secret holds, by the secret's name, where an `AcrPullBinding` tells.
    pub(super) fn holders(&self) -> HashMap<&'a str, &'a TokenHolder> {
        let mut holders = HashMap::new();
        for state in &self.pull_secrets {
            if let PullSecretState::Read(PullSecret { name, holder: Some(holder), .. }) = *state {
                holders.entry(name.as_str()).or_insert(holder);
            }
        }
        holders
    }
}

/// What is known of a service account.
#[derive(Clone, Copy, Debug)]
pub enum ServiceAccountState<'a> {
    /// It exists.
    Found(&'a ServiceAccountFacts),
    /// It does not exist (yet).
    NotFound,
    /// The pod has none: a static pod.
    StaticPod,
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
#[derive(Clone, Copy, Debug)]
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
    /// Whose token it holds, where an `AcrPullBinding` tells.
    pub holder: Option<TokenHolder>,
}

/// One entry of a docker configuration, without its password.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct PullSecretEntry {
    /// The key as written, such as `contoso.azurecr.io` or `https://contoso.azurecr.io/v2/`.
    pub key: SmolStr,
    /// The user name, possibly empty.
    pub user: SmolStr,
    /// Whether there is a password. Without one the entry is an anonymous try.
    pub has_password: bool,
}
