//! An object of a manifest file, with the place it was found at.

use std::sync::Arc;

use crate::workload::account::{Namespace, ServiceAccount};
use crate::workload::kind::WorkloadKind;
use crate::workload::pod::PodFacts;
use crate::workload::pull_binding::PullBinding;
use crate::workload::secret::Secret;

/// One object of a manifest file.
#[derive(Clone, Debug, PartialEq)]
pub struct ManifestObject {
    /// The file as the caller named it.
    pub file: Arc<str>,
    /// The line of the document, or of the item in its list, from 1.
    pub line: usize,
    /// The document in the file, from 1; documents without content are not counted.
    pub document: usize,
    /// `apiVersion` as written.
    pub api_version: String,
    /// `kind` as written; the reviewed object's kind for an `AdmissionReview`.
    pub kind: String,
    /// `metadata.namespace`, or the request's for an `AdmissionReview`; `None` leaves it to the command line.
    pub namespace: Option<String>,
    /// The name, or the prefix of a made-up name with a `*` behind it; empty if there is neither.
    pub name: String,
    /// What the object says about pulls.
    pub content: ManifestContent,
}

/// What an object of a manifest file says about pulls.
#[derive(Clone, Debug, PartialEq)]
pub enum ManifestContent {
    /// A workload with its pod spec.
    Workload(PodFacts<'static>),
    /// A workload without a pod spec, such as a patch: no image to judge.
    WorkloadWithoutPodSpec(WorkloadKind),
    /// A service account.
    ServiceAccount(ServiceAccount),
    /// A Secret, whether for pulls or not.
    Secret(Secret),
    /// A binding of an identity to a registry, which becomes a Secret.
    PullBinding(PullBinding),
    /// A namespace.
    Namespace(Namespace),
    /// Any other kind: no image that a kubelet would pull.
    Other,
}
