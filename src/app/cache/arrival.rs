//! A blob on its way from another registry into the store, and to everybody who wants it meanwhile.
//!
//! The last bytes are held in a window. Who reads along takes them from there; who falls behind, or came too late, waits
//! until the blob is stored and goes on from the store. The fetch keeps pace with its fastest reader, and waits for
//! nobody who takes nothing. The end of a blob is given out only after its digest was verified: a client never holds
//! bytes that look whole and are wrong.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::blobs::ReadStream;
use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt};
use store::blobs::BlobRow;
use tokio::sync::Notify;

use crate::{Ctx, Error, Permit, Result};

/// Bytes that a blob holds for its readers.
const WINDOW: usize = 2 << 20;
/// Pieces that a blob holds for them. Some registries send few bytes at a time, and each piece takes more than its bytes.
const PIECES: usize = 1024;
/// Bytes that are given out at once. Much less than the window: a reader waits for the next piece before it takes one.
const PIECE: usize = 256 << 10;
/// A reader that takes nothing for so long is not waited for.
const STALL: Duration = Duration::from_secs(1);

/// A blob on its way.
pub(super) struct Arrival {
    state: Mutex<State>,
    /// There is more to read, or it is over.
    more: Notify,
    /// A reader took something, or left.
    taken: Notify,
}

#[derive(Default)]
struct State {
    /// Once the first bytes are there: how long the blob is, if the other registry said.
    head: Option<Option<u64>>,
    window: VecDeque<Bytes>,
    /// Offsets of the beginning and the end of the window.
    start: u64,
    end: u64,
    /// Where each reader is.
    readers: HashMap<u64, u64>,
    next_reader: u64,
    outcome: Option<Result<BlobRow>>,
}

impl State {
    fn held(&self) -> usize {
        usize::try_from(self.end - self.start).unwrap_or(usize::MAX)
    }

    fn drop_front(&mut self) {
        if let Some(front) = self.window.pop_front() {
            self.start += front.len() as u64;
        }
    }

    /// Makes room for a piece by dropping what the fastest reader has taken. Whether there is room.
    fn make_room(&mut self, length: usize) -> bool {
        let lead = self.readers.values().copied().filter(|at| *at >= self.start).max();
        while !self.has_room(length)
            && let Some(front) = self.window.front()
            && lead.is_none_or(|lead| lead >= self.start + front.len() as u64)
        {
            self.drop_front();
        }
        self.has_room(length)
    }

    fn has_room(&self, length: usize) -> bool {
        self.held() + length <= WINDOW && self.window.len() < PIECES
    }

    /// The piece at an offset, and whether it is the last one so far.
    fn piece(&self, at: u64) -> Option<(Bytes, bool)> {
        let mut offset = self.start;
        for (number, piece) in self.window.iter().enumerate() {
            if offset == at {
                return Some((piece.clone(), number + 1 == self.window.len()));
            }
            offset += piece.len() as u64;
        }
        None
    }
}

/// What a reader does next.
enum Step {
    Give(Bytes),
    /// The rest is in the store.
    Fall(BlobRow),
    Fail(Error),
    End,
    Wait,
}

impl Arrival {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), more: Notify::new(), taken: Notify::new() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first bytes are there.
    pub(super) fn begin(&self, length: Option<u64>) {
        self.lock().head = Some(length);
        self.more.notify_waiters();
    }

    /// Gives bytes to the readers. Waits for the fastest of them, within reason.
    pub(super) async fn push(&self, mut bytes: Bytes) {
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(PIECE));
            self.push_piece(piece).await;
        }
    }

    async fn push_piece(&self, piece: Bytes) {
        loop {
            let taken = self.taken.notified();
            tokio::pin!(taken);
            taken.as_mut().enable();
            {
                let mut state = self.lock();
                if state.make_room(piece.len()) {
                    state.end += piece.len() as u64;
                    state.window.push_back(piece);
                    break;
                }
            }
            if tokio::time::timeout(STALL, taken).await.is_err() {
                self.lock().drop_front();
            }
        }
        self.more.notify_waiters();
    }

    /// It is over: the blob is stored, or there is none. Only the first word counts.
    pub(super) fn end(&self, outcome: Result<BlobRow>) {
        self.lock().outcome.get_or_insert(outcome);
        self.more.notify_waiters();
    }

    /// Waits for what `look` finds.
    async fn wait<T>(&self, look: impl Fn(&State) -> Option<T>) -> T {
        loop {
            let more = self.more.notified();
            tokio::pin!(more);
            more.as_mut().enable();
            if let Some(found) = look(&self.lock()) {
                return found;
            }
            more.await;
        }
    }

    /// The blob, once it is stored.
    pub(super) async fn stored(&self) -> Result<BlobRow> {
        self.wait(|state| state.outcome.clone()).await
    }

    /// A reader from the beginning, once the first bytes are there.
    pub(super) async fn read(self: Arc<Self>, ctx: &Ctx, permit: &Permit) -> Result<Arriving> {
        let (id, arrival) = {
            let mut state = self.lock();
            let id = state.next_reader;
            state.next_reader += 1;
            state.readers.insert(id, 0);
            (id, Arc::clone(&self))
        };
        let reader = Reader { arrival, id, at: 0, ctx: ctx.clone(), permit: permit.clone() };
        let length = self
            .wait(|state| match (&state.outcome, state.head) {
                (Some(Err(error)), _) => Some(Err(error.clone())),
                (Some(Ok(blob)), _) => Some(Ok(Some(blob.size))),
                (None, Some(length)) => Some(Ok(length)),
                (None, None) => None,
            })
            .await?;
        Ok(Arriving { length, bytes: reader.stream().boxed() })
    }
}

