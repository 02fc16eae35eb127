//! The decision log of a webhook that runs on the test's own thread.

use std::io;
use std::sync::{Arc, LazyLock, Mutex};

use acr_admission::telemetry::logging::{LogFormat, subscriber};
use serde_json::Value;
use tracing::Dispatch;
use tracing::subscriber::{DefaultGuard, NoSubscriber};

/// Collects everything that this thread logs, until dropped. Tests on tokio's single thread see all of their webhook.
pub(crate) struct DecisionLog {
    lines: Lines,
    _guard: DefaultGuard,
}

impl DecisionLog {
    pub(crate) fn start() -> Self {
        see_events_of_all_threads();
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = subscriber("info", LogFormat::Json, move || writer.clone()).unwrap();
        Self { lines, _guard: tracing::subscriber::set_default(subscriber) }
    }

    /// Everything that was logged.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.lines.0.lock().unwrap().clone()).unwrap()
    }

    /// The records of decisions, in their order.
    pub(crate) fn decisions(&self) -> Vec<Value> {
        let text = self.text();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["kind"] == "AdmissionDecision").collect()
    }

    /// The only decision since the last call.
    #[track_caller]
    pub(crate) fn take_one(&self) -> Value {
        let mut decisions = self.decisions();
        self.lines.0.lock().unwrap().clear();
        assert_eq!(decisions.len(), 1, "{decisions:#?}");
        decisions.remove(0)
    }
}

/// With a single subscriber in the process, `tracing` lets the thread that comes to an event first say for good whether
/// anybody wants it; mostly that is a test without a subscriber. Two more that want nothing keep it asking.
pub(crate) fn see_events_of_all_threads() {
    static OTHERS: LazyLock<[Dispatch; 2]> =
        LazyLock::new(|| [(); 2].map(|()| Dispatch::new(NoSubscriber::default())));
    LazyLock::force(&OTHERS);
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
