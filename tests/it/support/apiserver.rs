//! A real API server with a real etcd, on loopback, for one test.
//!
//! There is no controller manager, no scheduler and no kubelet: objects are admitted, stored and served as in
//! a cluster, but nothing happens to them. A Deployment makes no pods, a pod stays `Pending`, and nobody
//! removes what a finalizer holds. Namespaces lack their `default` service account, which pods need to be
//! admitted, so make them with [`ApiServer::create_namespace`].
//!
//! `tests/apiserver/components/build` builds the programs; a test without them gets [`Unavailable`].

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rcgen::KeyPair;
use serde_json::{Value, json};

use super::certificates::{Authority, Credential};
use super::kubectl::{Kubectl, Output};
use super::processes::Processes;
use super::programs::{Programs, Unavailable};
use super::waiting::{comes_true, wait_until};

/// Answers until it is dropped; then its processes and files are gone.
pub(crate) struct ApiServer {
    processes: Processes,
    kubectl: Kubectl,
    port: u16,
    authority: Authority,
    administrator: Credential,
}

/// Somebody who may do what RBAC grants and nothing else.
pub(crate) struct User {
    name: String,
    pub(crate) kubeconfig: PathBuf,
}

impl ApiServer {
    /// The one that all tests of this process share, each in namespaces of its own. The reason is for `skip`.
    pub(crate) fn shared() -> Result<&'static Self, &'static str> {
        static SHARED: OnceLock<Result<ApiServer, Unavailable>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref().map_err(|Unavailable(reason)| reason.as_str())
    }

    /// One for a test alone. Returns when the server is ready.
    pub(crate) fn start() -> Result<Self, Unavailable> {
        let programs = Programs::find()?;
        // Another process may take the port between our choice and the server's start.
        for _ in 0..PORT_ATTEMPTS {
            if let Some(server) = Self::start_on(&programs, free_port()) {
                return Ok(server);
            }
        }
        panic!("no free port for kube-apiserver in {PORT_ATTEMPTS} attempts");
    }

    pub(crate) fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    pub(crate) fn ca_pem(&self) -> String {
        self.authority.pem()
    }

    /// The administrator's.
    pub(crate) fn kubeconfig_path(&self) -> PathBuf {
        self.processes.folder().join("kubeconfig.json")
    }

    /// Runs kubectl as administrator, `stdin` being what `--filename -` reads.
    pub(crate) fn kubectl(&self, arguments: &[&str], stdin: &str) -> Output {
        self.kubectl.run(&self.kubeconfig_path(), arguments, stdin)
    }

    pub(crate) fn kubectl_as(&self, user: &User, arguments: &[&str], stdin: &str) -> Output {
        self.kubectl.run(&user.kubeconfig, arguments, stdin)
    }

    /// Stores objects that the test needs and does not judge.
    #[track_caller]
    pub(crate) fn apply(&self, yaml: &str) {
        self.kubectl(&["apply", "--filename", "-"], yaml).succeeded();
    }

    /// A namespace with its `default` service account, which in a cluster the controller manager makes.
    #[track_caller]
    pub(crate) fn create_namespace(&self, name: &str) {
        self.create_labelled_namespace(name, &json!({}));
    }

