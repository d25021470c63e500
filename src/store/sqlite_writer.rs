//! The one task that writes to SQLite, grouping what waits into one commit.
//!
//! Many writers on many connections wait for each other badly; one writer that commits up to 64 pieces of work with
//! one fsync is several times faster. Each piece runs in its own savepoint, so one that fails takes no other with it,
//! and is answered only after the commit.

use std::path::PathBuf;

use futures_util::future::BoxFuture;
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::mpsc;

use crate::conn::Kind;
use crate::{Conn, Error, Result, dialect};

/// Pieces of work that share one commit at the most.
const GROUP: usize = 64;

/// Tells whoever waits how its work ended: its own result, if the commit that held it succeeded.
pub(crate) type Answer = Box<dyn FnOnce(Result<()>) + Send>;

/// A piece of work: runs inside the transaction, says whether it is to be kept, and how to answer.
pub(crate) type Work = Box<dyn for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, (bool, Answer)> + Send>;

/// Starts the task. It ends when the last sender is gone.
pub(crate) fn start(path: PathBuf, connection: SqliteConnection) -> mpsc::Sender<Work> {
    let (sender, receiver) = mpsc::channel(1024);
    tokio::spawn(run(path, connection, receiver));
    sender
}

async fn run(path: PathBuf, connection: SqliteConnection, mut receiver: mpsc::Receiver<Work>) {
    let mut conn = Conn(Kind::SqliteWriter(connection));
    let mut waiting = Vec::with_capacity(GROUP);
    while receiver.recv_many(&mut waiting, GROUP).await > 0 {
        let mut answers = Vec::with_capacity(waiting.len());
        let outcome = group(&mut conn, &mut waiting, &mut answers).await;
        if let Err(error) = &outcome {
            tracing::error!(error = %error, "a group of writes was rolled back");
            // Work that was not reached finds out by its dropped channel.
            waiting.clear();
            recover(&path, &mut conn).await;
        }
        for answer in answers {
            answer(outcome.as_ref().map_err(same).copied());
        }
    }
    if let Kind::SqliteWriter(connection) = conn.0 {
        let _ = connection.close().await;
    }
}

async fn group(conn: &mut Conn, waiting: &mut Vec<Work>, answers: &mut Vec<Answer>) -> Result<()> {
    conn.execute("begin immediate", []).await?;
    for work in waiting.drain(..) {
        conn.execute("savepoint work", []).await?;
        let (keep, answer) = work(conn).await;
        answers.push(answer);
        if !keep {
            conn.execute("rollback to work", []).await?;
        }
        conn.execute("release work", []).await?;
    }
    conn.execute("commit", []).await?;
    Ok(())
}

/// After a failure the transaction is undone; a connection that cannot even do that is replaced.
async fn recover(path: &std::path::Path, conn: &mut Conn) {
    // SQLite itself rolls back on some errors (full disk, I/O); then there is no transaction and this fails harmlessly.
    let _ = conn.execute("rollback", []).await;
    if conn.execute("begin immediate", []).await.is_ok() && conn.execute("rollback", []).await.is_ok() {
        return;
    }
    if let Ok(fresh) = dialect::sqlite_writer(path).await {
        conn.0 = Kind::SqliteWriter(fresh);
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
