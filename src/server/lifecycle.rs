//! From serving to the end, in three steps, so that no request is lost.
//!
//! ```text
//! Serving ── signal ──→ Draining ── after a while ──→ Closing ── requests in flight done ──→ end
//!   ready                 not ready, still serving,     no new connections,
//!                         Connection: close             idle ones closed
//! ```
//!
//! The while is for all the proxies that have to learn that this replica is leaving. Until they have, they send
//! requests, and each must be answered.

use tokio::sync::watch;
use tokio_util::task::TaskTracker;

/// Where the server is on its way to the end.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Phase {
    /// Ready.
    Serving,
    /// Not ready any more, and serving on.
    Draining,
    /// Takes nothing new.
    Closing,
}

/// The phase, and the connections that are still open.
#[derive(Clone, Debug)]
pub(super) struct Lifecycle {
    phase: watch::Sender<Phase>,
    pub(super) connections: TaskTracker,
}

impl Lifecycle {
    pub(super) fn new() -> Self {
        Self { phase: watch::Sender::new(Phase::Serving), connections: TaskTracker::new() }
    }

    pub(super) fn is_serving(&self) -> bool {
        *self.phase.borrow() == Phase::Serving
    }

    pub(super) fn advance(&self, phase: Phase) {
        self.phase.send_if_modified(|current| {
            let advances = phase > *current;
            *current = (*current).max(phase);
            advances
        });
    }

    /// Waits until this replica begins to leave.
    pub(super) async fn draining(&self) {
        self.reaches(Phase::Draining).await;
    }

    /// Waits until nothing new is taken.
    pub(super) async fn closing(&self) {
        self.reaches(Phase::Closing).await;
    }

    async fn reaches(&self, wanted: Phase) {
        let mut phase = self.phase.subscribe();
        // The sender lives in `self`, so the channel cannot close.
        drop(phase.wait_for(|phase| *phase >= wanted).await);
    }
}
