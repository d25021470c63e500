//! The memory of large manifests on their way out.
//!
//! A manifest is held as a whole until its client has taken it, and clients may be slow. Small ones ask for nothing: there
//! are no more of them than connections. Large ones take their memory from one budget, and those that find none wait,
//! without a connection to the database.

use std::time::Duration;

use blobs::{Budget, Reserved};
use bytes::Bytes;
use tokio::time::timeout;

use crate::{Error, Result};

/// What is sent without asking for memory, in bytes. Most manifests are smaller.
pub(super) const SMALL: u64 = 64 << 10;

/// How long memory is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// When a client that found none may come back.
const AGAIN: Duration = Duration::from_secs(10);

/// The memory that all large manifests take together.
pub(crate) struct Outgoing(Budget);

/// Some of that memory, given back when dropped.
#[derive(Debug)]
pub struct Room {
    _reserved: Reserved,
}

impl Outgoing {
    /// So many bytes.
    pub(crate) fn new(budget: usize) -> Self {
        Self(Budget::unwatched(budget))
    }

    /// Waits for the memory of so many bytes; one that is larger than everything takes all there is. Who holds some must
    /// not wait for more.
    pub(super) async fn take(&self, bytes: u64) -> Result<Room> {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        match timeout(PATIENCE, self.0.reserve(bytes)).await {
            Ok(reserved) => Ok(Room { _reserved: reserved }),
            Err(_) => Err(Error::TooManyRequests { retry_after: AGAIN }),
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

    /// Whether exactly so many bytes are free.
    fn has_free(outgoing: &Outgoing, bytes: usize) -> bool {
        let rest = outgoing.0.try_reserve(bytes);
        rest.is_some() && outgoing.0.try_reserve(1).is_none()
    }

    #[tokio::test]
    async fn memory_is_given_back_with_the_last_clone_of_the_bytes() {
        let outgoing = Outgoing::new(1 << 20);
        let bytes = outgoing.take(100_000).await.unwrap().hold(Bytes::from_static(b"a manifest"));
        assert!(has_free(&outgoing, (1 << 20) - 100_000));
        let part = bytes.slice(2..);
        drop(bytes);
        assert_eq!(&part[..], b"manifest");
        assert!(has_free(&outgoing, (1 << 20) - 100_000));
        drop(part);
        assert!(has_free(&outgoing, 1 << 20));
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
