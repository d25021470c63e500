//! Reads an object for a client: the next bytes are read while the last are being sent.
//!
//! Reads begin small and grow while the client keeps up. A client that stalls has what was read ahead taken away after
//! a moment and starts small again, so that thousands of slow clients hold little; no thread waits for a client.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use rustix::buffer::spare_capacity;
use tokio::sync::Notify;

use super::{Disk, blocking};
use crate::pool::{BUFFER, Pool};
use crate::store::ReadStream;
use crate::{Error, Key, Result};

/// What is read first, and after a stall.
const SMALL: usize = 64 * 1024;
/// The most that is read at once: one buffer of the pool.
const LARGE: usize = BUFFER;
/// A range up to this is read in one go, with nothing running beside it.
const WHOLE: u64 = 256 * 1024;
/// A client that takes nothing for this long has stalled.
const STALL: Duration = Duration::from_secs(1);

impl Disk {
    /// The bytes of an object. See [`crate::Blobs::read`].
    pub(crate) async fn read(&self, key: &Key, range: Range<u64>) -> Result<ReadStream> {
        let (path, missing) = (self.layout.object(key), key.clone());
        let length = range.end.saturating_sub(range.start);
        let first = if length <= WHOLE { length as usize } else { SMALL };
        let start = range.start;
        let pool = self.pool.clone();
        let (file, piece) = blocking(move || {
            let file = File::open(path).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => Error::NotFound { key: missing },
                _ => Error::io("opening a blob", error),
            })?;
            if length > WHOLE {
                // A hint: a file system that does not take it reads just as well without.
                let _ = rustix::fs::fadvise(&file, start, None, rustix::fs::Advice::Sequential);
            }
            let piece = read_piece(&pool, &file, start, first)?;
            Ok((file, piece))
        })
        .await?;
        if length <= WHOLE {
            return Ok(stream::iter((!piece.is_empty()).then_some(Ok(piece))).boxed());
        }
        let reader = Reader::begin(self.pool.clone(), file, Some(piece), start + first as u64, range.end);
        let pieces = stream::unfold(reader, |reader| async {
            let piece = reader.next().await;
            piece.map(|piece| (piece, reader))
        });
        Ok(pieces.boxed())
    }
}

struct Reader {
    pool: Pool,
    file: File,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    /// Read and not yet taken.
    ready: Option<Bytes>,
    /// Where the next read begins.
    at: u64,
    end: u64,
    /// How much the next read takes.
    batch: usize,
    reading: bool,
    failed: Option<Error>,
    /// Whether anything was taken since the last look.
    taken: bool,
}

impl Reader {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A reader that has the first pieces and goes on at `at`.
    fn begin(pool: Pool, file: File, ready: Option<Bytes>, at: u64, end: u64) -> Arc<Self> {
        let state = State { ready, at, end, batch: SMALL, ..State::default() };
        let reader = Arc::new(Self { pool, file, state: Mutex::new(state), changed: Notify::new() });
        tokio::spawn(watch_for_stalls(Arc::downgrade(&reader)));
        reader
    }

    async fn next(self: &Arc<Self>) -> Option<Result<Bytes>> {
        loop {
            {
                let mut state = self.state();
                state.taken = true;
                let piece = state.ready.take();
                if piece.is_none()
                    && let Some(error) = state.failed.take()
                {
                    state.at = state.end;
                    return Some(Err(error));
                }
                // One piece is read while one is being sent: more would only make slow clients hold more.
                if !state.reading && state.failed.is_none() && state.at < state.end {
                    self.read_ahead(&mut state);
                }
                match piece {
                    Some(piece) => return Some(Ok(piece)),
                    None if !state.reading => return None,
                    None => {}
                }
            }
            self.changed.notified().await;
        }
    }

    fn read_ahead(self: &Arc<Self>, state: &mut State) {
        let left = usize::try_from(state.end - state.at).unwrap_or(usize::MAX);
        let (at, count) = (state.at, state.batch.min(left));
        state.reading = true;
        state.batch = LARGE;
        let reader = Arc::clone(self);
        tokio::task::spawn_blocking(move || {
            let outcome = read_piece(&reader.pool, &reader.file, at, count);
            let mut state = reader.state();
            state.reading = false;
            match outcome {
                Ok(piece) => {
                    state.at = at + count as u64;
                    state.ready = Some(piece);
                }
                Err(error) => state.failed = Some(error),
            }
            drop(state);
            reader.changed.notify_one();
        });
    }
}

/// Takes away what was read ahead for a client that does not take it. Ends with the reader.
async fn watch_for_stalls(reader: Weak<Reader>) {
    loop {
        tokio::time::sleep(STALL).await;
        let Some(reader) = reader.upgrade() else { return };
        let mut state = reader.state();
        if !state.taken
            && !state.reading
            && let Some(unread) = state.ready.take()
        {
            state.at -= unread.len() as u64;
            state.batch = SMALL;
        }
        state.taken = false;
    }
}

/// Reads exactly `count` bytes, which fit one buffer.
fn read_piece(pool: &Pool, file: &File, at: u64, count: usize) -> Result<Bytes> {
    let mut buffer = pool.take(count);
    while buffer.bytes.len() < count {
        let fail = |error| Error::io("reading a blob", error);
        let from = at + buffer.bytes.len() as u64;
        // The buffer may be larger than what was asked for; bytes behind the range are cut off below.
        match rustix::io::pread(file.as_fd(), spare_capacity(&mut buffer.bytes), from) {
            Ok(0) => return Err(fail(io::ErrorKind::UnexpectedEof.into())),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(fail(errno.into())),
        }
    }
    buffer.bytes.truncate(count);
    Ok(buffer.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stalled_reader_holds_nothing_and_loses_nothing() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let size = 5 * LARGE + 3;
        std::fs::write(file.path(), (0..size).map(|n| (n / 3) as u8).collect::<Vec<u8>>()).unwrap();
        let reader = Reader::begin(Pool::default(), file.reopen().unwrap(), None, 0, size as u64);
        let mut got = Vec::new();
        while let Some(piece) = reader.next().await {
            let piece = piece.unwrap();
            assert!(piece.len() <= BUFFER);
            let before = got.len();
            got.extend_from_slice(&piece);
            if before < 2 * LARGE && got.len() >= 2 * LARGE {
                tokio::time::sleep(STALL * 2 + STALL / 2).await;
                let state = reader.state();
                assert!(state.ready.is_none() && !state.reading);
                assert_eq!(state.at, got.len() as u64);
            }
        }
        assert!(got == std::fs::read(file.path()).unwrap());
    }
}
