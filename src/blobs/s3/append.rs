//! Takes a body in: fills parts, sends up to two at a time, and decides where the rest goes.
//!
//! So that no rest is too small to be a part, the bytes of one smallest part are held back behind every part that is
//! sent. While nothing was sent as a part, everything fits into one PUT of an object that `finish` can adopt. Only an
//! upload in many small chunks ends a request with fewer bytes than a part: those go to an object of their own (the
//! tail), and the next append reads them back.
//!
//! Memory is reserved before the body is read, all that is needed to fill one part; more (for the parts in flight) is
//! taken when there is some. See `budget` for why this cannot deadlock. A client that fills its part slowly is cut off
//! when others wait.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use object_store::PutPayload;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::S3;
use super::hashing::Hashing;
use super::uploads::NewUpload;
use crate::budget::Reserved;
use crate::hasher::HashState;
use crate::incoming::{Incoming, Next};
use crate::staged::{Held, Remote, Tail};
use crate::{Append, Error, IdleBody, Part, Result, Staged};

/// Parts on their way at the same time.
const IN_FLIGHT: usize = 2;
/// How often an upload that waits for its client looks whether others wait for memory.
const LOOK: Duration = Duration::from_secs(5);
/// The protocol allows ten thousand parts. Their size doubles after each of these many, which reaches beyond 100 GB at
/// 8 MiB.
const PARTS_OF_ONE_SIZE: u32 = 2500;
const MOST_PARTS: u32 = 10_000;
/// Smaller frames are gathered until there are so many bytes. A frame that is held takes more than its bytes, and a client may
/// send as many frames as bytes.
const SMALL: usize = 16 * 1024;

impl S3 {
    /// Streams a body onto the end of an upload. See [`crate::Blobs::append`].
    pub(crate) async fn append(&self, staged: &mut Staged, mut body: Incoming<'_>, about: &Append) -> Result<()> {
        staged.check()?;
        if staged.held.is_some() {
            return Err(Error::Closed);
        }
        // Nothing is reserved or read back for a body that turns out to be empty, as that of a closing PUT often is.
        let first = loop {
            match body.next(Duration::MAX).await {
                Next::Frame(frame) if frame.is_empty() => {}
                Next::Frame(frame) => break frame,
                Next::Quiet => {}
                Next::End => return Ok(()),
                Next::Failed(error) => return Err(error),
            }
        };
        let mut filling = Filling::begin(self, staged, about.length).await?;
        filling.push(first).await?;
        let outcome = loop {
            match body.next(LOOK).await {
                Next::Frame(frame) => filling.push(frame).await?,
                Next::Quiet => {}
                Next::End => break Ok(()),
                Next::Failed(error @ Error::Body { .. }) => break Err(error),
                Next::Failed(error) => return Err(error),
            }
            if filling.since.elapsed() > self.shared.idle_timeout && self.shared.budget.is_wanted() {
                break Err(Error::Body { source: IdleBody.into() });
            }
        };
        *staged = filling.end(about.closing && outcome.is_ok()).await?;
        outcome
    }
}

/// An upload that is being filled: a new state that becomes the upload's when everything is stored.
struct Filling<'a> {
    s3: &'a S3,
    staged: Staged,
    hashing: Hashing,
    buffer: VecDeque<Bytes>,
    size: usize,
    /// Small frames behind the buffer.
    gathered: BytesMut,
    reserved: Reserved,
    flights: JoinSet<Result<(Part, Reserved)>>,
    next_part: u32,
    new_upload: Option<NewUpload>,
    /// When the part that is being filled was begun.
    since: Instant,
}

impl<'a> Filling<'a> {
    /// Reserves memory and reads the tail back.
    async fn begin(s3: &'a S3, staged: &Staged, length: Option<u64>) -> Result<Self> {
        let tail = staged.remote.as_ref().and_then(|remote| remote.tail.clone());
        let tail_size = tail.as_ref().map_or(0, |tail| tail.size);
        let full = s3.shared.part_size + s3.shared.smallest_part;
        let needed = length.map_or(full as u64, |length| length.saturating_add(tail_size)).min(full as u64);
        let reserved = s3.shared.budget.reserve(needed.max(tail_size) as usize).await;
        let mut filling = Self {
            s3,
            hashing: Hashing::new(staged.hasher()),
            next_part: staged.parts().len() as u32 + 1,
            staged: staged.clone(),
            buffer: VecDeque::new(),
            size: 0,
            gathered: BytesMut::new(),
            reserved,
            flights: JoinSet::new(),
            new_upload: None,
            since: Instant::now(),
        };
        filling.remote().continued = staged.remote.as_ref().is_some_and(|remote| remote.upload.is_some());
        if let Some(tail) = tail {
            for piece in s3.get_whole(&tail.key, tail.size).await.map_err(|error| gone(error, staged))? {
                filling.size += piece.len();
                filling.buffer.push_back(piece);
            }
            let remote = filling.remote();
            remote.tail = None;
            remote.superseded.push(tail.key);
        }
        Ok(filling)
    }

    fn remote(&mut self) -> &mut Remote {
        self.staged.remote.get_or_insert_default()
    }

    async fn push(&mut self, frame: Bytes) -> Result<()> {
        if frame.len() < SMALL {
            self.gathered.extend_from_slice(&frame);
            return if self.gathered.len() < SMALL { Ok(()) } else { self.push_gathered().await };
        }
        self.push_gathered().await?;
        self.push_piece(frame).await
    }

    async fn push_gathered(&mut self) -> Result<()> {
        let gathered = self.gathered.split().freeze();
        self.push_piece(gathered).await
    }

