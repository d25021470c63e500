//! The body of a manifest that is pushed: held as a whole, within a limit. Large ones take their memory from one budget, and
//! those that find none wait, so that it does not matter how many clients send some at once, and how slowly.

use app::Error;
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use http_body_util::BodyExt;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Duration, Instant, timeout, timeout_at};

use crate::call::Call;
use crate::error::WireError;

/// A body up to this size asks for no memory: there are no more of them than connections. Most manifests are smaller.
const SMALL: usize = 64 << 10;

/// The budget is counted in pieces of this size.
const PIECE: usize = 16 << 10;

/// A large body that takes longer than this is given up: others wait for its memory.
const PATIENCE: Duration = Duration::from_secs(300);

/// When a client that found no memory may come back.
const AGAIN: Duration = Duration::from_secs(10);

/// The memory of all large bodies.
pub(crate) struct Memory(Semaphore);

/// A body with the memory that it takes.
pub(crate) struct Held<'m> {
    pub(crate) bytes: Bytes,
    /// Given back when the manifest is stored: until then there are copies of it.
    pub(crate) memory: Option<SemaphorePermit<'m>>,
}

impl Memory {
    /// So many bytes, but enough for the largest manifest.
    pub(crate) fn new(budget: u64, largest: usize) -> Self {
        let pieces = usize::try_from(budget).unwrap_or(usize::MAX) / PIECE;
        Self(Semaphore::new(pieces.max(Self::pieces(largest) as usize).min(Semaphore::MAX_PERMITS)))
    }

    /// The pieces that a body of this length takes, with its copy on the way into the database.
    fn pieces(length: usize) -> u32 {
        u32::try_from(length.saturating_mul(2).div_ceil(PIECE)).unwrap_or(u32::MAX)
    }

    /// Waits for the memory of a body of this length.
    async fn take(&self, length: usize) -> Result<SemaphorePermit<'_>, WireError> {
        match timeout(PATIENCE, self.0.acquire_many(Self::pieces(length))).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(Error::TooManyRequests { retry_after: AGAIN }.into()),
        }
    }
}

/// The whole body, as long as it is within the limit. It may come without a length.
pub(crate) async fn collect<'c>(call: &'c Call, mut body: Body) -> Result<Held<'c>, WireError> {
    let limit = call.state.app.config().max_manifest_bytes;
    let announced = call.parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > limit as u64) {
        return Err(Error::ManifestTooLarge { limit }.into());
    }
    // As long as the body says it is, or as long as it may be.
    let length = announced.map_or(limit, |length| usize::try_from(length).unwrap_or(limit));
    let mut memory = None;
    if announced.is_some() && length > SMALL {
        memory = Some(call.state.manifests.take(length).await?);
    }
    let mut end = Instant::now() + PATIENCE;
    let mut bytes = BytesMut::new();
    loop {
        let idle = Instant::now() + call.state.config.body_idle_timeout;
        let frame = match timeout_at(idle.min(end), body.frame()).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(None) => return Ok(Held { bytes: bytes.freeze(), memory }),
            Ok(Some(Err(_))) | Err(_) => {
                return Err(Error::ManifestInvalid("the manifest was cut off".to_owned()).into());
            }
        };
        if let Ok(data) = frame.into_data() {
            if bytes.len() + data.len() > limit {
                return Err(Error::ManifestTooLarge { limit }.into());
            }
            if memory.is_none() && bytes.len() + data.len() > SMALL {
                memory = Some(call.state.manifests.take(length).await?);
                end = Instant::now() + PATIENCE;
            }
            bytes.extend_from_slice(&data);
        }
    }
}