    /// The same with labels from its first moment: webhooks choose by them.
    #[track_caller]
    pub(crate) fn create_labelled_namespace(&self, name: &str, labels: &Value) {
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}});
        let service_account = json!({
            "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": name},
        });
        self.apply(&format!("{namespace}\n---\n{service_account}\n"));
    }

    /// Makes `name` a user without any right. `system:serviceaccount:NAMESPACE:NAME` is a user too.
    pub(crate) fn user(&self, name: &str, groups: &[&str]) -> User {
        // By impersonation: rcgen keeps one organisation per certificate, so it can name one group only.
        let mut account = user_account(&self.administrator);
        account["as"] = json!(name);
        account["as-groups"] = json!(groups);
        let kubeconfig = self.processes.folder().join(format!("kubeconfig-{}.json", slug(name)));
        write_json(&kubeconfig, &self.kubeconfig(&account));
        User { name: name.to_owned(), kubeconfig }
    }

    /// Grants every right in one namespace, and returns when the grant has taken effect. The usual roles
    /// `admin` and `edit` would grant nothing: it is the controller manager that fills them.
    #[track_caller]
    pub(crate) fn let_work_in(&self, namespace: &str, user: &User) {
        let (binding, subject) = (slug(&user.name), format!("--user={}", user.name));
        let role = "--clusterrole=cluster-admin";
        self.kubectl(&["create", "rolebinding", &binding, role, &subject, "--namespace", namespace], "")
            .succeeded();
        let ask = ["auth", "can-i", "create", "pods", "--namespace", namespace];
        wait_until("the role binding counts", || self.kubectl_as(user, &ask, "").status.success());
    }

    /// `None` when the port was taken.
    fn start_on(programs: &Programs, port: u16) -> Option<Self> {
        let authority = Authority::new("acr-admission test");
        let administrator = authority.client("administrator", "system:masters");
        let processes = Processes::new();
        let kubectl = Kubectl::new(programs.kubectl.clone(), processes.folder().to_owned());
        let mut server = Self { processes, kubectl, port, authority, administrator };
        server.write_files();
        server.start_etcd(&programs.etcd);
        server.start_kube_apiserver(&programs.kube_apiserver);
        server.wait_until_ready().then_some(server)
    }

    fn write_files(&self) {
        let serving = self.authority.loopback_server();
        let service_account_key = KeyPair::generate().unwrap();
        for (name, content) in [
            ("ca.pem", self.authority.pem()),
            ("serving.pem", serving.certificate),
            ("serving.key", serving.key),
            ("service-account.pem", service_account_key.public_key_pem()),
            ("service-account.key", service_account_key.serialize_pem()),
        ] {
            fs::write(self.processes.folder().join(name), content).unwrap();
        }
        write_json(&self.kubeconfig_path(), &self.kubeconfig(&user_account(&self.administrator)));
    }

    /// On sockets in the folder: nobody else can take them, and two tests cannot meet in one etcd.
    fn start_etcd(&mut self, program: &Path) {
        let mut command = Command::new(program);
        // Losing data with the machine is fine; waiting for the disk is not.
        command.args(["--unsafe-no-fsync", "--data-dir=etcd", "--log-level=warn"]);
        command.arg(format!("--listen-client-urls={}", self.socket("etcd")));
        command.arg(format!("--listen-peer-urls={}", self.socket("peer")));
        // etcd insists on a network address to tell others; there are no others.
        command.arg("--advertise-client-urls=http://127.0.0.1:2379");
        self.processes.start("etcd", &mut command);
    }

    fn start_kube_apiserver(&mut self, program: &Path) {
        let mut command = Command::new(program);
        command.arg(format!("--etcd-servers={}", self.socket("etcd")));
        command.arg(format!("--secure-port={}", self.port)).args(KUBE_APISERVER);
        self.processes.start("kube-apiserver", &mut command);
    }

    fn socket(&self, name: &str) -> String {
        format!("unix://{}/{name}.socket", self.processes.folder().display())
    }

    /// False when the port was taken by somebody else. Any other failure is the machine's or ours.
    fn wait_until_ready(&mut self) -> bool {
        let answered = comes_true(|| {
            self.processes.ended().is_some() || self.kubectl(&["get", "--raw=/readyz"], "").status.success()
        });
        let ended = self.processes.ended();
        let taken = |name: &String| self.processes.log(name).contains("address already in use");
        if ended.as_ref().is_some_and(taken) {
            return false;
        }
        let started = answered && ended.is_none();
        assert!(started, "kube-apiserver did not start\n{}", self.processes.last_words());
        true
    }

    fn kubeconfig(&self, user: &Value) -> Value {
        let cluster =
            json!({"server": self.url(), "certificate-authority-data": base64(self.authority.pem())});
        json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "test", "user": user}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
        })
    }
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

fn user_account(credential: &Credential) -> Value {
    json!({
        "client-certificate-data": base64(&credential.certificate),
        "client-key-data": base64(&credential.key),
    })
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    BASE64_STANDARD.encode(bytes)
}

/// A user's name as part of a file's or an object's.
fn slug(name: &str) -> String {
    name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-").to_ascii_lowercase()
}

fn write_json(path: &Path, value: &Value) {
    fs::write(path, value.to_string()).unwrap();
}

const KUBE_APISERVER: &[&str] = &[
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    // Nobody reaches the server through its Service here, and a loopback address may not be an endpoint.
    "--endpoint-reconciler-type=none",
    "--client-ca-file=ca.pem",
    "--tls-cert-file=serving.pem",
    "--tls-private-key-file=serving.key",
    "--service-account-issuer=https://kubernetes.default.svc",
    "--service-account-key-file=service-account.pem",
    "--service-account-signing-key-file=service-account.key",
    "--service-cluster-ip-range=10.96.0.0/24",
    "--authorization-mode=RBAC",
    "--allow-privileged=true",
];

const PORT_ATTEMPTS: usize = 5;
