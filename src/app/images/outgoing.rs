//! The memory of large manifests on their way out.
//!
//! A manifest is held as a whole until its client has taken it, and clients may be slow. Small ones ask for nothing: there
//! are no more of them than connections. Large ones take their memory from one budget, and those that find none wait,
//! without a connection to the database.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::{Error, Result};

/// What is sent without asking for memory, in bytes. Most manifests are smaller.
pub(super) const SMALL: u64 = 64 << 10;

/// The budget is counted in pieces of this size.
const PIECE: u64 = 16 << 10;

/// How long memory is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// When a client that found none may come back.
const AGAIN: Duration = Duration::from_secs(10);

/// The memory that all large manifests take together.
pub(crate) struct Outgoing {
    pieces: Arc<Semaphore>,
    total: u32,
}

/// Some of that memory, given back when dropped.
#[derive(Debug)]
pub struct Room {
    _pieces: OwnedSemaphorePermit,
}

impl Outgoing {
    /// So many bytes.
    pub(crate) fn new(budget: usize) -> Self {
        let total = u32::try_from(budget as u64 / PIECE).unwrap_or(u32::MAX).max(1);
        let total = total.min(u32::try_from(Semaphore::MAX_PERMITS).unwrap_or(u32::MAX));
        Self { pieces: Arc::new(Semaphore::new(total as usize)), total }
    }

    /// Waits for the memory of so many bytes; one that is larger than everything takes all there is. Who holds some must
    /// not wait for more.
    pub(super) async fn take(&self, bytes: u64) -> Result<Room> {
        let pieces = u32::try_from(bytes.div_ceil(PIECE)).unwrap_or(u32::MAX).min(self.total);
        match timeout(PATIENCE, Arc::clone(&self.pieces).acquire_many_owned(pieces)).await {
            Ok(Ok(permit)) => Ok(Room { _pieces: permit }),
            Ok(Err(_)) | Err(_) => Err(Error::TooManyRequests { retry_after: AGAIN }),
        }
    }
}

impl Room {
    /// These bytes, which give the memory back when the last of their clones is dropped.
    pub(super) fn hold(self, bytes: Bytes) -> Bytes {
        Bytes::from_owner(Held { bytes, _room: self })
    }
}

struct Held {
    bytes: Bytes,
    _room: Room,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free(outgoing: &Outgoing) -> u64 {
        outgoing.pieces.available_permits() as u64 * PIECE
    }

    #[tokio::test]
    async fn memory_is_given_back_with_the_last_clone_of_the_bytes() {
        let outgoing = Outgoing::new(1 << 20);
        let bytes = outgoing.take(100_000).await.unwrap().hold(Bytes::from_static(b"a manifest"));
        assert_eq!(free(&outgoing), (1 << 20) - 7 * PIECE);
        let part = bytes.slice(2..);
        drop(bytes);
        assert_eq!((&part[..], free(&outgoing)), (&b"manifest"[..], (1 << 20) - 7 * PIECE));
        drop(part);
        assert_eq!(free(&outgoing), 1 << 20);
    }

    #[tokio::test]
    async fn who_finds_none_waits_until_there_is_some() {
        let outgoing = Outgoing::new(1 << 20);
        let all = outgoing.take(u64::MAX).await.unwrap();
        let next = outgoing.take(1);
        tokio::pin!(next);
        assert!(timeout(Duration::from_millis(20), &mut next).await.is_err(), "there is none");
        drop(all);
        assert!(next.await.is_ok());
    }
}
