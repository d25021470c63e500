//! The walk through the chunks of a plan: events come out in the order of their places, each once.

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
/// Bytes of messages that one call looks at.
const LOOKED_AT: usize = 16 << 20;
/// Bytes of events of a page, as AWS counts them.
pub(crate) const PAGE: usize = 1 << 20;
/// How often a plan is made anew because chunks of it were put together meanwhile.
const ATTEMPTS: usize = 5;

/// What a walk came to.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// The events that were wanted, with their streams' ids and names.
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

/// Reads a page of the events that `matches`.
pub(crate) async fn walk(
    app: &App,
    source: &Source,
    scan: &Scan,
    matches: impl Fn(&Event) -> bool + Send + Sync,
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
    matches: &(impl Fn(&Event) -> bool + Send + Sync),
) -> Result<Step, Error> {
    let Plan { chunks, beyond } = plan::make(&mut app.db().reader().await?, source, scan, size).await?;
    let mut walk = Walk { scan, matches, waiting: BTreeMap::new(), page: Page::default(), weight: 0, looked_at: 0 };
    for batch in chunks.chunks(FETCH) {
        // What is certain by now may be enough.
        if walk.give_out(Some(batch[0].edge)) {
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
    walk.page.place = match beyond {
        None => None,
        Some(beyond) => {
            // Everything before that time was looked at. Is that further than where the walk began?
            let (place, further) = match scan.direction {
                Direction::Forward => (Key::before(beyond), beyond > scan.from),
                Direction::Backward => (Key::behind(beyond), beyond < scan.to),
            };
            let further = match (&scan.place, scan.direction) {
                (None, _) => further,
                (Some(began), Direction::Forward) => place > *began,
                (Some(began), Direction::Backward) => place < *began,
            };
            if !further {
                return Ok(Step::Stuck);
            }
            Some(place)
        }
    };
    Ok(Step::Done(walk.page))
}

struct Walk<'w, M> {
    scan: &'w Scan,
    matches: &'w M,
    /// Read, and not certain to be next.
    waiting: BTreeMap<Key, (String, Event)>,
    page: Page,
    weight: usize,
    looked_at: usize,
}

impl<M: Fn(&Event) -> bool> Walk<'_, M> {
    /// Reads a chunk.
    fn take(&mut self, planned: &Planned, body: &Body) -> Result<(), Error> {
        let events = chunk::decode(body.base_sequence, &body.body).map_err(|chunk::Damaged| {
            tracing::error!(chunk = planned.chunk_id, "a chunk of log events is damaged");
            app::Error::Internal
        })?;
        for event in events {
            let key = Key { at: event.at, stream: planned.stream.clone(), sequence: event.sequence };
            if self.scan.wants(&key) {
                self.waiting.insert(key, (planned.stream_name.clone(), event));
            }
        }
        Ok(())
    }

    /// Gives out what is before `edge`, where an unread chunk may begin. True if the page ends here.
    fn give_out(&mut self, edge: Option<i64>) -> bool {
        loop {
            let next = match self.scan.direction {
                Direction::Forward => self.waiting.first_key_value(),
                Direction::Backward => self.waiting.last_key_value(),
            };
            let Some((key, (_, event))) = next else {
                return false;
            };
            let certain = match (edge, self.scan.direction) {
                (None, _) => true,
                (Some(edge), Direction::Forward) => key.at < edge,
                (Some(edge), Direction::Backward) => key.at > edge,
            };
            if !certain {
                return false;
            }
            let matched = (self.matches)(event);
            let full = self.page.events.len() == self.scan.limit || self.weight + event.weight() > PAGE;
            // Whether there is one more has to be known before one says so, so the page ends at the next that matches.
            if matched && full && !self.page.events.is_empty() {
                return true;
            }
            if self.looked_at > LOOKED_AT {
                return true;
            }
            let popped = match self.scan.direction {
                Direction::Forward => self.waiting.pop_first(),
                Direction::Backward => self.waiting.pop_last(),
            };
            let Some((key, (name, event))) = popped else {
                return false;
            };
            self.looked_at += event.weight();
            self.page.place = Some(key.clone());
            if matched {
                self.weight += event.weight();
                self.page.events.push((key, name, event));
            }
        }
    }
}
