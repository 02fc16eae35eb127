//! A cluster whose pods and workloads are judged.

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::configuration::{WEBHOOK_LABEL, configuration};
use super::objects::pod;
use super::serving::{Serving, in_repository};
use crate::support::apiserver::{ApiServer, User};
use crate::support::expected::ESTATE;
use crate::support::kubectl::Output;
use crate::support::waiting::wait_until;

/// The API server, the webhook that it asks, and somebody who works there.
pub(super) struct Cluster {
    pub(super) server: &'static ApiServer,
    pub(super) serving: Serving,
    developer: User,
}

/// The rule of namespaces that name none: enforce.
pub(super) const DEFAULT_RULE: &str = "default";

impl Cluster {
    /// The one that most tests share. The reason is for `skip`.
    pub(super) fn shared() -> Result<&'static Self, &'static str> {
        static SHARED: OnceLock<Result<Cluster, &'static str>> = OnceLock::new();
        SHARED.get_or_init(|| ApiServer::shared().map(Self::set_up)).as_ref().map_err(|reason| *reason)
    }

    fn set_up(server: &'static ApiServer) -> Self {
        let serving = Serving::start(server, &in_repository(ESTATE));
        let developer = server.user("webmaster@contoso.example", &["developers"]);
        let cluster = Self { server, serving, developer };
        server.apply(&configuration(SHARED_WEBHOOK, &cluster.serving, "Fail").to_string());
        server.apply(ESTATE_NAMESPACES);
        for name in ["payments", "batch", "platform", "legacy", "web"] {
            cluster.create_namespace(name, DEFAULT_RULE);
        }
        cluster.wait_until_judged("web");
        cluster
    }

    /// A namespace where the developer works under a rule of the settings.
    #[track_caller]
    pub(super) fn create_namespace(&self, name: &str, rule: &str) {
        let labels = json!({WEBHOOK_LABEL: SHARED_WEBHOOK, RULE_LABEL: rule});
        self.server.create_labelled_namespace(name, &labels);
        self.server.let_work_in(name, &self.developer);
    }

    /// Puts a namespace under another rule, and returns when a pod that may not be pulled is refused there.
    #[track_caller]
    pub(super) fn enforce_in(&self, namespace: &str) {
        let label = format!("{RULE_LABEL}={DEFAULT_RULE}");
        self.server.kubectl(&["label", "namespace", namespace, &label, "--overwrite"], "").succeeded();
        self.wait_until_judged(namespace);
    }

    /// Configurations and labels reach admission a moment after they are stored.
    #[track_caller]
    pub(super) fn wait_until_judged(&self, namespace: &str) {
        let trial = pod("trial", namespace, DENIED).to_string();
        let create = ["create", "--dry-run=server", "--filename", "-"];
        wait_until("pods are judged", || {
            self.server.kubectl(&create, &trial).stderr.contains("denied the request")
        });
    }

    /// kubectl as the developer.
    pub(super) fn kubectl(&self, arguments: &[&str], stdin: &str) -> Output {
        self.server.kubectl_as(&self.developer, arguments, stdin)
    }

    /// Creates an object as the developer.
    pub(super) fn create(&self, object: &Value) -> Output {
        self.kubectl(&["create", "--filename", "-"], &object.to_string())
    }
}

/// An image that the identity of the nodes may pull, which is asked where a service account names none.
pub(super) const ALLOWED: &str = "contosoapps.azurecr.io/shared/logger:4";
/// One that it may not: the condition of its role says `shared/`.
pub(super) const DENIED: &str = "contosoapps.azurecr.io/sharedx/logger:4";
/// What a user reads first of a denied one.
pub(super) const DENIAL: &str = "contosoapps.azurecr.io/sharedx/logger:4: managed identity id-kubelet-prod may not \
     pull from registry contosoapps: the condition of its role assignment excludes the repository";

const SHARED_WEBHOOK: &str = "shared";
const RULE_LABEL: &str = "acr-admission.test/rule";
const ESTATE_NAMESPACES: &str = include_str!("../../fixtures/workloads/aks-prod/00-namespaces.yaml");
