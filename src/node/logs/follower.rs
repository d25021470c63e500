//! Reads what one container writes and puts it into its stream, until it has ended.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::sync::watch;
use tokio::time::Instant;

use super::cursor::{Cursor, PutBatch};
use super::line::{Assembler, Event, Lines};
use super::stream::Stream;
use crate::backoff::Backoff;
use crate::engine::Engine;
use crate::host::Shared;
use crate::task::{Phase, Task};

/// How long events wait for others.
const LINGER: Duration = Duration::from_millis(500);
/// How long the rest of a line is waited for. What draws a progress bar does not end its line for hours, and what is
/// written beside it must not wait for that.
const REST_OF_LINE: Duration = Duration::from_secs(2);
/// How many events and bytes are enough for a batch.
const MOST_EVENTS: usize = 5_000;
const MOST_BYTES: usize = 700 * 1024;
/// The most bytes of a batch that CloudWatch takes.
const LARGEST: usize = 1024 * 1024;
/// A batch must not span a day. What is read after a while of silence, or after an agent was away, may.
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
    /// The times of the first and of the last of them, in time.
    span: Option<(i64, i64)>,
    /// Where reading stands after it.
    cursor: Cursor,
    /// Batches that an earlier reading has begun to put, and that are to be put so again.
    known: VecDeque<PutBatch>,
    /// How many records were read since the cursor that is written down.
    records: u64,
    /// Where among them lines were ended that had not, the last time.
    cut: Option<u64>,
}

/// What is still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// The rest of a line that was begun: how far it goes must not be written down yet.
    OfLine,
    /// Other lines, perhaps.
    OfLog,
    /// Nothing.
    None,
}

impl Rest {
    fn of(assembler: &Assembler) -> Self {
        if assembler.is_open() { Self::OfLine } else { Self::OfLog }
    }
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
                // With the container what it wrote is gone.
                Err(error) if over && self.is_gone().await => {
                    tracing::warn!(task.arn = self.arn, error, "the rest of the log of a container is lost");
                    cursor.ended = true;
                    self.keep(&cursor);
                }
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

    /// Whether the engine does not have the container any more.
    async fn is_gone(&self) -> bool {
        matches!(self.host.engine.inspect(&self.runtime_id).await, Ok(None))
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
        let mut assembler = Assembler::skipping(cursor.known(), cursor.last());
        let mut batch = Batch { cursor: cursor.clone(), known: cursor.batches.clone(), ..Batch::default() };
        let (mut due, mut open_since): (Option<Instant>, Option<Instant>) = (None, None);
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
                    if is_overdue(open_since) {
                        batch.cut(&mut assembler);
                        open_since = None;
                    }
                    // The rest of a line comes at once, mostly, and how far it goes can be written down then.
                    due = assembler.is_open().then(|| Instant::now() + LINGER);
                    if due.is_some() && batch.known.is_empty() {
                        continue;
                    }
                    self.put(task, &mut batch, cursor, Rest::of(&assembler)).await;
                    continue;
                }
                () = told(&mut stop) => {
                    self.put(task, &mut batch, cursor, Rest::of(&assembler)).await;
                    return Ok(Pause::Stopped);
                }
            };
            let (lines, over) = match piece {
                Some(Ok(piece)) => (assembler.take(&piece), false),
                Some(Err(error)) => {
                    self.put(task, &mut batch, cursor, Rest::of(&assembler)).await;
                    return Err(error.0);
                }
                None => (assembler.finish(), true),
            };
            if assembler.takes_gap() {
                tracing::warn!(
                    task.arn = self.arn,
                    "the engine has thrown away a part of the log of a container; it is lost"
                );
            }
            batch.take(lines);
            if batch.was_cut_here() || (batch.is_full() && is_overdue(open_since)) {
                batch.cut(&mut assembler);
            }
            open_since = assembler.is_open().then(|| open_since.unwrap_or_else(Instant::now));
            if over {
                self.put(task, &mut batch, cursor, Rest::None).await;
                return Ok(Pause::Drained);
            }
            if batch.is_full() {
                due = None;
                self.put(task, &mut batch, cursor, Rest::of(&assembler)).await;
            } else if due.is_none() && (!batch.events.is_empty() || assembler.is_open()) {
                due = Some(Instant::now() + LINGER);
            }
        }
    }

    /// Puts what was read, again and again until it is taken or the agent ends. That a batch is about to be put is written
    /// down before: should the agent end then, the next one puts the same batch, which is taken once.
    async fn put(&mut self, task: &Task, batch: &mut Batch, cursor: &mut Cursor, rest: Rest) {
        while !batch.events.is_empty() {
            let count = match batch.known.front() {
                // What it had is read again, and not all of it has come yet.
                Some(known) if known.events > batch.events.len() && rest != Rest::None => return,
                Some(known) => known.events.min(batch.events.len()),
                None => together(&batch.events),
            };
            let token = match batch.known.pop_front() {
                Some(known) => known.token,
                None => {
                    let token = uuid::Uuid::new_v4().simple().to_string();
                    let cut = batch.cut.filter(|_| count == batch.events.len());
                    cursor.batches.push_back(PutBatch { token: token.clone(), events: count, cut });
                    self.keep(cursor);
                    token
                }
            };
            let events: Vec<Event> = batch.events.drain(..count).collect();
            let mut backoff = Backoff::new(WAITS.0, WAITS.1);
            while let Err(error) = self.stream.put(&self.host, task, &events, &token).await {
                tracing::warn!(task.arn = self.arn, %error, "log events are not taken yet");
                let stop = *self.stop.borrow();
                if stop || self.rest(backoff.next()).await {
                    return;
                }
            }
        }
        (batch.bytes, batch.span, batch.cut) = (0, None, None);
        if rest != Rest::OfLine {
            let mut now = batch.cursor.clone();
            now.batches.clone_from(&batch.known);
            if now != *cursor {
                *cursor = now;
                self.keep(cursor);
            }
            batch.records = 0;
        }
    }

    fn keep(&self, cursor: &Cursor) {
        if let Err(error) = self.host.journal.put_log(&self.runtime_id, cursor) {
            tracing::error!(%error, "how far a log was read cannot be written down");
        }
    }
}

