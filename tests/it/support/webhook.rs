//! A webhook on loopback, with a certificate of its own, and a client that talks HTTPS to it.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use acr_admission::server::{self, CertificateSource, Clock, ClusterSource, Running, ServeOptions};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::SendRequest;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::certificates::Authority;

/// A small estate: `fabrikam` in mode rbac, where the kubelet may pull everything, and `fabrikamapps` in mode
/// rbac-abac, where `id-web` may pull below `web/`.
pub(crate) const ESTATE: &str = include_str!("../../fixtures/webhook/inventory.yaml");
/// Namespaces, service accounts and secrets that go with it.
pub(crate) const OBJECTS: &str = include_str!("../../fixtures/webhook/objects.yaml");

/// Settings with one mode for everything.
pub(crate) fn mode(mode: &str) -> String {
    settings(&format!("default: {{mode: {mode}}}"))
}

/// Settings with these keys.
pub(crate) fn settings(keys: &str) -> String {
    format!("apiVersion: acr-admission.dev/v1\nkind: Settings\n{keys}\n")
}

/// A webhook that runs until the test ends.
pub(crate) struct Webhook {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) authority: Authority,
    running: Option<Running>,
    address: SocketAddr,
    health: SocketAddr,
}

impl Webhook {
    /// With the small estate and these settings.
    pub(crate) async fn with_settings(settings: &str) -> Self {
        Self::start(settings, |_, _| {}).await
    }

    /// With the small estate, these settings, and what else the test changes.
    pub(crate) async fn start(settings: &str, change: impl FnOnce(&mut ServeOptions, &Path)) -> Self {
        let webhook = Self::start_waiting(settings, change).await;
        webhook.running.as_ref().unwrap().answers().await.unwrap();
        webhook
    }

    /// The same, whatever is wrong with what it is to load.
    pub(crate) async fn start_waiting(settings: &str, change: impl FnOnce(&mut ServeOptions, &Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new("webhook tests");
        write_certificate(folder.path(), &authority);
        let path = |name: &str| folder.path().join(name);
        fs::write(path("settings.yaml"), settings).unwrap();
        fs::create_dir(path("inventory")).unwrap();
        fs::write(path("inventory/estate.yaml"), ESTATE).unwrap();
        fs::write(path("objects.yaml"), OBJECTS).unwrap();
        let mut options = ServeOptions::new(CertificateSource::Files {
            certificate: path("tls.crt"),
            key: path("tls.key"),
        });
        options.listen = ([127, 0, 0, 1], 0).into();
        options.health_listen = ([127, 0, 0, 1], 0).into();
        options.settings = Some(path("settings.yaml"));
        options.inventory = vec![path("inventory")];
        options.cluster = ClusterSource::Objects(vec![path("objects.yaml")]);
        options.drain = Duration::ZERO;
        options.poll = Duration::from_millis(10);
        options.clock = Clock::Fixed("2026-11-22T12:00:00Z".parse().unwrap());
        change(&mut options, folder.path());
        let running = server::start(options).await.unwrap();
        let (address, health) = (running.address(), running.health_address());
        Self { folder, authority, running: Some(running), address, health }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// One request on a connection of its own.
    pub(crate) async fn post(&self, path: &str, body: impl Into<Bytes>) -> Reply {
        self.connect().await.post(path, body).await
    }

    /// Posts a review and takes the response out of the answer.
    pub(crate) async fn review(&self, review: &Value) -> Value {
        self.connect().await.review(review).await
    }

    pub(crate) async fn connect(&self) -> Connection {
        Connection::over(self.tls(&[b"http/1.1"]).await.unwrap()).await
    }

    /// A TLS connection that comes from this address of the machine.
    pub(crate) async fn tls_from(&self, address: [u8; 4]) -> TlsStream<TcpStream> {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((address, 0).into()).unwrap();
        let stream = socket.connect(self.address).await.unwrap();
        let config = client_config(&self.authority, rustls::DEFAULT_VERSIONS);
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
    }

    /// A TLS connection that offers these protocols.
    pub(crate) async fn tls(&self, alpn: &[&[u8]]) -> std::io::Result<TlsStream<TcpStream>> {
        let mut config = client_config(&self.authority, rustls::DEFAULT_VERSIONS);
        config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
        self.tls_with(config).await
    }

    pub(crate) async fn tls_with(&self, config: ClientConfig) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(self.address).await?;
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }

    /// Whether the port for reviews takes no connections.
    pub(crate) async fn is_closed(&self) -> bool {
        TcpStream::connect(self.address).await.is_err()
    }

    /// Where reviews are answered, on `localhost`.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) const fn health_address(&self) -> SocketAddr {
        self.health
    }

