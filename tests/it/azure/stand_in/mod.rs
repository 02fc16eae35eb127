//! A small Azure on one HTTPS port of this machine, for the real `az` to talk to: sign-in, Resource Manager and
//! Microsoft Graph, whose paths do not collide. It holds the contoso estate and takes the writes of fix commands.
//!
//! ```text
//! az ──HTTPS──► fault? 403, 429 ──► sign_in · graph · resource_manager ──► estate
//! ```

mod estate;
mod graph;
mod resource_manager;
mod sign_in;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};

use http_body_util::{BodyExt, Collected, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

pub(crate) use estate::{Estate, OTHER_SUBSCRIPTION, SUBSCRIPTION, TENANT};

use crate::support::certificates::Authority;

/// Answers until it is dropped.
pub(crate) struct StandIn {
    authority: Authority,
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What requests and the test both touch.
struct Shared {
    estate: Estate,
    faults: Faults,
    requests: Vec<String>,
    unknown: Vec<String>,
}

/// How the stand-in misbehaves, where a path (lower case) holds a text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    /// Records on one page; 0 for all of them.
    pub(crate) page_size: usize,
    /// Answered with 403.
    pub(crate) refused: Vec<&'static str>,
    /// Answered with 429 so many times.
    pub(crate) busy: BTreeMap<&'static str, usize>,
}

/// A request as far as the answers depend on it.
struct Request {
    method: Method,
    /// `https://HOST`, for links to the next page.
    base: String,
    /// As sent, for answers that repeat it.
    path: String,
    query: BTreeMap<String, String>,
    body: Value,
    page_size: usize,
}

/// An answer: its status and document.
struct Answer(StatusCode, Value);

impl StandIn {
    pub(crate) fn start(estate: Estate, faults: Faults) -> Self {
        let authority = Authority::new("azure stand-in");
        let acceptor = acceptor(&authority);
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Shared { estate, faults, requests: Vec::new(), unknown: Vec::new() };
        let shared = Arc::new(Mutex::new(shared));
        let (stop, stopped) = oneshot::channel();
        let serving = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    () = serve(listener, acceptor, serving) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { authority, address, shared, stop: Some(stop), thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    pub(crate) fn ca_pem(&self) -> String {
        self.authority.pem()
    }

    /// Changes how the stand-in misbehaves from now on.
    pub(crate) fn misbehave(&self, faults: Faults) {
        self.shared().faults = faults;
    }

    /// `METHOD path` of every request so far, sign-in included.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.shared().requests.clone()
    }

    /// The requests that no stand-in answers: a test that causes one shows nothing about Azure.
    pub(crate) fn unknown_requests(&self) -> Vec<String> {
        self.shared().unknown.clone()
    }

    /// How many role assignments there are now.
    pub(crate) fn role_assignments(&self) -> usize {
        self.shared().estate.role_assignments.len()
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn acceptor(authority: &Authority) -> TlsAcceptor {
    let credential = authority.loopback_server();
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

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, shared: Arc<Mutex<Shared>>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (acceptor, shared) = (acceptor.clone(), Arc::clone(&shared));
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let service = service_fn(move |request| respond(request, Arc::clone(&shared)));
            // A client that goes away in the middle is none of the test's business.
            let builder = auto::Builder::new(TokioExecutor::new());
            let _ = builder.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn respond(
    request: hyper::Request<Incoming>,
    shared: Arc<Mutex<Shared>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(Collected::to_bytes).unwrap_or_default();
    let host = head.headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
    let query = head.uri.query().unwrap_or_default();
    let request = Request {
        method: head.method,
        base: format!("https://{host}"),
        path: decoded(head.uri.path()),
        query: query.split('&').filter_map(|pair| pair.split_once('=')).map(pair).collect(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
        page_size: 0,
    };
    let Answer(status, document) = shared.lock().unwrap().answer(request);
    let text = if document.is_null() { String::new() } else { document.to_string() };
    let response = Response::builder().status(status).header("content-type", "application/json");
    Ok(response.body(Full::from(text)).unwrap())
}

impl Shared {
    fn answer(&mut self, mut request: Request) -> Answer {
        let line = format!("{} {}", request.method, request.path);
        self.requests.push(line.clone());
        let lower = request.path.to_lowercase();
        if let Some(left) = self
            .faults
            .busy
            .iter_mut()
            .find_map(|(part, left)| (*left > 0 && lower.contains(part)).then_some(left))
        {
            *left -= 1;
            return error(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", "Too many requests.");
        }
        if self.faults.refused.iter().any(|part| lower.contains(part)) {
            let message = format!("The client does not have authorization to read '{}'.", request.path);
            return error(StatusCode::FORBIDDEN, "AuthorizationFailed", &message);
        }
        request.page_size = self.faults.page_size;
        let answer = sign_in::answer(&request)
            .or_else(|| graph::answer(&self.estate, &request))
            .or_else(|| resource_manager::answer(&mut self.estate, &request));
        answer.unwrap_or_else(|| {
            self.unknown.push(line);
            error(StatusCode::NOT_FOUND, "NotFound", "The stand-in has no such path.")
        })
    }
}

impl Request {
    fn is(&self, method: &Method) -> bool {
        self.method == *method
    }

    /// The records of one page, with a link to the next one where there is more.
    fn page(&self, records: &[Value], link: &str) -> Answer {
        let size = if self.page_size == 0 { records.len().max(1) } else { self.page_size };
        let from: usize = self.query.get("$skiptoken").and_then(|token| token.parse().ok()).unwrap_or(0);
        let page = records.iter().skip(from).take(size).cloned().collect();
        let mut document = json!({ "value": Value::Array(page) });
        if from + size < records.len() {
            let mut query = String::new();
            for (key, value) in self.query.iter().filter(|(key, _)| *key != "$skiptoken") {
                let _ = write!(query, "{key}={}&", value.replace(' ', "%20"));
            }
            let next = format!("{}{}?{query}$skiptoken={}", self.base, self.path, from + size);
            document[link] = next.into();
        }
        Answer(StatusCode::OK, document)
    }
}

fn ok(document: Value) -> Answer {
    Answer(StatusCode::OK, document)
}

fn error(status: StatusCode, code: &str, message: &str) -> Answer {
    Answer(status, json!({"error": {"code": code, "message": message}}))
}

fn pair((key, value): (&str, &str)) -> (String, String) {
    (decoded(key), decoded(value))
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let byte = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match (first, byte.and_then(|digits| u8::from_str_radix(digits, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap()
}
