//! The memory that many may hold together, such as all uploads: one process-wide semaphore counted in bytes.
//!
//! It cannot deadlock because of one rule that both drivers of uploads keep: **a reservation is waited for only by an upload that
//! holds none.** An upload that holds some asks with [`Budget::try_reserve`] and, when it gets nothing, first writes
//! out what it has. While it holds a reservation it waits only for its client (bounded by the idle timeout) and for the
//! storage (bounded by time-outs), so every reservation is given back in bounded time and the queue, which is fair,
//! moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The budget; clones share it.
#[derive(Clone)]
pub struct Budget {
    semaphore: Arc<Semaphore>,
    total: usize,
    waiting: Arc<AtomicUsize>,
    in_use: Gauge,
}

/// Some bytes of the budget, given back when dropped.
#[derive(Debug)]
pub struct Reserved {
    permit: OwnedSemaphorePermit,
    in_use: Gauge,
}

impl Budget {
    /// A budget of `total` bytes that shows its use in `in_use`.
    pub(crate) fn new(total: usize, in_use: Gauge) -> Self {
        let total = total.min(u32::MAX as usize).min(Semaphore::MAX_PERMITS);
        Self { semaphore: Arc::new(Semaphore::new(total)), total, waiting: Arc::default(), in_use }
    }

    /// A budget of `total` bytes whose use nobody watches.
    pub fn unwatched(total: usize) -> Self {
        Self::new(total, Gauge::default())
    }

    /// Waits for `bytes`. The caller must hold no reservation: see the rule above.
    pub async fn reserve(&self, bytes: usize) -> Reserved {
        let amount = self.amount(bytes);
        let _waiting = Waiting::begin(&self.waiting);
        let permit = Arc::clone(&self.semaphore).acquire_many_owned(amount).await;
        self.reserved(permit.expect("the semaphore is never closed"))
    }

    /// `bytes` at once or not at all.
    pub fn try_reserve(&self, bytes: usize) -> Option<Reserved> {
        let permit = Arc::clone(&self.semaphore).try_acquire_many_owned(self.amount(bytes)).ok()?;
        Some(self.reserved(permit))
    }

    /// Whether somebody waits for a reservation.
    pub(crate) fn is_wanted(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    /// One request may be larger than everything (a test with a tiny budget, a huge frame): it then takes all there is.
    fn amount(&self, bytes: usize) -> u32 {
        u32::try_from(bytes.min(self.total)).expect("the total fits in 32 bits")
    }

    fn reserved(&self, permit: OwnedSemaphorePermit) -> Reserved {
        self.in_use.inc_by(permit.num_permits() as i64);
        Reserved { permit, in_use: self.in_use.clone() }
    }
}

impl Reserved {
    /// Adds another reservation to this one.
    pub(crate) fn merge(&mut self, mut other: Reserved) {
        if let Some(permit) = other.permit.split(other.permit.num_permits()) {
            self.permit.merge(permit);
            // The bytes are still in use: `other` is dropped with nothing left to give back.
        }
    }

    /// Takes up to `bytes` out of this reservation, to be given back on their own.
    pub(crate) fn split(&mut self, bytes: usize) -> Reserved {
        let permit = self.permit.split(bytes.min(self.permit.num_permits()));
        let permit = permit.expect("never more than there is");
        Reserved { permit, in_use: self.in_use.clone() }
    }

    /// How many bytes are reserved.
    pub(crate) fn size(&self) -> usize {
        self.permit.num_permits()
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.in_use.dec_by(self.permit.num_permits() as i64);
    }
}

/// Counts one waiter for as long as it lives, also when the wait is abandoned.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn what_is_reserved_is_given_back_and_shown() {
        let gauge = Gauge::default();
        let budget = Budget::new(100, gauge.clone());
        let mut first = budget.reserve(60).await;
        assert!(budget.try_reserve(41).is_none());
        first.merge(budget.try_reserve(40).unwrap());
        assert_eq!((first.size(), gauge.get()), (100, 100));
        let second = first.split(30);
        drop(first);
        assert_eq!((second.size(), gauge.get()), (30, 30));
        drop(second);
        assert_eq!(gauge.get(), 0);
        assert_eq!(budget.reserve(1000).await.size(), 100);
    }

    #[tokio::test]
    async fn a_waiter_is_seen_and_forgotten_when_it_goes_away() {
        let budget = Budget::new(10, Gauge::default());
        let _all = budget.reserve(10).await;
        let wait = tokio::time::timeout(Duration::from_millis(50), budget.reserve(1));
        let look = async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            budget.is_wanted()
        };
        let (seen, outcome) = tokio::join!(look, wait);
        assert!(outcome.is_err());
        assert!(seen);
        assert!(!budget.is_wanted());
    }
}
