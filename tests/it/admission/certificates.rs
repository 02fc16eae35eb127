//! The certificate that two replicas make and change themselves, with no more rights than the chart grants.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use serde_json::{Value, json};

use super::cluster::{ALLOWED, DENIED};
use super::configuration::{WEBHOOK_LABEL, shipped};
use super::objects::pod;
use super::serving::Serving;
use crate::support::apiserver::{ApiServer, User};
use crate::support::kubectl::Output;
use crate::support::skip::skip;
use crate::support::waiting::wait_until;

#[test]
fn certificate_and_authority_change_and_no_request_is_lost() {
    let release = match Release::start("rotating") {
        Ok(release) => release,
        Err(reason) => return skip(reason),
    };
    let before = release.secret();
    let is_over = Arc::new(AtomicBool::new(false));
    let (asking, shaking) = thread::scope(|scope| {
        let asking = scope.spawn(|| count(&is_over, || release.create(ALLOWED).status.success()));
        let shaking = scope.spawn(|| {
            count(&is_over, || {
                let bundle = release.bundle();
                release.replicas.iter().all(|replica| shakes_hands(&bundle, replica.address()))
            })
        });
        release.rotate("certificate");
        wait_until("there is a new certificate", || release.secret()["tls.crt"] != before["tls.crt"]);
        wait_until("every replica shows it", || {
            let reloads = "acr_admission_certificate_reloads_total{result=\"success\"}";
            release.replicas.iter().all(|replica| replica.metric(reloads) >= 2.0)
        });
        assert_eq!(release.secret()["ca.crt"], before["ca.crt"], "the authority stays");
        release.rotate("authority");
        let certificates = |secret: &Value| decoded(&secret["ca.crt"]).matches("BEGIN").count();
        wait_until("the old authority is gone", || {
            let secret = release.secret();
            secret["ca.crt"] != before["ca.crt"] && certificates(&secret) == 1
        });
        wait_until("the configuration has the new one alone", || {
            release.bundle() == decoded(&release.secret()["ca.crt"])
        });
        is_over.store(true, Ordering::Relaxed);
        (asking.join().unwrap(), shaking.join().unwrap())
    });
    writeln!(std::io::stderr(), "creations: {asking:?}, handshakes with both: {shaking:?} (failed, total)")
        .unwrap();
    assert_eq!((asking.0, shaking.0), (0, 0), "failed of {} and {}", asking.1, shaking.1);
    for replica in &release.replicas {
        assert!(!replica.log().contains("PRIVATE KEY"));
        assert_eq!(replica.health("/readyz").0, 200);
    }
}

#[test]
fn a_bundle_that_was_removed_comes_back_and_whoever_survives_leads() {
    let mut release = match Release::start("repairing") {
        Ok(release) => release,
        Err(reason) => return skip(reason),
    };
    assert_eq!(release.fields_of("acr-admission-certificates"), only_bundles());
    release.apply_as_chart();
    assert!(!release.bundle().is_empty(), "the chart's owner says nothing about bundles");

    let remove = r#"[{"op": "remove", "path": "/webhooks/0/clientConfig/caBundle"}]"#;
    let configuration = ["validatingwebhookconfiguration", release.name];
    let patch = [&["patch"], &configuration[..], &["--type=json", "--patch", remove]].concat();
    release.server.kubectl(&patch, "").succeeded();
    wait_until("the bundle is back", || !release.bundle().is_empty());

    let leader = release.leader();
    release.replicas.remove(leader).end("KILL");
    wait_until("the other one leads", || leads(&release.replicas[0]));
    let before = release.secret();
    release.rotate("certificate");
    wait_until("it does the work", || release.secret()["tls.crt"] != before["tls.crt"]);

    let delete = [&["delete"], &configuration[..]].concat();
    release.server.kubectl(&delete, "").succeeded();
    wait_until("it is told that nobody asks", || {
        let (status, detail) = release.replicas[0].health("/readyz");
        status == 200 && detail.contains("does not exist: nobody asks this webhook")
    });
    let get = [&["get"], &configuration[..]].concat();
    assert!(release.server.kubectl(&get, "").stderr.contains("NotFound"), "nothing is made anew");
}

