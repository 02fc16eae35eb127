//! A server that has started: where it is, how it is asked to end.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::inputs::Inputs;
use super::lifecycle::{Lifecycle, Phase};
use super::options::{Limits, ServeError};
use super::tasks::Tasks;

/// A server that has started.
#[derive(Debug)]
pub struct Running {
    pub(super) address: SocketAddr,
    pub(super) health_address: SocketAddr,
    pub(super) lifecycle: Lifecycle,
    pub(super) inputs: Inputs,
    pub(super) drain: Duration,
    pub(super) limits: Limits,
    pub(super) tasks: Tasks,
    /// Why the port for reviews could not be opened when its time had come.
    pub(super) unopened: oneshot::Receiver<ServeError>,
}

impl Running {
    /// Where reviews are answered, once everything is loaded. Until then the port is taken and closed.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where health and metrics are asked for, from the beginning.
    #[must_use]
    pub const fn health_address(&self) -> SocketAddr {
        self.health_address
    }

    /// Waits until the port for reviews is open, or until an input is seen that keeps it closed. For callers that
    /// cannot wait for somebody to mend it.
    ///
    /// # Errors
    ///
    /// What is wrong with the input. The server runs on, and opens the port once it is mended.
    pub async fn answers(&self) -> Result<(), String> {
        self.inputs.first_answer().await
    }

    /// Why the server cannot go on; waits for ever while it can.
    pub(super) async fn broken(&mut self) -> ServeError {
        let Self { unopened, tasks, .. } = self;
        let unopened = async {
            match unopened.await {
                Ok(error) => error,
                // The task that would have told has ended without a word.
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            // Who could not open the port ends as well; why says more.
            biased;
            error = unopened => error,
            error = tasks.ended() => error,
        }
    }

    /// Ends without losing a request: not ready, serving on for a while, then closing.
    pub async fn shut_down(self) {
        if self.inputs.is_open() {
            tracing::info!(seconds = self.drain.as_secs(), "draining");
            self.lifecycle.advance(Phase::Draining);
            sleep(self.drain).await;
        }
        self.lifecycle.advance(Phase::Closing);
        self.lifecycle.connections.close();
        if timeout(self.limits.close, self.lifecycle.connections.wait()).await.is_err() {
            tracing::warn!("requests were still in flight at the end");
        }
        self.tasks.shutdown().await;
    }
}
