//! One review from its bytes to its answer.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use super::body::Room;
use super::decision_log;
use super::facts::FactFinder;
use super::judge::judge;
use super::lifecycle::Lifecycle;
use super::options::{Clock, Limits};
use super::outcome::{Conclusion, JudgedImage, Outcome, Subject, mode};
use super::policy::Policy;
use super::respond::{Surround, respond};
use crate::engine::decision::Reason;
use crate::kubernetes::Surroundings;
use crate::review::{
    AdmissionRequest, AdmissionResponse, Examined, ReviewError, UnchangedObjects, printable,
};
use crate::settings::{Mode, NamespaceLabels, Rule};
use crate::telemetry::metrics::{DecisionLabels, DurationLabels, ExceptionLabel, Metrics, RequestLabels};
use crate::workload::{Workload, WorkloadKind};

/// Everything that answers reviews; shared by all connections.
pub(super) struct Webhook {
    pub(super) policy: ArcSwap<Policy>,
    pub(super) surroundings: Arc<dyn Surroundings>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) lifecycle: Lifecycle,
    pub(super) clock: Clock,
    pub(super) limits: Limits,
    /// One permit for each review in flight.
    pub(super) turns: Semaphore,
    /// The memory for bodies.
    pub(super) room: Room,
    /// Namespaces in which nothing is refused.
    pub(super) never_refused: Vec<String>,
}

impl Webhook {
    /// Whether all that is followed in the cluster has been listed once.
    pub(super) fn has_filled_caches(&self) -> bool {
        self.surroundings.caches().iter().all(|cache| cache.is_synced)
    }

    /// Answers a review, or says why the bytes are none.
    pub(super) async fn answer(
        &self,
        body: &[u8],
        deadline: Instant,
    ) -> Result<AdmissionResponse, ReviewError> {
        let started = Instant::now();
        let request = match AdmissionRequest::parse(body) {
            Ok(request) => request,
            Err(error) => return unreadable(error),
        };
        let policy = self.policy.load_full();
        let now = self.clock.now();
        let judging = Judging { webhook: self, policy: &policy, request: &request, now, deadline };
        let outcome = judging.outcome().await;
        let age = policy.age(now);
        let surround = Surround { docs_url: &policy.settings.docs_url, age, is_stale: policy.is_stale(now) };
        // From here on the decision stands. A panic would end the connection, and then the failure policy decides
        // and not we: neither words nor counters nor the log may take the answer down with them.
        let response = self.guarded(|| respond(&request.uid, &outcome, surround));
        let response = response.unwrap_or_else(|| speechless(&request.uid, &outcome));
        self.guarded(|| self.count(&request, &outcome, started));
        if !matches!(outcome.conclusion, Conclusion::Skip(_)) {
            self.guarded(|| decision_log::write(&request, &outcome, &policy, now, started.elapsed()));
        }
        Ok(response)
    }

    /// Does some work; `None` if it panics.
    fn guarded<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        let done = catch_unwind(AssertUnwindSafe(work)).ok();
        if done.is_none() {
            self.metrics.panics.inc();
        }
        done
    }

    fn count(&self, request: &AdmissionRequest<'_>, outcome: &Outcome, started: Instant) {
        let resource = resource_label(request);
        let decision = outcome.conclusion.as_str();
        let labels = RequestLabels {
            resource,
            operation: request.operation.as_str(),
            decision,
            mode: outcome.mode.as_str(),
            dry_run: if request.dry_run { "true" } else { "false" },
        };
        self.metrics.requests.get_or_create(&labels).inc();
        let labels = DurationLabels { resource, decision };
        self.metrics.request_duration.get_or_create(&labels).observe(started.elapsed().as_secs_f64());
        for image in &outcome.images {
            let registry_mode = match (&image.registry, image.registry_mode) {
                (None, _) => "none",
                (Some(_), None) => "unknown",
                (Some(_), Some(mode)) => mode.as_str(),
            };
            // Beside what the rules made of it: where an unknown verdict is refused, `decision` says `deny`.
            let verdict = image.answer.verdict().as_str();
            let labels = DecisionLabels { verdict, reason: image.answer.reason.as_str(), registry_mode };
            self.metrics.decisions.get_or_create(&labels).inc();
        }
        if let Some(exception) = &outcome.exception {
            let labels = ExceptionLabel { exception: exception.to_string() };
            self.metrics.exceptions_used.get_or_create(&labels).inc();
        }
    }
}

/// One review being judged.
#[derive(Clone, Copy)]
struct Judging<'a> {
    webhook: &'a Webhook,
    policy: &'a Policy,
    request: &'a AdmissionRequest<'a>,
    now: Timestamp,
    deadline: Instant,
}