#[test]
fn a_replica_that_leaves_gives_up_the_lead_while_it_serves_on() {
    // Longer than the test takes: none of what is waited for is owed to the end of a replica.
    let mut release = match Release::start_with("leaving", &["--drain=300"]) {
        Ok(release) => release,
        Err(reason) => return skip(reason),
    };
    let leader = release.leader();
    let leaving = release.replicas.remove(leader);
    leaving.tell("TERM");
    wait_until("the other one leads", || leads(&release.replicas[0]));
    assert!(!leads(&leaving));
    assert!(leaving.health("/readyz").1.contains("\"draining\":true"), "it still serves");

    release.replicas[0].tell("TERM");
    wait_until("nobody holds the Lease", || release.lease()["holderIdentity"] == "");
    let lease = release.lease();
    assert_eq!(lease["leaseDurationSeconds"], 1, "nobody waits for who is gone: {lease}");

    let before = release.secret();
    release.rotate("certificate");
    let fresh = replica(release.name, &release.user, &[]);
    wait_until("a new one does the work", || release.secret()["tls.crt"] != before["tls.crt"]);
    assert!(leads(&fresh));
    let reloads = "acr_admission_certificate_reloads_total{result=\"success\"}";
    wait_until("who leaves shows its certificate", || leaving.metric(reloads) >= 2.0);
}

#[test]
fn a_lease_that_is_forbidden_is_told_once_and_keeps_nobody_from_ending() {
    let mut release = match Release::start("leaseless") {
        Ok(release) => release,
        Err(reason) => return skip(reason),
    };
    release.leader();
    let granted = GRANTED.replace("RELEASE", release.name);
    release.server.apply(&granted.replace("[coordination.k8s.io]", "[nothing.example]"));
    let failures = |replica: &Serving| -> Value {
        serde_json::from_str::<Value>(&replica.health("/readyz").1).unwrap()["failures"].take()
    };
    let tells = |replica: &Serving| failures(replica)["renewal"]["error"].as_str().map(str::to_owned);
    for replica in &release.replicas {
        wait_until("the Lease is missed", || tells(replica).is_some());
        let error = tells(replica).unwrap();
        assert!(error.contains("Lease leader") && error.contains("forbidden"), "{error}");
        assert_eq!((replica.health("/readyz").0, leads(replica)), (200, false));
    }
    let renewal = |replica: &Serving| failures(replica)["renewal"].take();
    let first: Vec<Value> = release.replicas.iter().map(renewal).collect();

    // Certificates that come and go show that the replicas looked again, several times.
    let good = release.secret();
    for _ in 0..2 {
        release.store(&json!({"tls.crt": "bm8="}));
        for replica in &release.replicas {
            wait_until("a bad certificate is told", || failures(replica)["certificate"].is_object());
        }
        release.store(&good);
        for replica in &release.replicas {
            wait_until("the good one is back", || failures(replica)["certificate"].is_null());
        }
    }
    assert_eq!(release.replicas.iter().map(renewal).collect::<Vec<_>>(), first, "its time too");
    for replica in &release.replicas {
        assert_eq!(replica.log().matches("this replica cannot renew the certificate").count(), 1);
    }

    let mut ending = release.replicas.pop().unwrap();
    assert!(ending.end("TERM").success());
    release.server.apply(&granted);
    wait_until("it is well again", || renewal(&release.replicas[0]).is_null());
    wait_until("it leads", || leads(&release.replicas[0]));
}

/// Argo CD applies no Lease, whoever asks it to.
#[test]
fn a_lease_that_the_installing_tool_left_out_is_made_and_goes_with_the_secret() {
    let release = match Release::start_without_lease("lease-left-out") {
        Ok(release) => release,
        Err(reason) => return skip(reason),
    };
    release.leader();
    let object = |kind: &str, name: &str| release.object(&["get", kind, name, "--namespace", release.name]);
    let (lease, secret) = (object("lease", "leader"), object("secret", "tls"));
    assert!(lease["spec"]["holderIdentity"].is_string(), "{lease}");
    let owner =
        json!([{"apiVersion": "v1", "kind": "Secret", "name": "tls", "uid": secret["metadata"]["uid"]}]);
    assert_eq!(lease["metadata"]["ownerReferences"], owner);
}

