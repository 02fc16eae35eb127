//! The Secret that holds authority and certificate, and the webhook configuration that carries the authority to the
//! API servers. Both are made by others, together with what may be done to them; here they are only filled.

use std::collections::BTreeMap;

use k8s_openapi::api::admissionregistration::v1::ValidatingWebhookConfiguration;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::Api;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::lookup::FetchError;
use crate::certificates::{Held, Issued};

/// Who owns `caBundle` of the webhooks, and nothing else.
const FIELD_MANAGER: &str = "acr-admission-certificates";
const CONFLICT: u16 = 409;

/// One Secret.
#[derive(Clone)]
pub struct CertificateSecret {
    secrets: Api<Secret>,
    name: String,
}

impl std::fmt::Debug for CertificateSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CertificateSecret").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The Secret as it was read.
#[derive(Debug)]
pub struct StoredCertificate {
    /// What it holds.
    pub held: Held,
    /// For what is to go when the Secret goes.
    pub owner: OwnerReference,
    version: String,
}

impl CertificateSecret {
    /// A Secret of a namespace.
    #[must_use]
    pub fn new(client: kube::Client, namespace: &str, name: String) -> Self {
        Self { secrets: Api::namespaced(client, namespace), name }
    }

    /// Reads it.
    ///
    /// # Errors
    ///
    /// The API server cannot be asked, or there is no such Secret.
    pub async fn read(&self) -> Result<StoredCertificate, FetchError> {
        let secret = self.secrets.get(&self.name).await.map_err(|error| self.failed(&error))?;
        let data = secret.data.unwrap_or_default().into_iter().map(|(name, value)| (name, value.0)).collect();
        let annotations = secret.metadata.annotations.unwrap_or_default();
        let version = secret.metadata.resource_version.unwrap_or_default();
        let owner = OwnerReference {
            api_version: "v1".to_owned(),
            kind: "Secret".to_owned(),
            name: self.name.clone(),
            uid: secret.metadata.uid.unwrap_or_default(),
            ..OwnerReference::default()
        };
        Ok(StoredCertificate { held: Held { data, annotations }, owner, version })
    }

    /// Writes what was issued, unless somebody else wrote since `stored` was read. Whether it was written.
    ///
    /// # Errors
    ///
    /// The API server cannot be asked, or refuses.
    pub async fn write(&self, stored: &StoredCertificate, issued: &Issued) -> Result<bool, FetchError> {
        let patch = json!({
            "metadata": {"resourceVersion": stored.version, "annotations": issued.annotations},
            "stringData": issued.data,
        });
        match self.secrets.patch(&self.name, &PatchParams::default(), &Patch::Merge(patch)).await {
            Ok(_) => Ok(true),
            Err(kube::Error::Api(status)) if status.code == CONFLICT => Ok(false),
            Err(error) => Err(self.failed(&error)),
        }
    }

    fn failed(&self, error: &kube::Error) -> FetchError {
        FetchError::about("Secret", &self.name, error)
    }
}

/// One webhook configuration.
#[derive(Clone)]
pub struct WebhookConfiguration {
    configurations: Api<ValidatingWebhookConfiguration>,
    name: String,
}

impl std::fmt::Debug for WebhookConfiguration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookConfiguration").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The bundle of each webhook, as it was read.
#[derive(Debug)]
pub struct ConfiguredBundles {
    uid: Option<String>,
    bundles: BTreeMap<String, Vec<u8>>,
}

impl ConfiguredBundles {
    /// The bundles; empty where a webhook has none.
    #[must_use]
    pub fn bundles(&self) -> Vec<Vec<u8>> {
        self.bundles.values().cloned().collect()
    }

    /// Whether every webhook has exactly this bundle.
    #[must_use]
    pub fn are(&self, bundle: &[u8]) -> bool {
        self.bundles.values().all(|configured| configured == bundle)
    }
}

impl WebhookConfiguration {
    /// A configuration by its name.
    #[must_use]
    pub fn new(client: kube::Client, name: String) -> Self {
        Self { configurations: Api::all(client), name }
    }

    /// Reads the bundles; `None` where there is no such configuration.
    ///
    /// # Errors
    ///
    /// The API server cannot be asked.
    pub async fn read(&self) -> Result<Option<ConfiguredBundles>, FetchError> {
        let found = self.configurations.get_opt(&self.name).await.map_err(|error| self.failed(&error))?;
        Ok(found.map(|configuration| {
            let webhooks = configuration.webhooks.unwrap_or_default().into_iter();
            let bundle =
                |bundle: Option<k8s_openapi::ByteString>| bundle.map(|bytes| bytes.0).unwrap_or_default();
            ConfiguredBundles {
                uid: configuration.metadata.uid,
                bundles: webhooks
                    .map(|webhook| (webhook.name, bundle(webhook.client_config.ca_bundle)))
                    .collect(),
            }
        }))
    }

    /// Puts a bundle into every webhook that was read, and owns nothing else of them. Never makes a configuration
    /// that has gone since: the `uid` stands against that.
    ///
    /// # Errors
    ///
    /// The API server cannot be asked, or refuses.
    pub async fn write(&self, read: &ConfiguredBundles, bundle: &[u8]) -> Result<(), FetchError> {
        let bundle = k8s_openapi::ByteString(bundle.to_vec());
        let webhooks: Vec<Value> = read
            .bundles
            .keys()
            .map(|name| json!({"name": name, "clientConfig": {"caBundle": bundle}}))
            .collect();
        let patch = json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": self.name, "uid": read.uid},
            "webhooks": webhooks,
        });
        // By force: whoever else wrote a bundle, only ours verifies our certificate.
        let parameters = PatchParams::apply(FIELD_MANAGER).force();
        let patched = self.configurations.patch(&self.name, &parameters, &Patch::Apply(patch)).await;
        patched.map(drop).map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &kube::Error) -> FetchError {
        FetchError::about("ValidatingWebhookConfiguration", &self.name, error)
    }
}
