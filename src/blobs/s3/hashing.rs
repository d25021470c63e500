//! Hashes what is being received, on a blocking thread and beside the receiving.

use bytes::Bytes;
use tokio::task::JoinHandle;

use crate::hasher::Hasher;
use crate::{Error, Result};

/// Fewer bytes than this are hashed where they are: it takes less time than changing threads.
const INLINE: usize = 32 * 1024;
/// How much is handed over at once.
const BATCH: usize = 1024 * 1024;

/// A hasher with the bytes that it has not seen yet. The bytes are shared with the upload's buffer, not copied.
pub(super) struct Hashing {
    hasher: Option<Hasher>,
    running: Option<JoinHandle<Option<Hasher>>>,
    waiting: Vec<Bytes>,
    size: usize,
}

impl Hashing {
    /// Continues `hasher`; `None` hashes nothing, because the digest cannot be continued.
    pub(super) fn new(hasher: Option<Hasher>) -> Self {
        Self { hasher, running: None, waiting: Vec::new(), size: 0 }
    }

    /// Takes the next bytes. Waits when the bytes before them are not hashed yet.
    pub(super) async fn push(&mut self, bytes: Bytes) -> Result<()> {
        self.size += bytes.len();
        self.waiting.push(bytes);
        if self.size >= BATCH {
            self.catch_up().await?;
            let (hasher, pieces) = (self.hasher.take(), std::mem::take(&mut self.waiting));
            self.size = 0;
            self.running = Some(tokio::task::spawn_blocking(move || {
                let mut hasher = hasher?;
                hasher.update_all(&pieces);
                Some(hasher)
            }));
        }
        Ok(())
    }

    /// The hasher after everything.
    pub(super) async fn finish(mut self) -> Result<Option<Hasher>> {
        self.catch_up().await?;
        update(self.hasher, self.waiting).await
    }

    async fn catch_up(&mut self) -> Result<()> {
        if let Some(running) = self.running.take() {
            self.hasher = joined(running.await)?;
        }
        Ok(())
    }
}

/// Hashes some pieces.
pub(super) async fn update(hasher: Option<Hasher>, pieces: Vec<Bytes>) -> Result<Option<Hasher>> {
    let size: usize = pieces.iter().map(Bytes::len).sum();
    let work = move || {
        let mut hasher = hasher?;
        hasher.update_all(&pieces);
        Some(hasher)
    };
    if size <= INLINE { Ok(work()) } else { joined(tokio::task::spawn_blocking(work).await) }
}

fn joined<T>(outcome: std::result::Result<T, tokio::task::JoinError>) -> Result<T> {
    outcome.map_err(|error| Error::Answer { operation: "hashing a blob", message: error.to_string() })
}
