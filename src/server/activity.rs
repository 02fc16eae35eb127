//! Whether an HTTP/2 connection is in use. Its pings are answered by the client's library, so they only show that the
//! client is there, not that it wants anything.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tokio::sync::watch;
use tokio::time::timeout;

/// The requests of one connection that are being answered.
#[derive(Clone, Debug)]
pub(super) struct Activity(Arc<watch::Sender<usize>>);

impl Default for Activity {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl Activity {
    /// Counts a request while it is answered.
    pub(super) async fn note(State(activity): State<Self>, request: Request, next: Next) -> Response {
        let _request = InAnswer::enter(&activity);
        next.run(request).await
    }

    /// Waits until nothing has been asked for that long.
    pub(super) async fn idle_for(&self, limit: Duration) {
        let mut requests = self.0.subscribe();
        loop {
            // The sender lives in `self`, so the channel cannot close.
            drop(requests.wait_for(|requests| *requests == 0).await);
            if timeout(limit, requests.changed()).await.is_err() {
                return;
            }
        }
    }
}

/// A request that is being answered.
struct InAnswer<'a>(&'a Activity);

impl<'a> InAnswer<'a> {
    fn enter(activity: &'a Activity) -> Self {
        activity.0.send_modify(|requests| *requests += 1);
        Self(activity)
    }
}

impl Drop for InAnswer<'_> {
    fn drop(&mut self) {
        self.0.0.send_modify(|requests| *requests -= 1);
    }
}
