//! An HTTPS server in the test's own process, with an authority of its own, for others to talk to. It answers JSON.
//!
//! It is found at its address, or poses as other hosts behind an HTTP proxy, as networks have that let nothing out
//! directly.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use http_body_util::{BodyExt as _, Collected, Full};
use hyper::body::{Bytes, Incoming};
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use super::certificates::Authority;

/// Answers until it is dropped.
pub(crate) struct HttpsServer {
    authority: Authority,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// How clients come to it.
#[derive(Clone, Copy)]
pub(crate) enum Front {
    Direct,
    /// Through a proxy that leads to these hosts and to no others.
    Proxy(&'static [&'static str]),
}

/// Answers a request with a status and a document; `null` is an empty answer.
type Respond = dyn Fn(Parts, Bytes) -> (StatusCode, Value) + Send + Sync;

impl HttpsServer {
    /// At an address of this machine.
    pub(crate) fn start(
        address: IpAddr,
        front: Front,
        respond: impl Fn(Parts, Bytes) -> (StatusCode, Value) + Send + Sync + 'static,
    ) -> Self {
        let listener = std::net::TcpListener::bind((address, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let authority = Authority::new("a test's own server");
        let acceptor = match front {
            Front::Direct => acceptor(&authority, &[&address.ip().to_string()]),
            Front::Proxy(hosts) => acceptor(&authority, hosts),
        };
        let respond: Arc<Respond> = Arc::new(respond);
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    () = serve(listener, front, acceptor, respond) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { authority, address, stop: Some(stop), thread: Some(thread) }
    }

    /// Of the server, or of the proxy in front of it.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What its clients have to trust.
    pub(crate) fn ca_pem(&self) -> String {
        self.authority.pem()
    }
}

impl Drop for HttpsServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn acceptor(authority: &Authority, names: &[&str]) -> TlsAcceptor {
    let credential = authority.server(names);
    let certificate = CertificateDer::from_pem_slice(credential.certificate.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(credential.key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn serve(listener: TcpListener, front: Front, acceptor: TlsAcceptor, respond: Arc<Respond>) {
    loop {
        let Ok((mut stream, _)) = listener.accept().await else { continue };
        let (acceptor, respond) = (acceptor.clone(), Arc::clone(&respond));
        tokio::spawn(async move {
            if let Front::Proxy(hosts) = front
                && !is_let_through(&mut stream, hosts).await
            {
                return;
            }
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let service = service_fn(move |request| answer(request, Arc::clone(&respond)));
            // A client that goes away in the middle is none of the test's business.
            let builder = auto::Builder::new(TokioExecutor::new());
            let _ = builder.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// Opens the tunnel that the client asks for, if it leads to one of these hosts; TLS comes next.
async fn is_let_through(stream: &mut TcpStream, hosts: &[&str]) -> bool {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return false };
        head.push(byte);
        if head.len() > LONGEST_HEAD {
            return false;
        }
    }
    let head = String::from_utf8_lossy(&head);
    let wanted = head.strip_prefix("CONNECT ").and_then(|rest| rest.split_once(":443 "));
    let is_one_of_them = wanted.is_some_and(|(host, _)| hosts.contains(&host));
    let status = if is_one_of_them { "200 Connection established" } else { "403 Forbidden" };
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.is_ok() && is_one_of_them
}

async fn answer(
    request: Request<Incoming>,
    respond: Arc<Respond>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(Collected::to_bytes).unwrap_or_default();
    let (status, document) = respond(head, body);
    let text = if document.is_null() { String::new() } else { document.to_string() };
    let response = Response::builder().status(status).header("content-type", "application/json");
    Ok(response.body(Full::from(text)).unwrap())
}

/// In bytes.
const LONGEST_HEAD: usize = 8192;
