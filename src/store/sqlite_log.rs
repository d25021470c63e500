//! Keeps SQLite's write-ahead log short.
//!
//! SQLite moves the log into the database file after commits, but starts the log afresh only at a moment when nobody
//! reads from it. With readers that overlap all the time that moment need not come by itself, and the log would grow
//! for as long as they do. So once it is long, the writer waits for the readers of that moment; new ones no longer need
//! the log then.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::conn::Kind;
use crate::{Conn, Result, sqlite_patience};

/// SQLite itself begins to move the log at 4 MiB (1000 pages).
const LONG: u64 = 32 << 20;

/// The log of one database file.
pub(crate) struct Log {
    path: PathBuf,
    /// Above this length something is done about it.
    limit: u64,
}

impl Log {
    pub(crate) fn new(database: &Path) -> Self {
        let mut path = database.as_os_str().to_owned();
        path.push("-wal");
        Self { path: path.into(), limit: LONG }
    }

    /// Empties the log if it is long. To be called between transactions, by the connection that writes.
    pub(crate) async fn keep_short(&mut self, conn: &mut Conn) {
        let Ok(metadata) = std::fs::metadata(&self.path) else {
            return; // nothing was written yet
        };
        if metadata.len() < self.limit {
            return;
        }
        match empty(conn).await {
            Ok(true) => self.limit = LONG,
            Ok(false) => {
                // Somebody reads for long, say a backup. Writers must not wait for it each time.
                self.limit = metadata.len() + LONG;
                tracing::info!(bytes = metadata.len(), "the write-ahead log could not be emptied, it is being read");
            }
            Err(error) => {
                self.limit = metadata.len() + LONG;
                tracing::warn!(%error, bytes = metadata.len(), "the write-ahead log could not be emptied");
            }
        }
    }
}

async fn empty(conn: &mut Conn) -> Result<bool> {
    wait_by(conn, sqlite_patience::for_checkpoint)?;
    let busy = conn.optional("pragma wal_checkpoint(truncate)", [], |row| row.integer(0)).await;
    wait_by(conn, sqlite_patience::for_transactions)?;
    Ok(busy? == Some(0))
}

fn wait_by(conn: &mut Conn, patience: fn(&mut Connection) -> Result<()>) -> Result<()> {
    match &mut conn.kind {
        Kind::SqliteWriter(connection) => patience(connection),
        _ => Ok(()),
    }
}
