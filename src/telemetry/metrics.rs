//! Every metric of the program, with its labels and its help. Label values are bounded: never an image, a pod or a
//! user.
//!
//! `docs/metrics.md` lists the same; a test compares the two.

use std::sync::atomic::{AtomicI64, AtomicU64};

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry, Unit};

/// What every name begins with.
const PREFIX: &str = "acr_admission";

/// The metrics of the webhook.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    names: Vec<String>,
    /// Reviews answered.
    pub requests: Family<RequestLabels, Counter>,
    /// How long answers took.
    pub request_duration: Family<DurationLabels, Histogram, fn() -> Histogram>,
    /// Images judged.
    pub decisions: Family<DecisionLabels, Counter>,
    /// Requests in flight.
    pub in_flight: Gauge,
    /// Requests sent away with `Retry-After`.
    pub shed: Family<CauseLabel, Counter>,
    /// Panics caught.
    pub panics: Counter,
    /// Requests that are no reviews.
    pub bad_requests: Family<StatusLabel, Counter>,
    /// Sizes of request bodies.
    pub body_bytes: Histogram,
    /// Open connections.
    pub connections: Gauge,
    /// Connections that ended before a request.
    pub handshake_failures: Counter,
    /// Connections of addresses that hold too many.
    pub refused_connections: Counter,
    /// Whether reviews are answered, and shall be sent here.
    pub ready: Gauge,
    /// Whether the last attempt to load an input failed.
    pub input_failing: Family<InputLabel, Gauge>,
    /// Whether there is an inventory to judge by.
    pub inventory_loaded: Gauge,
    /// Age of the inventory.
    pub inventory_age: Gauge<f64, AtomicU64>,
    /// What the inventory holds.
    pub inventory_objects: Family<KindLabel, Gauge>,
    /// Loads of the inventory.
    pub inventory_reloads: Family<ResultLabel, Counter>,
    /// Loads of the settings.
    pub settings_reloads: Family<ResultLabel, Counter>,
    /// Objects in the caches.
    pub cache_objects: Family<KindLabel, Gauge>,
    /// Whether a cache has been filled.
    pub cache_synced: Family<KindLabel, Gauge>,
    /// Look-ups at the API server.
    pub live_lookups: Family<LookupLabels, Counter>,
    /// When the certificate ends.
    pub certificate_not_after: Gauge<i64, AtomicI64>,
    /// When the authority of a self-managed certificate ends.
    pub authority_not_after: Gauge<i64, AtomicI64>,
    /// Whether this replica keeps the self-managed certificate.
    pub leader: Gauge,
    /// Loads of the certificate.
    pub certificate_reloads: Family<ResultLabel, Counter>,
    /// Exceptions by state.
    pub exceptions: Family<StateLabel, Gauge>,
    /// Requests admitted by exception.
    pub exceptions_used: Family<ExceptionLabel, Counter>,
    /// Resident memory.
    pub resident_memory: Gauge,
}

/// Labels of [`Metrics::requests`].
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct RequestLabels {
    /// `pods`, `deployments`, …, or `other`.
    pub resource: &'static str,
    /// CREATE, UPDATE, DELETE or CONNECT.
    pub operation: &'static str,
    /// allow, warn, deny, unknown, skip or exception.
    pub decision: &'static str,
    /// enforce, warn, audit or off.
    pub mode: &'static str,
    /// `true` or `false`.
    pub dry_run: &'static str,
}

/// Labels of [`Metrics::request_duration`].
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct DurationLabels {
    /// As in [`RequestLabels`].
    pub resource: &'static str,
    /// As in [`RequestLabels`].
    pub decision: &'static str,
}

/// Labels of [`Metrics::decisions`].
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct DecisionLabels {
    /// allow, deny, unknown, unmanaged or skip: the engine's word, whatever the settings make of it.
    pub verdict: &'static str,
    /// The reason's code.
    pub reason: &'static str,
    /// rbac, rbac-abac or unknown; none where there is no registry.
    pub registry_mode: &'static str,
}

/// Labels of [`Metrics::live_lookups`].
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct LookupLabels {
    /// serviceaccounts, namespaces or secrets.
    pub kind: &'static str,
    /// found, missing, error or timeout.
    pub result: &'static str,
}

