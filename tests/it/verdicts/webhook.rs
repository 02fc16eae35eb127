//! The verdicts of the contoso estate through the webhook: every workload as a review of its own, under every question.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use acr_admission::engine::decision::Verdict;
use acr_admission::engine::pull::ServiceAccountFacts;
use acr_admission::kubernetes::{CacheState, Fetch, FileSurroundings, Known, Surroundings};
use acr_admission::server::{Clock, ClusterSource};
use acr_admission::settings::NamespaceLabels;
use acr_admission::workload::Secret;
use serde_json::Value;

use crate::support::decision_log::DecisionLog;
use crate::support::expected::{
    AnswerRow, ESTATE, ExpectedCase, IdentityRow, Variant, WORKLOADS, cases, evaluation_date,
};
use crate::support::webhook::{Webhook, review, settings};

#[tokio::test]
async fn every_image_of_every_workload_gets_its_verdict() {
    let cases = cases();
    let mut judged = 0;
    let mut wrong = Vec::new();
    for cluster in ["aks-prod", "aks-tenants"] {
        for variant in Variant::ALL {
            let log = DecisionLog::start();
            let webhook = webhook_of(cluster, variant).await;
            for case in cases.iter().filter(|case| case.cluster == cluster) {
                let response = webhook.review(&review_of(case)).await;
                let decision = log.take_one();
                let place = format!("{} {variant:?}", case.file);
                judged += case.images.len();
                wrong.extend(differences(case, variant, &decision).map(|what| format!("{place} {what}")));
                assert_eq!(response["allowed"], is_admitted(case, variant), "{place}: {response:#}");
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {judged} wrong:\n{}", wrong.len(), wrong.join("\n"));
    // All rows, under all variants: none is left out.
    let rows: usize = cases.iter().map(|case| case.images.len()).sum();
    assert_eq!((judged, rows), (4 * rows, 78));
}

async fn webhook_of(cluster: &str, variant: Variant) -> Webhook {
    let question = match variant {
        Variant::Actual | Variant::ActualWithoutSecretAccess => "actual",
        Variant::Workload | Variant::WorkloadTrusted => "workload",
    };
    let federation = if variant == Variant::WorkloadTrusted { "trusted" } else { "requiredWhenKnown" };
    let keys = format!(
        "cluster: {{name: {cluster}, federation: {federation}}}\n\
         default: {{mode: enforce, question: {question}, unlistedAcr: allow}}"
    );
    let mut files = Vec::new();
    for entry in fs::read_dir(PathBuf::from(WORKLOADS).join(cluster)).unwrap() {
        let path = entry.unwrap().path();
        files.push((path.display().to_string(), fs::read(path).unwrap()));
    }
    let objects = FileSurroundings::read(files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())));
    let reads_secrets = variant != Variant::ActualWithoutSecretAccess;
    let known = Arc::new(KnownObjects { objects: objects.unwrap(), reads_secrets });
    Webhook::start(&settings(&keys), |options, _| {
        options.inventory = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(ESTATE)];
        options.cluster = ClusterSource::Given(known);
        options.clock = Clock::Fixed(evaluation_date());
    })
    .await
}

/// What the cluster knows, with or without the right to read Secrets.
#[derive(Debug)]
struct KnownObjects {
    objects: FileSurroundings,
    reads_secrets: bool,
}

impl Surroundings for KnownObjects {
    fn service_account(&self, namespace: &str, name: &str) -> Known<Arc<ServiceAccountFacts>> {
        self.objects.service_account(namespace, name)
    }

    fn namespace(&self, name: &str) -> Known<Arc<NamespaceLabels>> {
        self.objects.namespace(name)
    }

    fn pull_secret(&self, namespace: &str, name: &str) -> Known<Arc<Secret>> {
        if self.reads_secrets { self.objects.pull_secret(namespace, name) } else { Known::NotCached }
    }

    fn fetch_service_account<'a>(
        &'a self,
        namespace: &'a str,
        name: &'a str,
    ) -> Fetch<'a, ServiceAccountFacts> {
        self.objects.fetch_service_account(namespace, name)
    }

    fn fetch_namespace<'a>(&'a self, name: &'a str) -> Fetch<'a, NamespaceLabels> {
        self.objects.fetch_namespace(name)
    }

    fn caches(&self) -> Vec<CacheState> {
        self.objects.caches()
    }
}

/// The review that an API server would send when the workload is created; some cases are reviews already.
fn review_of(case: &ExpectedCase) -> Value {
    let text = fs::read_to_string(case.path()).unwrap();
    let documents: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
    if documents[0]["kind"] == "AdmissionReview" {
        return documents[0].clone();
    }
    let objects = documents.iter().flat_map(|document| match document["items"].as_array() {
        Some(items) => items.iter().collect(),
        None => vec![document],
    });
    let object = objects
        .filter(|object| object["kind"] == case.kind)
        .find(|object| object["metadata"]["name"].as_str().is_none_or(|name| name == case.name))
        .unwrap_or_else(|| panic!("no {} {} in {}", case.kind, case.name, case.file));
    let api_version = object["apiVersion"].as_str().unwrap();
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    review(group, &case.kind, &case.namespace, object)
}

fn differences<'a>(
    case: &'a ExpectedCase,
    variant: Variant,
    decision: &'a Value,
) -> impl Iterator<Item = String> + 'a {
    let images = decision["images"].as_array().unwrap();
    let count = (images.len() != case.images.len()).then(|| format!("{} images", images.len()));
    let each = images.iter().zip(&case.images).filter_map(move |(image, expected)| {
        let (got, wanted) = (answer_row(image), expected.answer(variant));
        let same = image["field"] == expected.field && got == *wanted;
        (!same)
            .then(|| format!("{} {}\n  got    {got:?}\n  wanted {wanted:?}", expected.field, expected.image))
    });
    count.into_iter().chain(each)
}

fn answer_row(image: &Value) -> AnswerRow {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let identity = image.get("identity").map(|identity| IdentityRow {
        kind: text(&identity["kind"]).unwrap(),
        name: text(&identity["name"]).unwrap(),
        principal_id: text(&identity["principalId"]),
    });
    AnswerRow {
        verdict: text(&image["verdict"]).unwrap(),
        reason: text(&image["reason"]).unwrap(),
        identity,
        by: text(&image["by"]),
    }
}

/// Whether the rule admits all images: what is unknown is refused, except that the account of what makes pods may come
/// later.
fn is_admitted(case: &ExpectedCase, variant: Variant) -> bool {
    case.images.iter().all(|image| {
        let answer = image.answer(variant);
        let is_unknown = answer.verdict == Verdict::Unknown.as_str();
        let comes_later = answer.reason == "ServiceAccountNotFound" && case.kind != "Pod";
        answer.verdict != Verdict::Deny.as_str() && (!is_unknown || comes_later)
    })
}
