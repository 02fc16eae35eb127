//! The configuration that we ship, as tests use it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::serving::Serving;

/// Namespaces that carry this label are judged by the webhook that it names. Everything else that the API server
/// holds belongs to other tests.
pub(super) const WEBHOOK_LABEL: &str = "acr-admission.test/webhook";

/// `deploy/kustomize/base/webhook.yaml`, which is the chart's, pointed at a webhook on loopback instead of a Service.
pub(super) fn configuration(name: &str, serving: &Serving, failure_policy: &str) -> Value {
    let mut configuration = shipped(name, failure_policy);
    for webhook in configuration["webhooks"].as_array_mut().unwrap() {
        let path = webhook["clientConfig"]["service"]["path"].as_str().unwrap();
        webhook["clientConfig"] = json!({
            "url": format!("https://{}{path}", serving.address()),
            "caBundle": BASE64_STANDARD.encode(serving.ca_pem()),
        });
    }
    configuration
}

/// The same, still pointed at a Service and trusting nobody.
pub(super) fn shipped(name: &str, failure_policy: &str) -> Value {
    let mut configuration: Value = serde_saphyr::from_str(SHIPPED).unwrap();
    configuration["metadata"]["name"] = json!(name);
    for webhook in configuration["webhooks"].as_array_mut().unwrap() {
        webhook["failurePolicy"] = json!(failure_policy);
        let selector = webhook["namespaceSelector"]["matchExpressions"].as_array_mut().unwrap();
        selector.push(json!({"key": WEBHOOK_LABEL, "operator": "In", "values": [name]}));
    }
    configuration
}

const SHIPPED: &str = include_str!("../../../deploy/kustomize/base/webhook.yaml");