/// Why a request was sent away.
#[derive(Clone, Copy, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct CauseLabel {
    /// requests, bytes or caches.
    cause: &'static str,
}

impl CauseLabel {
    /// Too many reviews are being judged.
    pub const REQUESTS: Self = Self { cause: "requests" };
    /// The bodies in memory are too big.
    pub const BYTES: Self = Self { cause: "bytes" };
    /// The caches of the cluster have not been filled yet.
    pub const CACHES: Self = Self { cause: "caches" };
}

/// Something that is read from outside.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct InputLabel {
    /// certificate, inventory, renewal, settings or `webhook_configuration`.
    pub input: &'static str,
}

/// The HTTP status of an answer.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct StatusLabel {
    /// Such as 415.
    pub status: u16,
}

/// A kind of object.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct KindLabel {
    /// The plural.
    pub kind: &'static str,
}

/// How something went.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct ResultLabel {
    /// success or failure.
    pub result: &'static str,
}

/// A state of an exception.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct StateLabel {
    /// active, expiring (within two weeks) or expired.
    pub state: &'static str,
}

/// An exception by name, of which the settings hold few.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
pub struct ExceptionLabel {
    /// Its name in the settings.
    pub exception: String,
}

impl ResultLabel {
    /// The label of an outcome.
    #[must_use]
    pub const fn of(went_well: bool) -> Self {
        Self { result: if went_well { "success" } else { "failure" } }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Metrics that have counted nothing yet.
    #[must_use]
    pub fn new() -> Self {
        let metrics = Self {
            registry: Registry::with_prefix(PREFIX),
            names: Vec::new(),
            requests: Family::default(),
            request_duration: Family::new_with_constructor(durations),
            decisions: Family::default(),
            in_flight: Gauge::default(),
            shed: Family::default(),
            panics: Counter::default(),
            bad_requests: Family::default(),
            body_bytes: Histogram::new(exponential_buckets(1024.0, 4.0, 8)),
            connections: Gauge::default(),
            handshake_failures: Counter::default(),
            refused_connections: Counter::default(),
            ready: Gauge::default(),
            input_failing: Family::default(),
            inventory_loaded: Gauge::default(),
            inventory_age: Gauge::default(),
            inventory_objects: Family::default(),
            inventory_reloads: Family::default(),
            settings_reloads: Family::default(),
            cache_objects: Family::default(),
            cache_synced: Family::default(),
            live_lookups: Family::default(),
            certificate_not_after: Gauge::default(),
            authority_not_after: Gauge::default(),
            leader: Gauge::default(),
            certificate_reloads: Family::default(),
            exceptions: Family::default(),
            exceptions_used: Family::default(),
            resident_memory: Gauge::default(),
        };
        metrics.begin_at_zero();
        metrics.registered()
    }

    /// Counters that alerts watch are there before they count: a series whose first value is 1 has not increased.
    fn begin_at_zero(&self) {
        for reloads in [&self.inventory_reloads, &self.settings_reloads, &self.certificate_reloads] {
            for went_well in [true, false] {
                drop(reloads.get_or_create(&ResultLabel::of(went_well)));
            }
        }
        for cause in [CauseLabel::REQUESTS, CauseLabel::BYTES, CauseLabel::CACHES] {
            drop(self.shed.get_or_create(&cause));
        }
    }

    /// The names of all metrics, without the `_total` of counters and the `_info` of infos.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The text that Prometheus reads.
    #[must_use]
    pub fn encode(&self) -> String {
        self.resident_memory.set(resident_memory());
        let mut encoded = String::new();
        // Writing to a `String` cannot fail.
        let written = text::encode(&mut encoded, &self.registry);
        debug_assert!(written.is_ok());
        encoded
    }

    fn registered(mut self) -> Self {
        let registry = std::mem::take(&mut self.registry);
        let mut list = List { registry, names: Vec::new() };
        self.register_requests(&mut list);
        self.register_state(&mut list);
        list.add("build", "The running program", Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]));
        let List { registry, names } = list;
        Self { registry, names, ..self }
    }

    fn register_requests(&self, list: &mut List) {
        list.add("requests", "Reviews answered, by what was decided", self.requests.clone());
        list.add_with_unit(
            "request_duration",
            "Time from the whole request to its answer",
            Unit::Seconds,
            self.request_duration.clone(),
        );
        list.add("decisions", "Images judged, by verdict and reason", self.decisions.clone());
        list.add("in_flight", "Reviews being judged", self.in_flight.clone());
        list.add("shed", "Requests sent away with Retry-After", self.shed.clone());
        list.add("panics", "Panics caught while judging", self.panics.clone());
        list.add("bad_requests", "Requests that are no reviews", self.bad_requests.clone());
        list.add_with_unit("request_body", "Sizes of request bodies", Unit::Bytes, self.body_bytes.clone());
        list.add("connections", "Open connections of both ports", self.connections.clone());
        list.add(
            "handshake_failures",
            "Connections that ended before a request",
            self.handshake_failures.clone(),
        );
        list.add(
            "refused_connections",
            "Connections closed at once because their address holds too many",
            self.refused_connections.clone(),
        );
        list.add("exceptions", "Exceptions of the settings, by state", self.exceptions.clone());
        list.add("exceptions_used", "Requests admitted by an exception", self.exceptions_used.clone());
    }

    fn register_state(&self, list: &mut List) {
        list.add("ready", "Whether reviews are answered and shall be sent here", self.ready.clone());
        list.add("input_failing", "Whether the last attempt to load it failed", self.input_failing.clone());
        list.add("inventory_loaded", "Whether there is an inventory", self.inventory_loaded.clone());
        list.add_with_unit(
            "inventory_age",
            "Time since the inventory's oldest export, or, where none says when it was made, since its newest file \
             was written",
            Unit::Seconds,
            self.inventory_age.clone(),
        );
        list.add("inventory_objects", "Objects in the inventory", self.inventory_objects.clone());
        list.add("inventory_reloads", "Loads of the inventory", self.inventory_reloads.clone());
        list.add("settings_reloads", "Loads of the settings", self.settings_reloads.clone());
        list.add("cache_objects", "Objects in the caches of the cluster", self.cache_objects.clone());
        list.add("cache_synced", "Whether a cache has been filled once", self.cache_synced.clone());
        list.add(
            "live_lookups",
            "Look-ups at the API server where a cache had nothing",
            self.live_lookups.clone(),
        );
        list.add_with_unit(
            "certificate_not_after_timestamp",
            "When the certificate in use ends",
            Unit::Seconds,
            self.certificate_not_after.clone(),
        );
        list.add_with_unit(
            "authority_not_after_timestamp",
            "When the authority of a self-managed certificate ends",
            Unit::Seconds,
            self.authority_not_after.clone(),
        );
        list.add("leader", "Whether this replica keeps the self-managed certificate", self.leader.clone());
        list.add("certificate_reloads", "Loads of the certificate", self.certificate_reloads.clone());
        list.add_with_unit(
            "resident_memory",
            "Memory of the process in use",
            Unit::Bytes,
            self.resident_memory.clone(),
        );
    }
}

/// A registry that remembers what is in it: families without a series yet do not show in its text.
struct List {
    registry: Registry,
    names: Vec<String>,
}

impl List {
    fn add(&mut self, name: &str, help: &str, metric: impl Metric) {
        self.names.push(format!("{PREFIX}_{name}"));
        self.registry.register(name, help, metric);
    }

    fn add_with_unit(&mut self, name: &str, help: &str, unit: Unit, metric: impl Metric) {
        self.names.push(format!("{PREFIX}_{name}_{}", unit.as_str()));
        self.registry.register_with_unit(name, help, unit, metric);
    }
}

/// From half a millisecond to 5 s: an answer from memory takes less, the webhook's time-out is about as much.
fn durations() -> Histogram {
    Histogram::new(exponential_buckets(0.0005, 2.512, 11))
}

/// Resident memory in bytes; 0 where the system does not tell.
fn resident_memory() -> i64 {
    /// Linux counts in pages; 4 KiB on every platform that we build for.
    const PAGE: i64 = 4096;
    let statistics = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statistics.split_ascii_whitespace().nth(1).and_then(|pages| pages.parse::<i64>().ok());
    pages.map_or(0, |pages| pages.saturating_mul(PAGE))
}