impl Batch {
    fn take(&mut self, lines: Lines) {
        for record in lines.records {
            self.cursor.pass(record);
            self.records += 1;
        }
        for event in lines.events {
            self.bytes += weight(&event);
            let (first, last) = self.span.unwrap_or((event.at, event.at));
            self.span = Some((first.min(event.at), last.max(event.at)));
            self.events.push(event);
        }
    }

    /// Ends the lines that are not whole yet; not while what an earlier reading has put is still to be put so again, unless
    /// that has ended them here.
    fn cut(&mut self, assembler: &mut Assembler) {
        if self.known.is_empty() || self.was_cut_here() {
            self.take(assembler.cut());
            self.cut = Some(self.records);
        }
    }

    /// Whether an earlier reading ended its lines at this place.
    fn was_cut_here(&self) -> bool {
        self.known.iter().any(|known| known.cut == Some(self.records))
    }

    /// Asked at each line: it must not look at all of them.
    fn is_full(&self) -> bool {
        let is_long = self.span.is_some_and(|(first, last)| last - first > LONGEST_SPAN);
        self.events.len() >= MOST_EVENTS || self.bytes >= MOST_BYTES || is_long
    }
}

/// Whether the rest of a line is not waited for any more.
fn is_overdue(open_since: Option<Instant>) -> bool {
    open_since.is_some_and(|since| since.elapsed() >= REST_OF_LINE)
}

/// What an event counts against the size of a batch.
fn weight(event: &Event) -> usize {
    event.text.len() + 26
}

/// How many of the first events can be put together, by their times and their size.
fn together(events: &[Event]) -> usize {
    let (mut first, mut last, mut bytes) = (i64::MAX, i64::MIN, 0);
    let fits = |event: &&Event| {
        (first, last) = (first.min(event.at), last.max(event.at));
        bytes += weight(event);
        last - first <= LONGEST_SPAN && bytes <= LARGEST
    };
    events.iter().take_while(fits).count()
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

#[cfg(test)]
mod tests {
    use super::super::line::LONGEST;
    use super::*;
    use crate::engine::LogPiece;

    #[test]
    fn what_is_put_together_is_not_too_far_apart() {
        let events = |times: &[i64]| -> Vec<Event> {
            times.iter().map(|hour| Event { at: hour * 60 * 60 * 1000, text: String::new() }).collect()
        };
        for (times, count) in [(&[][..], 0), (&[5], 1), (&[0, 12, 13], 2), (&[20, 8, 21], 2), (&[0, 72], 1)] {
            assert_eq!(together(&events(times)), count, "{times:?}");
        }
    }

    #[test]
    fn what_is_put_together_is_not_too_large() {
        // What is no UTF-8 becomes three times as long, and a line of it several events at once.
        let events = vec![Event { at: 0, text: "x".repeat(LONGEST) }; 6];
        assert_eq!(together(&events), 4);
    }

    #[test]
    fn a_line_is_cut_where_it_was_cut_before() {
        const AT: &str = "2026-11-26T00:00:00Z";
        let piece = |stream: u8, text: &str| LogPiece { stream, bytes: format!("{AT} {text}").into() };
        let known = |events: usize, cut: Option<u64>| PutBatch { token: String::new(), events, cut };
        let mut batch = Batch { known: [known(1, None), known(2, Some(4))].into(), ..Batch::default() };
        let mut assembler = Assembler::skipping(0, None);
        for (text, stream, here) in
            [("one\n", 1, false), ("open ", 2, false), ("line", 2, false), ("two\n", 1, true), ("three\n", 1, false)]
        {
            batch.take(assembler.take(&piece(stream, text)));
            assert_eq!(batch.was_cut_here(), here, "{text}");
            // A batch that is known is put before something is cut anew.
            batch.cut(&mut assembler);
        }
        let events: Vec<&str> = batch.events.iter().map(|event| event.text.as_str()).collect();
        assert_eq!(events, ["one", "two", "open line", "three"]);
        assert!(!assembler.is_open());
        assert_eq!(batch.cursor.known(), 5);
    }
}
