//! Which credentials a node tries: 148 recorded pulls, and the two columns about the credential plugin in the list of
//! image references.

mod doors;

use std::collections::BTreeMap;
use std::fs;

use acr_admission::engine::image::{ImageReference, ImageReferenceError};
use acr_admission::engine::pull::{
    Cloud, ClusterProfile, DefaultIdentity, ImageName, Mirror, NodeConditions, PluginLogin, ProfileOverrides,
    PullIdentity, PullSecret, PullSecretState, Puller, Question, ServiceAccountFacts, ServiceAccountState,
    Try, WithoutServiceAccount, chain, empty_entry_covers, is_asked_about,
};
use acr_admission::engine::{index::Index, inventory::Inventory};
use acr_admission::workload::{PullSecretFormat, read_pull_secret};
use serde::Deserialize;

#[derive(Deserialize)]
struct Recording {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "the fields of the recording")]
struct Case {
    id: String,
    image: String,
    pull_mode: PullIdentity,
    cloud: Cloud,
    default_identity: Option<String>,
    service_account: Option<Account>,
    pod_pull_secrets: Option<Vec<String>>,
    secrets: BTreeMap<String, Secret>,
    tries: Option<Vec<String>>,
    tries_seen: Option<Vec<String>>,
    #[serde(default)]
    also_seen: Vec<AlsoSeen>,
    stopped_at: Option<String>,
    grants: Vec<String>,
    #[serde(default)]
    origin_not_seen: bool,
    #[serde(default)]
    provider_fails: bool,
    #[serde(default = "yes")]
    identity_bound: bool,
    #[serde(default = "yes")]
    audience_allowed: bool,
    #[serde(default)]
    static_pod: bool,
    #[serde(default = "yes")]
    require_service_account: bool,
    node_config_json: Option<String>,
    #[serde(default)]
    mirror: BTreeMap<String, String>,
    outcome: String,
    // What a chain does not depend on.
    #[serde(rename = "rule")]
    _rule: String,
    #[serde(rename = "what")]
    _what: Option<String>,
    #[serde(rename = "note")]
    _note: Option<String>,
    #[serde(rename = "field")]
    _field: String,
    #[serde(rename = "sent")]
    _sent: Vec<String>,
    #[serde(rename = "kubernetes")]
    _kubernetes: Vec<String>,
    #[serde(rename = "automountServiceAccountToken")]
    _automount: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Account {
    name: String,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
    #[serde(default)]
    image_pull_secrets: Vec<String>,
}

#[derive(Deserialize)]
struct Secret {
    #[serde(rename = "type")]
    secret_type: String,
    data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AlsoSeen {
    tries: Option<Vec<String>>,
    tries_seen: Option<Vec<String>>,
}

fn yes() -> bool {
    true
}

/// A secret that exists: read, or malformed.
enum Content {
    Read(PullSecret),
    Malformed(String),
}

impl Case {
    fn cluster(&self) -> ClusterProfile {
        let overrides = ProfileOverrides {
            pull_identity: Some(self.pull_mode),
            cloud: Some(self.cloud),
            ..ProfileOverrides::default()
        };
        let index = Index::build(Inventory::default());
        let mut cluster = ClusterProfile::from_inventory(&index, None, &overrides).cluster;
        cluster.default_identity = self
            .default_identity
            .as_deref()
            .map(|client_id| DefaultIdentity { client_id: client_id.into(), principal_id: None });
        let fails = self.provider_fails || !self.identity_bound || !self.audience_allowed;
        let config = self.node_config_json.as_deref().map(|text| {
            read_pull_secret("", PullSecretFormat::DockerConfigJson, text.as_bytes()).unwrap().entries
        });
        let mirrors = self.mirror.iter();
        cluster.nodes = NodeConditions {
            docker_config: config.unwrap_or_default(),
            mirrors: mirrors
                .map(|(source, target)| Mirror { source: source.into(), target: target.into() })
                .collect(),
            login: if fails { PluginLogin::Fails } else { PluginLogin::Succeeds },
            without_service_account: if self.require_service_account {
                WithoutServiceAccount::Nothing
            } else {
                WithoutServiceAccount::NodeIdentity
            },
        };
        cluster
    }

    fn account(&self) -> ServiceAccountFacts {
        let Some(account) = &self.service_account else { return ServiceAccountFacts::default() };
        let annotation = |key: &str| account.annotations.get(key).map(Into::into);
        ServiceAccountFacts {
            acr_client_id: annotation("kubernetes.azure.com/acr-client-id"),
            acr_tenant_id: annotation("kubernetes.azure.com/acr-tenant-id"),
            workload_client_id: annotation("azure.workload.identity/client-id"),
            pull_secrets: account.image_pull_secrets.iter().map(Into::into).collect(),
        }
    }

    fn contents(&self) -> BTreeMap<&str, Content> {
        let read = |(name, secret): (&'_ String, &'_ Secret)| {
            let format = PullSecretFormat::of_type(&secret.secret_type).unwrap();
            match read_pull_secret(name, format, secret.data.as_bytes()) {
                Ok(secret) => Content::Read(secret),
                Err(_) => Content::Malformed(name.clone()),
            }
        };
        self.secrets.iter().map(|(name, secret)| (name.as_str(), read((name, secret)))).collect()
    }

