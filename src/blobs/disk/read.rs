//! Reads an object for a client: the next bytes are read while the last are being sent. What lies in memory already is
//! handed over to the connection where that can send files, and is not read at all.
//!
//! Reads begin small and grow while the client keeps up. A client that stalls has what was read ahead taken away after
//! a moment and starts small again, so that thousands of slow clients hold little; no thread waits for a client.

use std::fs::File;
use std::io::{self, IoSliceMut};
use std::ops::Range;
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use rustix::io::{Errno, ReadWriteFlags};
use tokio::sync::Notify;

use super::{Disk, blocking};
use crate::handover::{FilePart, Handover, PART};
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
/// How far apart the bytes are that are tried to see whether a file is in memory, where it comes and goes in runs.
const STRIDE: usize = 128 * 1024;

impl Disk {
    /// The bytes of an object. See [`crate::Blobs::read`].
    pub(crate) async fn read(&self, key: &Key, range: Range<u64>, handover: Option<&Handover>) -> Result<ReadStream> {
        let (path, missing) = (self.layout.object(key), key.clone());
        let length = range.end.saturating_sub(range.start);
        let first = if length <= WHOLE { length as usize } else { SMALL };
        let start = range.start;
        let pool = self.pool.clone();
        let hands_over = handover.is_some();
        let (file, piece) = blocking(move || {
            let file = File::open(path).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => Error::NotFound { key: missing },
                _ => Error::io("opening a blob", error),
            })?;
            if length > WHOLE {
                // A hint: a file system that does not take it reads just as well without.
                let _ = rustix::fs::fadvise(&file, start, None, rustix::fs::Advice::Sequential);
                if hands_over && in_memory(&file, start, first) == first {
                    return Ok((file, None));
                }
            }
            let piece = read_piece(&pool, &file, start, first)?;
            Ok((file, Some(piece)))
        })
        .await?;
        if length <= WHOLE {
            return Ok(stream::iter(piece.filter(|piece| !piece.is_empty()).map(Ok)).boxed());
        }
        let at = start + piece.as_ref().map_or(0, Bytes::len) as u64;
        let reader = Reader::begin(self.pool.clone(), file, handover.cloned(), piece, at, range.end);
        let pieces = stream::unfold(reader, |reader| async {
            let piece = reader.next().await;
            piece.map(|piece| (piece, reader))
        });
        Ok(pieces.boxed())
    }
}

struct Reader {
    pool: Pool,
    file: Arc<File>,
    /// Of a connection that can send files.
    handover: Option<Handover>,
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
    /// Whether anyone looks.
    watched: bool,
}

impl State {
    fn left(&self) -> usize {
        usize::try_from(self.end - self.at).unwrap_or(usize::MAX)
    }
}

