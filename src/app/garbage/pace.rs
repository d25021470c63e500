//! How much garbage collection does at once. While nobody else writes, large batches one after the other; while requests
//! write, small ones with pauses between them, so that a push waits for little: on SQLite for the one writer, everywhere for
//! the disk and the processor.

use std::time::{Duration, Instant};

use crate::App;

/// Rows of one transaction while requests write.
const SMALL: usize = 25;
/// The most rows of one transaction.
const LARGE: usize = 500;
/// A pause is this many times as long as the work before it, so that requests have most of the machine.
const PAUSE: u32 = 12;
/// The longest pause: a batch that took long waited for others itself.
const LONGEST: Duration = Duration::from_millis(100);

/// The pace of one run.
pub(super) struct Pace {
    batch: usize,
    begun: Instant,
    request_writes: u64,
    /// Whether somebody wrote during the last batch.
    busy: bool,
}

impl Pace {
    pub(super) fn new(app: &App) -> Self {
        Self { batch: SMALL, begun: Instant::now(), request_writes: app.db().request_writes(), busy: false }
    }

    /// Rests, if requests write all the time, and says how many rows the next batch takes. One write is nothing to rest for:
    /// on SQLite the jobs of a server beside a command look like requests, and they write a few times a second.
    pub(super) async fn next(&mut self, app: &App) -> usize {
        let now = app.db().request_writes();
        let busy = now != self.request_writes;
        // What comes during the pause counts for the next batch.
        self.request_writes = now;
        if busy && self.busy {
            tokio::time::sleep((self.begun.elapsed() * PAUSE).min(LONGEST)).await;
        }
        self.batch = following(self.batch, self.busy, busy);
        self.busy = busy;
        self.begun = Instant::now();
        self.batch
    }
}

/// The size of the batch after one of `batch` rows, by whether somebody wrote during the one before it, and during it.
fn following(batch: usize, before: bool, now: bool) -> usize {
    match (before, now) {
        (_, false) => (batch * 2).min(LARGE),
        (false, true) => (batch / 2).max(SMALL),
        (true, true) => SMALL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_grow_while_nobody_writes_and_shrink_at_once() {
        let grown = (0..10).fold(SMALL, |batch, _| following(batch, false, false));
        assert_eq!(grown, LARGE);
        assert_eq!(following(LARGE, false, true), LARGE / 2);
        assert_eq!(following(LARGE / 2, true, true), SMALL);
        assert_eq!(following(SMALL, false, true), SMALL);
        assert_eq!(following(SMALL, true, false), 2 * SMALL);
    }
}
