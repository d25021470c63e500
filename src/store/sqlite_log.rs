//! Keeps SQLite's write-ahead log short.
//!
//! SQLite moves the log into the database file within a commit, whenever the log has grown by a few megabytes, and whoever
//! waits for that commit waits for two flushes and a thousand pages. Here a thread of its own moves them, beside the commits.
//! What was written meanwhile is little, and the writer moves it between two commits: then all is moved, and SQLite starts
//! the log afresh.
//!
//! SQLite does that only at a moment when nobody reads from the log. With readers that overlap all the time that moment
//! need not come by itself, and the log would grow for as long as they do. So once it is long, the writer waits for the
//! readers of that moment; new ones no longer need the log then.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;
use rusqlite::hooks::Wal;

use crate::conn::Kind;
use crate::{Conn, Result, dialect, sqlite_patience};

/// Pages of 4 KiB by which the log grows until they are moved.
const STEP: u32 = 1000;
/// Bytes above which the log is emptied, whoever waits.
const LONG: u64 = 32 << 20;

/// The log of one database file.
pub(crate) struct Log {
    database: PathBuf,
    path: PathBuf,
    /// Pages in the log after the last commit, as SQLite says.
    pages: Arc<AtomicU32>,
    /// The same when it was last looked at.
    seen: u32,
    /// With so many they are moved.
    move_at: u32,
    /// Made when it is first needed.
    mover: Option<Mover>,
    moving: bool,
    /// Above this length in bytes something else is done about it.
    limit: u64,
}

impl Log {
    pub(crate) fn new(database: &Path) -> Self {
        let mut path = database.as_os_str().to_owned();
        path.push("-wal");
        Self {
            database: database.to_owned(),
            path: path.into(),
            pages: Arc::default(),
            seen: 0,
            move_at: STEP,
            mover: None,
            moving: false,
            limit: LONG,
        }
    }

    /// Has the connection that is to write leave the moving to us.
    pub(crate) fn watch(&self, conn: &mut Conn) {
        let pages = Arc::clone(&self.pages);
        let Kind::SqliteWriter(connection) = &mut conn.kind else { return };
        let watched = connection.wal_hook(Some(move |_: &mut Wal, now| {
            pages.store(u32::try_from(now).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }));
        if let Err(error) = watched {
            tracing::warn!(%error, "the write-ahead log will be moved within commits");
        }
    }

    /// Sees to it that the log does not grow. To be called between transactions, by the connection that writes.
    pub(crate) async fn keep_short(&mut self, conn: &mut Conn) {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < self.seen {
            // It was started afresh.
            self.move_at = STEP;
        }
        self.seen = pages;
        if self.moving && self.mover.as_ref().is_some_and(Mover::is_busy) {
            return;
        }
        if self.moving || (pages >= self.move_at && !self.begin()) {
            self.moving = false;
            if let Err(error) = checkpoint(conn, "pragma wal_checkpoint(passive)").await {
                tracing::warn!(%error, "the write-ahead log could not be moved");
            }
        }
        self.empty_if_long(conn).await;
    }

    /// Has the pages moved. Whether there is somebody who does it.
    fn begin(&mut self) -> bool {
        self.move_at = self.seen.saturating_add(STEP);
        if self.mover.is_none() {
            self.mover = Mover::start(&self.database);
        }
        self.moving = self.mover.as_ref().is_some_and(Mover::begin);
        self.moving
    }

    /// Ends, so that no connection is left when the one that writes is closed.
    pub(crate) fn close(self) {
        if let Some(mover) = self.mover {
            mover.end();
        }
    }

    async fn empty_if_long(&mut self, conn: &mut Conn) {
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
    let busy = checkpoint(conn, "pragma wal_checkpoint(truncate)").await;
    wait_by(conn, sqlite_patience::for_transactions)?;
    Ok(busy? == Some(0))
}

/// The first column of the answer: 0 when nobody was in the way.
async fn checkpoint(conn: &mut Conn, pragma: &'static str) -> Result<Option<i64>> {
    conn.optional(pragma, [], |row| row.integer(0)).await
}

fn wait_by(conn: &mut Conn, patience: fn(&mut Connection) -> Result<()>) -> Result<()> {
    match &mut conn.kind {
        Kind::SqliteWriter(connection) => patience(connection),
        _ => Ok(()),
    }
}

/// The thread that moves pages, with a connection of its own.
struct Mover {
    orders: SyncSender<()>,
    reports: Receiver<()>,
    thread: JoinHandle<()>,
}

impl Mover {
    fn start(database: &Path) -> Option<Self> {
        let database = database.to_owned();
        let (orders, ordered) = sync_channel(1);
        let (report, reports) = sync_channel(1);
        let body = move || {
            let conn = match dialect::sqlite_writer(&database) {
                Ok(conn) => conn,
                Err(error) => return tracing::warn!(%error, "the write-ahead log cannot be moved beside commits"),
            };
            while ordered.recv().is_ok() {
                if let Err(error) = conn.query_row("pragma wal_checkpoint(passive)", [], |_| Ok(())) {
                    tracing::warn!(%error, "the write-ahead log could not be moved");
                }
                if report.send(()).is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("sqlite-log".to_owned()).spawn(body).ok()?;
        Some(Self { orders, reports, thread })
    }

    /// Moves what is in the log now. Whether it will.
    fn begin(&self) -> bool {
        self.orders.try_send(()).is_ok()
    }

    /// Whether what was begun is still under way.
    fn is_busy(&self) -> bool {
        self.reports.try_recv() == Err(TryRecvError::Empty)
    }

    fn end(self) {
        drop(self.orders);
        // It does not panic; and if it did, nothing depends on it.
        let _ = self.thread.join();
    }
}
