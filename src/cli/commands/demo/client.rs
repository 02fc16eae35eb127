//! The API server's part: a certificate authority made on the spot, and reviews posted over HTTPS.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context, ensure};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A certificate for loopback and the authority that signed it. Both live as long as the process.
pub(super) struct ThrowAway {
    pub(super) certificate: String,
    pub(super) key: String,
    authority: CertificateDer<'static>,
}

impl ThrowAway {
    pub(super) fn make() -> anyhow::Result<Self> {
        let mut authority = CertificateParams::new(Vec::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let names = vec![Ipv4Addr::LOCALHOST.to_string(), "localhost".to_owned()];
        let certificate = CertificateParams::new(names)?.signed_by(&key, &authority)?;
        Ok(Self {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            authority: authority.der().clone(),
        })
    }
}

/// A connection to the webhook, as an API server holds it.
pub(super) struct Client {
    connection: SendRequest<Full<Bytes>>,
    host: String,
}

impl Client {
    /// Connects and checks the server's certificate against the authority.
    pub(super) async fn connect(address: SocketAddr, trusted: &ThrowAway) -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(trusted.authority.clone())?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(address).await?;
        let name = ServerName::from(address.ip());
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
        let (connection, driver) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(driver);
        Ok(Self { connection, host: address.to_string() })
    }

    /// Posts one review and gives the `response` part of the answer.
    pub(super) async fn post(&mut self, body: Vec<u8>) -> anyhow::Result<Value> {
        let request = Request::post("/validate/pods?timeout=5s")
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
