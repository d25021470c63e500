//! When something last happened to an exchange, so that what is slow and what is dead are told apart.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// When something last happened. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Pulse(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    begun: Instant,
    /// Milliseconds since then.
    last: AtomicU64,
    client_awaited: AtomicBool,
    client_failed: AtomicBool,
}

impl Pulse {
    /// Beginning now.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Inner {
            begun: Instant::now(),
            last: AtomicU64::new(0),
            client_awaited: AtomicBool::new(false),
            client_failed: AtomicBool::new(false),
        }))
    }

    /// Something happens.
    pub(crate) fn beat(&self) {
        let passed = u64::try_from(self.0.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.last.store(passed, Relaxed);
    }

    /// Whether the client is to send something now.
    pub(crate) fn await_client(&self, awaited: bool) {
        self.0.client_awaited.store(awaited, Relaxed);
    }

    /// Whether the target wants more than the client has sent.
    pub(crate) fn awaits_client(&self) -> bool {
        self.0.client_awaited.load(Relaxed)
    }

    /// The client did not send what it should.
    pub(crate) fn client_failed(&self) {
        self.0.client_failed.store(true, Relaxed);
    }

    /// Whether it did not.
    pub(crate) fn has_client_failed(&self) -> bool {
        self.0.client_failed.load(Relaxed)
    }

    /// When nothing will have happened for `idle`, unless something happens.
    pub(crate) fn end(&self, idle: Duration) -> Instant {
        self.0.begun + Duration::from_millis(self.0.last.load(Relaxed)) + idle
    }

    /// Completes when nothing has happened for `idle`.
    pub(crate) async fn silence(&self, idle: Duration) {
        loop {
            let end = self.end(idle);
            if Instant::now() >= end {
                return;
            }
            sleep_until(end).await;
        }
    }
}
