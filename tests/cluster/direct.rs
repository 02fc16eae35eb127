//! Reviews without the API server in between, on connections that the test opens itself.

use std::sync::Arc;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use k8s_openapi::api::admissionregistration::v1::ValidatingWebhookConfiguration;
use kube::{Api, Client};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::objects::{DENIED, pod};
use crate::release::NAME;

pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

/// As the API server does: with the authority that its configuration names.
pub(crate) async fn encrypted(
    client: &Client,
    stream: TcpStream,
    protocol: &str,
) -> Result<TokioIo<TlsStream<TcpStream>>, Error> {
    let mut config = trusting(&authorities(client).await?)?;
    config.alpn_protocols = vec![protocol.into()];
    let name = ServerName::try_from(HOST_NAME)?;
    Ok(TokioIo::new(TlsConnector::from(Arc::new(config)).connect(name, stream).await?))
}

/// A review of a pod that is to be denied. HTTP/2 needs an origin as well.
pub(crate) fn review(origin: &str) -> Request<Full<Bytes>> {
    let review = json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "name": "p", "namespace": "default", "operation": "CREATE",
            "userInfo": {"username": "alice", "groups": ["system:authenticated"]},
            "object": pod("p", "default", DENIED),
            "dryRun": true,
        }
    });
    Request::post(format!("{origin}/validate/pods?timeout=5s"))
        .header(HOST, HOST_NAME)
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(review.to_string())))
        .unwrap()
}

/// What the user would read.
pub(crate) async fn denial(response: Response<Incoming>) -> Result<String, Error> {
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    let answer: Value = serde_json::from_slice(&body).map_err(|error| format!("status {status}, {error}"))?;
    if answer["response"]["allowed"] != json!(false) {
        return Err(format!("status {status}, allowed: {answer}").into());
    }
    Ok(answer["response"]["status"]["message"].as_str().unwrap_or_default().to_owned())
}

async fn authorities(client: &Client) -> Result<Vec<u8>, Error> {
    let configuration = Api::<ValidatingWebhookConfiguration>::all(client.clone()).get(NAME).await?;
    let webhook = configuration.webhooks.unwrap_or_default().into_iter().next();
    let bundle = webhook.and_then(|webhook| webhook.client_config.ca_bundle);
    Ok(bundle.ok_or("the configuration names no authority")?.0)
}

fn trusting(authorities: &[u8]) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(authorities) {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

pub(crate) const ORIGIN: &str = "https://acr-admission.acr-admission.svc";
const HOST_NAME: &str = "acr-admission.acr-admission.svc";
