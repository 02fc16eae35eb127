//! A file kept in a `ConfigMap`, by whoever has no more right than to patch that one.

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use serde_json::json;
use thiserror::Error;

/// What all values of a `ConfigMap` together may have, in bytes: the API server adds them up as they are, before base64
/// (Kubernetes, "`ConfigMap`").
pub const CONFIG_MAP_HOLDS: usize = 1024 * 1024;

/// Who owns the file, and nothing else of the `ConfigMap`.
const FIELD_MANAGER: &str = "acr-admission-inventory";
const FORBIDDEN: u16 = 403;
const NOT_FOUND: u16 = 404;

/// Why the file is not in the `ConfigMap`.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The caller has no right to.
    #[error("the API server refuses: {0}")]
    Forbidden(String),
    /// There is no such namespace.
    #[error("the API server refuses: {0}")]
    NoNamespace(String),
    /// The API server refuses for another reason.
    #[error("the API server refuses: {0}")]
    Refused(String),
    /// The API server does not answer.
    #[error("the API server cannot be asked: {0}")]
    Unreachable(String),
}

/// Puts a file into a `ConfigMap`, which is made where there is none and the caller may. Other keys stay, but for one
/// that an earlier call has put there. Equal bytes change nothing.
///
/// # Errors
///
/// The API server cannot be asked, or refuses.
pub async fn store_file(
    client: Client,
    namespace: &str,
    name: &str,
    file: &str,
    bytes: Vec<u8>,
) -> Result<(), StoreError> {
    let patch = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name},
        "binaryData": {file: ByteString(bytes)},
    });
    // By force: whoever wrote that file before, this one was asked for by name.
    let parameters = PatchParams::apply(FIELD_MANAGER).force();
    let config_maps: Api<ConfigMap> = Api::namespaced(client, namespace);
    let patched = config_maps.patch(name, &parameters, &Patch::Apply(patch)).await;
    patched.map(drop).map_err(|error| match error {
        kube::Error::Api(status) if status.code == FORBIDDEN => StoreError::Forbidden(status.message),
        kube::Error::Api(status) if status.code == NOT_FOUND => StoreError::NoNamespace(status.message),
        kube::Error::Api(status) => StoreError::Refused(status.message),
        error => StoreError::Unreachable(with_causes(&error)),
    })
}

/// A failed connection says why in its causes only.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        cause = error.source();
    }
    words
}
