//! What is not known is never allowed: every cause of the verdict `unknown` (`tests/cases/unknown.yaml`), through the
//! webhook under every setting that matters, and through the command line.

use std::collections::BTreeSet;
use std::future::pending;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use acr_admission::engine::decision::{Reason, Verdict};
use acr_admission::engine::pull::ServiceAccountFacts;
use acr_admission::kubernetes::{CacheState, Fetch, FetchError, FileSurroundings, Known, Surroundings};
use acr_admission::server::ClusterSource;
use acr_admission::settings::NamespaceLabels;
use acr_admission::workload::Secret;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cli::{Run, run, run_with};
use crate::support::webhook::{Webhook, pod_review, settings};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Causes {
    estate: Value,
    /// As Graph lists them, without members.
    groups: Value,
    /// What the export asked Azure for in vain.
    gaps: Value,
    policies: Value,
    objects: Vec<Value>,
    #[serde(rename = "causes")]
    list: Vec<Cause>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Cause {
    what: String,
    reason: String,
    account: Option<String>,
    image: Option<String>,
    #[serde(default)]
    pull_secrets: Vec<String>,
    object: Option<Value>,
    cluster: Option<String>,
    /// What only a webhook can meet.
    webhook: Option<Trouble>,
    /// Identity and image for `can-pull`.
    asks: Option<[String; 2]>,
}

/// What is wrong around a webhook.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
enum Trouble {
    #[serde(rename = "secrets hidden")]
    SecretsHidden,
    #[serde(rename = "look-up fails")]
    LookupFails,
    #[serde(rename = "look-up hangs")]
    LookupHangs,
    #[serde(rename = "deadline")]
    Deadline,
    #[serde(rename = "panic")]
    Panic,
    #[serde(rename = "no inventory")]
    NoInventory,
    #[serde(rename = "object")]
    Object,
    #[serde(rename = "other cluster")]
    OtherCluster,
}

fn causes() -> Causes {
    serde_saphyr::from_str(include_str!("../cases/unknown.yaml")).unwrap()
}

impl Cause {
    /// Whether it is about a pod, and not only about a question to `can-pull`.
    fn has_pod(&self) -> bool {
        let about_pods = [&self.account, &self.image, &self.cluster].iter().any(|given| given.is_some());
        about_pods || self.webhook.is_some() || !self.pull_secrets.is_empty()
    }

    fn cluster(&self) -> &str {
        self.cluster.as_deref().unwrap_or("name: aks")
    }

    fn image(&self) -> &str {
        self.image.as_deref().unwrap_or("plain.azurecr.io/team/app:1")
    }

    fn review(&self) -> Value {
        let mut review = pod_review("web", self.account.as_deref().unwrap_or("default"), &[self.image()]);
        if !self.pull_secrets.is_empty() {
            let names: Vec<_> = self.pull_secrets.iter().map(|name| json!({"name": name})).collect();
            review["request"]["object"]["spec"]["imagePullSecrets"] = names.into();
        }
        if let Some(object) = &self.object {
            review["request"]["object"] = object.clone();
        }
        review
    }
}

#[test]
fn every_reason_with_this_verdict_has_a_cause() {
    let unknown = Reason::ALL.iter().filter(|reason| reason.verdict() == Verdict::Unknown);
    let reasons: BTreeSet<String> = unknown.map(ToString::to_string).collect();
    let Causes { list: causes, .. } = causes();
    let covered: BTreeSet<String> = causes.iter().map(|cause| cause.reason.clone()).collect();
    assert_eq!(covered, reasons);
    // No pod is a person that signs in; everything else can meet a webhook.
    let by_pod: BTreeSet<_> =
        causes.iter().filter(|cause| cause.has_pod()).map(|cause| cause.reason.clone()).collect();
    let only_asked: Vec<_> = reasons.difference(&by_pod).collect();
    assert_eq!(only_asked, ["ConditionalAccessNotEvaluated"]);
}

/// What a webhook does with the unknown: with these settings, admitted?, warned?
const SETTINGS: &[(&str, bool, bool)] = &[
    ("mode: enforce", false, false),
    ("mode: enforce, unknown: deny", false, false),
    ("mode: enforce, unknown: warn", true, true),
    ("mode: enforce, unknown: allow", true, false),
    ("mode: warn", true, true),
    ("mode: warn, unknown: deny", true, true),
    ("mode: warn, workloads: enforce", true, true),
];

#[tokio::test]
async fn only_a_setting_admits_what_is_not_known() {
    let all = causes();
    let mut asked = 0;
    for cause in all.list.iter().filter(|cause| cause.has_pod()) {
        for (rule, allowed, warned) in SETTINGS {
            let place = format!("{} ({}) with {rule}", cause.what, cause.reason);
            let keys = format!("cluster: {{{}}}\ndefault: {{{rule}}}", cause.cluster());
            let webhook = start(&all, cause, &keys).await;
            let time = if cause.webhook == Some(Trouble::Deadline) { "200ms" } else { "10s" };
            let review = cause.review();
            let reply = webhook.post(&format!("/validate/pods?timeout={time}"), review.to_string()).await;
            let response = reply.json()["response"].take();
            assert_eq!(response["uid"], review["request"]["uid"], "{place}");
            assert_eq!(response["auditAnnotations"]["reason-code"], cause.reason, "{place}: {response:#}");
            assert_eq!(response["allowed"], *allowed, "{place}: {response:#}");
            let warnings = response["warnings"].as_array().cloned().unwrap_or_default();
            let says = |warning: &Value| warning.as_str().unwrap().contains("not known");
            assert_eq!(warnings.iter().any(says), *warned, "{place}: {response:#}");
            if !allowed {
                let message = response["status"]["message"].as_str().unwrap();
                let first = message.lines().next().unwrap();
                assert!(
                    first.contains("not known") && message.ends_with(&cause.reason),
                    "{place}: {message}"
                );
            }
            asked += 1;
        }
    }
    assert_eq!(asked, 18 * SETTINGS.len());
}

async fn start(all: &Causes, cause: &Cause, keys: &str) -> Webhook {
    let objects = json!({"apiVersion": "v1", "kind": "List", "items": all.objects}).to_string();
    let objects = FileSurroundings::read([("objects", objects.as_bytes())]).unwrap();
    let known = Arc::new(Around { objects, trouble: cause.webhook });
    Webhook::start(&settings(keys), |options, folder| {
        options.inventory = match cause.webhook {
            Some(Trouble::NoInventory) => Vec::new(),
            _ => vec![write_estate(all, folder)],
        };
        options.cluster = ClusterSource::Given(known);
        if cause.webhook == Some(Trouble::LookupHangs) {
            options.limits.lookup = Duration::from_millis(20);
        } else {
            options.limits.lookup = Duration::from_secs(60);
        }
    })
    .await
}

fn write_estate(all: &Causes, folder: &Path) -> std::path::PathBuf {
    let estate = folder.join("estate");
    std::fs::create_dir(&estate).unwrap();
    std::fs::write(estate.join("estate.json"), all.estate.to_string()).unwrap();
    std::fs::write(estate.join("policies.json"), json!({"value": all.policies}).to_string()).unwrap();
    std::fs::write(estate.join("ad-group-list.json"), all.groups.to_string()).unwrap();
    let export = json!({
        "apiVersion": "acr-admission.dev/v1", "kind": "InventoryExport", "exportedAt": "2026-11-22T12:00:00Z",
        "gaps": all.gaps,
    });
    std::fs::write(estate.join("export.json"), export.to_string()).unwrap();
    estate
}

/// What the cluster knows, and what is wrong with it.
#[derive(Debug)]
struct Around {
    objects: FileSurroundings,
    trouble: Option<Trouble>,
}

impl Around {
    fn fetched<T>(&self) -> Fetch<'_, T> {
        let trouble = self.trouble;
        Box::pin(async move {
            match trouble {
                Some(Trouble::LookupHangs | Trouble::Deadline) => pending().await,
                Some(Trouble::LookupFails) => Err(FetchError("connection refused".to_owned())),
                Some(Trouble::Panic) => panic!("as the test wants it"),
                _ => Ok(None),
            }
        })
    }

    fn is_away(&self) -> bool {
        matches!(
            self.trouble,
            Some(Trouble::LookupHangs | Trouble::Deadline | Trouble::LookupFails | Trouble::Panic)
        )
    }
}