impl Reader {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A reader that has the first piece, if there is one, and goes on at `at`.
    fn begin(pool: Pool, file: File, handover: Option<Handover>, ready: Option<Bytes>, at: u64, end: u64) -> Arc<Self> {
        let state = State { ready, at, end, batch: SMALL, ..State::default() };
        Arc::new(Self { pool, file: Arc::new(file), handover, state: Mutex::new(state), changed: Notify::new() })
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
                    match self.part(&state) {
                        Some((handover, part)) if piece.is_none() => {
                            state.at += part.length as u64;
                            return Some(Ok(handover.hand(part)));
                        }
                        // What was read goes first; the part can wait where it is.
                        Some(_) => {}
                        None => self.read_ahead(&mut state),
                    }
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

    /// What can be sent next without waiting for the disk, on a connection that can send files.
    fn part(&self, state: &State) -> Option<(&Handover, FilePart)> {
        let handover = self.handover.as_ref()?;
        let length = in_memory(&self.file, state.at, state.left().min(PART));
        (length > 0).then(|| (handover, FilePart { file: Arc::clone(&self.file), at: state.at, length }))
    }

    fn read_ahead(self: &Arc<Self>, state: &mut State) {
        let (at, count) = (state.at, state.batch.min(state.left()));
        state.reading = true;
        if !std::mem::replace(&mut state.watched, true) {
            tokio::spawn(watch_for_stalls(Arc::downgrade(self)));
        }
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

/// How many of the next `count` bytes of a file are in memory, as far as a byte here and there tells: sending them then
/// waits for no disk, or hardly ever. None where the file system does not say.
fn in_memory(file: &File, at: u64, count: usize) -> usize {
    let mut found = 0;
    while found < count {
        let next = count.min(found + STRIDE);
        let mut byte = [0];
        let tried =
            rustix::io::preadv2(file, &mut [IoSliceMut::new(&mut byte)], at + next as u64 - 1, ReadWriteFlags::NOWAIT);
        match tried {
            Ok(1) => found = next,
            Err(Errno::INTR) => {}
            _ => break,
        }
    }
    found
}

/// Reads exactly `count` bytes, which fit one buffer.
fn read_piece(pool: &Pool, file: &File, at: u64, count: usize) -> Result<Bytes> {
    let mut buffer = pool.take(count);
    while buffer.bytes.len() < count {
        let fail = |error| Error::io("reading a blob", error);
        let from = at + buffer.bytes.len() as u64;
        // The buffer may be larger than what was asked for; bytes behind the range are cut off below.
        match rustix::io::pread(file.as_fd(), buffer.bytes.spare(), from) {
            Ok(0) => return Err(fail(io::ErrorKind::UnexpectedEof.into())),
            Ok(read) => buffer.bytes.advance(read),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(fail(errno.into())),
        }
    }
    buffer.bytes.truncate(count);
    Ok(buffer.freeze())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use super::*;
    use crate::Placeholder;

    #[tokio::test]
    async fn a_stalled_reader_holds_nothing_and_loses_nothing() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let size = 5 * LARGE + 3;
        std::fs::write(file.path(), (0..size).map(|n| (n / 3) as u8).collect::<Vec<u8>>()).unwrap();
        let reader = Reader::begin(Pool::default(), file.reopen().unwrap(), None, None, 0, size as u64);
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

    /// What was just written is in memory. Then it is pushed out in the middle, so that the reader has to go back and
    /// forth; where the file system ignores that, or does not say what is in memory, the bytes come out right as well.
    #[tokio::test]
    async fn what_is_in_memory_is_handed_over_and_the_rest_is_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let content: Vec<u8> = (0..4 * PART + 5).map(|n| (n / 3) as u8).collect();
        std::fs::write(file.path(), &content).unwrap();
        file.as_file().sync_all().unwrap();
        let says = in_memory(file.as_file(), 0, content.len());
        assert!(says == 0 || says == content.len(), "{says}");
        for hole in [None, Some(0..PART), Some(PART..3 * PART), Some(0..content.len())] {
            if let Some(hole) = &hole {
                let length = std::num::NonZero::new(hole.len() as u64);
                rustix::fs::fadvise(file.as_file(), hole.start as u64, length, rustix::fs::Advice::DontNeed).unwrap();
            }
            let handover = Handover::new(&Placeholder::new());
            let (start, end) = (3, content.len() as u64 - 1);
            let reader =
                Reader::begin(Pool::default(), file.reopen().unwrap(), Some(handover.clone()), None, start, end);
            let (mut got, mut handed_over) = (content[..3].to_vec(), 0);
            while let Some(piece) = reader.next().await {
                let piece = piece.unwrap();
                match handover.next() {
                    None => got.extend_from_slice(&piece),
                    Some(part) => {
                        assert!(handover.is_placeholder(&piece) && piece.len() == part.length);
                        let mut bytes = vec![0; part.length];
                        part.file.read_exact_at(&mut bytes, part.at).unwrap();
                        got.extend(bytes);
                        handed_over += part.length;
                    }
                }
            }
            assert!(got == content[..end as usize], "{hole:?}");
            if hole.is_none() && says > 0 {
                assert_eq!(handed_over as u64, end - start);
            }
        }
    }
}
