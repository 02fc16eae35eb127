//! `AcrPullBinding`: who stands behind the pull secrets that Azure/msi-acrpull writes.
//!
//! ```text
//! acrpull.microsoft.com/v1beta2        spec.acr.{server, scope}, spec.auth.…, spec.serviceAccountName
//!                                      → Secret acr-pull-BINDING
//! msi-acrpull.microsoft.com/v1beta1    spec.{acrServer, managedIdentityClientID, …, serviceAccountName}
//!                                      → Secret BINDING-msi-acrpull-secret
//! ```
//!
//! The controller adds the Secret to the service account's pull secrets. Where a manifest holds the binding, the
//! Secret is what the controller will make of it, whether it is there already or not.

use serde::Deserialize;
use smol_str::{SmolStr, ToSmolStr, format_smolstr};

use super::account::given;
use super::object::{ObjectError, ObjectHeader, read_object};
use super::secret::Secret;
use super::shape;
use super::wire::{Metadata, Object, Text};
use crate::engine::pull::{
    HolderIdentity, PullSecret, PullSecretEntry, ServiceAccountFacts, TOKEN_USER, TokenHolder,
};

/// The versions of the binding, by the group of their API.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PullBindingVersion {
    /// `msi-acrpull.microsoft.com/v1beta1`.
    V1Beta1,
    /// `acrpull.microsoft.com/v1beta2`.
    V1Beta2,
}

/// One binding of a managed identity to a registry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PullBinding {
    /// `metadata.namespace`; `None` where a file leaves it to the command line.
    pub namespace: Option<String>,
    /// The Secret that the controller writes.
    pub secret: SmolStr,
    /// The service account that gets the Secret.
    pub service_account: SmolStr,
    /// The registry's login server; empty where the controller's default is meant.
    pub server: SmolStr,
    /// The scope of the token, as written.
    pub scope: Option<SmolStr>,
    /// How it names its identity.
    pub identity: BindingIdentity,
}

/// How a binding names its identity.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum BindingIdentity {
    /// Told whole.
    Told(HolderIdentity),
    /// The client id that this service account is annotated with.
    AnnotationOf(SmolStr),
}

impl PullBindingVersion {
    /// The version that this group of APIs serves.
    #[must_use]
    pub fn of_group(group: &str) -> Option<Self> {
        match group {
            "msi-acrpull.microsoft.com" => Some(Self::V1Beta1),
            "acrpull.microsoft.com" => Some(Self::V1Beta2),
            _ => None,
        }
    }

    fn secret_name(self, binding: &str) -> SmolStr {
        match self {
            Self::V1Beta1 => format_smolstr!("{binding}-msi-acrpull-secret"),
            Self::V1Beta2 => format_smolstr!("acr-pull-{binding}"),
        }
    }
}

impl PullBinding {
    /// Reads a binding from its JSON text.
    ///
    /// # Errors
    ///
    /// A field has the wrong type.
    pub fn read(version: PullBindingVersion, json: &str) -> Result<Self, ObjectError> {
        let Wire { metadata: Object(metadata), spec: Object(spec) } =
            read_object(json, &shape::PULL_BINDING)?;
        let header = ObjectHeader::new(metadata);
        let (server, scope, identity) = match version {
            PullBindingVersion::V1Beta1 => {
                let managed = Managed { client_id: spec.client_id, resource_id: spec.resource_id };
                (spec.acr_server, spec.scope, BindingIdentity::Told(managed.identity()))
            }
            PullBindingVersion::V1Beta2 => {
                let Object(Registry { server, scope }) = spec.acr;
                (server, scope, spec.auth.0.identity(&spec.service_account_name))
            }
        };
        let service_account = spec.service_account_name.0;
        Ok(Self {
            namespace: given(&header.namespace),
            secret: version.secret_name(&header.name),
            // Only the older version lets the account out.
            service_account: if service_account.is_empty() {
                "default".into()
            } else {
                service_account.into()
            },
            server: server.0.to_smolstr(),
            scope: some(&scope),
            identity,
        })
    }

    /// The service account whose annotation names the identity, if one does.
    #[must_use]
    pub fn annotated_account(&self) -> Option<&str> {
        match &self.identity {
            BindingIdentity::Told(_) => None,
            BindingIdentity::AnnotationOf(account) => Some(account),
        }
    }

    /// Adds the Secret to its service account's pull secrets, as the controller does.
    pub fn add_to(&self, account: &mut ServiceAccountFacts) {
        if !account.pull_secrets.contains(&self.secret) {
            account.pull_secrets.push(self.secret.clone());
        }
    }

