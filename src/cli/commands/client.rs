//! The API server's part of a review: posts it over HTTPS, as one trusted authority allows.

use std::sync::Arc;

use anyhow::{Context, ensure};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::net::{TcpStream, ToSocketAddrs};
use tokio_rustls::TlsConnector;

/// A connection to the webhook, as an API server holds it.
pub(super) struct Client {
    connection: SendRequest<Full<Bytes>>,
    host: String,
}

impl Client {
    /// Connects and checks that the certificate is for `name` and signed by one of the authorities.
    pub(super) async fn connect(
        address: impl ToSocketAddrs,
        name: &str,
        authorities: &[CertificateDer<'static>],
    ) -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        for authority in authorities {
            roots.add(authority.clone())?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(address).await?;
        let server = ServerName::try_from(name.to_owned())?;
        let stream = TlsConnector::from(Arc::new(config)).connect(server, stream).await?;
        let (connection, driver) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(driver);
        Ok(Self { connection, host: name.to_owned() })
    }

    /// Posts one review and gives the `response` part of the answer.
    pub(super) async fn post(&mut self, path: &str, body: Vec<u8>) -> anyhow::Result<Value> {
        let request = Request::post(path)
            .header(HOST, &self.host)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))?;
        let answer = self.connection.send_request(request).await?;
        ensure!(answer.status() == StatusCode::OK, "the webhook answered {}", answer.status());
        let body = answer.into_body().collect().await?.to_bytes();
        let mut review: Value = serde_json::from_slice(&body)?;
        review.get_mut("response").map(Value::take).context("an answer without `response`")
    }
}
