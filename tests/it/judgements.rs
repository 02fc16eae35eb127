//! Judgements about one image: a table of rules, and laws about all pods.

use std::collections::BTreeMap;
use std::fs;
use std::sync::LazyLock;

use acr_admission::engine::decision::{Advice, Verdict};
use acr_admission::engine::index::Index;
use acr_admission::engine::pull::{
    Answer, Cloud, ClusterProfile, Federation, Judgement, Profile, ProfileOverrides, PullIdentity,
    PullSecret, PullSecretEntry, PullSecretState, Puller, ServiceAccountFacts, ServiceAccountState,
};
use acr_admission::inventory;
use acr_admission::workload::{Workload, WorkloadKind};
use proptest::prelude::*;
use proptest::sample::{Index as Position, select, subsequence};
use serde::Deserialize;

use super::support::expected::evaluation_date;

#[derive(Deserialize)]
struct Table {
    inventory: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Case {
    name: String,
    cluster: String,
    #[serde(default)]
    overrides: Overrides,
    #[serde(default = "shop")]
    namespace: String,
    #[serde(default = "web")]
    service_account_name: String,
    #[serde(default)]
    account: Account,
    #[serde(default)]
    secrets: BTreeMap<String, Secret>,
    #[serde(default)]
    virtual_node: bool,
    #[serde(default)]
    windows: bool,
    image: String,
    actual: String,
    workload: String,
    by: Option<String>,
    chain: Option<Vec<String>>,
    workload_chain: Option<Vec<String>>,
    advice: Option<Vec<String>>,
    notes: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Overrides {
    pull_identity: Option<PullIdentity>,
    cloud: Option<Cloud>,
    default_identity: Option<String>,
    federation: Option<Federation>,
    issuer: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Account {
    Annotations(Annotations),
    Missing(String),
}

impl Default for Account {
    fn default() -> Self {
        Self::Annotations(Annotations::default())
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the names of the annotations")]
struct Annotations {
    acr_client_id: Option<String>,
    acr_tenant_id: Option<String>,
    workload_client_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Secret {
    Entries(Vec<Vec<String>>),
    State(String),
}

fn shop() -> String {
    "shop".to_owned()
}

fn web() -> String {
    "web".to_owned()
}

static TABLE: LazyLock<(Index, Vec<Case>)> = LazyLock::new(|| {
    let text = fs::read_to_string("tests/cases/judgements.yaml").unwrap();
    let Table { inventory: document, cases } = serde_saphyr::from_str(&text).unwrap();
    let document = [("inventory.yaml".to_owned(), document.into_bytes())];
    (Index::build(inventory::from_documents(document).unwrap().inventory), cases)
});

impl Case {
    fn profile(&self) -> Profile {
        let Overrides { pull_identity, cloud, default_identity, federation, issuer } = &self.overrides;
        let overrides = ProfileOverrides {
            pull_identity: *pull_identity,
            cloud: *cloud,
            default_identity: default_identity.as_deref().map(Into::into),
            federation: *federation,
            issuer: issuer.as_deref().map(Into::into),
        };
        ClusterProfile::from_inventory(&TABLE.0, Some(&self.cluster), &overrides)
    }

    fn facts(&self) -> Option<ServiceAccountFacts> {
        let text = |text: &Option<String>| text.as_deref().map(Into::into);
        match &self.account {
            Account::Annotations(annotations) => Some(ServiceAccountFacts {
                acr_client_id: text(&annotations.acr_client_id),
                acr_tenant_id: text(&annotations.acr_tenant_id),
                workload_client_id: text(&annotations.workload_client_id),
                pull_secrets: Vec::new(),
            }),
            Account::Missing(word) => {
                assert_eq!(word, "missing", "{}", self.name);
                None
            }
        }
    }

    fn read_secrets(&self) -> BTreeMap<&str, PullSecret> {
        let read = |(name, secret): (&'_ String, &'_ Secret)| {
            let Secret::Entries(entries) = secret else { return PullSecret::default() };
            let entries = entries.iter().map(|entry| PullSecretEntry {
                key: entry[0].as_str().into(),
                user: entry[1].as_str().into(),
                has_password: entry.len() == 2,
            });
            PullSecret { name: name.as_str().into(), entries: entries.collect(), holder: None }
        };
        self.secrets.iter().map(|(name, secret)| (name.as_str(), read((name, secret)))).collect()
    }

    fn judge(&self) -> Judgement {
        let (facts, read) = (self.facts(), self.read_secrets());
        let pull_secrets = self.secrets.iter().map(|(name, secret)| match secret {
            Secret::Entries(_) => PullSecretState::Read(&read[name.as_str()]),
            Secret::State(word) => match word.as_str() {
                "malformed" => PullSecretState::Malformed { name },
                "absent" => PullSecretState::Absent { name },
                "notReadable" => PullSecretState::NotReadable { name },
                other => panic!("{}: {other}", self.name),
            },
        });
        let puller = Puller {
            namespace: &self.namespace,
            service_account_name: &self.service_account_name,
            service_account: facts.as_ref().map_or(ServiceAccountState::NotFound, ServiceAccountState::Found),
            pull_secrets: pull_secrets.collect(),
            virtual_node: self.virtual_node,
            windows: self.windows,
        };
        TABLE.0.judge(&self.profile().cluster, &puller, &self.image, evaluation_date())
    }
}

fn words(answer: &Answer) -> String {
    format!("{} {}", answer.verdict(), answer.reason)
}

fn chain(answer: &Answer) -> Vec<String> {
    answer.chain.iter().map(ToString::to_string).collect()
}

fn who(answer: &Answer) -> Option<String> {
    answer.identity.as_ref().map(|identity| identity.name.to_string())
}

#[test]
fn every_rule_gives_its_answer() {
    let mut wrong = Vec::new();
    for case in &TABLE.1 {
        let Judgement { actual, workload, .. } = case.judge();
        let mut check = |what: &str, got: &dyn std::fmt::Debug, wanted: &dyn std::fmt::Debug| {
            let (got, wanted) = (format!("{got:?}"), format!("{wanted:?}"));
            if got != wanted {
                wrong.push(format!("{}: {what} is {got}, not {wanted}", case.name));
            }
        };
        check("actual", &words(&actual), &case.actual);
        check("workload", &words(&workload), &case.workload);
        if let Some(by) = &case.by {
            check("who", &who(&actual), &Some(by));
        }
        if let Some(wanted) = &case.chain {
            check("chain", &chain(&actual), wanted);
        }
        if let Some(wanted) = &case.workload_chain {
            check("chain of the workload", &chain(&workload), wanted);
        }
        if let Some(wanted) = &case.advice {
            let advice: Vec<String> = actual.advice.iter().map(|advice| advice.to_string()).collect();
            check("advice", &advice, wanted);
        }
        if let Some(wanted) = &case.notes {
            let notes: Vec<String> = case.profile().notes.iter().map(ToString::to_string).collect();
            check("notes", &notes, wanted);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_unbacked_annotation_is_believed_with_advice_where_no_credential_was_exported() {
    let document = "apiVersion: acr-admission.dev/v1\nkind: Inventory\n\
        registries: [{name: plain, mode: rbac}]\n\
        identities: [{name: web, principalId: 10000000-0000-4000-8000-000000000002, \
        clientId: 20000000-0000-4000-8000-000000000002}]\n\
        roleAssignments: [{name: a, principal: web, role: AcrPull, scope: plain}]\n\
        clusters: [{name: aks}]\n";
    let loaded = inventory::from_documents([("i.yaml".to_owned(), document.into())]).unwrap();
    let index = Index::build(loaded.inventory);
    let facts = ServiceAccountFacts {
        workload_client_id: Some("20000000-0000-4000-8000-000000000002".into()),
        ..ServiceAccountFacts::default()
    };
    let answer = |federation| {
        let overrides = ProfileOverrides { federation: Some(federation), ..ProfileOverrides::default() };
        let cluster = ClusterProfile::from_inventory(&index, None, &overrides).cluster;
        index.judge(&cluster, &puller(&facts, Vec::new()), "plain.azurecr.io/x", evaluation_date()).workload
    };
    let believed = answer(Federation::RequiredWhenKnown);
    assert_eq!(words(&believed), "allow AllowedByRole");
    assert!(believed.advice.contains(Advice::FederationNotChecked));
    assert!(!answer(Federation::Trusted).advice.contains(Advice::FederationNotChecked));
    assert_eq!(words(&answer(Federation::Required)), "unknown ClientIdNotFederated");
}

fn puller<'a>(facts: &'a ServiceAccountFacts, pull_secrets: Vec<PullSecretState<'a>>) -> Puller<'a> {
    Puller {
        namespace: "shop",
        service_account_name: "web",
        service_account: ServiceAccountState::Found(facts),
        pull_secrets,
        virtual_node: false,
        windows: false,
    }
}

const IMAGES: &[&str] = &[
    "plain.azurecr.io/team/x:1",
    "plain.azurecr.io:443/x",
    "plain.westeurope.geo.azurecr.io/x",
    "guarded-a1b2c3.azurecr.io/team/x",
    "open.azurecr.io/x",
    "open.westeurope.geo.azurecr.io/x",
    "silent.azurecr.io/x",
    "elsewhere.azurecr.io/x",
    "redis",
];

const KEYS: &[&str] = &[
    "plain.azurecr.io",
    "https://plain.azurecr.io/v2/",
    "*.azurecr.io",
    "plain.azurecr.io:443",
    "guarded-a1b2c3.azurecr.io/team",
    "open.azurecr.io",
    "*.*.geo.azurecr.io",
    "https://index.docker.io/v1/",
    "%zz",
];

const USERS: &[&str] = &[
    "plain",
    "reader",
    "past",
    "stranger",
    "",
    "20000000-0000-4000-8000-000000000002",
    "20000000-0000-4000-8000-000000000003",
    "00000000-0000-0000-0000-000000000000",
];

prop_compose! {
    fn entry()(key in select(KEYS), user in select(USERS), has_password in any::<bool>()) -> PullSecretEntry {
        PullSecretEntry { key: key.into(), user: user.into(), has_password }
    }
}

/// A secret in any state, as a template that lives longer than its state.
#[derive(Clone, Debug)]
enum Known {
    Read(PullSecret),
    Malformed,
    Absent,
    NotReadable,
}

impl Known {
    fn state(&self) -> PullSecretState<'_> {
        match self {
            Self::Read(secret) => PullSecretState::Read(secret),
            Self::Malformed => PullSecretState::Malformed { name: "malformed" },
            Self::Absent => PullSecretState::Absent { name: "absent" },
            Self::NotReadable => PullSecretState::NotReadable { name: "hidden" },
        }
    }
}

fn known() -> impl Strategy<Value = Known> {
    let read = prop::collection::vec(entry(), 0..4)
        .prop_map(|entries| Known::Read(PullSecret { name: "s".into(), entries, holder: None }));
    prop_oneof![8 => read, 1 => Just(Known::Malformed), 1 => Just(Known::Absent), 2 => Just(Known::NotReadable)]
}

fn cluster() -> impl Strategy<Value = ClusterProfile> {
    let modes = [
        PullIdentity::Kubelet,
        PullIdentity::ServiceAccount,
        PullIdentity::ServiceAccountGeneric,
        PullIdentity::ServicePrincipal,
        PullIdentity::None,
    ];
    (select(&["aks", "tenants", "old", "bare"][..]), select(modes.to_vec())).prop_map(|(name, mode)| {
        let overrides = ProfileOverrides { pull_identity: Some(mode), ..ProfileOverrides::default() };
        ClusterProfile::from_inventory(&TABLE.0, Some(name), &overrides).cluster
    })
}

fn annotation() -> impl Strategy<Value = Option<smol_str::SmolStr>> {
    let texts =
        ["", "nobody", "20000000-0000-4000-8000-000000000002", "20000000-0000-4000-8000-000000000003"];
    prop::option::of(select(texts.to_vec()).prop_map(Into::into))
}

prop_compose! {
    fn account()(acr in annotation(), tenant in annotation(), workload in annotation()) -> ServiceAccountFacts {
        ServiceAccountFacts {
            acr_client_id: acr,
            acr_tenant_id: tenant,
            workload_client_id: workload,
            pull_secrets: Vec::new(),
        }
    }
}

fn verdicts(
    cluster: &ClusterProfile,
    account: &ServiceAccountFacts,
    secrets: &[Known],
    image: &str,
) -> [Verdict; 2] {
    let puller = puller(account, secrets.iter().map(Known::state).collect());
    let Judgement { actual, workload, .. } = TABLE.0.judge(cluster, &puller, image, evaluation_date());
    [actual.verdict(), workload.verdict()]
}

proptest! {
    #[test]
    fn the_order_of_pull_secrets_never_changes_a_verdict(
        cluster in cluster(),
        account in account(),
        (secrets, shuffled) in prop::collection::vec(known(), 0..5)
            .prop_flat_map(|secrets| (Just(secrets.clone()), Just(secrets).prop_shuffle())),
        image in select(IMAGES),
    ) {
        prop_assert_eq!(
            verdicts(&cluster, &account, &secrets, image),
            verdicts(&cluster, &account, &shuffled, image)
        );
    }

    #[test]
    fn one_more_readable_secret_never_takes_an_allow_away(
        cluster in cluster(),
        account in account(),
        secrets in prop::collection::vec(known(), 0..4),
        more in entry(),
        at in any::<Position>(),
        image in select(IMAGES),
    ) {
        // Where nothing matched, the kubelet went out without a credential, and it no longer does so now. That is the
        // one allow a secret can take away, so registries that let everybody pull are left out.
        prop_assume!(!image.starts_with("open."));
        let before = verdicts(&cluster, &account, &secrets, image);
        let mut with_more = secrets;
        let position = at.index(with_more.len() + 1);
        with_more.insert(position, Known::Read(PullSecret { name: "more".into(), entries: vec![more], holder: None }));
        let after = verdicts(&cluster, &account, &with_more, image);
        for (before, after) in before.into_iter().zip(after) {
            prop_assert!(before != Verdict::Allow || after == Verdict::Allow);
            // Nor does it turn what might have been allowed into a plain no.
            prop_assert!(before != Verdict::Unknown || after != Verdict::Deny);
        }
    }

    #[test]
    fn what_may_not_be_read_is_never_denied_for_it(
        cluster in cluster(),
        account in account(),
        secrets in prop::collection::vec(known(), 0..4),
        image in select(IMAGES),
    ) {
        prop_assume!(!secrets.iter().any(|secret| matches!(secret, Known::Malformed)));
        let known = verdicts(&cluster, &account, &secrets, image);
        let hidden: Vec<Known> = secrets
            .iter()
            .map(|secret| match secret {
                Known::Read(_) | Known::NotReadable => Known::NotReadable,
                Known::Malformed | Known::Absent => secret.clone(),
            })
            .collect();
        for (known, hidden) in known.into_iter().zip(verdicts(&cluster, &account, &hidden, image)) {
            prop_assert!(hidden != Verdict::Deny || known == Verdict::Deny);
            // Beside secrets that were refused, an empty entry of the plugin counts only if its login is certain.
            let everybody = image.starts_with("open.");
            prop_assert!(hidden != Verdict::Allow || known == Verdict::Allow || everybody);
        }
    }

    #[test]
    fn secrets_for_other_hosts_change_nothing(
        cluster in cluster(),
        account in account(),
        secrets in prop::collection::vec(known(), 0..4),
        user in select(USERS),
        image in select(IMAGES),
    ) {
        let before = verdicts(&cluster, &account, &secrets, image);
        let entries = vec![PullSecretEntry { key: "other.example".into(), user: user.into(), has_password: true }];
        let mut with_other = secrets;
        with_other.push(Known::Read(PullSecret { name: "other".into(), entries, holder: None }));
        prop_assert_eq!(before, verdicts(&cluster, &account, &with_other, image));
    }

    #[test]
    fn labels_and_annotations_of_the_pod_never_matter(
        keys in subsequence(POD_KEYS, 0..POD_KEYS.len()),
        value in "[ -~&&[^\"\\\\]]{0,40}",
        image in select(IMAGES),
    ) {
        let plain = pod_judgement("", image);
        let pairs: Vec<String> = keys.iter().map(|key| format!("\"{key}\":\"{value}\"")).collect();
        let pairs = pairs.join(",");
        let decorated = format!("\"labels\":{{{pairs}}},\"annotations\":{{{pairs}}},");
        prop_assert_eq!(plain, pod_judgement(&decorated, image));
    }

    #[test]
    fn any_text_is_judged_without_a_panic(
        cluster in cluster(),
        image in "\\PC{0,60}",
        key in "\\PC{0,40}",
        user in "\\PC{0,20}",
        client_id in "\\PC{0,40}",
    ) {
        let account = ServiceAccountFacts {
            acr_client_id: Some(client_id.as_str().into()),
            workload_client_id: Some(client_id.into()),
            ..ServiceAccountFacts::default()
        };
        let entries = vec![PullSecretEntry { key: key.into(), user: user.into(), has_password: true }];
        let secrets = [Known::Read(PullSecret { name: "s".into(), entries, holder: None })];
        verdicts(&cluster, &account, &secrets, &image);
        verdicts(&cluster, &account, &secrets, "plain.azurecr.io/x");
    }
}

/// What somebody may write onto a pod in the hope of a better verdict.
const POD_KEYS: &[&str] = &[
    "kubernetes.azure.com/acr-client-id",
    "kubernetes.azure.com/acr-tenant-id",
    "azure.workload.identity/client-id",
    "azure.workload.identity/use",
    "aadpodidbinding",
    "microsoft.containerinstance.virtualnode.identity",
    "acr-admission.dev/mode",
    "acr-admission.dev/skip",
    "virtual-kubelet.io/provider",
    "kubernetes.io/os",
];

fn pod_judgement(metadata: &str, image: &str) -> String {
    let json = format!(
        "{{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{{{metadata}\"name\":\"web\"}},\
         \"spec\":{{\"containers\":[{{\"name\":\"c\",\"image\":\"{image}\"}}]}}}}"
    );
    let workload = Workload::read(WorkloadKind::Pod, &json).unwrap();
    let facts = ServiceAccountFacts::default();
    let mut puller = puller(&facts, Vec::new());
    puller.virtual_node = workload.pod.placement.is_virtual_node();
    puller.windows = workload.pod.placement.is_windows();
    let cluster =
        ClusterProfile::from_inventory(&TABLE.0, Some("tenants"), &ProfileOverrides::default()).cluster;
    let image = &workload.pod.images[0].image;
    format!("{:?}", TABLE.0.judge(&cluster, &puller, image, evaluation_date()))
}