impl Surroundings for Around {
    fn service_account(&self, namespace: &str, name: &str) -> Known<Arc<ServiceAccountFacts>> {
        if self.is_away() { Known::NotCached } else { self.objects.service_account(namespace, name) }
    }

    fn namespace(&self, name: &str) -> Known<Arc<NamespaceLabels>> {
        if self.is_away() { Known::NotCached } else { self.objects.namespace(name) }
    }

    fn pull_secret(&self, namespace: &str, name: &str) -> Known<Arc<Secret>> {
        match self.trouble {
            Some(Trouble::SecretsHidden) => Known::NotCached,
            _ => self.objects.pull_secret(namespace, name),
        }
    }

    fn fetch_service_account<'a>(&'a self, _: &'a str, _: &'a str) -> Fetch<'a, ServiceAccountFacts> {
        self.fetched()
    }

    fn fetch_namespace<'a>(&'a self, _: &'a str) -> Fetch<'a, NamespaceLabels> {
        self.fetched()
    }

    fn caches(&self) -> Vec<CacheState> {
        self.objects.caches()
    }
}

/// Whose labels are not known might be in any rule: the lenient one is not for it.
#[tokio::test]
async fn a_namespace_that_cannot_be_looked_up_gets_no_lenient_rule() {
    let all = causes();
    let keys = "
rules:
  - {name: sandbox, namespaces: {matchLabels: {stage: sandbox}}, mode: off}
  - {name: trial, namespaces: {matchLabels: {stage: trial}}, mode: enforce, unknown: allow}
default: {mode: enforce}";
    for trouble in [Trouble::LookupFails, Trouble::LookupHangs, Trouble::Deadline, Trouble::Panic] {
        let cause = Cause {
            what: "namespace".to_owned(),
            reason: String::new(),
            account: None,
            image: None,
            pull_secrets: Vec::new(),
            object: None,
            cluster: None,
            webhook: Some(trouble),
            asks: None,
        };
        let webhook = start(&all, &cause, keys).await;
        let time = if trouble == Trouble::Deadline { "200ms" } else { "10s" };
        let reply =
            webhook.post(&format!("/validate/pods?timeout={time}"), cause.review().to_string()).await.json();
        assert_eq!(reply["response"]["allowed"], false, "{trouble:?}: {reply:#}");
        assert_eq!(reply["response"]["auditAnnotations"]["mode"], "enforce", "{trouble:?}: {reply:#}");
    }
}

