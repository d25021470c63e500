//! How much garbage collection does at once. While nobody else writes, large batches one after the other; while requests
//! write, small ones with pauses between them, so that a push waits for little: on SQLite for the one writer, everywhere for
//! the disk and the processor.

use std::time::{Duration, Instant};

use crate::{App, Result};

/// Rows of one transaction while requests write, and each of them waits until it is over.
const FEW: usize = 10;
/// The same where they do not: a transaction costs a round trip for each of its statements, however few rows it takes.
const SMALL: usize = 25;
/// The most rows of one transaction.
const LARGE: usize = 1000;
/// Batches that are looked up at once.
const WINDOW: usize = 16;
/// Between two batches, whoever writes. On SQLite another process that waits for this one looks every quarter of a
/// millisecond whether it may write; without the gap it would find this one writing again and again, and this one would
/// find that nobody else writes.
const GAP: Duration = Duration::from_millis(1);
/// A pause is this many times as long as the work before it, so that requests have most of the machine.
const PAUSE: u32 = 20;
/// The longest pause: a batch that took long waited for others itself.
const LONGEST: Duration = Duration::from_millis(100);
/// Every push puts reviews down. A run that did not come to its end in this time falls behind those who push, and makes
/// pauses that are shorter.
const PATIENCE: Duration = Duration::from_secs(300);
/// The pause of a run that is late, in the same measure.
const SHORT_PAUSE: u32 = 4;

/// The pace of one run.
pub(super) struct Pace {
    batch: usize,
    /// The rows of a batch beside requests.
    small: usize,
    since: Instant,
    begun: Instant,
    /// See [`store::Db::writes_of_others`].
    writes: i64,
    /// Whether somebody wrote during the last batch.
    busy: bool,
}

impl Pace {
    pub(super) async fn new(app: &App) -> Result<Self> {
        let (now, writes) = (Instant::now(), app.db().writes_of_others().await?);
        let small = if app.db().has_one_writer() { FEW } else { SMALL };
        Ok(Self { batch: small, small, since: now, begun: now, writes, busy: false })
    }

    /// How many rows to look up at once. They are taken in the order of their keys: rows that are neighbors in a table share
    /// pages, and objects that are neighbors share a directory.
    pub(super) fn window(&self) -> usize {
        self.batch * WINDOW
    }

    /// The next batch of what was looked up, from its end. See [`Pace::next`].
    pub(super) async fn cut<T>(&mut self, app: &App, rows: &mut Vec<T>) -> Result<Vec<T>> {
        let batch = self.next(app).await?;
        Ok(rows.split_off(rows.len().saturating_sub(batch)))
    }

    /// Rests, longer if requests write all the time, and says how many rows the next batch takes. One write is nothing to
    /// rest long for: the jobs of a server beside a command look like requests, and they write a few times a second.
    pub(super) async fn next(&mut self, app: &App) -> Result<usize> {
        let now = app.db().writes_of_others().await?;
        let busy = now > self.writes;
        // What comes during the pause counts for the next batch.
        self.writes = now;
        let rest = if busy && self.busy { pause(self.begun.elapsed(), self.since.elapsed()) } else { GAP };
        tokio::time::sleep(rest).await;
        self.batch = following(self.batch, self.small, self.busy, busy);
        self.busy = busy;
        self.begun = Instant::now();
        Ok(self.batch)
    }
}

/// How long to rest after a batch that took so long, in a run that has taken so long.
fn pause(batch: Duration, run: Duration) -> Duration {
    let times = if run < PATIENCE { PAUSE } else { SHORT_PAUSE };
    (batch * times).clamp(GAP, LONGEST)
}

/// The size of the batch after one of `batch` rows, by whether somebody wrote during the one before it, and during it.
fn following(batch: usize, small: usize, before: bool, now: bool) -> usize {
    match (before, now) {
        (_, false) => (batch * 2).min(LARGE),
        (false, true) => (batch / 4).max(small),
        (true, true) => small,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_grow_while_nobody_writes_and_shrink_at_once() {
        let grown = (0..10).fold(FEW, |batch, _| following(batch, FEW, false, false));
        assert_eq!(grown, LARGE);
        assert_eq!(following(LARGE, FEW, false, true), LARGE / 4);
        assert_eq!(following(LARGE / 4, FEW, true, true), FEW);
        assert_eq!(following(LARGE / 4, SMALL, true, true), SMALL);
        assert_eq!(following(FEW, FEW, false, true), FEW);
        assert_eq!(following(FEW, FEW, true, false), 2 * FEW);
    }

    #[test]
    fn a_run_that_falls_behind_rests_less() {
        let batch = Duration::from_millis(2);
        assert_eq!(pause(batch, Duration::ZERO), batch * PAUSE);
        assert_eq!(pause(batch, PATIENCE), batch * SHORT_PAUSE);
        assert_eq!(pause(Duration::from_secs(1), Duration::ZERO), LONGEST);
        assert_eq!(pause(Duration::ZERO, Duration::ZERO), GAP);
    }
}
