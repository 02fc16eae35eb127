//! A small Azure on one HTTPS port of this machine, for the real `az` to talk to: sign-in, Resource Manager and
//! Microsoft Graph, whose paths do not collide. It holds the contoso estate and takes the writes of fix commands.
//!
//! ```text
//! az ──(proxy)──HTTPS──► fault? 403, 429 ──► sign_in · graph · resource_manager ──► estate
//! ```
//!
//! It either is a cloud of its own, at an address that `az cloud register` is told, or stands behind a proxy under
//! Azure's own names.

mod estate;
mod graph;
mod resource_manager;
mod sign_in;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard};

use hyper::body::Bytes;
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

pub(crate) use estate::{Estate, OTHER_SUBSCRIPTION, SUBSCRIPTION, TENANT};
pub(crate) use sign_in::Federation;

use crate::support::https::{Front, HttpsServer};

/// Answers until it is dropped.
pub(crate) struct StandIn {
    server: HttpsServer,
    shared: Arc<Mutex<Shared>>,
}

/// The hosts of `AzureCloud` that an export asks.
const HOSTS: &[&str] = &["login.microsoftonline.com", "management.azure.com", "graph.microsoft.com"];

/// What requests and the test both touch.
struct Shared {
    estate: Estate,
    faults: Faults,
    federation: Federation,
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
        Self::listen(Ipv4Addr::LOCALHOST.into(), Front::Direct, estate, faults)
    }

    /// Behind a proxy at this address of this machine.
    pub(crate) fn behind_proxy(address: IpAddr, estate: Estate) -> Self {
        Self::listen(address, Front::Proxy(HOSTS), estate, Faults::default())
    }

    fn listen(address: IpAddr, front: Front, estate: Estate, faults: Faults) -> Self {
        let federation = Federation::default();
        let shared = Shared { estate, faults, federation, requests: Vec::new(), unknown: Vec::new() };
        let shared = Arc::new(Mutex::new(shared));
        let serving = Arc::clone(&shared);
        let server = HttpsServer::start(address, front, move |head, body| {
            let Answer(status, document) = serving.lock().unwrap().answer(Request::new(&head, &body));
            (status, document)
        });
        Self { server, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.server.address())
    }

    /// What `HTTPS_PROXY` is set to, where it stands behind a proxy.
    pub(crate) fn proxy(&self) -> String {
        format!("http://{}", self.server.address())
    }

    pub(crate) fn ca_pem(&self) -> String {
        self.server.ca_pem()
    }

    /// Changes how the stand-in misbehaves from now on.
    pub(crate) fn misbehave(&self, faults: Faults) {
        self.shared().faults = faults;
    }

    /// Changes what it holds from now on.
    #[allow(dead_code, reason = "only the cluster suite has something change in the middle")]
    pub(crate) fn hold(&self, estate: Estate) {
        self.shared().estate = estate;
    }

    /// Changes who may sign in with a token of a cluster from now on.
    pub(crate) fn federate(&self, federation: Federation) {
        self.shared().federation = federation;
    }

    /// The tokens of clusters that were shown so far, one for each time that somebody signed in.
    pub(crate) fn cluster_tokens(&self) -> Vec<String> {
        self.shared().federation.shown.clone()
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
        self.federation.renew(&lower);
        let answer = sign_in::answer(&mut self.federation, &request)
            .or_else(|| graph::answer(&self.estate, &request))
            .or_else(|| resource_manager::answer(&mut self.estate, &request));
        answer.unwrap_or_else(|| {
            self.unknown.push(line);
            error(StatusCode::NOT_FOUND, "NotFound", "The stand-in has no such path.")
        })
    }
}

impl Request {
    fn new(head: &Parts, body: &Bytes) -> Self {
        let host = head.headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
        let query = head.uri.query().unwrap_or_default();
        Self {
            method: head.method.clone(),
            base: format!("https://{host}"),
            path: decoded(head.uri.path()),
            query: query.split('&').filter_map(|pair| pair.split_once('=')).map(pair).collect(),
            body: serde_json::from_slice(body).unwrap_or_else(|_| form(body)),
            page_size: 0,
        }
    }

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

/// What is sent as the fields of a form, as a document.
fn form(body: &[u8]) -> Value {
    let text = String::from_utf8_lossy(body);
    let fields = text.split('&').filter_map(|pair_of| pair_of.split_once('=')).map(pair);
    fields.map(|(key, value)| (key, Value::from(value))).collect::<serde_json::Map<_, _>>().into()
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
