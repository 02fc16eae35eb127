//! Reading a body: not too long, not too slow, and not too many of them at once.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// The API server stores objects of up to 3 MiB, and an update carries two of them.
pub(super) const MAX_BODY: usize = 8 * 1024 * 1024;
/// Up to here a body that cannot be used is read and thrown away, so that the client finds our answer and not a reset
/// connection.
const MAX_DISCARDED: usize = 4 * MAX_BODY;

/// A body, and its part of the memory that all bodies share.
pub(super) struct WholeBody {
    pub(super) bytes: Vec<u8>,
    /// Given back when the review has been answered.
    share: Option<OwnedSemaphorePermit>,
}

/// Why there is no body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum BodyError {
    TooLong,
    TooSlow,
    /// The bodies in memory are too many.
    NoRoom,
    Broken,
}

impl BodyError {
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::NoRoom => StatusCode::TOO_MANY_REQUESTS,
            Self::Broken => StatusCode::BAD_REQUEST,
        }
    }
}

/// Reads all of a body. `room` holds one permit for each byte that may be in memory.
pub(super) async fn read(body: Body, room: &Arc<Semaphore>, limit: Duration) -> Result<WholeBody, BodyError> {
    timeout(limit, collect(body, room)).await.unwrap_or(Err(BodyError::TooSlow))
}

async fn collect(mut body: Body, room: &Arc<Semaphore>) -> Result<WholeBody, BodyError> {
    let mut whole = Ok(WholeBody { bytes: Vec::new(), share: None });
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| BodyError::Broken)?;
        let Ok(data) = frame.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length > MAX_DISCARDED {
            return Err(BodyError::TooLong);
        }
        // After a fault the rest is read and thrown away.
        whole =
            whole.and_then(
                |whole| if length > MAX_BODY { Err(BodyError::TooLong) } else { whole.with(&data, room) },
            );
    }
    whole
}

impl WholeBody {
    fn with(mut self, data: &Bytes, room: &Arc<Semaphore>) -> Result<Self, BodyError> {
        let bytes = u32::try_from(data.len()).map_err(|_| BodyError::TooLong)?;
        let share = Arc::clone(room).try_acquire_many_owned(bytes).map_err(|_| BodyError::NoRoom)?;
        match &mut self.share {
            Some(held) => held.merge(share),
            None => self.share = Some(share),
        }
        self.bytes.extend_from_slice(data);
        Ok(self)
    }
}