    /// What the kubelet hands to the lookup: even of references that this program refuses, such as one of a host with
    /// an underscore.
    fn name(&self) -> Option<(String, String)> {
        match self.image.parse::<ImageReference>() {
            Ok(image) => Some((image.host_as_spelled().into(), image.repository().as_str().into())),
            Err(ImageReferenceError::Invalid { .. }) if self.outcome != "InvalidImageName" => {
                let (host, rest) = self.image.split_once('/').unwrap();
                let path = rest.split(['@', ':']).next().unwrap();
                Some((host.into(), path.into()))
            }
            Err(_) => None,
        }
    }

    fn chain(&self) -> Vec<Try> {
        let Some((host, path)) = self.name() else { return Vec::new() };
        let (cluster, account, contents) = (self.cluster(), self.account(), self.contents());
        let of_pod = self.pod_pull_secrets.as_deref().filter(|names| !names.is_empty());
        let of_account: Vec<String> = account.pull_secrets.iter().map(ToString::to_string).collect();
        let names = of_pod.unwrap_or(&of_account).iter().filter(|name| !name.is_empty());
        let pull_secrets = names
            .map(|name| match contents.get(name.as_str()) {
                Some(Content::Read(secret)) => PullSecretState::Read(secret),
                Some(Content::Malformed(name)) => PullSecretState::Malformed { name },
                None => PullSecretState::Absent { name },
            })
            .collect();
        let puller = Puller {
            namespace: "small",
            service_account_name: self.service_account.as_ref().map_or("", |account| &account.name),
            service_account: if self.static_pod {
                ServiceAccountState::StaticPod
            } else {
                ServiceAccountState::Found(&account)
            },
            pull_secrets,
            virtual_node: false,
            windows: false,
        };
        chain(ImageName { host: &host, path: &path }, &puller, &cluster, Question::Actual)
    }

    /// Every chain, or beginning of one, that was recorded, with whether it is whole.
    fn recorded(&self) -> Vec<(bool, Vec<String>)> {
        let also = self.also_seen.iter().map(|also| (&also.tries, &also.tries_seen));
        [(&self.tries, &self.tries_seen)]
            .into_iter()
            .chain(also)
            .map(|(tries, seen)| match (tries, seen) {
                (Some(whole), None) => (true, whole.clone()),
                (None, Some(beginning)) => (false, beginning.clone()),
                _ => panic!("{}: neither tries nor triesSeen, or both", self.id),
            })
            .collect()
    }
}

/// The registry cannot tell why a request comes without a credential.
fn as_seen_by_registry(attempt: &Try) -> String {
    if attempt.is_anonymous() { "anonymous".to_owned() } else { attempt.to_string() }
}

fn recording() -> Vec<Case> {
    let text = fs::read_to_string("tests/fixtures/pulls/chain.json").unwrap();
    let Recording { cases } = serde_json::from_str(&text).unwrap();
    assert_eq!(cases.len(), 148);
    cases
}

#[test]
fn tries_what_recorded_nodes_tried_in_the_same_order() {
    for case in recording() {
        let chain = case.chain();
        let words: Vec<String> = chain
            .iter()
            .map(
                |attempt| {
                    if case.origin_not_seen { as_seen_by_registry(attempt) } else { attempt.to_string() }
                },
            )
            .collect();
        let fits = |(whole, tries): &(bool, Vec<String>)| {
            if *whole { words == *tries } else { words.starts_with(tries) }
        };
        assert!(case.recorded().iter().any(fits), "{}: {words:?}, not {:?}", case.id, case.recorded());
    }
}

#[test]
fn a_grant_helps_exactly_where_its_credential_is_tried() {
    for case in recording() {
        let chain = case.chain();
        let granted = |attempt: &Try| {
            let grant = as_seen_by_registry(attempt);
            case.grants.contains(&grant)
        };
        let succeeded = case.stopped_at.is_some();
        assert_eq!(chain.iter().any(granted), succeeded, "{}: {chain:?}, {:?}", case.id, case.grants);
    }
}

#[test]
fn asks_the_plugin_about_the_same_hosts_as_a_kubelet() {
    #[derive(Deserialize)]
    struct File {
        references: Vec<Row>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Row {
        image: String,
        host: Option<String>,
        repository: Option<String>,
        acr_plugin_called: Option<bool>,
        empty_credential_also_tried: Option<bool>,
    }
    let text = fs::read_to_string("tests/fixtures/workloads/image-references.json").unwrap();
    let File { references } = serde_json::from_str(&text).unwrap();
    let mut judged = 0;
    for row in references {
        let (Some(called), Some(empty)) = (row.acr_plugin_called, row.empty_credential_also_tried) else {
            continue;
        };
        // Where the reference library finds no host, the kubelet takes it from the front of the path.
        let host = row.host.filter(|host| !host.is_empty());
        let host = host.or_else(|| row.repository?.split('/').next().map(Into::into)).unwrap();
        assert_eq!(is_asked_about(&host), called, "{}", row.image);
        assert_eq!(is_asked_about(&host) && empty_entry_covers(&host), empty, "{}", row.image);
        judged += 1;
    }
    assert!(judged > 40, "{judged} rows");
}
