//! Reads what one container writes and puts it into its stream, until it has ended.

use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::sync::watch;
use tokio::time::Instant;

use super::cursor::{Cursor, Doubtful};
use super::line::{Assembler, Event, Lines};
use super::stream::Stream;
use crate::backoff::Backoff;
use crate::engine::Engine;
use crate::host::Shared;
use crate::task::{Phase, Task};

/// How long events wait for others.
const LINGER: Duration = Duration::from_millis(500);
/// The most events and bytes of a batch: CloudWatch takes 10,000 and 1 MiB, and counts 26 more for each.
const MOST_EVENTS: usize = 5_000;
const MOST_BYTES: usize = 700 * 1024;
/// A batch must not span a day.
const LONGEST_SPAN: i64 = 12 * 60 * 60 * 1000;
/// The first and the longest wait between two tries.
const WAITS: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

pub(super) struct Follower<E: Engine> {
    pub(super) host: Shared<E>,
    pub(super) arn: String,
    pub(super) runtime_id: String,
    pub(super) stream: Stream,
    pub(super) stop: watch::Receiver<bool>,
}

/// What was read and not put yet.
#[derive(Default)]
struct Batch {
    events: Vec<Event>,
    bytes: usize,
    /// Where reading stands after it.
    cursor: Cursor,
}

/// Why reading ended.
enum Pause {
    /// The engine has no more for now.
    Drained,
    /// The agent ends.
    Stopped,
}

impl<E: Engine> Follower<E> {
    /// Follows until nothing more comes, and says whether it is so; else the agent ends.
    pub(super) async fn run(mut self) -> bool {
        let mut cursor: Cursor = match self.host.journal.log(&self.runtime_id) {
            Ok(known) => known.unwrap_or_default(),
            Err(error) => {
                tracing::warn!(%error, "how far a log was read is not known; it is read from its beginning");
                Cursor::default()
            }
        };
        let mut backoff = Backoff::new(WAITS.0, WAITS.1);
        while !cursor.ended {
            let Some(task) = self.host.board.find(&self.arn) else { return true };
            // Asked before reading: what is written until it ends is in what is read then.
            let over = has_ended(&task, &self.runtime_id);
            match self.read(&task, &mut cursor).await {
                Ok(Pause::Stopped) => return false,
                Ok(Pause::Drained) if over => {
                    cursor.ended = true;
                    self.keep(&cursor);
                }
                Ok(Pause::Drained) => backoff.reset(),
                Err(error) => {
                    tracing::warn!(task.arn = self.arn, error, "the log of a container cannot be read");
                }
            }
            if !cursor.ended && self.rest(backoff.next()).await {
                return false;
            }
        }
        true
    }