    /// The Secret that the controller makes of the binding; `None` where only the controller knows the registry.
    /// `annotated` is the account that [`annotated_account`](Self::annotated_account) names, if it is known.
    #[must_use]
    pub fn to_secret(&self, annotated: Option<&ServiceAccountFacts>) -> Option<Secret> {
        if self.server.is_empty() {
            return None;
        }
        let identity = match &self.identity {
            BindingIdentity::Told(identity) => identity.clone(),
            BindingIdentity::AnnotationOf(account) => {
                match annotated.and_then(|account| account.workload_client_id.clone()) {
                    Some(client_id) => {
                        HolderIdentity::Workload { client_id, service_account: account.clone() }
                    }
                    None => HolderIdentity::NotSaid,
                }
            }
        };
        let entry = PullSecretEntry { key: self.server.clone(), user: TOKEN_USER.into(), has_password: true };
        let contents = PullSecret {
            name: self.secret.clone(),
            entries: vec![entry],
            holder: Some(TokenHolder { identity, scope: self.scope.clone() }),
        };
        Some(Secret {
            namespace: self.namespace.clone(),
            name: self.secret.to_string(),
            contents: Ok(contents),
        })
    }
}

/// The fields of both versions; neither has a field that means something else in the other.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wire<'a> {
    #[serde(borrow)]
    metadata: Object<Metadata<'a>>,
    #[serde(borrow)]
    spec: Object<Spec<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec<'a> {
    #[serde(borrow)]
    service_account_name: Text<'a>,
    #[serde(borrow)]
    acr_server: Text<'a>,
    #[serde(borrow)]
    scope: Text<'a>,
    #[serde(borrow, rename = "managedIdentityClientID")]
    client_id: Text<'a>,
    #[serde(borrow, rename = "managedIdentityResourceID")]
    resource_id: Text<'a>,
    #[serde(borrow)]
    acr: Object<Registry<'a>>,
    #[serde(borrow)]
    auth: Object<Authentication<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Registry<'a> {
    #[serde(borrow)]
    server: Text<'a>,
    #[serde(borrow)]
    scope: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(clippy::struct_field_names, reason = "the names of the fields")]
struct Authentication<'a> {
    #[serde(borrow)]
    managed_identity: Option<Object<Managed<'a>>>,
    #[serde(borrow)]
    workload_identity: Option<Object<Federated<'a>>>,
    #[serde(borrow)]
    federated_identity: Option<Object<AcrossClouds<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Managed<'a> {
    #[serde(borrow, rename = "clientID")]
    client_id: Text<'a>,
    #[serde(borrow, rename = "resourceID")]
    resource_id: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Federated<'a> {
    #[serde(borrow, rename = "serviceAccountRef")]
    service_account: Text<'a>,
    #[serde(borrow, rename = "clientID")]
    client_id: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AcrossClouds<'a> {
    #[serde(borrow, rename = "targetClientID")]
    client_id: Text<'a>,
}

impl Managed<'_> {
    /// The client id wins, as in the controller.
    fn identity(&self) -> HolderIdentity {
        match (some(&self.client_id), some(&self.resource_id)) {
            (Some(client_id), _) => HolderIdentity::ClientId(client_id),
            (None, Some(resource_id)) => HolderIdentity::ResourceId(resource_id),
            (None, None) => HolderIdentity::NotSaid,
        }
    }
}

impl Authentication<'_> {
    /// The API server takes one way only; with several nobody knows which one counts.
    fn identity(&self, bound: &Text<'_>) -> BindingIdentity {
        match (&self.managed_identity, &self.workload_identity, &self.federated_identity) {
            (Some(Object(managed)), None, None) => BindingIdentity::Told(managed.identity()),
            (None, Some(Object(federated)), None) => federated.identity(bound),
            (None, None, Some(Object(other))) => {
                let identity =
                    some(&other.client_id).map_or(HolderIdentity::NotSaid, HolderIdentity::ClientId);
                BindingIdentity::Told(identity)
            }
            _ => BindingIdentity::Told(HolderIdentity::NotSaid),
        }
    }
}

impl Federated<'_> {
    /// Documentation says that the account of `serviceAccountRef` signs in, the controller takes the bound one. So
    /// who signs in is known where both are the same.
    fn identity(&self, bound: &Text<'_>) -> BindingIdentity {
        let account = some(&self.service_account).or_else(|| some(bound));
        match (account, some(&self.client_id)) {
            (Some(account), _) if *account != *bound.0 => BindingIdentity::Told(HolderIdentity::NotSaid),
            (Some(service_account), Some(client_id)) => {
                BindingIdentity::Told(HolderIdentity::Workload { client_id, service_account })
            }
            (Some(account), None) => BindingIdentity::AnnotationOf(account),
            (None, _) => BindingIdentity::Told(HolderIdentity::NotSaid),
        }
    }
}

fn some(text: &Text<'_>) -> Option<SmolStr> {
    Some(text.0.to_smolstr()).filter(|text| !text.is_empty())
}
