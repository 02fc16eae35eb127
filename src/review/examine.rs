//! Whether there is anything to judge in a request.

use super::request::{AdmissionRequest, Operation};
use crate::workload::{ObjectError, ObjectHeader, Workload, WorkloadKind};

/// A request after a look at its object.
#[derive(Clone, Debug)]
pub enum Examined<'a> {
    /// Let it pass without a verdict, and count it.
    Skip(Skip),
    /// Judge every image in it, changed or not.
    Judge(Workload<'a>),
}

/// Why a request passes without a verdict.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Skip {
    /// DELETE.
    Delete,
    /// CONNECT.
    Connect,
    /// The object is none that holds a pod spec.
    NotAWorkload,
    /// The object is being deleted: what keeps it are its finalizers, and their removal must never be blocked.
    Deleting,
    /// The update changes no image, service account, pull secret or kind of node: an old violation must not block
    /// changes of labels.
    Unchanged,
    /// The mirror of a static pod, put there by its node: it runs already, a denial would only hide it.
    MirrorPod,
}

impl Skip {
    /// A stable word for logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Connect => "connect",
            Self::NotAWorkload => "notAWorkload",
            Self::Deleting => "deleting",
            Self::Unchanged => "unchanged",
            Self::MirrorPod => "mirrorPod",
        }
    }
}

/// What to do with updates that change nothing about pulls.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum UnchangedObjects {
    /// Let them pass.
    #[default]
    Skip,
    /// Judge them again, but for updates of subresources that cannot change an image, such as `status`.
    Judge,
}

impl<'a> AdmissionRequest<'a> {
    /// Reads the object and decides whether there is anything to judge.
    ///
    /// # Errors
    ///
    /// The object is a workload that cannot be read, or has no pod spec. It must not pass as one without images.
    pub fn examine(&self, unchanged: UnchangedObjects) -> Result<Examined<'a>, ObjectError> {
        match self.operation {
            Operation::Delete => return Ok(Examined::Skip(Skip::Delete)),
            Operation::Connect => return Ok(Examined::Skip(Skip::Connect)),
            Operation::Create | Operation::Update => {}
        }
        let Some(kind) = WorkloadKind::of(&self.kind.group, &self.kind.kind) else {
            return Ok(Examined::Skip(Skip::NotAWorkload));
        };
        let json = self.object.map_or("null", |object| object.get());
        let workload = match Workload::read(kind, json) {
            Ok(workload) => workload,
            // However strange the spec: what is going must be able to go.
            Err(_) if self.updates_deleted(ObjectHeader::read(json).ok().as_ref()) => {
                return Ok(Examined::Skip(Skip::Deleting));
            }
            Err(error) => return Err(error),
        };
        Ok(match self.skip_reason(&workload, unchanged) {
            Some(skip) => Examined::Skip(skip),
            None => Examined::Judge(workload),
        })
    }

    fn skip_reason(&self, workload: &Workload<'_>, unchanged: UnchangedObjects) -> Option<Skip> {
        if self.updates_deleted(Some(&workload.header)) {
            return Some(Skip::Deleting);
        }
        if workload.pod.kind == WorkloadKind::Pod
            && workload.header.claims_to_be_mirror
            && self.is_from_a_node()
        {
            return Some(Skip::MirrorPod);
        }
        let asked_to_skip = unchanged == UnchangedObjects::Skip || !self.may_change_pulls();
        let may_skip = self.operation == Operation::Update && asked_to_skip;
        (may_skip && self.changes_nothing(workload)).then_some(Skip::Unchanged)
    }

    /// Whether the API server lets this request change images at all. Writing a status or new resource limits does
    /// not, and judging those again would keep nodes from reporting on pods that run already.
    fn may_change_pulls(&self) -> bool {
        matches!(&*self.sub_resource, "" | "ephemeralcontainers")
    }

    /// Whether this updates an object that is being deleted. The API server lets nobody set the time of deletion.
    fn updates_deleted(&self, deleted: Option<&ObjectHeader<'_>>) -> bool {
        self.operation == Operation::Update && deleted.is_some_and(|header| header.is_being_deleted)
    }

    /// An old object that cannot be read has surely changed.
    fn changes_nothing(&self, workload: &Workload<'_>) -> bool {
        let old = self.old_object.and_then(|old| Workload::read(workload.pod.kind, old.get()).ok());
        old.is_some_and(|old| old.pod.pulls_the_same_as(&workload.pod))
    }

    /// The annotation of a mirror pod is free for everyone to write, membership in this group is not.
    fn is_from_a_node(&self) -> bool {
        self.user.groups.iter().any(|group| group == "system:nodes")
    }
}
