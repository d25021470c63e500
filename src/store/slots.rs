//! How many connections there may be, and those that are open and do nothing: what the pools of both databases have in common.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use crate::metrics::PoolUsage;

/// A connection that nobody needed for this long is closed: it holds a file or a session of the server, and memory.
const IDLE: Duration = Duration::from_secs(300);

/// Whoever uses a connection has a permit for as long.
pub(crate) struct Slots<C> {
    maximum: u32,
    permits: Arc<Semaphore>,
    /// With the time since when. The one that was used last is at the end.
    idle: Mutex<Vec<(Instant, C)>>,
}

impl<C> Slots<C> {
    /// So many, and nothing open.
    pub(crate) fn new(maximum: u32) -> Self {
        Self { maximum, permits: Arc::new(Semaphore::new(maximum as usize)), idle: Mutex::new(Vec::new()) }
    }

    /// Gives the permits.
    pub(crate) fn permits(&self) -> Arc<Semaphore> {
        Arc::clone(&self.permits)
    }

    /// The connection that was used last, and since when it does nothing.
    pub(crate) fn pop(&self) -> Option<(Instant, C)> {
        self.idle().pop()
    }

    /// Keeps a connection for the next, and closes one that nobody needed for long.
    pub(crate) fn keep(&self, connection: C) {
        let now = Instant::now();
        let mut idle = self.idle();
        idle.push((now, connection));
        // One at a time is enough: something is asked every few seconds.
        let unneeded = idle.first().is_some_and(|(since, _)| now.duration_since(*since) > IDLE);
        let unneeded = unneeded.then(|| idle.remove(0));
        drop(idle);
        drop(unneeded);
    }

    /// Gives no permits any more, and all connections, once those in use have come back.
    pub(crate) async fn close(&self) -> Vec<C> {
        // An error says that they are closed already.
        let all = self.permits.acquire_many(self.maximum).await;
        self.permits.close();
        drop(all);
        std::mem::take(&mut *self.idle()).into_iter().map(|(_, connection)| connection).collect()
    }

    /// How the connections are used at the moment.
    pub(crate) fn usage(&self) -> PoolUsage {
        let idle = self.idle().len();
        let free = u32::try_from(self.permits.available_permits()).unwrap_or(self.maximum);
        let in_use = self.maximum.saturating_sub(free);
        let open = in_use + u32::try_from(idle).unwrap_or_default();
        PoolUsage { open, idle, maximum: self.maximum, writes_waiting: 0, statements: 0 }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(Instant, C)>> {
        // Nothing that can panic happens under the lock.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
