//! Service accounts and namespaces, as files and live clusters show them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::object::{ObjectError, ObjectHeader, read_object};
use super::shape;
use super::wire::{Metadata, Object, Objects, Reference, Text};

/// What a service account says about pulls. An annotation that is present but empty differs from an absent one: it
/// replaces a default with nothing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ServiceAccountFacts {
    /// `metadata.namespace`; `None` where a file leaves it to the command line.
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
    /// `kubernetes.azure.com/acr-client-id`: who pulls, in clusters where service accounts do.
    pub acr_client_id: Option<String>,
    /// `kubernetes.azure.com/acr-tenant-id`.
    pub acr_tenant_id: Option<String>,
    /// `azure.workload.identity/client-id`: who the application is. A claim until a federated credential backs it.
    pub client_id: Option<String>,
    /// `azure.workload.identity/tenant-id`.
    pub tenant_id: Option<String>,
    /// The names in `imagePullSecrets`, in order, without entries that have none.
    pub pull_secrets: Vec<String>,
}

impl ServiceAccountFacts {
    /// Reads a service account from its JSON text.
    pub fn read(json: &str) -> Result<Self, ObjectError> {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct Wire<'a> {
            #[serde(borrow)]
            metadata: Object<Metadata<'a>>,
            #[serde(borrow)]
            image_pull_secrets: Objects<Reference<'a>>,
        }

        let Wire { metadata: Object(mut metadata), image_pull_secrets } =
            read_object(json, &shape::SERVICE_ACCOUNT)?;
        let annotations = std::mem::take(&mut metadata.annotations.0);
        let header = ObjectHeader::new(metadata);
        Ok(Self {
            namespace: given(&header.namespace),
            name: header.name.into_owned(),
            acr_client_id: annotations.acr_client_id.map(Text::into_string),
            acr_tenant_id: annotations.acr_tenant_id.map(Text::into_string),
            client_id: annotations.client_id.map(Text::into_string),
            tenant_id: annotations.tenant_id.map(Text::into_string),
            pull_secrets: image_pull_secrets
                .into_iter()
                .flatten()
                .map(|Object(secret)| secret.name.into_string())
                .filter(|name| !name.is_empty())
                .collect(),
        })
    }
}

/// A namespace and the labels that rule sets choose by.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct NamespaceFacts {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.labels`.
    pub labels: BTreeMap<String, String>,
}

impl NamespaceFacts {
    /// Reads a namespace from its JSON text.
    pub fn read(json: &str) -> Result<Self, ObjectError> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Wire<'a> {
            #[serde(borrow)]
            metadata: Object<LabelledMetadata<'a>>,
        }

        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct LabelledMetadata<'a> {
            #[serde(borrow)]
            name: Text<'a>,
            #[serde(borrow)]
            labels: Option<BTreeMap<String, Text<'a>>>,
        }

        let Wire { metadata: Object(metadata) } = read_object(json, &shape::NAMESPACE)?;
        let labels = metadata.labels.into_iter().flatten();
        Ok(Self {
            name: metadata.name.into_string(),
            labels: labels.map(|(key, value)| (key, value.into_string())).collect(),
        })
    }
}

/// `None` for an empty text.
pub(crate) fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
