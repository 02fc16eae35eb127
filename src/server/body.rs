//! Reading a body: not too long, not too slow, and not too many of them at once.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::options::Limits;
use super::peers::{Peers, Share};

/// The API server stores objects of up to 3 MiB, and an update carries two of them.
pub(super) const MAX_BODY: usize = 8 * 1024 * 1024;
/// Up to here a body that cannot be used is read and thrown away, so that the client finds our answer and not a reset
/// connection.
const MAX_DISCARDED: usize = 4 * MAX_BODY;

/// The memory that all bodies share. One address gets a part of it only: bodies that never end, from a single pod,
/// would leave nothing for the API servers.
pub(super) struct Room {
    /// One permit for each byte.
    all: Arc<Semaphore>,
    of_one_peer: Peers,
}

impl Room {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            all: Arc::new(Semaphore::new(limits.body_bytes)),
            of_one_peer: Peers::new(limits.body_bytes_of_one_peer),
        }
    }

    /// No room yet, for a body of this address.
    fn nothing(&self, peer: IpAddr) -> Option<Held> {
        let share = self.of_one_peer.take(peer, 0)?;
        let permit = Arc::clone(&self.all).try_acquire_many_owned(0).ok()?;
        Some(Held { share, permit })
    }
}

/// A part of the memory.
struct Held {
    share: Share,
    permit: OwnedSemaphorePermit,
}

impl Held {
    /// Whether there was room for so many bytes more.
    fn grow(&mut self, bytes: usize) -> bool {
        if !self.share.grow(bytes) {
            return false;
        }
        let Ok(permits) = u32::try_from(bytes) else { return false };
        let more = Arc::clone(self.permit.semaphore()).try_acquire_many_owned(permits);
        more.map(|more| self.permit.merge(more)).is_ok()
    }
}

/// A body, and its part of the memory.
pub(super) struct WholeBody {
    pub(super) bytes: Vec<u8>,
    /// Given back when the review has been answered.
    held: Held,
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

/// Reads all of a body that an address sends, in time.
pub(super) async fn read(
    body: Body,
    room: &Room,
    peer: IpAddr,
    limit: Duration,
) -> Result<WholeBody, BodyError> {
    timeout(limit, collect(body, room, peer)).await.unwrap_or(Err(BodyError::TooSlow))
}

async fn collect(mut body: Body, room: &Room, peer: IpAddr) -> Result<WholeBody, BodyError> {
    let mut whole =
        room.nothing(peer).map(|held| WholeBody { bytes: Vec::new(), held }).ok_or(BodyError::NoRoom);
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| BodyError::Broken)?;
        let Ok(data) = frame.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length > MAX_DISCARDED {
            return Err(BodyError::TooLong);
        }
        // After a fault the rest is read and thrown away.
        whole = whole
            .and_then(|whole| if length > MAX_BODY { Err(BodyError::TooLong) } else { whole.with(&data) });
    }
    whole
}

impl WholeBody {
    fn with(mut self, data: &Bytes) -> Result<Self, BodyError> {
        if !self.held.grow(data.len()) {
            return Err(BodyError::NoRoom);
        }
        self.bytes.extend_from_slice(data);
        Ok(self)
    }
}
