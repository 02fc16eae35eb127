//! Service accounts and namespaces, as files and live clusters show them.

use std::collections::BTreeMap;

use serde::Deserialize;
use smol_str::SmolStr;

use super::object::{ObjectError, ObjectHeader, read_object};
use super::shape;
use super::wire::{Metadata, Object, Objects, Reference, Text};
use crate::engine::pull::ServiceAccountFacts;

/// A service account and what it says about pulls.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ServiceAccount {
    /// `metadata.namespace`; `None` where a file leaves it to the command line.
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
    /// What pulls depend on. An annotation that is present but empty differs from an absent one: it replaces a
    /// default with nothing.
    pub facts: ServiceAccountFacts,
    /// `azure.workload.identity/tenant-id`.
    pub workload_tenant_id: Option<String>,
}

impl ServiceAccount {
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
        let pull_secrets = image_pull_secrets.into_iter();
        let text = |text: Option<Text<'_>>| text.map(|Text(text)| SmolStr::from(text));
        Ok(Self {
            namespace: given(&header.namespace),
            name: header.name.into_owned(),
            facts: ServiceAccountFacts {
                acr_client_id: text(annotations.acr_client_id),
                acr_tenant_id: text(annotations.acr_tenant_id),
                workload_client_id: text(annotations.client_id),
                // An entry without a name stays: copied into a pod, it counts as an entry there.
                pull_secrets: pull_secrets.map(|Object(secret)| secret.name.0.into()).collect(),
            },
            workload_tenant_id: annotations.tenant_id.map(Text::into_string),
        })
    }
}

/// A namespace and the labels that rule sets choose by.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Namespace {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.labels`.
    pub labels: BTreeMap<String, String>,
}

impl Namespace {
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
