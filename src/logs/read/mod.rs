//! Reading events in order, from a place on, forwards or backwards: of one stream, of some, or of a whole group.
//!
//! First a plan: which chunks may hold what is wanted, by their times alone ([`plan`]). Then a walk through them: chunks
//! overlap, so an event is given out once no chunk that is still unread can hold one before it ([`walk`]). What one call
//! reads and what it holds is bounded, whatever is stored: a walk that was cut off says where to go on.

mod plan;
mod walk;

use crate::event::Key;

pub(crate) use plan::Source;
pub(crate) use walk::walk;

/// Which way events are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// The earliest first.
    Forward,
    /// The latest first.
    Backward,
}

/// Which events are wanted.
#[derive(Debug, Clone)]
pub(crate) struct Scan {
    /// Which way.
    pub(crate) direction: Direction,
    /// Behind this place in that direction; none: from the end of the range that comes first.
    pub(crate) place: Option<Key>,
    /// The earliest time, in milliseconds.
    pub(crate) from: i64,
    /// The latest time.
    pub(crate) to: i64,
    /// How many at most.
    pub(crate) limit: usize,
}

impl Scan {
    /// Whether an event at this place is wanted.
    pub(crate) fn wants(&self, key: &Key) -> bool {
        let behind = match (&self.place, self.direction) {
            (None, _) => true,
            (Some(place), Direction::Forward) => key > place,
            (Some(place), Direction::Backward) => key < place,
        };
        behind && (self.from..=self.to).contains(&key.at)
    }

    /// The place before everything that lies at `edge` or behind it, if that is further than where this begins.
    pub(crate) fn place_before(&self, edge: i64) -> Option<Key> {
        let (place, further) = match (&self.place, self.direction) {
            (None, Direction::Forward) => (Key::before(edge), edge > self.from),
            (None, Direction::Backward) => (Key::behind(edge), edge < self.to),
            (Some(began), Direction::Forward) => (Key::before(edge), Key::before(edge) > *began),
            (Some(began), Direction::Backward) => (Key::behind(edge), Key::behind(edge) < *began),
        };
        further.then_some(place)
    }
}