/// A body that is too large, or is no review, is a failed call: nothing in the answer could admit it.
#[tokio::test]
async fn what_is_not_even_a_review_is_no_admission() {
    let webhook = Webhook::with_settings(&settings("default: {mode: warn, unknown: allow}")).await;
    let mut large = pod_review("web", "default", &["fabrikam.azurecr.io/a:1"]);
    large["request"]["object"]["metadata"]["annotations"] = json!({"a": "x".repeat(9 << 20)});
    for body in [large.to_string(), "{}".to_owned(), "nonsense".to_owned()] {
        let reply = webhook.post("/validate/pods", body).await;
        assert!(!reply.status.is_success(), "{}", reply.text());
        assert!(!reply.text().contains("\"allowed\":true"), "{}", reply.text());
    }
}

#[test]
fn the_command_line_ends_with_code_3_or_1_when_strict() {
    let all = causes();
    let folder = tempfile::tempdir().unwrap();
    let estate = write_estate(&all, folder.path()).to_str().unwrap().to_owned();
    let mut asked = [0, 0];
    for cause in &all.list {
        if let Some([identity, image]) = &cause.asks {
            asked[0] += 1;
            assert_unknown(cause, |flags| {
                let args = ["can-pull", identity, image, "-o", "json", "--inventory", &estate];
                run(&args.into_iter().chain(flags.iter().copied()).collect::<Vec<_>>())
            });
        }
        if cause.has_pod() && cause.webhook.is_none() {
            asked[1] += 1;
            let mut items = all.objects.clone();
            let mut pod = cause.review()["request"]["object"].take();
            pod["apiVersion"] = json!("v1");
            pod["kind"] = json!("Pod");
            items.push(pod);
            let list = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
            assert_unknown(cause, |flags| {
                let mut args = vec!["check", "-", "-o", "json", "--inventory", &estate];
                args.extend(cause.cluster().split(", ").flat_map(
                    |given| match given.split_once(": ").unwrap() {
                        ("name", name) => ["--cluster", name],
                        (_, who) => ["--pull-identity", who],
                    },
                ));
                args.extend(flags);
                run_with(&args, list.clone())
            });
        }
    }
    assert_eq!(asked, [6, 9]);
}

fn assert_unknown(cause: &Cause, ask: impl Fn(&[&str]) -> Run) {
    for (flags, code) in [(&[][..], 3), (&["--strict"], 1), (&["--exit-zero"], 0)] {
        let answer = ask(flags);
        assert_eq!(answer.code, code, "{} {flags:?}: {answer}", cause.what);
        let document = answer.json();
        let answer =
            if document["kind"] == "CheckReport" { &document["findings"][0]["workload"] } else { &document };
        assert_eq!(
            (&answer["verdict"], &answer["reason"]),
            (&json!("unknown"), &json!(cause.reason)),
            "{}",
            cause.what
        );
    }
}