    /// Waits; whether the agent ends meanwhile.
    async fn rest(&mut self, wait: Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(wait) => false,
            () = told(&mut self.stop) => true,
        }
    }

    /// Reads on from the cursor, until the engine has no more.
    async fn read(&mut self, task: &Task, cursor: &mut Cursor) -> Result<Pause, String> {
        let mut pieces = self.host.engine.logs(&self.runtime_id, cursor.since(), true);
        let mut skip = cursor.known();
        let mut assembler = Assembler::default();
        let mut batch = Batch { cursor: cursor.clone(), ..Batch::default() };
        let mut doubtful = cursor.doubtful.clone();
        let mut due: Option<Instant> = None;
        let mut stop = self.stop.clone();
        loop {
            let linger = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            let piece = tokio::select! {
                piece = pieces.next() => piece,
                () = linger => {
                    // The rest of a line comes at once, and how far it goes can be written down then.
                    due = assembler.is_open().then(|| Instant::now() + LINGER);
                    if due.is_some() {
                        continue;
                    }
                    self.put(task, &mut batch, cursor, &mut doubtful, assembler.is_open()).await;
                    continue;
                }
                () = told(&mut stop) => {
                    self.put(task, &mut batch, cursor, &mut doubtful, assembler.is_open()).await;
                    return Ok(Pause::Stopped);
                }
            };
            let (lines, over) = match piece {
                Some(Ok(piece)) => (assembler.take(&piece), false),
                Some(Err(error)) => {
                    self.put(task, &mut batch, cursor, &mut doubtful, assembler.is_open()).await;
                    return Err(error.0);
                }
                None => (assembler.finish(), true),
            };
            batch.take(lines, &mut skip);
            if over {
                self.put(task, &mut batch, cursor, &mut doubtful, false).await;
                return Ok(Pause::Drained);
            }
            if batch.is_full() {
                due = None;
                self.put(task, &mut batch, cursor, &mut doubtful, assembler.is_open()).await;
            } else if due.is_none() && !batch.events.is_empty() {
                due = Some(Instant::now() + LINGER);
            }
        }
    }

    /// Puts a batch, again and again until it is taken or the agent ends. `open`: a line that was begun is not in it, so
    /// that how far it goes must not be written down yet.
    async fn put(
        &mut self,
        task: &Task,
        batch: &mut Batch,
        cursor: &mut Cursor,
        doubtful: &mut Option<Doubtful>,
        open: bool,
    ) {
        let mut events = std::mem::take(&mut batch.events);
        batch.bytes = 0;
        if let Some(doubt) = doubtful.take().filter(|_| !events.is_empty()) {
            events = self.without_present(task, events, &doubt).await;
        }
        if let Some(first) = events.iter().map(|event| event.at).min() {
            let before = cursor.doubtful.take().unwrap_or(Doubtful { from: first, events: 0 });
            let count = before.events.saturating_add(events.len());
            cursor.doubtful = Some(Doubtful { from: first.min(before.from), events: count });
            self.keep(cursor);
            let mut backoff = Backoff::new(WAITS.0, WAITS.1);
            while let Err(error) = self.stream.put(&self.host, task, &events).await {
                tracing::warn!(task.arn = self.arn, %error, "log events are not taken yet");
                let stop = *self.stop.borrow();
                if stop || self.rest(backoff.next()).await {
                    return;
                }
            }
        }
        if !open {
            let moved = batch.cursor != *cursor;
            cursor.clone_from(&batch.cursor);
            cursor.doubtful = None;
            if moved || !events.is_empty() {
                self.keep(cursor);
            }
        }
    }

    /// After an agent that ended in the middle of a batch: what of it is there is not put again.
    async fn without_present(&self, task: &Task, events: Vec<Event>, doubt: &Doubtful) -> Vec<Event> {
        let mut present = match self.stream.present(&self.host, task, doubt.from).await {
            Ok(present) => present,
            Err(error) => {
                tracing::warn!(task.arn = self.arn, %error, "whether log events are there already cannot be seen");
                return events;
            }
        };
        let mut kept = Vec::new();
        for (place, event) in events.into_iter().enumerate() {
            match present.get_mut(&event).filter(|count| **count > 0 && place < doubt.events) {
                Some(count) => *count -= 1,
                None => kept.push(event),
            }
        }
        kept
    }

    fn keep(&self, cursor: &Cursor) {
        if let Err(error) = self.host.journal.put_log(&self.runtime_id, cursor) {
            tracing::error!(%error, "how far a log was read cannot be written down");
        }
    }
}

impl Batch {
    fn take(&mut self, lines: Lines, skip: &mut u64) {
        // Records and lines are counted alike but for parts: a cursor is only written down where no line is open.
        let mut known = 0;
        for second in lines.records {
            if *skip > 0 {
                *skip -= 1;
                known += 1;
                continue;
            }
            self.cursor.pass(second);
        }
        if known == 0 {
            for event in lines.events {
                self.bytes += event.text.len() + 26;
                self.events.push(event);
            }
        }
    }

    fn is_full(&self) -> bool {
        let times = || self.events.iter().map(|event| event.at);
        self.events.len() >= MOST_EVENTS
            || self.bytes >= MOST_BYTES
            || times().max().zip(times().min()).is_some_and(|(last, first)| last - first > LONGEST_SPAN)
    }
}

/// Waits until the agent ends.
async fn told(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Whether a container has ended for good.
fn has_ended(task: &Task, runtime_id: &str) -> bool {
    let container = task.containers.iter().find(|container| container.runtime_id.as_deref() == Some(runtime_id));
    container.is_none_or(|container| container.phase == Phase::Stopped)
}
