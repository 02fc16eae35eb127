//! From manifests to findings: one for every image field of every workload, in the order of the input.

use jiff::Timestamp;

use super::estate::Estate;
use crate::engine::index::Index;
use crate::engine::pull::{Answer, ClusterProfile};
use crate::report::{AnswerRow, Finding, FixRow, Skipped};
use crate::workload::PodFacts;
use crate::workload::manifest::{
    ManifestContent, ManifestObject, ManifestProblem, ManifestSources, Manifests,
};

/// What the images are judged by.
pub(super) struct Judging<'a> {
    pub(super) index: &'a Index,
    pub(super) cluster: &'a ClusterProfile,
    pub(super) default_namespace: &'a str,
    pub(super) now: Timestamp,
}

impl Judging<'_> {
    /// Judges every image under both questions.
    pub(super) fn findings(&self, manifests: &Manifests) -> Vec<Finding> {
        let estate = Estate(ManifestSources::new(manifests, self.default_namespace));
        let mut findings = Vec::new();
        for object in &manifests.objects {
            if let ManifestContent::Workload(pod) = &object.content {
                self.judge_pod(&estate, object, pod, &mut findings);
            }
        }
        findings
    }

    fn judge_pod(
        &self,
        estate: &Estate<'_>,
        object: &ManifestObject,
        pod: &PodFacts<'_>,
        findings: &mut Vec<Finding>,
    ) {
        let namespace = object.namespace.as_deref().unwrap_or(self.default_namespace);
        let puller = pod.puller(namespace, estate);
        for image in &pod.images {
            let judgement = self.index.judge(self.cluster, &puller, &image.image, self.now);
            let registry = judgement.registry.and_then(|number| self.index.registry(number));
            let repository = judgement.repository.as_deref();
            let row = |answer: &Answer| {
                let fix = FixRow::of_answer(self.index, judgement.registry, repository, answer, self.now);
                AnswerRow::from(answer).with_fix(fix)
            };
            let (actual, workload) = (row(&judgement.actual), row(&judgement.workload));
            findings.push(Finding {
                file: object.file.to_string(),
                line: object.line,
                cluster: Some(self.cluster.name.clone()).filter(|name| !name.is_empty()),
                namespace: namespace.to_owned(),
                kind: pod.kind.as_str(),
                name: object.name.clone(),
                service_account: pod.service_account.to_string(),
                field: pod.field(image),
                container: image.owner.to_string(),
                image: image.image.to_string(),
                registry: registry.map(|registry| registry.name.clone()),
                repository: judgement.repository,
                mode: registry.and_then(|registry| registry.mode),
                actual,
                workload,
            });
        }
    }
}

/// A problem as reports list it.
pub(super) fn skipped(problem: &ManifestProblem) -> Skipped {
    Skipped {
        file: problem.file.to_string(),
        document: problem.document,
        why: format!("line {}: {}", problem.line, problem.what),
    }
}
