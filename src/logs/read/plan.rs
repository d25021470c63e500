//! Which chunks may hold the events that are wanted, from their times alone, in the order in which they are to be read.

use store::log_chunks::{self, Place, Range};
use store::{Conn, Result};

use super::{Direction, Scan};
use crate::event::{HOUR, hour, millis, timestamp};

/// Whose events are wanted.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// Of these streams: ids and names.
    Streams(Vec<(String, String)>),
    /// Of those streams of a group, by its id, whose names begin so.
    Group(String, String),
}

/// A chunk that is to be read.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub(crate) chunk_id: String,
    pub(crate) stream: String,
    pub(crate) stream_name: String,
    /// Forwards its first event, backwards its last: what it holds is there or behind.
    pub(crate) edge: i64,
}

/// Chunks in the order of their edges.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) chunks: Vec<Planned>,
    /// There may be others, whose edges are here or behind.
    pub(crate) beyond: Option<i64>,
}

/// Makes a plan of about `size` chunks.
pub(crate) async fn make(conn: &mut Conn, source: &Source, scan: &Scan, size: usize) -> Result<Plan> {
    let range = range(scan);
    if range.from > range.to {
        return Ok(Plan::default());
    }
    let mut plan = Plan::default();
    match source {
        Source::Group(log_group_id, prefix) => {
            let found = match scan.direction {
                Direction::Forward => log_chunks::list_of_group(conn, log_group_id, range, size).await?,
                Direction::Backward => log_chunks::list_of_group_descending(conn, log_group_id, range, size).await?,
            };
            plan.note_end(&found, scan.direction, size);
            let named = found.into_iter().filter_map(|place| {
                let name = place.stream_name.clone().filter(|name| name.starts_with(prefix.as_str()))?;
                Some(planned(place, name, scan.direction))
            });
            plan.chunks.extend(named);
        }
        Source::Streams(streams) => {
            let share = (size / streams.len().max(1)).max(16);
            for (id, name) in streams {
                let found = match scan.direction {
                    Direction::Forward => log_chunks::list_of_stream(conn, id, range, share).await?,
                    Direction::Backward => log_chunks::list_of_stream_descending(conn, id, range, share).await?,
                };
                plan.note_end(&found, scan.direction, share);
                plan.chunks.extend(found.into_iter().map(|place| planned(place, name.clone(), scan.direction)));
            }
            match scan.direction {
                Direction::Forward => plan.chunks.sort_by_key(|chunk| chunk.edge),
                Direction::Backward => plan.chunks.sort_by_key(|chunk| std::cmp::Reverse(chunk.edge)),
            }
        }
    }
    Ok(plan)
}

impl Plan {
    /// A list that is as long as it may be has perhaps more, from its last edge on.
    fn note_end(&mut self, found: &[Place], direction: Direction, limit: usize) {
        let Some(last) = found.last().filter(|_| found.len() >= limit) else {
            return;
        };
        let edge = edge(last, direction);
        self.beyond = Some(match (self.beyond, direction) {
            (None, _) => edge,
            (Some(known), Direction::Forward) => known.min(edge),
            (Some(known), Direction::Backward) => known.max(edge),
        });
    }
}

fn planned(place: Place, stream_name: String, direction: Direction) -> Planned {
    let edge = edge(&place, direction);
    Planned { chunk_id: place.chunk_id, stream: place.log_stream_id, stream_name, edge }
}

fn edge(place: &Place, direction: Direction) -> i64 {
    millis(match direction {
        Direction::Forward => place.events_at.0,
        Direction::Backward => place.events_at.1,
    })
}

/// The times to look at. A chunk lies within one hour, so none that reaches into the range begins or ends outside of the
/// hours of its ends.
fn range(scan: &Scan) -> Range {
    let place = scan.place.as_ref().map(|place| place.at);
    let (from, to) = match scan.direction {
        Direction::Forward => (scan.from.max(place.unwrap_or(scan.from)), scan.to),
        Direction::Backward => (scan.from, scan.to.min(place.unwrap_or(scan.to))),
    };
    Range {
        least: timestamp(hour(from)),
        from: timestamp(from),
        to: timestamp(to),
        most: timestamp(hour(to).saturating_add(HOUR)),
    }
}
