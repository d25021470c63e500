//! Takes a body in: gathers its frames into pieces, and hashes and writes each piece on a blocking thread while the
//! next is being received.
//!
//! Memory: frames are copied into pooled buffers, so that the connection's own buffer is free again at once, and every
//! buffer is reserved from the budget. When the budget has nothing left, what is held is written first and the wait begins with empty hands (see `budget`). A client
//! that falls silent has its bytes written too, so it holds nothing while it is silent.

use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::staging::{Staging, sync_directory};
use super::{Disk, blocking, joined};
use crate::budget::Reserved;
use crate::hasher::{HashState, Hasher};
use crate::incoming::{Incoming, Next};
use crate::pool::{BUFFER, Buffer, Pool};
use crate::{Append, Error, Result, Staged};

/// A piece is handed over when it has this many bytes and the one before it is written.
const SMALL_PIECE: usize = 256 * 1024;
/// A piece does not grow beyond this.
const LARGE_PIECE: usize = 1024 * 1024;
/// What a connection that is read from costs beside the buffer: its own read buffers and the state of its tasks, as
/// measured with 500 of them. It is reserved with each buffer, so that the budget bounds what the process really holds.
const CONNECTION: usize = 192 * 1024;
/// How long a client may be silent before what it sent is written.
const QUIET: Duration = Duration::from_millis(500);
/// How many bytes are written between two flushes that run beside the upload, so that the last flush has little left to
/// do: the disk works while the client sends.
const FLUSH_EVERY: u64 = 4 * 1024 * 1024;
/// Flushes beside uploads at a time: each has a thread of those that disk I/O is done on. An upload that gets none goes on without.
pub(super) const FLUSHES: usize = 16;

impl Disk {
    /// Streams a body onto the end of an upload. See [`crate::Blobs::append`].
    pub(crate) async fn append(&self, staged: &mut Staged, mut body: Incoming<'_>, about: &Append) -> Result<()> {
        self.space.require(about.length.unwrap_or(0))?;
        let mut writer = Writer {
            target: Some(Target::New { staged: Box::new(staged.clone()), path: self.layout.staging(&staged.key) }),
            running: None,
            flush: None,
            flushes: Arc::clone(&self.flushes),
            flushed: staged.offset,
        };
        let pending = Pending::new(self.pool.clone(), about.length);
        match self.fill(&mut writer, pending, &mut body).await {
            Ok((rest, outcome)) => {
                let durable = !about.closing || outcome.is_err();
                *staged = writer.close(rest, durable, self.layout.staging_directory()).await?;
                outcome
            }
            Err(error) => {
                writer.give_up().await;
                Err(error)
            }
        }
    }

    /// Writes the body but for its last piece, and says how it ended. An error is one after which nothing of it is
    /// kept.
    async fn fill(
        &self,
        writer: &mut Writer,
        mut pending: Pending,
        body: &mut Incoming<'_>,
    ) -> Result<(Piece, Result<()>)> {
        // What is reserved for the next buffer. It is taken before more is asked of the client: a client whose turn has not
        // come is not read from at all. One that falls silent gives it back until it sends again.
        let mut ahead = None;
        let mut silent = false;
        loop {
            if !silent && ahead.is_none() && pending.wanted(1) > 0 {
                ahead = Some(self.reserve(pending.buffer + CONNECTION, writer, &mut pending).await?);
            }
            let patience = if pending.is_empty() && ahead.is_none() { Duration::MAX } else { QUIET };
            let next = tokio::select! {
                biased;
                result = writer.written(), if writer.running.is_some() => { result?; None }
                next = body.next(patience) => Some(next),
            };
            match next {
                Some(Next::Frame(frame)) => {
                    silent = false;
                    let mut reserved = (pending.wanted(frame.len()) > 0).then(|| ahead.take()).flatten();
                    let held = reserved.as_ref().map_or(0, Reserved::size);
                    let wanted = pending.wanted(frame.len());
                    if wanted > held {
                        // Larger than a buffer, or the first after a silence. What is reserved goes back first.
                        drop(reserved.take());
                        reserved = Some(self.reserve(wanted + CONNECTION, writer, &mut pending).await?);
                    }
                    pending.push(&frame, reserved);
                    if pending.size >= LARGE_PIECE {
                        writer.written().await?;
                    }
                }
                Some(Next::Quiet) => {
                    silent = true;
                    ahead = None;
                    if !pending.is_empty() {
                        writer.written().await?;
                        writer.write(pending.take());
                    }
                }
                Some(Next::End) => return Ok((pending.take(), Ok(()))),
                Some(Next::Failed(error @ Error::Body { .. })) => return Ok((pending.take(), Err(error))),
                Some(Next::Failed(error)) => return Err(error),
                None => {}
            }
            if writer.running.is_none() && pending.size >= SMALL_PIECE {
                self.space.require(0)?;
                writer.write(pending.take());
            }
        }
    }