/// What the chart makes, and two replicas.
struct Release {
    server: &'static ApiServer,
    name: &'static str,
    user: User,
    replicas: Vec<Serving>,
}

impl Release {
    fn start(name: &'static str) -> Result<Self, &'static str> {
        Self::start_with(name, &[])
    }

    fn start_with(name: &'static str, flags: &[&str]) -> Result<Self, &'static str> {
        Self::granted(name, &format!("{GRANTED}---{LEASE}"), flags)
    }

    fn start_without_lease(name: &'static str) -> Result<Self, &'static str> {
        Self::granted(name, GRANTED, &[])
    }

    /// Returns when both replicas are asked and answer.
    fn granted(name: &'static str, granted: &str, flags: &[&str]) -> Result<Self, &'static str> {
        let server = ApiServer::shared()?;
        server.create_namespace(name);
        // Another one: in its own, the webhook refuses nothing.
        server.create_labelled_namespace(&judged(name), &json!({WEBHOOK_LABEL: name}));
        server.apply(&granted.replace("RELEASE", name));
        let user = server.user(&format!("system:serviceaccount:{name}:acr-admission"), &[]);
        let replicas = vec![replica(name, &user, flags), replica(name, &user, flags)];
        let release = Self { server, name, user, replicas };
        for replica in &release.replicas {
            wait_until("it waits for its configuration", || {
                let (status, detail) = replica.health("/readyz");
                status == 503
                    && detail.contains(&format!("ValidatingWebhookConfiguration {name} does not exist"))
            });
        }
        release.apply_as_chart();
        for replica in &release.replicas {
            wait_until("it is ready", || replica.health("/readyz").0 == 200);
        }
        wait_until("pods are judged", || release.create(DENIED).stderr.contains("denied the request"));
        wait_until("pods are admitted", || release.create(ALLOWED).status.success());
        Ok(release)
    }

    /// As Helm or Argo CD would: every field but the bundles.
    fn apply_as_chart(&self) {
        let mut configuration = shipped(self.name, "Fail");
        let pods = configuration["webhooks"][0].take();
        let webhooks: Vec<Value> = ["a", "b"]
            .iter()
            .zip(&self.replicas)
            .map(|(letter, replica)| {
                let mut webhook = pods.clone();
                webhook["name"] = json!(format!("{letter}.pods.acr-admission.dev"));
                let port = replica.address().rsplit_once(':').unwrap().1;
                webhook["clientConfig"] = json!({"url": format!("https://localhost:{port}/validate/pods")});
                webhook
            })
            .collect();
        configuration["webhooks"] = json!(webhooks);
        let apply = ["apply", "--server-side", "--field-manager=chart", "--filename", "-"];
        self.server.kubectl(&apply, &configuration.to_string()).succeeded();
    }

    fn create(&self, image: &str) -> Output {
        let pod = pod("trial", &judged(self.name), image).to_string();
        self.server.kubectl(&["create", "--dry-run=server", "--filename", "-"], &pod)
    }

    /// The position of the replica that leads.
    fn leader(&self) -> usize {
        wait_until("one leads", || self.replicas.iter().filter(|replica| leads(replica)).count() == 1);
        self.replicas.iter().position(leads).unwrap()
    }

    fn lease(&self) -> Value {
        self.object(&["get", "lease", "leader", "--namespace", self.name])["spec"].take()
    }

    /// Puts entries into the Secret, in base64.
    fn store(&self, entries: &Value) {
        let patch = json!({"data": entries}).to_string();
        let secret = ["patch", "secret", "tls", "--namespace", self.name, "--patch", &patch];
        self.server.kubectl(&secret, "").succeeded();
    }

    /// The entries of the Secret, in base64.
    fn secret(&self) -> Value {
        self.object(&["get", "secret", "tls", "--namespace", self.name])["data"].take()
    }

    /// What every webhook of the configuration trusts; empty where they differ.
    fn bundle(&self) -> String {
        let configuration = self.configuration();
        let mut bundles = configuration["webhooks"].as_array().unwrap().iter();
        let first = decoded(&bundles.next().unwrap()["clientConfig"]["caBundle"]);
        let is_everywhere = bundles.all(|webhook| decoded(&webhook["clientConfig"]["caBundle"]) == first);
        if is_everywhere { first } else { String::new() }
    }

    /// The fields of the webhooks that a manager owns.
    fn fields_of(&self, manager: &str) -> Value {
        let configuration = self.configuration();
        let owned = configuration["metadata"]["managedFields"].as_array().unwrap();
        owned.iter().find(|fields| fields["manager"] == manager).unwrap()["fieldsV1"].clone()
    }

    fn configuration(&self) -> Value {
        self.object(&["get", "validatingwebhookconfiguration", self.name, "--show-managed-fields"])
    }

    fn object(&self, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--output=json"]].concat();
        serde_json::from_str(&self.server.kubectl(&arguments, "").succeeded().stdout).unwrap()
    }

    fn rotate(&self, what: &str) {
        let annotation = format!("acr-admission.dev/rotate={what}");
        self.server
            .kubectl(&["annotate", "secret", "tls", &annotation, "--overwrite", "--namespace", self.name], "")
            .succeeded();
    }
}

/// The namespace whose pods the webhook of a release judges.
fn judged(release: &str) -> String {
    format!("{release}-pods")
}

fn leads(replica: &Serving) -> bool {
    replica.metric("acr_admission_leader") > 0.5
}

fn replica(namespace: &str, user: &User, more: &[&str]) -> Serving {
    let own = format!("--own-namespace={namespace}");
    let configuration = format!("--webhook-configuration={namespace}");
    let flags = [
        "--tls-secret=tls",
        "--lease=leader",
        "--server-name=localhost",
        "--trust-pause=2",
        &own,
        &configuration,
    ];
    Serving::launch(&user.kubeconfig, &[&flags, more].concat())
}

/// How often something failed, and how often it was tried: often enough to prove something, on a slow machine too.
fn count(is_over: &AtomicBool, attempt: impl Fn() -> bool) -> (usize, usize) {
    let (mut failed, mut total) = (0, 0);
    while !is_over.load(Ordering::Relaxed) || total < ENOUGH {
        failed += usize::from(!attempt());
        total += 1;
    }
    (failed, total)
}

/// What an API server does with a new connection. One that keeps its old connections would notice nothing.
fn shakes_hands(bundle: &str, address: &str) -> bool {
    let mut roots = RootCertStore::empty();
    for authority in CertificateDer::pem_slice_iter(bundle.as_bytes()) {
        roots.add(authority.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    connection.complete_io(&mut stream).is_ok()
}

fn decoded(base64: &Value) -> String {
    let bytes = BASE64_STANDARD.decode(base64.as_str().unwrap_or_default()).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn only_bundles() -> Value {
    let bundle = json!({".": {}, "f:name": {}, "f:clientConfig": {"f:caBundle": {}}});
    json!({"f:webhooks": {
        "k:{\"name\":\"a.pods.acr-admission.dev\"}": bundle,
        "k:{\"name\":\"b.pods.acr-admission.dev\"}": bundle,
    }})
}

const ENOUGH: usize = 10;

/// As the chart renders it.
const LEASE: &str = "
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: leader, namespace: RELEASE}
";

/// The Secret as the chart renders it, and what the program may do: no more than this.
const GRANTED: &str = r#"
apiVersion: v1
kind: Secret
metadata: {name: tls, namespace: RELEASE}
type: Opaque
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: acr-admission, namespace: RELEASE}
rules:
  - {apiGroups: [""], resources: [secrets], resourceNames: [tls], verbs: [get, patch]}
  - {apiGroups: [coordination.k8s.io], resources: [leases], resourceNames: [leader], verbs: [get, patch]}
  - {apiGroups: [coordination.k8s.io], resources: [leases], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: acr-admission, namespace: RELEASE}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: acr-admission}
subjects: [{kind: ServiceAccount, name: acr-admission, namespace: RELEASE}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: acr-admission-RELEASE}
rules:
  - {apiGroups: [""], resources: [serviceaccounts, namespaces], verbs: [get, list, watch]}
  - apiGroups: [admissionregistration.k8s.io]
    resources: [validatingwebhookconfigurations]
    resourceNames: [RELEASE]
    verbs: [get, patch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: acr-admission-RELEASE}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: acr-admission-RELEASE}
subjects: [{kind: ServiceAccount, name: acr-admission, namespace: RELEASE}]
"#;