/// A blob that can be read while it comes.
pub struct Arriving {
    /// How long it is, if that is known.
    pub length: Option<u64>,
    /// Its bytes.
    pub bytes: BoxStream<'static, Result<Bytes>>,
}

struct Reader {
    arrival: Arc<Arrival>,
    id: u64,
    at: u64,
    ctx: Ctx,
    permit: Permit,
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.arrival.lock().readers.remove(&self.id);
        self.arrival.taken.notify_waiters();
    }
}

/// Where the bytes come from.
enum Place {
    Window(Reader),
    Store(ReadStream),
    Nowhere,
}

impl Reader {
    fn stream(self) -> impl Stream<Item = Result<Bytes>> + Send + 'static {
        stream::unfold(Place::Window(self), |mut place| async move {
            loop {
                place = match place {
                    Place::Window(mut reader) => match reader.step().await {
                        Step::Give(piece) => return Some((Ok(piece), Place::Window(reader))),
                        Step::Fall(blob) => match reader.rest(blob).await {
                            Ok(rest) => Place::Store(rest),
                            Err(error) => return Some((Err(error), Place::Nowhere)),
                        },
                        Step::Fail(error) => return Some((Err(error), Place::Nowhere)),
                        Step::End | Step::Wait => return None,
                    },
                    Place::Store(mut rest) => {
                        let piece = rest.next().await?;
                        return Some((piece.map_err(Error::from), Place::Store(rest)));
                    }
                    Place::Nowhere => return None,
                };
            }
        })
    }

    /// What comes next, once something does.
    async fn step(&mut self) -> Step {
        let at = self.at;
        let step = self
            .arrival
            .wait(|state| match look(state, at) {
                Step::Wait => None,
                step => Some(step),
            })
            .await;
        if let Step::Give(piece) = &step {
            self.at += piece.len() as u64;
            self.arrival.lock().readers.insert(self.id, self.at);
            self.arrival.taken.notify_waiters();
        }
        step
    }

    async fn rest(&self, blob: BlobRow) -> Result<ReadStream> {
        let size = blob.size;
        crate::blobs::read(&self.ctx, &self.permit, &blob, self.at..size, None).await
    }
}

fn look(state: &State, at: u64) -> Step {
    match (&state.outcome, state.piece(at)) {
        (Some(Err(error)), _) => Step::Fail(error.clone()),
        (Some(Ok(_)), Some((piece, _))) | (None, Some((piece, false))) => Step::Give(piece),
        (Some(Ok(blob)), None) if at < blob.size => Step::Fall(blob.clone()),
        (Some(Ok(_)), None) => Step::End,
        (None, _) => Step::Wait,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(size: u64) -> BlobRow {
        BlobRow { digest: types::Algorithm::Sha256.digest(b""), object_key: "k".to_owned(), size }
    }

    #[tokio::test]
    async fn the_end_is_held_back_until_the_blob_is_verified() {
        let arrival = Arrival::new();
        arrival.lock().readers.insert(0, 0);
        arrival.push(Bytes::from_static(b"one")).await;
        assert!(matches!(look(&arrival.lock(), 0), Step::Wait));
        arrival.push(Bytes::from_static(b"two")).await;
        assert!(matches!(look(&arrival.lock(), 0), Step::Give(piece) if piece == "one"));
        assert!(matches!(look(&arrival.lock(), 3), Step::Wait));
        arrival.end(Ok(blob(6)));
        assert!(matches!(look(&arrival.lock(), 3), Step::Give(piece) if piece == "two"));
        assert!(matches!(look(&arrival.lock(), 6), Step::End));
        // The first word counts.
        arrival.end(Err(Error::Internal));
        assert!(arrival.stored().await.is_ok());
    }

    #[tokio::test]
    async fn a_failure_is_told_at_once() {
        let arrival = Arrival::new();
        arrival.push(Bytes::from_static(b"one")).await;
        arrival.push(Bytes::from_static(b"two")).await;
        arrival.end(Err(Error::Internal));
        assert!(matches!(look(&arrival.lock(), 0), Step::Fail(Error::Internal)));
    }

    #[tokio::test]
    async fn nobody_is_waited_for_who_takes_nothing_and_the_window_stays_small() {
        let arrival = Arrival::new();
        arrival.lock().readers.insert(0, 0);
        for _ in 0..10 {
            arrival.push(Bytes::from(vec![0; 1 << 20])).await;
            assert!(arrival.lock().held() <= WINDOW);
        }
        // It has fallen behind: the rest is in the store.
        assert!(matches!(look(&arrival.lock(), 0), Step::Wait));
        arrival.end(Ok(blob(10 << 20)));
        assert!(matches!(look(&arrival.lock(), 0), Step::Fall(_)));
    }

    #[tokio::test]
    async fn few_pieces_are_held_however_small_they_are() {
        let arrival = Arrival::new();
        for _ in 0..10_000 {
            arrival.push(Bytes::from_static(b"x")).await;
        }
        assert!(arrival.lock().window.len() <= PIECES);
    }
}