    /// Reserves memory. Nothing may be held while waiting for it, so what is pending is written first.
    async fn reserve(&self, bytes: usize, writer: &mut Writer, pending: &mut Pending) -> Result<Reserved> {
        if let Some(reserved) = self.budget.try_reserve(bytes) {
            return Ok(reserved);
        }
        writer.written().await?;
        if !pending.is_empty() {
            writer.write(pending.take());
            writer.written().await?;
        }
        Ok(self.budget.reserve(bytes).await)
    }
}

/// Bytes that are not yet handed over.
struct Pending {
    pool: Pool,
    /// Buffers that are full.
    full: Vec<Bytes>,
    /// The buffer that is being filled.
    open: Option<Buffer>,
    size: usize,
    reserved: Option<Reserved>,
    /// How large buffers are made: not larger than a body that is known to be small.
    buffer: usize,
}

impl Pending {
    fn new(pool: Pool, length: Option<u64>) -> Self {
        let length = length.and_then(|length| usize::try_from(length).ok()).unwrap_or(BUFFER);
        let buffer = if length > BUFFER / 4 { BUFFER } else { length.max(1024) };
        Self { pool, full: Vec::new(), open: None, size: 0, reserved: None, buffer }
    }

    fn is_empty(&self) -> bool {
        self.size == 0
    }

    /// Bytes of further buffers that a frame of this length needs.
    fn wanted(&self, length: usize) -> usize {
        let room = self.open.as_ref().map_or(0, Buffer::room);
        length.saturating_sub(room).div_ceil(self.buffer) * self.buffer
    }

    fn push(&mut self, mut frame: &[u8], reserved: Option<Reserved>) {
        self.size += frame.len();
        match (&mut self.reserved, reserved) {
            (Some(all), Some(reserved)) => all.merge(reserved),
            (none @ None, reserved) => *none = reserved,
            (Some(_), None) => {}
        }
        while !frame.is_empty() {
            let open = self.open.get_or_insert_with(|| self.pool.take(self.buffer));
            let (now, later) = frame.split_at(frame.len().min(open.room()));
            open.bytes.extend_from_slice(now);
            frame = later;
            if open.room() == 0 {
                self.full.extend(self.open.take().map(Buffer::freeze));
            }
        }
    }

    fn take(&mut self) -> Piece {
        self.size = 0;
        self.full.extend(self.open.take().map(Buffer::freeze));
        Piece { pieces: std::mem::take(&mut self.full), _reserved: self.reserved.take() }
    }
}

/// Bytes on their way to the disk.
struct Piece {
    pieces: Vec<Bytes>,
    _reserved: Option<Reserved>,
}

/// Where bytes go: opened by the first write, on the blocking thread that does it.
enum Target {
    New { staged: Box<Staged>, path: PathBuf },
    Open(Box<Open>),
}

struct Open {
    /// Where the append began.
    base: u64,
    staging: Arc<Staging>,
    staged: Staged,
    hasher: Option<Hasher>,
    is_new: bool,
}

/// At most one write and one flush at a time.
struct Writer {
    /// `None` while a write has it.
    target: Option<Target>,
    running: Option<JoinHandle<Result<Open>>>,
    flush: Option<JoinHandle<Result<()>>>,
    flushes: Arc<Semaphore>,
    flushed: u64,
}

