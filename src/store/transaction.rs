//! The inside of a transaction, whatever it is.
//!
//! Callers pass a body with types of its own. From here on it is a [`Work`], so that hundreds of different transactions share
//! one beginning, one time limit and one end: generated for each of them, these were a sixth of the program.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use crate::{Conn, Error, Result};

/// What a transaction waits for before it is told that it succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Commit {
    /// For its turn. Everybody sees it and it survives the end of this process, but a power cut within the next moments
    /// undoes it. It is never lost while a later one is kept. For what nobody was promised.
    Unflushed,
    /// For the disk.
    Flushed,
}

/// For whom something is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Request,
    Background,
}

/// How a piece of work that writes is to be done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) commit: Commit,
    pub(crate) origin: Origin,
    /// What takes longer is given up.
    pub(crate) patience: Duration,
}

/// What a transaction's body returns: a future that borrows its connection.
pub type Pending<'c, T, E> = BoxFuture<'c, std::result::Result<T, E>>;

/// A transaction's body.
pub(crate) type Body<T, E> = Box<dyn for<'c> FnOnce(&'c mut Conn) -> Pending<'c, T, E> + Send>;

/// A piece of work whose types are known only to whoever sent it.
pub(crate) trait Work: Send {
    /// Runs inside the transaction, once, and keeps the result. Says whether what it did is to be kept.
    fn run<'a>(&'a mut self, conn: &'a mut Conn) -> BoxFuture<'a, bool>;

    /// Tells whoever waits how their work ended: with its own error; or else as the transaction did around it.
    fn answer(self: Box<Self>, outcome: Result<()>);
}

/// What whoever sent a piece of work waits for.
pub(crate) type Answer<T, E> = oneshot::Receiver<std::result::Result<T, E>>;

/// The work that runs `body`, and its answer. There is none if the work is dropped without one.
pub(crate) fn work<T, E>(body: Body<T, E>) -> (Box<dyn Work>, Answer<T, E>)
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    let (answer, receiver) = oneshot::channel();
    (Box::new(Piece { body: Some(body), result: None, answer }), receiver)
}

struct Piece<T, E> {
    body: Option<Body<T, E>>,
    result: Option<std::result::Result<T, E>>,
    answer: oneshot::Sender<std::result::Result<T, E>>,
}

impl<T, E> Work for Piece<T, E>
where
    T: Send,
    E: From<Error> + Send,
{
    fn run<'a>(&'a mut self, conn: &'a mut Conn) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            if let Some(body) = self.body.take() {
                self.result = Some(body(conn).await);
            }
            matches!(self.result, Some(Ok(_)))
        })
    }

    fn answer(self: Box<Self>, outcome: Result<()>) {
        let result = match (self.result, outcome) {
            (Some(Err(own)), _) => Err(own),
            (_, Err(error)) => Err(E::from(error)),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(E::from(Error::panicked())),
        };
        // Whoever asked may be gone.
        let _ = self.answer.send(result);
    }
}

/// Runs a piece of work inside a transaction that is open. Says whether what it did is to be kept; a failure is one that the
/// work does not know of. The connection survives a panic, once the transaction is undone.
pub(crate) async fn carry_out(work: &mut dyn Work, conn: &mut Conn) -> Result<bool> {
    conn.failed = false;
    let ran = AssertUnwindSafe(async { work.run(&mut *conn).await }).catch_unwind().await;
    match ran.map_err(|_| Error::panicked())? {
        true if conn.failed => Err(Error::went_on()),
        kept => Ok(kept),
    }
}

/// One transaction, from its beginning to its end. sqlx's own type would commit after a statement that failed.
pub(crate) async fn transaction(work: &mut dyn Work, conn: &mut Conn, begin: &'static str) -> Result<()> {
    conn.script(begin).await?;
    let ran = carry_out(work, conn).await;
    if let Ok(true) = ran {
        conn.script("commit").await?;
        conn.settled();
        return Ok(());
    }
    // If that fails the connection is gone, and with it the transaction.
    if conn.script("rollback").await.is_ok() {
        conn.settled();
    }
    ran.map(drop)
}
