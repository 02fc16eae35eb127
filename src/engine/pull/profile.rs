//! A cluster's profile: what the exports show of it, what an operator says, and what nobody told.

use smol_str::{SmolStr, ToSmolStr};
use thiserror::Error;

use super::cluster::{Cloud, ClusterProfile, DefaultIdentity, Federation, NodeConditions, PullIdentity};
use crate::engine::index::{IdentityMatch, Index};
use crate::engine::inventory::Cluster;
use crate::engine::scope::Scope;

/// What an operator says about a cluster. It wins over the exports.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ProfileOverrides {
    /// Who pulls where no pull secret does.
    pub pull_identity: Option<PullIdentity>,
    /// The cloud of the nodes, which no export of a cluster shows; Azure itself if not given.
    pub cloud: Option<Cloud>,
    /// The identity of service accounts that name none: an id of any kind, or a name.
    pub default_identity: Option<SmolStr>,
    /// When a client id annotation is believed.
    pub federation: Option<Federation>,
    /// The issuer of service account tokens.
    pub issuer: Option<SmolStr>,
}

/// A profile, and what could not be determined.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The profile.
    pub cluster: ClusterProfile,
    /// What an operator should know before relying on it.
    pub notes: Vec<ProfileNote>,
}

/// Something about a cluster that neither exports nor operator say.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum ProfileNote {
    /// No cluster of the inventory has this name or id.
    #[error("no cluster `{0}` in the inventory")]
    ClusterNotFound(SmolStr),
    /// Several clusters, and none was named.
    #[error("the inventory holds {0} clusters and none was chosen")]
    ClusterNotChosen(usize),
    /// The Azure CLI never shows whether service accounts pull, so the kubelet identity is taken to.
    #[error("the export of `{0}` does not show who pulls: the kubelet identity is assumed")]
    PullIdentityAssumed(SmolStr),
    /// The kubelet identity pulls and is not known, so whatever only it could pull is unknown.
    #[error("the kubelet identity of `{0}` is not known")]
    KubeletIdentityUnknown(SmolStr),
    /// A service principal pulls and is not known.
    #[error("the service principal of `{0}` is not known")]
    ServicePrincipalUnknown(SmolStr),
    /// The default identity is in no export.
    #[error("the default identity `{0}` is not in the inventory")]
    DefaultIdentityNotInEstate(SmolStr),
    /// Several identities have the name that was given for the default.
    #[error("several identities are named `{0}`: give an id")]
    DefaultIdentityAmbiguous(SmolStr),
    /// Without the issuer no federated credential can match.
    #[error("the token issuer of `{0}` is not known: no federated credential matches")]
    IssuerUnknown(SmolStr),
}

impl ClusterProfile {
    /// The profile of a cluster of the inventory: the named one, or the only one.
    #[must_use]
    pub fn from_inventory(index: &Index, name: Option<&str>, overrides: &ProfileOverrides) -> Profile {
        let mut notes = Vec::new();
        let cluster = choose(index, name, &mut notes);
        let ProfileOverrides { pull_identity, cloud, default_identity, federation, issuer } = overrides;
        let name = cluster.map(|cluster| cluster.name.as_str()).or(name).unwrap_or_default();
        let profile = Self {
            name: name.into(),
            pull_identity: pull_identity.unwrap_or_else(|| exported_pull_identity(cluster, &mut notes)),
            cloud: cloud.unwrap_or_default(),
            kubelet_identity: cluster
                .and_then(|cluster| cluster.kubelet_identity.as_ref())
                .map(|identity| identity.principal_id),
            service_principal: cluster.and_then(|cluster| cluster.service_principal),
            default_identity: match default_identity {
                Some(text) => Some(named_default(index, text, &mut notes)),
                None => exported_default(index, cluster, &mut notes),
            },
            oidc_issuer: issuer.clone().or_else(|| cluster.and_then(|cluster| cluster.oidc_issuer.clone())),
            federation: federation.unwrap_or_default(),
            nodes: NodeConditions::default(),
        };
        profile.note_what_is_missing(index, &mut notes);
        Profile { cluster: profile, notes }
    }