impl Writer {
    /// Waits for the write that runs, if one does, and begins a flush behind it when enough was written. Dropping the
    /// future in the middle loses nothing.
    async fn written(&mut self) -> Result<()> {
        if let Some(running) = &mut self.running {
            let outcome = joined(running.await);
            self.running = None;
            self.target = Some(Target::Open(Box::new(outcome?)));
        }
        // The outcome of every flush is looked at: the kernel reports a failed write-back once.
        if let Some(flush) = &mut self.flush
            && flush.is_finished()
        {
            let outcome = joined(flush.await);
            self.flush = None;
            outcome?;
        }
        if let (None, Some(Target::Open(open))) = (&self.flush, &self.target)
            && open.staged.offset - self.flushed >= FLUSH_EVERY
            && let Ok(permit) = Arc::clone(&self.flushes).try_acquire_owned()
        {
            self.flushed = open.staged.offset;
            let staging = Arc::clone(&open.staging);
            let flush = move || {
                let _permit = permit;
                staging.file.sync_data().map_err(|error| Error::io("flushing a blob", error))
            };
            self.flush = Some(tokio::task::spawn_blocking(flush));
        }
        Ok(())
    }

    /// Begins to write. No write may be running.
    fn write(&mut self, piece: Piece) {
        let target = self.target.take().expect("writes follow one another");
        self.running = Some(tokio::task::spawn_blocking(move || target.write(piece)));
    }

    /// Writes the rest, makes everything durable if asked to, and gives the new state.
    async fn close(mut self, rest: Piece, durable: bool, directory: PathBuf) -> Result<Staged> {
        self.written().await?;
        let flush = self.flush.take();
        let target = self.target.take().expect("no write runs");
        let open = blocking(move || target.write(rest)).await?;
        if let Some(flush) = flush {
            joined(flush.await)?;
        }
        if !durable {
            return Ok(open.staged);
        }
        blocking(move || {
            if let Err(error) = open.staging.file.sync_data() {
                open.cut();
                return Err(Error::io("flushing a blob", error));
            }
            if open.is_new {
                sync_directory(&directory)?;
            }
            Ok(open.staged)
        })
        .await
    }

    /// Frees what an append wrote that is not kept: on a full disk it must not stay.
    async fn give_up(mut self) {
        // A write that fails cuts the file by itself.
        if self.written().await.is_ok()
            && let Some(Target::Open(open)) = self.target.take()
        {
            // Best effort, like the cut itself: the error that is being told is the one that counts.
            let _ = tokio::task::spawn_blocking(move || open.cut()).await;
        }
    }
}

impl Target {
    /// Hashes and writes. Blocks. The state that it gives is the one after these bytes.
    fn write(self, piece: Piece) -> Result<Open> {
        let mut open = match self {
            Self::Open(open) => *open,
            Self::New { staged, path } => {
                let mut staging = Staging::open(&path, &staged.key, staged.offset)?;
                if staging.length > staged.offset {
                    staging.mark()?;
                }
                let hasher = staged.hasher();
                let (base, is_new) = (staged.offset, staged.offset == 0);
                Open { base, staging: Arc::new(staging), staged: *staged, hasher, is_new }
            }
        };
        for bytes in &piece.pieces {
            if let Err(error) = open.staging.file.write_all_at(bytes, open.staged.offset) {
                open.cut();
                return Err(Error::io("writing a blob", error));
            }
            open.staged.offset += bytes.len() as u64;
        }
        if let Some(hasher) = &mut open.hasher {
            hasher.update_all(&piece.pieces);
            open.staged.hashes = HashState::of(hasher);
        }
        Ok(open)
    }
}

impl Open {
    /// Cuts off what this append wrote, if nothing was there before that somebody may want.
    fn cut(&self) {
        if self.staging.length == self.base
            && let Err(error) = self.staging.file.set_len(self.base)
        {
            tracing::warn!(blob.key = %self.staged.key, %error, "bytes of a failed upload stay until it is removed");
        }
    }
}
