//! The walk through the chunks of a plan: events come out in the order of their places, each once. Of what is read only as
//! much is held as the page can take, however many chunks lie over one point of time.

use std::collections::{BTreeMap, HashMap};

use app::App;
use store::log_chunks::{self, Body};

use super::plan::{self, Plan, Planned, Source};
use super::{Direction, Scan};
use crate::chunk;
use crate::error::Error;
use crate::event::{Event, Key};

/// Chunks that are looked for at once; more only if these do not suffice for a single step.
const PLAN: usize = 1_000;
/// Nobody has more chunks than this over one point of time.
const LARGEST_PLAN: usize = 256_000;
/// Chunks that are fetched at once.
const FETCH: usize = 8;
/// Bytes of chunks after which a call ends as soon as it came further.
const READ: usize = 64 << 20;
/// Bytes of events of a page, as AWS counts them.
const PAGE: usize = 1 << 20;
/// How often a plan is made anew because chunks of it were put together meanwhile.
const ATTEMPTS: usize = 5;

/// What a walk came to.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// The events that were wanted, with their places and the names of their streams.
    pub(crate) events: Vec<(Key, String, Event)>,
    /// Everything up to here was looked at, and there may be more. None: there is nothing more.
    pub(crate) place: Option<Key>,
}

/// How a step ended.
enum Step {
    /// Chunks of the plan are gone.
    Stale,
    /// Nothing could be said, as too many chunks lie over one point of time.
    Stuck,
    Done(Page),
}

/// Reads a page of the events whose messages `matches`.
pub(crate) async fn walk(
    app: &App,
    source: &Source,
    scan: &Scan,
    matches: impl Fn(&str) -> bool + Send + Sync,
) -> Result<Page, Error> {
    let (mut size, mut attempts) = (PLAN, 0);
    loop {
        match step(app, source, scan, size, &matches).await? {
            Step::Done(page) => return Ok(page),
            Step::Stale if attempts < ATTEMPTS => attempts += 1,
            Step::Stuck if size < LARGEST_PLAN => size *= 4,
            Step::Stale | Step::Stuck => return Err(app::Error::Unavailable("database").into()),
        }
    }
}

async fn step(
    app: &App,
    source: &Source,
    scan: &Scan,
    size: usize,
    matches: &(impl Fn(&str) -> bool + Send + Sync),
) -> Result<Step, Error> {
    let Plan { chunks, beyond } = plan::make(&mut app.db().reader().await?, source, scan, size).await?;
    let mut walk = Walk { scan, matches, waiting: BTreeMap::new(), held: 0, page: Page::default(), weight: 0, read: 0 };
    for batch in chunks.chunks(FETCH) {
        // What is certain by now may be enough.
        if walk.give_out(Some(batch[0].edge)) {
            return Ok(Step::Done(walk.page));
        }
        if walk.read > READ && walk.page.end_before(scan, batch[0].edge) {
            return Ok(Step::Done(walk.page));
        }
        let ids: Vec<&str> = batch.iter().map(|chunk| chunk.chunk_id.as_str()).collect();
        let bodies = log_chunks::list_bodies(&mut app.db().reader().await?, &ids).await?;
        let mut bodies: HashMap<String, Body> = bodies.into_iter().map(|body| (body.chunk_id.clone(), body)).collect();
        for planned in batch {
            if walk.give_out(Some(planned.edge)) {
                return Ok(Step::Done(walk.page));
            }
            let Some(body) = bodies.remove(&planned.chunk_id) else {
                return Ok(Step::Stale);
            };
            walk.take(planned, &body)?;
        }
    }
    if walk.give_out(beyond) {
        return Ok(Step::Done(walk.page));
    }
    walk.page.place = None;
    match beyond {
        Some(beyond) if !walk.page.end_before(scan, beyond) => Ok(Step::Stuck),
        _ => Ok(Step::Done(walk.page)),
    }
}

impl Page {
    /// Ends the page before a time at which there may be more. False if that is where it began.
    fn end_before(&mut self, scan: &Scan, edge: i64) -> bool {
        match scan.place_before(edge) {
            Some(place) => {
                self.place = Some(place);
                true
            }
            None => false,
        }
    }
}

struct Walk<'w, M> {
    scan: &'w Scan,
    matches: &'w M,
    /// Read and wanted, and not certain to be next. What lies behind so many others that the page ends before it is not
    /// kept: who asks for the next page reads it again.
    waiting: BTreeMap<Key, (String, Event)>,
    /// The weight of what waits.
    held: usize,
    page: Page,
    /// The weight of the page.
    weight: usize,
    /// Bytes of chunks that were read.
    read: usize,
}

impl<M: Fn(&str) -> bool> Walk<'_, M> {
    /// Reads a chunk.
    fn take(&mut self, planned: &Planned, body: &Body) -> Result<(), Error> {
        let read = chunk::visit(body.base_sequence, &body.body, |event| {
            let key = Key { at: event.at, stream: planned.stream.clone(), sequence: event.sequence };
            if self.scan.wants(&key) && (self.matches)(event.message) {
                let event = event.to_owned();
                self.held += event.weight();
                self.waiting.insert(key, (planned.stream_name.clone(), event));
                self.let_go();
            }
        });
        self.read += read.map_err(|chunk::Damaged| {
            tracing::error!(chunk = planned.chunk_id, "a chunk of log events is damaged");
            app::Error::Internal
        })?;
        Ok(())
    }

    /// Lets go of what lies furthest, as long as what remains fills the page and tells that there is more.
    fn let_go(&mut self) {
        loop {
            let furthest = match self.scan.direction {
                Direction::Forward => self.waiting.last_key_value(),
                Direction::Backward => self.waiting.first_key_value(),
            };
            let Some((_, (_, event))) = furthest else {
                return;
            };
            let rest = self.held - event.weight();
            let count = self.page.events.len() + self.waiting.len() - 1;
            if count <= self.scan.limit && self.weight + rest <= PAGE {
                return;
            }
            let gone = match self.scan.direction {
                Direction::Forward => self.waiting.pop_last(),
                Direction::Backward => self.waiting.pop_first(),
            };
            self.held -= gone.map_or(0, |(_, (_, event))| event.weight());
        }
    }

    /// Gives out what is before `edge`, where an unread chunk may begin. True if the page ends here.
    fn give_out(&mut self, edge: Option<i64>) -> bool {
        loop {
            let next = match self.scan.direction {
                Direction::Forward => self.waiting.first_entry(),
                Direction::Backward => self.waiting.last_entry(),
            };
            let Some(next) = next else {
                return false;
            };
            let at = next.key().at;
            let certain = match (edge, self.scan.direction) {
                (None, _) => true,
                (Some(edge), Direction::Forward) => at < edge,
                (Some(edge), Direction::Backward) => at > edge,
            };
            if !certain {
                return false;
            }
            let weight = next.get().1.weight();
            let full = self.page.events.len() == self.scan.limit || self.weight + weight > PAGE;
            // There is one more, so it is not the end.
            if full && !self.page.events.is_empty() {
                return true;
            }
            let (key, (name, event)) = next.remove_entry();
            self.held -= weight;
            self.weight += weight;
            self.page.place = Some(key.clone());
            self.page.events.push((key, name, event));
        }
    }
}
