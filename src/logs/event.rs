//! An event of a stream and its place: the time that the client gave it, and the number that it got when it came. The pair
//! never changes, whatever chunk the event is moved to, so that tokens and event ids stay good.

use types::Timestamp;

/// Milliseconds, as CloudWatch Logs counts time.
pub(crate) const HOUR: i64 = 3_600_000;

/// Where an event is among those of all streams of a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// Its time in milliseconds.
    pub(crate) at: i64,
    /// Its stream; empty comes before all of them.
    pub(crate) stream: String,
    /// Its number in the stream, from 1.
    pub(crate) sequence: u64,
}

impl Key {
    /// Before all events of that time.
    pub(crate) fn before(at: i64) -> Self {
        Self { at, stream: String::new(), sequence: 0 }
    }

    /// Behind all events of that time.
    pub(crate) fn behind(at: i64) -> Self {
        // Ids of streams are hexadecimal.
        Self { at, stream: "~".to_owned(), sequence: u64::MAX }
    }
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// Its time in milliseconds.
    pub(crate) at: i64,
    /// Its number in its stream.
    pub(crate) sequence: u64,
    /// When it came, in milliseconds.
    pub(crate) ingested_at: i64,
    /// What it says.
    pub(crate) message: String,
}

impl Event {
    /// What it counts against the size of a page or of a batch.
    pub(crate) fn weight(&self) -> usize {
        weight(&self.message)
    }
}

/// What a message counts: its bytes and 26 more, as AWS counts.
pub(crate) fn weight(message: &str) -> usize {
    message.len() + 26
}

/// A time as the database has it.
pub(crate) fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_micros(millis.saturating_mul(1000))
}

/// A time as CloudWatch Logs has it.
pub(crate) fn millis(time: Timestamp) -> i64 {
    time.micros().div_euclid(1000)
}

/// The full hour that a time is in.
pub(crate) fn hour(at: i64) -> i64 {
    at.div_euclid(HOUR) * HOUR
}