impl Judging<'_> {
    /// The outcome, whatever happens: a panic and a deadline that passed are unknown verdicts of their own.
    async fn outcome(&self) -> Outcome {
        let judged = catch_panic(timeout_at(self.deadline, self.judged()));
        let mut outcome = match judged.await {
            Some(Ok(outcome)) => outcome,
            Some(Err(_)) => self.nothing_known(Reason::DeadlineExceeded),
            None => {
                self.webhook.metrics.panics.inc();
                self.nothing_known(Reason::InternalError)
            }
        };
        let is_spared = self.webhook.never_refused.iter().any(|name| *name == self.request.namespace);
        if is_spared && outcome.mode == Mode::Enforce {
            outcome.mode = Mode::Warn;
        }
        outcome
    }

    async fn judged(&self) -> Outcome {
        let settings = &self.policy.settings;
        let unchanged =
            if settings.skip_unchanged { UnchangedObjects::Skip } else { UnchangedObjects::Judge };
        let examined = self.request.examine(unchanged);
        if let Ok(Examined::Skip(skip)) = examined {
            return Outcome::skipped(Some(skip), None);
        }
        let finder = FactFinder {
            surroundings: &*self.webhook.surroundings,
            metrics: &self.webhook.metrics,
            deadline: self.deadline,
            lookup: self.webhook.limits.lookup,
        };
        let labels =
            if settings.minds_labels() { finder.labels(&self.request.namespace).await } else { None };
        let rule = self.rule(labels.as_deref());
        if mode(rule, self.kind()) == Mode::Off {
            return Outcome::skipped(None, Some(rule));
        }
        match examined {
            Ok(Examined::Judge(workload)) => self.workload(&workload, rule, finder).await,
            Ok(Examined::Skip(skip)) => Outcome::skipped(Some(skip), None),
            Err(error) => {
                let message = error.to_string();
                tracing::warn!(uid = %printable(&self.request.uid), error = %printable(&message), "unreadable object");
                self.whole_object(Reason::WorkloadUnreadable, rule)
            }
        }
    }

    async fn workload(&self, workload: &Workload<'_>, rule: &Rule, finder: FactFinder<'_>) -> Outcome {
        let namespace = &*self.request.namespace;
        let pod = &workload.pod;
        let facts = finder.pull_facts(namespace, pod).await;
        let images = judge(self.policy, namespace, pod, &facts, rule.question, self.now, self.deadline).await;
        let name = workload.header.display_name();
        let subject =
            Subject { kind: Some(pod.kind), namespace, name: &name, service_account: &pod.service_account };
        Outcome::of(images, subject, rule, &self.policy.settings, self.now)
    }

    /// Where not even the labels are known the strictest rule counts.
    fn nothing_known(&self, reason: Reason) -> Outcome {
        let rule = self.rule(None);
        if mode(rule, self.kind()) == Mode::Off {
            return Outcome::skipped(None, Some(rule));
        }
        self.whole_object(reason, rule)
    }

    /// One verdict for the object as a whole: its images are not known.
    fn whole_object(&self, reason: Reason, rule: &Rule) -> Outcome {
        let name = if self.request.name.is_empty() { "(unnamed)" } else { &*self.request.name };
        let object = format!("{} {name}", self.request.kind.kind);
        let image = JudgedImage::unknown(String::new(), String::new(), object, reason);
        let subject = Subject {
            kind: self.kind(),
            namespace: &self.request.namespace,
            name: &self.request.name,
            service_account: "",
        };
        Outcome::of(vec![image], subject, rule, &self.policy.settings, self.now)
    }

    fn rule(&self, labels: Option<&NamespaceLabels>) -> &Rule {
        let kind = self.kind();
        self.policy.settings.rule(&self.request.namespace, labels, |rule| mode(rule, kind))
    }

    fn kind(&self) -> Option<WorkloadKind> {
        WorkloadKind::of(&self.request.kind.group, &self.request.kind.kind)
    }
}

/// The answer where the words for it could not be found.
fn speechless(uid: &str, outcome: &Outcome) -> AdmissionResponse {
    if outcome.is_admitted() {
        return AdmissionResponse::admit(uid);
    }
    AdmissionResponse::refuse(
        uid,
        "an image may not be pulled; why is in the log of acr-admission".to_owned(),
    )
}

/// The API server never sends such a thing, so whoever did gets no more than a refusal. Without a uid there is
/// nothing to answer.
fn unreadable(error: ReviewError) -> Result<AdmissionResponse, ReviewError> {
    match &error.uid {
        Some(uid) => {
            let message = format!("the AdmissionReview cannot be read: {}", printable(&error.to_string()));
            Ok(AdmissionResponse::refuse(uid, message))
        }
        None => Err(error),
    }
}

/// Runs a future to its end; `None` if it panics.
async fn catch_panic<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    std::future::poll_fn(|context| {
        // Nothing that a panic may leave half done outlives the future: state is swapped as a whole.
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(Poll::Ready(output)) => Poll::Ready(Some(output)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(_) => Poll::Ready(None),
        }
    })
    .await
}

/// Resources in metrics are those of the kinds we know.
fn resource_label(request: &AdmissionRequest<'_>) -> &'static str {
    match WorkloadKind::of(&request.kind.group, &request.kind.kind) {
        Some(WorkloadKind::Pod) => "pods",
        Some(WorkloadKind::Deployment) => "deployments",
        Some(WorkloadKind::ReplicaSet) => "replicasets",
        Some(WorkloadKind::StatefulSet) => "statefulsets",
        Some(WorkloadKind::DaemonSet) => "daemonsets",
        Some(WorkloadKind::Job) => "jobs",
        Some(WorkloadKind::CronJob) => "cronjobs",
        Some(WorkloadKind::ReplicationController) => "replicationcontrollers",
        Some(WorkloadKind::PodTemplate) => "podtemplates",
        None => "other",
    }
}
