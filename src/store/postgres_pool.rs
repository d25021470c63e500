//! Connections to Postgres, kept open from one use to the next.
//!
//! A pool that asks a connection for a sign of life before or after each use spends one round trip for every query on that.
//! Here one is asked when it rested for a while, and when it was given up while a statement was under way; whoever is
//! answered in full leaves it ready for the next.

use std::future::poll_fn;
use std::io::ErrorKind;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;

use crate::metrics::PoolUsage;
use crate::slots::Slots;
use crate::{Error, Result, dialect, postgres};

/// A connection that did nothing for this long is tested before it is used: the server may have gone away unnoticed.
const TESTED_AFTER: Duration = Duration::from_secs(1);

/// A connection is closed when it is given back after this time: what the server keeps for it grows.
const LIFETIME: Duration = Duration::from_secs(1800);

/// While the server refuses connections, because it starts or has no room, it is asked again after this time, and then
/// after twice as long each time, up to the second.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// Turns in a row that whoever opens a connection gets: a fraction of a millisecond.
const TURNS: usize = 16;

/// The pool. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Pool(Arc<Shared>);

struct Shared {
    options: PgConnectOptions,
    slots: Slots<Opened>,
}

struct Opened {
    connection: PgConnection,
    at: Instant,
}

/// In what state whoever has a connection would leave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Everything was answered.
    Ready,
    /// An answer is due, or was an error.
    Asked,
    /// A transaction may be open.
    Begun,
    /// Nobody may use it again.
    Lost,
}

/// A connection on loan.
pub(crate) struct Lent {
    /// There until it is given back.
    opened: Option<Opened>,
    state: State,
    pool: Arc<Shared>,
    /// There until it is given back.
    permit: Option<OwnedSemaphorePermit>,
}

impl Pool {
    /// A pool without connections; they are opened when they are needed.
    pub(crate) fn new(options: PgConnectOptions, maximum: u32) -> Self {
        Self(Arc::new(Shared { options, slots: Slots::new(maximum) }))
    }

    /// Takes a connection, and opens one if there is room; else waits for one.
    pub(crate) async fn acquire(&self) -> Result<Lent> {
        tokio::time::timeout(dialect::ACQUIRE_TIMEOUT, self.take()).await.unwrap_or_else(|_| {
            Err(Error::Unavailable("no connection to the database was to be had in time".to_owned()))
        })
    }

    async fn take(&self) -> Result<Lent> {
        let permit = self.0.slots.permits().acquire_owned().await;
        let permit = permit.map_err(|_| Error::closing())?;
        let mut lent = Lent { opened: None, state: State::Asked, pool: Arc::clone(&self.0), permit: Some(permit) };
        while let Some((since, opened)) = self.0.slots.pop() {
            let opened = lent.opened.insert(opened);
            if since.elapsed() <= TESTED_AFTER || opened.connection.ping().await.is_ok() {
                lent.state = State::Ready;
                return Ok(lent);
            }
        }
        lent.opened = None;
        lent.opened = Some(Opened { connection: self.0.open().await?, at: Instant::now() });
        lent.state = State::Ready;
        Ok(lent)
    }

    /// Closes all connections, once they have come back.
    pub(crate) async fn close(&self) {
        for opened in self.0.slots.close().await {
            // What the server has not heard of the end it sees when the socket closes.
            let _ = opened.connection.close().await;
        }
    }

    /// How the connections are used at the moment.
    pub(crate) fn usage(&self) -> PoolUsage {
        self.0.slots.usage()
    }
}

impl Shared {
    /// Keeps a connection for the next, unless it is old.
    fn keep(&self, opened: Opened) {
        if opened.at.elapsed() <= LIFETIME {
            self.slots.keep(opened);
        }
    }

    /// Opens a connection. A server that starts, or has no room, is waited for.
    async fn open(&self) -> Result<PgConnection> {
        let (mut pause, longest) = BACKOFF;
        loop {
            match in_many_turns(self.options.connect()).await {
                Err(sqlx::Error::Io(error)) if error.kind() == ErrorKind::ConnectionRefused => {}
                Err(sqlx::Error::Database(error)) if error.is_transient_in_connect_phase() => {}
                opened => return Ok(opened?),
            }
            tokio::time::sleep(pause).await;
            pause = longest.min(pause * 2);
        }
    }
}

/// While it proves that it knows the password, the driver ends its turn some 800 times, after a few rounds of hashing each. The
/// next turn comes when everything else that is ready has had its own, so on a busy machine a request that opens a
/// connection would wait for seconds, while those that find one open are served.
async fn in_many_turns<T>(opening: impl Future<Output = T>) -> T {
    let mut opening = pin!(opening);
    poll_fn(|context| {
        for _ in 1..TURNS {
            if let Poll::Ready(opened) = opening.as_mut().poll(context) {
                return Poll::Ready(opened);
            }
        }
        opening.as_mut().poll(context)
    })
    .await
}

impl Lent {
    /// The connection, for one statement, whose outcome [`Lent::answered`] must hear.
    pub(crate) fn ask(&mut self) -> &mut PgConnection {
        if self.state == State::Ready {
            self.state = State::Asked;
        }
        &mut self.opened.as_mut().expect("the connection is there until it is given back").connection
    }

    /// The same, for one that begins or ends a transaction: [`Lent::settled`] must hear of its end.
    pub(crate) fn ask_for_transaction(&mut self) -> &mut PgConnection {
        if self.state != State::Lost {
            self.state = State::Begun;
        }
        self.ask()
    }

    /// The outcome of a statement; `None` if it was not answered.
    pub(crate) fn answered<T>(&mut self, outcome: Option<Result<T>>) -> Result<T> {
        let outcome = outcome.unwrap_or_else(|| {
            self.give_up();
            Err(postgres::silent())
        });
        if outcome.is_ok() && self.state == State::Asked {
            self.state = State::Ready;
        }
        outcome
    }

    /// The transaction has ended, one way or the other.
    pub(crate) fn settled(&mut self) {
        if self.state != State::Lost {
            self.state = State::Ready;
        }
    }

    /// Nobody shall use the connection again.
    pub(crate) fn give_up(&mut self) {
        self.state = State::Lost;
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let (Some(mut opened), Some(permit)) = (self.opened.take(), self.permit.take()) else {
            return;
        };
        match self.state {
            State::Ready => self.pool.keep(opened),
            // What is under way is waited for rather than cut off: connections are dear, and clients that leave are many.
            State::Asked => {
                if let Ok(runtime) = Handle::try_current() {
                    let pool = Arc::clone(&self.pool);
                    runtime.spawn(async move {
                        if let Some(Ok(())) = postgres::answered(async { Ok(opened.connection.ping().await?) }).await {
                            pool.keep(opened);
                        }
                        drop(permit);
                    });
                }
            }
            // Closed, which undoes whatever is open.
            State::Begun | State::Lost => {}
        }
    }
}
