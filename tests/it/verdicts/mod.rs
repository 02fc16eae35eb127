//! The verdicts of the contoso estate through the library: every image of every workload, under every question.

mod webhook;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use acr_admission::engine::index::Index;
use acr_admission::engine::pull::{
    Answer, ClusterProfile, Federation, ProfileOverrides, PullSecretState, Question, ServiceAccountFacts,
};
use acr_admission::engine::scope::Scope;
use acr_admission::inventory::packed::{Choice, pack};
use acr_admission::inventory::{self, from_documents};
use acr_admission::workload::manifest::{ManifestContent, ManifestObject, ManifestSources, Manifests};
use acr_admission::workload::{PodFacts, PullSources};

use crate::support::expected::{AnswerRow, ESTATE, ExpectedCase, Variant, cases, evaluation_date};

/// The estate of the fixtures, loaded once.
static ESTATE_INDEX: LazyLock<Index> =
    LazyLock::new(|| Index::build(inventory::load(&[PathBuf::from(ESTATE)]).unwrap().inventory));

#[test]
fn every_image_of_every_workload_gets_its_verdict() {
    assert_expected_verdicts(&ESTATE_INDEX);
}

/// A packed estate gives every verdict, reason and deciding assignment of the whole one: all of it, with its clusters
/// chosen, with or without compression.
#[test]
fn every_verdict_is_the_same_from_a_packed_estate() {
    let clusters: Vec<Scope> =
        ESTATE_INDEX.inventory().clusters.iter().map(|cluster| cluster.id.clone()).collect();
    for (clusters, compressed) in [(Vec::new(), false), (Vec::new(), true), (clusters, true)] {
        let mut bytes = Vec::new();
        let choice = Choice { clusters, registries: Vec::new() };
        pack(&ESTATE_INDEX, None, &choice).write(&mut bytes).unwrap();
        if compressed {
            let plain = std::mem::take(&mut bytes);
            inventory::compress(&plain, &mut bytes).unwrap();
        }
        let packed = from_documents([("packed".to_owned(), bytes)]).unwrap();
        assert_expected_verdicts(&Index::build(packed.inventory));
    }
}

/// Judges every image of every workload, under every question, by this index.
#[track_caller]
pub(crate) fn assert_expected_verdicts(index: &Index) {
    let mut wrong = Vec::new();
    let mut judged = 0;
    for case in cases() {
        let manifests = manifests_for(&case);
        let sources = ManifestSources::new(&manifests, "default");
        let (object, pod) = workload(&manifests, &case);
        assert_eq!(object.namespace.as_deref(), Some(case.namespace.as_str()), "{}", case.file);
        assert_eq!(pod.service_account, case.service_account, "{}", case.file);
        assert_eq!(pod.images.len(), case.images.len(), "{}", case.file);
        for (image, expected) in pod.images.iter().zip(&case.images) {
            assert_eq!((pod.field(image), &*image.image), (expected.field.clone(), &*expected.image));
            for variant in Variant::ALL {
                let answer = answer(index, &case, pod, &sources, &image.image, variant);
                let (got, wanted) = (AnswerRow::from(&answer), expected.answer(variant));
                judged += 1;
                if got != *wanted {
                    let place = format!("{} {} {}", case.file, expected.field, expected.image);
                    wrong.push(format!("{place} {variant:?}\n  got    {got:?}\n  wanted {wanted:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {judged} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(judged, 312);
}

#[test]
fn images_name_the_registry_and_repository_of_the_estate() {
    for case in cases() {
        let manifests = manifests_for(&case);
        let sources = ManifestSources::new(&manifests, "default");
        let (_, pod) = workload(&manifests, &case);
        let puller = pod.puller(&case.namespace, &sources);
        let cluster = cluster(&ESTATE_INDEX, &case, Federation::default());
        for expected in &case.images {
            let judgement = ESTATE_INDEX.judge(&cluster, &puller, &expected.image, evaluation_date());
            let registry = judgement.registry.and_then(|number| ESTATE_INDEX.registry(number));
            let names = (registry.map(|registry| registry.name.to_string()), judgement.repository);
            let wanted = (expected.registry.clone(), expected.repository.clone().map(Into::into));
            assert_eq!(names, wanted, "{}", expected.image);
        }
    }
}

fn answer(
    index: &Index,
    case: &ExpectedCase,
    pod: &PodFacts<'_>,
    sources: &ManifestSources<'_>,
    image: &str,
    variant: Variant,
) -> Answer {
    let question = match variant {
        Variant::Actual | Variant::ActualWithoutSecretAccess => Question::Actual,
        Variant::Workload | Variant::WorkloadTrusted => Question::Workload,
    };
    let federation =
        if variant == Variant::WorkloadTrusted { Federation::Trusted } else { Federation::default() };
    let cluster = cluster(index, case, federation);
    let hidden = WithoutSecretAccess(sources);
    let puller = if variant == Variant::ActualWithoutSecretAccess {
        pod.puller(&case.namespace, &hidden)
    } else {
        pod.puller(&case.namespace, sources)
    };
    let one = index.judge_question(&cluster, &puller, image, evaluation_date(), question).answer;
    let both = index.judge(&cluster, &puller, image, evaluation_date());
    let same = match question {
        Question::Actual => both.actual,
        Question::Workload => both.workload,
    };
    assert_eq!(format!("{one:?}"), format!("{same:?}"), "both doors agree about {image}");
    one
}

/// A webhook that may not read Secrets.
struct WithoutSecretAccess<'s, 'm>(&'s ManifestSources<'m>);

impl PullSources for WithoutSecretAccess<'_, '_> {
    fn service_account(&self, namespace: &str, name: &str) -> Option<&ServiceAccountFacts> {
        self.0.service_account(namespace, name)
    }

    fn pull_secret<'a>(&'a self, _: &str, name: &'a str) -> PullSecretState<'a> {
        PullSecretState::NotReadable { name }
    }
}

fn cluster(index: &Index, case: &ExpectedCase, federation: Federation) -> ClusterProfile {
    let overrides = ProfileOverrides { federation: Some(federation), ..ProfileOverrides::default() };
    ClusterProfile::from_inventory(index, Some(&case.cluster), &overrides).cluster
}

/// What the cluster of a workload knows, and the workload itself where it is a review.
fn manifests_for(case: &ExpectedCase) -> Manifests {
    let mut manifests = Manifests::default();
    let mut files: BTreeMap<PathBuf, Vec<u8>> = BTreeMap::new();
    for file in fs::read_dir(case.cluster_folder()).unwrap() {
        let path = file.unwrap().path();
        files.insert(path.clone(), fs::read(path).unwrap());
    }
    files.insert(case.path(), fs::read(case.path()).unwrap());
    for (path, bytes) in files {
        manifests.read(path.to_str().unwrap(), &bytes);
    }
    assert!(manifests.problems.is_empty(), "{:?}", manifests.problems);
    manifests
}

fn workload<'m>(
    manifests: &'m Manifests,
    case: &ExpectedCase,
) -> (&'m ManifestObject, &'m PodFacts<'static>) {
    let mut found = manifests.objects.iter().filter_map(|object| match &object.content {
        ManifestContent::Workload(pod)
            if Path::new(&*object.file) == case.path()
                && object.kind == case.kind
                && object.name == case.name =>
        {
            Some((object, pod))
        }
        _ => None,
    });
    found.next().unwrap_or_else(|| panic!("{} {} is not in {}", case.kind, case.name, case.file))
}
