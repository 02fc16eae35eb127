//! The kinds of object that hold a pod spec, and where in them it lies.

use std::fmt;

/// A kind of Kubernetes object that holds a pod spec.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum WorkloadKind {
    /// A pod.
    Pod,
    /// `apps`, and `extensions` in old files.
    Deployment,
    /// `apps`, and `extensions` in old files.
    ReplicaSet,
    /// `apps`.
    StatefulSet,
    /// `apps`, and `extensions` in old files.
    DaemonSet,
    /// `batch`.
    Job,
    /// `batch`.
    CronJob,
    /// Core.
    ReplicationController,
    /// Core.
    PodTemplate,
}

impl WorkloadKind {
    /// The workload kind of this API group and kind, in any version; `None` for everything else, such as a custom
    /// resource that happens to be called `Job` as well.
    #[must_use]
    pub fn of(group: &str, kind: &str) -> Option<Self> {
        KINDS.iter().find(|known| known.name == kind && known.groups.contains(&group)).map(|known| known.kind)
    }

    /// The kind as Kubernetes writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().name
    }

    /// Where the pod spec lies in an object of this kind, such as `spec.template.spec`.
    #[must_use]
    pub fn pod_spec_path(self) -> &'static str {
        self.row().pod_spec_path
    }

    fn row(self) -> &'static KindRow {
        match self {
            Self::Pod => &POD,
            Self::Deployment => &DEPLOYMENT,
            Self::ReplicaSet => &REPLICA_SET,
            Self::StatefulSet => &STATEFUL_SET,
            Self::DaemonSet => &DAEMON_SET,
            Self::Job => &JOB,
            Self::CronJob => &CRON_JOB,
            Self::ReplicationController => &REPLICATION_CONTROLLER,
            Self::PodTemplate => &POD_TEMPLATE,
        }
    }
}

impl fmt::Display for WorkloadKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

struct KindRow {
    kind: WorkloadKind,
    name: &'static str,
    groups: &'static [&'static str],
    pod_spec_path: &'static str,
}

const fn row(
    kind: WorkloadKind,
    name: &'static str,
    groups: &'static [&'static str],
    pod_spec_path: &'static str,
) -> KindRow {
    KindRow { kind, name, groups, pod_spec_path }
}

const CORE: &[&str] = &[""];
const APPS: &[&str] = &["apps", "extensions"];
const BATCH: &[&str] = &["batch"];
const TEMPLATE: &str = "spec.template.spec";
const JOB_TEMPLATE: &str = "spec.jobTemplate.spec.template.spec";

static POD: KindRow = row(WorkloadKind::Pod, "Pod", CORE, "spec");
static DEPLOYMENT: KindRow = row(WorkloadKind::Deployment, "Deployment", APPS, TEMPLATE);
static REPLICA_SET: KindRow = row(WorkloadKind::ReplicaSet, "ReplicaSet", APPS, TEMPLATE);
static STATEFUL_SET: KindRow = row(WorkloadKind::StatefulSet, "StatefulSet", APPS, TEMPLATE);
static DAEMON_SET: KindRow = row(WorkloadKind::DaemonSet, "DaemonSet", APPS, TEMPLATE);
static JOB: KindRow = row(WorkloadKind::Job, "Job", BATCH, TEMPLATE);
static CRON_JOB: KindRow = row(WorkloadKind::CronJob, "CronJob", BATCH, JOB_TEMPLATE);
static REPLICATION_CONTROLLER: KindRow =
    row(WorkloadKind::ReplicationController, "ReplicationController", CORE, TEMPLATE);
static POD_TEMPLATE: KindRow = row(WorkloadKind::PodTemplate, "PodTemplate", CORE, "template.spec");

static KINDS: [&KindRow; 9] = [
    &POD,
    &DEPLOYMENT,
    &REPLICA_SET,
    &STATEFUL_SET,
    &DAEMON_SET,
    &JOB,
    &CRON_JOB,
    &REPLICATION_CONTROLLER,
    &POD_TEMPLATE,
];
