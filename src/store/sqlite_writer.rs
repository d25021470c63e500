//! The one thread that writes to SQLite, grouping what waits into one commit.
//!
//! Many writers on many connections wait for each other badly; one writer that commits up to 64 pieces of work with
//! one fsync is several times faster. Each piece runs in its own savepoint, so one that fails, panics or does not end
//! takes no other with it, and is answered only after the commit. The thread is its own, because a commit waits for the
//! disk.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use crate::conn::{Kind, Statements};
use crate::sqlite_log::Log;
use crate::transaction::{Commit, Origin, Terms, Work, carry_out};
use crate::{Conn, Error, Result, dialect};

/// Pieces of work that share one commit at the most.
const GROUP: usize = 64;

/// What leads to the thread. Cheap to clone; the thread ends when it is told to, or when the last of these is gone.
#[derive(Clone)]
pub(crate) struct Writer {
    sender: mpsc::Sender<Message>,
    /// See [`Writer::request_writes`].
    request_writes: Arc<AtomicU64>,
}

enum Message {
    Write(Terms, Box<dyn Work>),
    Close(oneshot::Sender<()>),
}

impl Writer {
    /// Starts the thread.
    pub(crate) fn start(path: PathBuf, connection: Connection, statements: &Statements) -> Result<Self> {
        let (sender, receiver) = mpsc::channel(1024);
        let runtime = Handle::current();
        let request_writes = Arc::new(AtomicU64::new(0));
        let counter = request_writes.clone();
        let conn = Conn::new(Kind::SqliteWriter(connection), statements);
        std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || runtime.block_on(run(path, conn, receiver, &counter)))
            .map_err(|error| Error::Unavailable(format!("cannot start a thread: {error}")))?;
        Ok(Self { sender, request_writes })
    }

    /// Puts a piece of work in the line. It is dropped without an answer if the thread has ended.
    pub(crate) async fn send(&self, terms: Terms, work: Box<dyn Work>) {
        // An error gives the work back, and here it is dropped.
        let _ = self.sender.send(Message::Write(terms, work)).await;
    }

    /// Ends the task, after the work that waits already.
    pub(crate) async fn close(&self) {
        let (done, receiver) = oneshot::channel();
        if self.sender.send(Message::Close(done)).await.is_ok() {
            // An error says that it ended some other way.
            let _ = receiver.await;
        }
    }

    /// A number that grows while requests write: here, or in another process as far as background work has looked.
    pub(crate) fn request_writes(&self) -> u64 {
        self.request_writes.load(Ordering::Relaxed)
    }

    /// How many pieces of work wait.
    pub(crate) fn waiting(&self) -> usize {
        self.sender.max_capacity() - self.sender.capacity()
    }
}

async fn run(path: PathBuf, mut conn: Conn, mut receiver: mpsc::Receiver<Message>, request_writes: &AtomicU64) {
    let mut log = Log::new(&path);
    log.watch(&mut conn);
    let mut messages = Vec::with_capacity(GROUP);
    let mut closers = Vec::new();
    let mut version = None;
    while receiver.recv_many(&mut messages, GROUP).await > 0 {
        let mut group = Vec::with_capacity(messages.len());
        let mut commit = Commit::Unflushed;
        let (mut asked, mut background) = (false, false);
        for message in messages.drain(..) {
            match message {
                Message::Write(terms, work) => {
                    group.push(Member { work, patience: terms.patience, outcome: Ok(()) });
                    commit = commit.max(terms.commit);
                    asked |= terms.origin == Origin::Request;
                    background |= terms.origin == Origin::Background;
                }
                Message::Close(done) => {
                    // What was sent before is still carried out; nothing more comes in.
                    receiver.close();
                    closers.push(done);
                }
            }
        }
        if !group.is_empty() {
            commit_together(&path, &log, &mut conn, commit, group).await;
            log.keep_short(&mut conn).await;
            // Only background work wants to know, so only it pays for the question.
            let others = background && others_wrote(&mut conn, &mut version).await;
            if asked || others {
                request_writes.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
    log.close();
    if let Kind::SqliteWriter(connection) = conn.kind {
        let _ = connection.close();
    }
    for done in closers {
        let _ = done.send(());
    }
}

/// Whether another connection has written since this was last asked: that of a server beside a command, or of a command
/// beside a server.
async fn others_wrote(conn: &mut Conn, version: &mut Option<i64>) -> bool {
    // A failure shows where it matters, in the next transaction.
    let Ok(Some(now)) = conn.optional("pragma data_version", [], |row| row.integer(0)).await else { return false };
    version.replace(now).is_some_and(|before| before != now)
}

/// A piece of work of a group.
struct Member {
    work: Box<dyn Work>,
    /// How long it may take.
    patience: Duration,
    /// What went wrong around it, and around no other.
    outcome: Result<()>,
}

async fn commit_together(path: &Path, log: &Log, conn: &mut Conn, commit: Commit, mut group: Vec<Member>) {
    let committed = commit_group(conn, commit, &mut group).await;
    if let Err(error) = &committed {
        tracing::error!(error = %error, "a group of writes was rolled back");
    }
    for Member { work, outcome, .. } in group {
        work.answer(outcome.and_then(|()| committed.as_ref().map_err(same).copied()));
    }
    if committed.is_err() {
        recover(path, log, conn).await;
    }
}

async fn commit_group(conn: &mut Conn, commit: Commit, group: &mut [Member]) -> Result<()> {
    if let Kind::SqliteWriter(connection) = &conn.kind {
        dialect::sqlite_flushes(connection, commit == Commit::Flushed)?;
    }
    conn.execute("begin immediate", []).await?;
    for Member { work, patience, outcome } in group {
        conn.execute("savepoint work", []).await?;
        let ended = tokio::time::timeout(*patience, carry_out(&mut **work, conn)).await;
        let ran = ended.unwrap_or_else(|_| Err(Error::took_too_long()));
        let kept = matches!(ran, Ok(true));
        *outcome = ran.map(drop);
        if !kept {
            conn.execute("rollback to work", []).await?;
        }
        conn.execute("release work", []).await?;
    }
    conn.execute("commit", []).await?;
    Ok(())
}

/// After a failure the transaction is undone; a connection that cannot even do that is replaced.
async fn recover(path: &Path, log: &Log, conn: &mut Conn) {
    // SQLite itself rolls back on some errors (full disk, I/O); then there is no transaction and this fails harmlessly.
    let _ = conn.execute("rollback", []).await;
    if conn.execute("begin immediate", []).await.is_ok() && conn.execute("rollback", []).await.is_ok() {
        return;
    }
    if let Ok(fresh) = dialect::sqlite_writer(path) {
        conn.kind = Kind::SqliteWriter(fresh);
        log.watch(conn);
    }
}

/// The same failure again: everybody in the group gets it.
fn same(error: &Error) -> Error {
    match error {
        Error::Full(text) => Error::Full(text.clone()),
        Error::Conflict(text) => Error::Conflict(text.clone()),
        other => Error::Unavailable(other.to_string()),
    }
}
