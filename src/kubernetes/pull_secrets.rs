//! Pull secrets of a live cluster, where the operator lets them be read.
//!
//! RBAC cannot tell types of Secrets apart, so it is here that no other Secret is asked for: two watches, each limited
//! to one of the two types that a kubelet reads. A single look-up goes by name and may meet another type; of that,
//! and of all values, nothing is kept but registries and user names.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Secret as KubernetesSecret;
use kube::{Api, Client};
use smol_str::SmolStr;

use super::lookup::FetchError;
use super::surroundings::{CacheFailure, CacheState};
use super::watch::Cache;
use crate::engine::pull::PullSecret;
use crate::workload::{PullSecretFormat, Secret, read_pull_secret};

/// Namespace and name.
type Key = (String, String);

/// What is kept of the pull secrets of a cluster.
#[derive(Debug)]
pub(super) struct PullSecrets {
    config_json: Cache<Key, Secret>,
    cfg: Cache<Key, Secret>,
}

impl PullSecrets {
    pub(super) fn new() -> Self {
        Self { config_json: Cache::new("secrets/dockerconfigjson"), cfg: Cache::new("secrets/dockercfg") }
    }

    /// Follows both watches for ever.
    pub(super) async fn follow(&self, client: &Client) {
        let config_json = self.config_json.follow_some(
            Api::all(client.clone()),
            "type=kubernetes.io/dockerconfigjson",
            keep,
        );
        let cfg = self.cfg.follow_some(Api::all(client.clone()), "type=kubernetes.io/dockercfg", keep);
        tokio::join!(config_json, cfg);
    }

    pub(super) fn get(&self, namespace: &str, name: &str) -> Option<Arc<Secret>> {
        let key = (namespace.to_owned(), name.to_owned());
        self.config_json.object(&key).or_else(|| self.cfg.object(&key))
    }

    pub(super) fn caches(&self) -> [CacheState; 2] {
        [self.config_json.state(), self.cfg.state()]
    }

    pub(super) fn failures(&self) -> impl Iterator<Item = CacheFailure> {
        [self.config_json.failure(), self.cfg.failure()].into_iter().flatten()
    }
}

/// Asks for one Secret, of whatever type.
pub(super) async fn fetch(
    client: Client,
    namespace: &str,
    name: &str,
) -> Result<Option<Arc<Secret>>, FetchError> {
    let api: Api<KubernetesSecret> = Api::namespaced(client, namespace);
    let secret = api.get_opt(name).await.map_err(|error| FetchError::of(&error))?;
    Ok(secret.map(|secret| Arc::new(what_counts(secret))))
}

fn keep(secret: KubernetesSecret) -> Option<(Key, Secret)> {
    let key = (secret.metadata.namespace.clone()?, secret.metadata.name.clone()?);
    Some((key, what_counts(secret)))
}

/// As a kubelet reads it: a Secret of another type has no logins.
fn what_counts(secret: KubernetesSecret) -> Secret {
    let name = secret.metadata.name.unwrap_or_default();
    let format = PullSecretFormat::of_type(secret.type_.as_deref().unwrap_or_default());
    let contents = match format {
        Some(format) => {
            let value = secret.data.and_then(|mut data| data.remove(format.data_key()));
            read_pull_secret(&name, format, &value.map(|value| value.0).unwrap_or_default())
        }
        None => Ok(PullSecret { name: SmolStr::new(&name), entries: Vec::new(), holder: None }),
    };
    Secret { namespace: secret.metadata.namespace, name, contents }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::ByteString;
    use k8s_openapi::api::core::v1::Secret as KubernetesSecret;

    use super::what_counts;

    fn secret(secret_type: &str, key: &str, value: &str) -> KubernetesSecret {
        let mut secret =
            KubernetesSecret { type_: Some(secret_type.to_owned()), ..KubernetesSecret::default() };
        secret.metadata.name = Some("acr".to_owned());
        secret.data = Some([(key.to_owned(), ByteString(value.as_bytes().to_vec()))].into());
        secret
    }

    #[test]
    fn registries_and_users_are_kept_and_passwords_are_not() {
        let value = r#"{"auths": {"a.azurecr.io": {"username": "token", "password": "hush"}}}"#;
        let kept = what_counts(secret("kubernetes.io/dockerconfigjson", ".dockerconfigjson", value));
        assert_eq!(kept.contents.as_ref().unwrap().entries.len(), 1);
        assert!(!format!("{kept:?}").contains("hush"));
    }

    #[test]
    fn what_a_kubelet_cannot_read_is_not_nothing() {
        let kept = what_counts(secret("kubernetes.io/dockercfg", ".dockercfg", "[]"));
        assert!(kept.contents.is_err());
        let other = what_counts(secret("Opaque", ".dockercfg", "[]"));
        assert!(other.contents.unwrap().entries.is_empty());
    }
}