    async fn push_piece(&mut self, frame: Bytes) -> Result<()> {
        if frame.is_empty() {
            return Ok(());
        }
        self.hashing.push(frame.clone()).await?;
        self.staged.offset += frame.len() as u64;
        self.size += frame.len();
        self.buffer.push_back(frame);
        loop {
            let part = self.part_size();
            if self.size < part + self.s3.shared.smallest_part {
                return Ok(());
            }
            self.send_part(part).await?;
        }
    }

    /// The size of the next part: what its number asks for, as far as the reservation reaches.
    fn part_size(&mut self) -> usize {
        let shared = &self.s3.shared;
        let doublings = (self.next_part / PARTS_OF_ONE_SIZE).min(16);
        let wanted = shared.part_size.saturating_mul(1 << doublings).min(shared.largest_part);
        if wanted > shared.part_size {
            self.top_up(wanted + shared.smallest_part);
        }
        wanted.min(self.reserved.size().saturating_sub(shared.smallest_part)).max(shared.part_size)
    }

    /// Takes more memory when there is some; never waits for it.
    fn top_up(&mut self, wanted: usize) -> bool {
        let missing = wanted.saturating_sub(self.reserved.size());
        match missing {
            0 => true,
            _ => match self.s3.shared.budget.try_reserve(missing) {
                Some(more) => {
                    self.reserved.merge(more);
                    true
                }
                None => false,
            },
        }
    }

    /// Begins to send the next part, and sees to it that there is memory to fill the one behind it.
    async fn send_part(&mut self, size: usize) -> Result<()> {
        if self.next_part > MOST_PARTS {
            return Err(Error::TooLarge);
        }
        if self.remote().upload.is_none() {
            let new = self.s3.create_upload(self.staged.encryption.as_ref()).await?;
            self.staged.key = new.key.clone();
            self.remote().upload = Some(new.upload.clone());
            self.new_upload = Some(new);
        }
        while self.flights.len() >= IN_FLIGHT {
            self.land().await?;
        }
        let payload = PutPayload::from_iter(self.take(size));
        let reserved = self.reserved.split(size);
        let (s3, key, number) = (self.s3.clone(), self.staged.key.clone(), self.next_part);
        let (upload, encryption) =
            (self.remote().upload.clone().expect("created above"), self.staged.encryption.clone());
        self.flights.spawn(async move {
            let part = s3.put_part(&key, &upload, number, payload, encryption.as_ref()).await?;
            Ok((part, reserved))
        });
        self.next_part += 1;
        let full = self.s3.shared.part_size + self.s3.shared.smallest_part;
        while !self.top_up(full) && !self.flights.is_empty() {
            self.land().await?;
        }
        self.since = Instant::now();
        Ok(())
    }

    /// Waits for a part that was sent, and takes its memory back.
    async fn land(&mut self) -> Result<()> {
        if let Some(outcome) = self.flights.join_next().await {
            let panicked = |error: tokio::task::JoinError| Error::Answer {
                operation: "writing a part",
                message: error.to_string(),
            };
            let (part, reserved) = outcome.map_err(panicked)??;
            self.reserved.merge(reserved);
            let full = self.s3.shared.part_size + self.s3.shared.smallest_part;
            if self.reserved.size() > full.max(self.size) {
                drop(self.reserved.split(self.reserved.size() - full.max(self.size)));
            }
            let remote = self.remote();
            remote.part_count += 1;
            remote.part_bytes += part.size;
            remote.parts.push(part);
        }
        Ok(())
    }

    /// The first `size` bytes of the buffer.
    fn take(&mut self, size: usize) -> Vec<Bytes> {
        let mut taken = Vec::new();
        let mut left = size;
        while left > 0
            && let Some(mut piece) = self.buffer.pop_front()
        {
            if piece.len() > left {
                self.buffer.push_front(piece.split_off(left));
            }
            left -= piece.len();
            taken.push(piece);
        }
        self.size -= size - left;
        taken
    }

    /// Waits until everything is stored and gives the new state. A closing append keeps its rest in memory for
    /// `finish`, which verifies the digest before it writes it.
    async fn end(mut self, closing: bool) -> Result<Staged> {
        self.push_gathered().await?;
        let hashing = std::mem::replace(&mut self.hashing, Hashing::new(None));
        if let Some(hasher) = hashing.finish().await? {
            self.staged.hashes = HashState::of(&hasher);
        }
        let rest = self.size;
        if !closing && self.next_part > 1 && rest >= self.s3.shared.smallest_part {
            self.send_part(rest).await?;
        }
        while !self.flights.is_empty() {
            self.land().await?;
        }
        self.remote().parts.sort_by_key(|part| part.number);
        let rest = self.size as u64;
        let pieces = self.take(self.size);
        if closing {
            let reserved = Some(self.reserved);
            self.staged.held = Some(std::sync::Arc::new(Held { pieces, size: rest, _reserved: reserved }));
        } else if rest > 0 {
            let key = self.s3.put_new(pieces, Some(self.reserved), self.staged.encryption.as_ref()).await?;
            if self.staged.parts().is_empty() {
                // All there is lies in this one object: with no more bytes, it is the blob.
                self.staged.key = key.clone();
            }
            self.staged.remote.get_or_insert_default().tail = Some(Tail { key, size: rest });
        }
        if let Some(new) = self.new_upload.take() {
            new.keep();
        }
        Ok(self.staged)
    }
}

/// A tail that is not there any more means that the upload is not either.
fn gone(error: Error, staged: &Staged) -> Error {
    match error {
        Error::NotFound { .. } => Error::Lost { key: staged.key.clone() },
        error => error,
    }
}
