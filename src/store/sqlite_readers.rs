//! Connections that read from SQLite beside the writer, each on a snapshot of its own.
//!
//! A connection to a file does not go bad at rest, so the pool only counts, and hands out the connection that was used
//! last.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::metrics::PoolUsage;
use crate::{Error, Result, dialect};

/// A connection that nobody needed for this long is closed: it holds a file and some memory.
const IDLE: Duration = Duration::from_secs(300);

/// The pool.
pub(crate) struct Readers(Arc<Shared>);

struct Shared {
    path: PathBuf,
    maximum: u32,
    permits: Arc<Semaphore>,
    /// The one that was used last is at the end.
    idle: Mutex<Vec<(Instant, Connection)>>,
}

impl Readers {
    /// A pool without connections; they are opened when they are needed.
    pub(crate) fn new(path: PathBuf, maximum: u32) -> Self {
        let permits = Arc::new(Semaphore::new(maximum as usize));
        Self(Arc::new(Shared { path, maximum, permits, idle: Mutex::default() }))
    }

    /// Takes a connection, waiting for one if all are in use.
    pub(crate) async fn acquire(&self) -> Result<Reader> {
        let permit = match Arc::clone(&self.0.permits).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => tokio::time::timeout(dialect::ACQUIRE_TIMEOUT, Arc::clone(&self.0.permits).acquire_owned())
                .await
                .map_err(|_| Error::Unavailable("all connections that read are in use".to_owned()))?
                .map_err(|_| Error::Unavailable("the database is being closed".to_owned()))?,
        };
        let idle = self.0.idle().pop();
        let connection = match idle {
            Some((_, connection)) => connection,
            None => dialect::sqlite_reader(&self.0.path)?,
        };
        Ok(Reader { connection: Some(connection), pool: Arc::clone(&self.0), _permit: permit })
    }

    /// Closes all connections, once they have come back.
    pub(crate) async fn close(&self) {
        // An error says that they are closed already.
        let all = self.0.permits.acquire_many(self.0.maximum).await;
        self.0.permits.close();
        drop(all);
        self.0.idle().clear();
    }

    /// How the connections are used at the moment.
    pub(crate) fn usage(&self) -> PoolUsage {
        let idle = self.0.idle().len();
        let free = u32::try_from(self.0.permits.available_permits()).unwrap_or(self.0.maximum);
        let in_use = self.0.maximum.saturating_sub(free);
        let open = in_use + u32::try_from(idle).unwrap_or_default();
        PoolUsage { open, idle, maximum: self.0.maximum, writes_waiting: 0, statements: 0 }
    }
}

impl Shared {
    fn idle(&self) -> MutexGuard<'_, Vec<(Instant, Connection)>> {
        // Nothing that can panic happens under the lock.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection on loan.
pub(crate) struct Reader {
    /// There until it is given back.
    connection: Option<Connection>,
    pool: Arc<Shared>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Reader {
    fn drop(&mut self) {
        // One that was given up in the middle of a transaction would read the past for ever: it is closed.
        if let Some(connection) = self.connection.take()
            && connection.is_autocommit()
        {
            let now = Instant::now();
            let mut idle = self.pool.idle();
            idle.push((now, connection));
            // One at a time is enough: something is read every few seconds.
            let unneeded = idle.first().is_some_and(|(since, _)| now.duration_since(*since) > IDLE);
            let unneeded = unneeded.then(|| idle.remove(0));
            drop(idle);
            drop(unneeded);
        }
    }
}

impl Deref for Reader {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("the connection is there until the reader is dropped")
    }
}