    fn note_what_is_missing(&self, index: &Index, notes: &mut Vec<ProfileNote>) {
        let name = || self.name.clone();
        match self.pull_identity {
            PullIdentity::Kubelet if self.kubelet_identity.is_none() => {
                notes.push(ProfileNote::KubeletIdentityUnknown(name()));
            }
            PullIdentity::ServicePrincipal if self.service_principal.is_none() => {
                notes.push(ProfileNote::ServicePrincipalUnknown(name()));
            }
            PullIdentity::Kubelet
            | PullIdentity::ServicePrincipal
            | PullIdentity::ServiceAccount
            | PullIdentity::ServiceAccountGeneric
            | PullIdentity::None => {}
        }
        let federation_matters = match self.federation {
            Federation::RequiredWhenKnown => !index.inventory().federated_credentials.is_empty(),
            Federation::Required => true,
            Federation::Trusted => false,
        };
        if federation_matters && self.oidc_issuer.is_none() {
            notes.push(ProfileNote::IssuerUnknown(name()));
        }
    }
}

fn choose<'index>(
    index: &'index Index,
    name: Option<&str>,
    notes: &mut Vec<ProfileNote>,
) -> Option<&'index Cluster> {
    if let Some(name) = name {
        let found = index.find_cluster(name);
        if found.is_none() {
            notes.push(ProfileNote::ClusterNotFound(name.into()));
        }
        return found;
    }
    match index.inventory().clusters.as_slice() {
        [only] => Some(only),
        clusters => {
            notes.push(ProfileNote::ClusterNotChosen(clusters.len()));
            None
        }
    }
}

fn exported_pull_identity(cluster: Option<&Cluster>, notes: &mut Vec<ProfileNote>) -> PullIdentity {
    let Some(cluster) = cluster else { return PullIdentity::default() };
    match &cluster.service_account_image_pull {
        Some(profile) if profile.enabled => PullIdentity::ServiceAccount,
        None if cluster.kubelet_identity.is_none() && cluster.service_principal.is_some() => {
            PullIdentity::ServicePrincipal
        }
        Some(_) => PullIdentity::Kubelet,
        None => {
            notes.push(ProfileNote::PullIdentityAssumed(cluster.name.clone()));
            PullIdentity::Kubelet
        }
    }
}

fn exported_default(
    index: &Index,
    cluster: Option<&Cluster>,
    notes: &mut Vec<ProfileNote>,
) -> Option<DefaultIdentity> {
    let id: &Scope = cluster?.service_account_image_pull.as_ref()?.default_identity.as_ref()?;
    let principal = index.principal_by_resource_id(id);
    if principal.is_none() {
        notes.push(ProfileNote::DefaultIdentityNotInEstate(id.to_smolstr()));
    }
    let client_id = principal.and_then(|principal| principal.client_id);
    Some(DefaultIdentity {
        client_id: client_id.map_or_else(|| id.to_smolstr(), |id| id.to_smolstr()),
        principal_id: principal.map(|principal| principal.principal_id),
    })
}

fn named_default(index: &Index, text: &SmolStr, notes: &mut Vec<ProfileNote>) -> DefaultIdentity {
    let found = match index.find_identity(text) {
        IdentityMatch::One(found) => Some(found),
        IdentityMatch::Several => {
            notes.push(ProfileNote::DefaultIdentityAmbiguous(text.clone()));
            None
        }
        IdentityMatch::None => {
            notes.push(ProfileNote::DefaultIdentityNotInEstate(text.clone()));
            None
        }
    };
    let client_id = found.and_then(|found| found.principal?.client_id);
    DefaultIdentity {
        client_id: client_id.map_or_else(|| text.clone(), |id| id.to_smolstr()),
        principal_id: found.map(|found| found.principal_id),
    }
}
