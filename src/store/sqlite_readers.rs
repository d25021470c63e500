//! Connections that read from SQLite beside the writer, each on a snapshot of its own.
//!
//! A connection to a file does not go bad at rest, so the pool only counts, and hands out the connection that was used
//! last.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::OwnedSemaphorePermit;

use crate::metrics::PoolUsage;
use crate::slots::Slots;
use crate::{Error, Result, dialect};

/// The pool.
pub(crate) struct Readers(Arc<Shared>);

struct Shared {
    path: PathBuf,
    slots: Slots<Connection>,
}

impl Readers {
    /// A pool without connections; they are opened when they are needed.
    pub(crate) fn new(path: PathBuf, maximum: u32) -> Self {
        Self(Arc::new(Shared { path, slots: Slots::new(maximum) }))
    }

    /// Takes a connection, waiting for one if all are in use.
    pub(crate) async fn acquire(&self) -> Result<Reader> {
        let permit = match self.0.slots.permits().try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => tokio::time::timeout(dialect::ACQUIRE_TIMEOUT, self.0.slots.permits().acquire_owned())
                .await
                .map_err(|_| Error::Unavailable("all connections that read are in use".to_owned()))?
                .map_err(|_| Error::Unavailable("the database is being closed".to_owned()))?,
        };
        let connection = match self.0.slots.pop() {
            Some((_, connection)) => connection,
            None => dialect::sqlite_reader(&self.0.path)?,
        };
        Ok(Reader { connection: Some(connection), pool: Arc::clone(&self.0), _permit: permit })
    }

    /// Closes all connections, once they have come back.
    pub(crate) async fn close(&self) {
        drop(self.0.slots.close().await);
    }

    /// How the connections are used at the moment.
    pub(crate) fn usage(&self) -> PoolUsage {
        self.0.slots.usage()
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
            self.pool.slots.keep(connection);
        }
    }
}

impl Deref for Reader {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("the connection is there until the reader is dropped")
    }
}