    pub(crate) async fn tcp(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// A GET on the health port.
    pub(crate) async fn health(&self, path: &str) -> Reply {
        let stream = TcpStream::connect(self.health).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let request = Request::get(path).header(HOST, "localhost").body(Full::<Bytes>::default()).unwrap();
        Reply::of(sender.send_request(request).await.unwrap()).await
    }

    pub(crate) async fn ready(&self) -> Value {
        self.health("/readyz").await.json()
    }

    /// The value of one series, 0 where it does not exist.
    pub(crate) async fn metric(&self, series: &str) -> f64 {
        let text = self.health("/metrics").await.text();
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.map_or(0.0, |value| value.parse().unwrap())
    }

    /// The value of a series of whole numbers; -1 where it does not exist.
    pub(crate) async fn whole_metric(&self, series: &str) -> i64 {
        let text = self.health("/metrics").await.text();
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.map_or(-1, |value| value.parse().unwrap())
    }

    pub(crate) fn shut_down(&mut self) -> impl Future<Output = ()> + use<> {
        self.running.take().unwrap().shut_down()
    }

    /// Waits until something about the server is so.
    pub(crate) async fn until<F: Future<Output = bool>>(&self, what: &str, mut condition: impl FnMut() -> F) {
        let limit = tokio::time::Instant::now() + Duration::from_secs(60);
        while !condition().await {
            assert!(tokio::time::Instant::now() < limit, "waited in vain until {what}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// A connection that stays open between requests.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    pub(crate) certificate: CertificateDer<'static>,
}

impl Connection {
    pub(crate) async fn over(stream: TlsStream<TcpStream>) -> Self {
        let certificate = stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned();
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self { sender, certificate }
    }

    pub(crate) async fn post(&mut self, path: &str, body: impl Into<Bytes>) -> Reply {
        self.send(Request::post(path).header(CONTENT_TYPE, "application/json"), body).await
    }

    pub(crate) async fn send(
        &mut self,
        head: hyper::http::request::Builder,
        body: impl Into<Bytes>,
    ) -> Reply {
        let request = head.header(HOST, "localhost").body(Full::new(body.into())).unwrap();
        self.sender.ready().await.unwrap();
        Reply::of(self.sender.send_request(request).await.unwrap()).await
    }

    pub(crate) async fn review(&mut self, review: &Value) -> Value {
        let reply = self.post("/validate/pods?timeout=5s", review.to_string()).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
        let mut answer = reply.json();
        assert_eq!(answer["apiVersion"], "admission.k8s.io/v1");
        assert_eq!(answer["kind"], "AdmissionReview");
        assert_eq!(answer["response"]["uid"], review["request"]["uid"]);
        answer["response"].take()
    }

    /// Whether the server has closed the connection.
    pub(crate) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }
}

/// An HTTP answer, read to its end.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    body: Bytes,
}

impl Reply {
    pub(crate) async fn of(response: hyper::Response<hyper::body::Incoming>) -> Self {
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self { status: head.status, headers: head.headers, body }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// Writes a new pair of this authority.
pub(crate) fn write_certificate(folder: &Path, authority: &Authority) {
    let server = authority.loopback_server();
    fs::write(folder.join("tls.crt"), server.certificate).unwrap();
    fs::write(folder.join("tls.key"), server.key).unwrap();
}

pub(crate) fn client_config(
    authority: &Authority,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// Secrets in the namespace `web`, each with logins of one user at some registries.
pub(crate) fn write_secrets(
    options: &mut ServeOptions,
    folder: &Path,
    names: &[String],
    user: &str,
    registries: &[String],
) {
    let login = json!({"username": user, "password": "hush"});
    let logins: serde_json::Map<String, Value> =
        registries.iter().map(|registry| (registry.clone(), login.clone())).collect();
    let logins = json!({"auths": logins}).to_string();
    let mut manifest = String::new();
    for name in names {
        let secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": "web"},
            "type": "kubernetes.io/dockerconfigjson",
            "stringData": {".dockerconfigjson": logins},
        });
        writeln!(manifest, "---\n{secret}").unwrap();
    }
    let path = folder.join("secrets.yaml");
    fs::write(&path, manifest).unwrap();
    options.cluster = ClusterSource::Objects(vec![folder.join("objects.yaml"), path]);
}

/// The review with these pull secrets.
pub(crate) fn with_secrets<'a>(mut review: Value, names: impl IntoIterator<Item = &'a str>) -> Value {
    let names: Vec<Value> = names.into_iter().map(|name| json!({"name": name})).collect();
    review["request"]["object"]["spec"]["imagePullSecrets"] = names.into();
    review
}

/// A review of a new pod with one container for each image.
pub(crate) fn pod_review(namespace: &str, service_account: &str, images: &[&str]) -> Value {
    let containers: Vec<Value> = images
        .iter()
        .enumerate()
        .map(|(index, image)| json!({"name": format!("c{index}"), "image": image}))
        .collect();
    review(
        "",
        "Pod",
        namespace,
        &json!({
            "metadata": {"name": "p", "namespace": namespace},
            "spec": {"serviceAccountName": service_account, "containers": containers},
        }),
    )
}

/// The same of a Deployment.
pub(crate) fn deployment_review(namespace: &str, service_account: &str, images: &[&str]) -> Value {
    let mut pod = pod_review(namespace, service_account, images);
    let spec = pod["request"]["object"]["spec"].take();
    review(
        "apps",
        "Deployment",
        namespace,
        &json!({
            "metadata": {"name": "d", "namespace": namespace},
            "spec": {"template": {"metadata": {}, "spec": spec}},
        }),
    )
}

pub(crate) fn review(group: &str, kind: &str, namespace: &str, object: &Value) -> Value {
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
            "kind": {"group": group, "version": "v1", "kind": kind},
            "resource": {"group": group, "version": "v1", "resource": format!("{}s", kind.to_lowercase())},
            "name": object["metadata"]["name"],
            "namespace": namespace,
            "operation": "CREATE",
            "userInfo": {"username": "alice", "groups": ["system:authenticated"]},
            "object": object,
            "dryRun": false,
        }
    })
}
