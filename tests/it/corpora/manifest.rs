//! Any file gives objects and problems, each with a line that is in it. Where nothing is known of Azure, no image of
//! any of them is allowed.

use std::sync::LazyLock;

use acr_admission::engine::decision::Verdict;
use acr_admission::engine::index::Index;
use acr_admission::engine::inventory::Inventory;
use acr_admission::engine::pull::{ClusterProfile, ProfileOverrides};
use acr_admission::workload::manifest::{ManifestContent, ManifestSources, Manifests};
use jiff::Timestamp;

static NOTHING: LazyLock<(Index, ClusterProfile)> = LazyLock::new(|| {
    let index = Index::build(Inventory::default());
    let cluster = ClusterProfile::from_inventory(&index, None, &ProfileOverrides::default()).cluster;
    (index, cluster)
});

/// Lines as YAML has them: they end at LF, at CR LF, and at CR alone.
fn lines(input: &[u8]) -> usize {
    let next = input.iter().skip(1).map(Some).chain([None]);
    let ends = |&(byte, next): &(&u8, Option<&u8>)| *byte == b'\n' || *byte == b'\r' && next != Some(&b'\n');
    input.iter().zip(next).filter(ends).count() + 1
}

pub(crate) fn check(input: &[u8]) {
    let mut manifests = Manifests::default();
    manifests.read("in", input);
    let lines = lines(input);
    let objects = manifests.objects.iter().map(|object| object.line);
    for line in objects.chain(manifests.problems.iter().map(|problem| problem.line)) {
        assert!((1..=lines).contains(&line), "line {line} of {lines}");
    }
    for problem in &manifests.problems {
        assert!(!problem.what.is_empty() && !problem.hint.is_empty(), "{problem}");
    }
    let (index, cluster) = &*NOTHING;
    let sources = ManifestSources::new(&manifests, "default");
    for object in &manifests.objects {
        let ManifestContent::Workload(pod) = &object.content else { continue };
        let puller = pod.puller(object.namespace.as_deref().unwrap_or("default"), &sources);
        for image in &pod.images {
            assert!(!pod.field(image).is_empty());
            let judgement = index.judge(cluster, &puller, &image.image, Timestamp::UNIX_EPOCH);
            for answer in [judgement.actual, judgement.workload] {
                assert_ne!(answer.verdict(), Verdict::Allow, "{}: {}", image.image, answer.reason);
            }
        }
    }
}
