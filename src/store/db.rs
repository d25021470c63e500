//! The database as a whole: opening it, reading from it, writing to it in transactions.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::PgPool;
use types::Secret;

use crate::conn::{Kind, Statements};
use crate::dialect::{self, Address};
use crate::metrics::PoolUsage;
use crate::sqlite_readers::Readers;
use crate::sqlite_writer::Writer;
use crate::{Conn, Error, Result, migrations, stamps};

/// A transaction that takes longer is given up: it waits for something else than the database, or for a network that is
/// gone. The server's own time-outs come first.
const PATIENCE: Duration = Duration::from_secs(60);

/// Which database to use, and how much of it.
#[derive(Debug, Clone)]
pub struct Config {
    /// `sqlite:<path>` or `postgres://user:password@host/name`.
    pub url: Secret,
    /// Connections for requests.
    pub connections: u32,
}

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

/// What a transaction's body returns: a future that borrows its connection.
pub type Pending<'c, T, E> = BoxFuture<'c, std::result::Result<T, E>>;

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Inner>, Statements);

enum Inner {
    Sqlite { readers: Readers, writer: Writer },
    Postgres { requests: PgPool, jobs: PgPool, background_writes: AtomicU64 },
}

impl Db {
    /// Opens the database and brings its schema up to date. Processes that start at once do that once.
    pub async fn open(config: &Config) -> Result<Self> {
        let db = Self::connect(config).await?;
        migrations::apply(&db).await?;
        Ok(db)
    }

    /// Opens the database as it is, without touching its schema.
    pub async fn connect(config: &Config) -> Result<Self> {
        let statements = Statements::default();
        let inner = match dialect::address(&config.url)? {
            Address::Sqlite(path) => {
                if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                    std::fs::create_dir_all(parent).map_err(|error| {
                        Error::Unusable(format!(
                            "cannot create the folder of the database, {}: {error}",
                            parent.display()
                        ))
                    })?;
                }
                let connection = dialect::sqlite_writer(path)
                    .map_err(|error| Error::Unusable(format!("cannot open {}: {error}", path.display())))?;
                let writer = Writer::start(path.to_owned(), connection, &statements)?;
                let readers = Readers::new(path.to_owned(), config.connections);
                Inner::Sqlite { readers, writer }
            }
            Address::Postgres(url) => Inner::Postgres {
                requests: dialect::postgres(url, config.connections)?,
                // Background work never takes a connection from a request.
                jobs: dialect::postgres(url, 2)?,
                background_writes: AtomicU64::new(0),
            },
        };
        Ok(Self(Arc::new(inner), statements))
    }

    /// A connection for statements that only read and stand alone.
    pub async fn reader(&self) -> Result<Conn> {
        let kind = match &*self.0 {
            Inner::Sqlite { readers, .. } => Kind::SqliteReader(readers.acquire().await?),
            Inner::Postgres { requests, .. } => Kind::Postgres(requests.acquire().await?),
        };
        Ok(Conn::new(kind, &self.1))
    }

    /// Runs `body`, which only reads, on the database as it was at one moment, whatever is written meanwhile.
    ///
    /// It runs in a task of its own and must not wait for anything but its connection, as that of [`Db::write`].
    pub async fn read<T, E, F>(&self, body: F) -> std::result::Result<T, E>
    where
        F: for<'c> FnOnce(&'c mut Conn) -> Pending<'c, T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let begin = if self.is_postgres() { dialect::POSTGRES_MOMENT } else { dialect::SQLITE_MOMENT };
        let db = self.clone();
        let work = async move { bounded(db.reader().await?, PATIENCE, begin, body).await };
        tokio::spawn(work).await.unwrap_or_else(|_| Err(E::from(Error::panicked())))
    }

    /// Runs `body` in a transaction and returns when it is durable, or not at all.
    ///
    /// The transaction runs in a task of its own: a caller that is dropped (a client that hung up) neither leaves it
    /// open nor cuts it in half. The body must not wait for anything but its connection: not for another transaction,
    /// and on Postgres not for another connection, or all of them could wait for each other.
    pub async fn write<T, E, F>(&self, body: F) -> std::result::Result<T, E>
    where
        F: for<'c> FnOnce(&'c mut Conn) -> Pending<'c, T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.write_within(PATIENCE, body).await
    }

    /// Like [`Db::write`], and says what to wait for.
    pub async fn write_with<T, E, F>(&self, commit: Commit, body: F) -> std::result::Result<T, E>
    where
        F: for<'c> FnOnce(&'c mut Conn) -> Pending<'c, T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.write_for_request(commit, PATIENCE, body).await
    }

    pub(crate) async fn write_within<T, E, F>(&self, patience: Duration, body: F) -> std::result::Result<T, E>
    where
        F: for<'c> FnOnce(&'c mut Conn) -> Pending<'c, T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.write_for_request(Commit::Flushed, patience, body).await
    }

    async fn write_for_request<T, E, F>(&self, commit: Commit, patience: Duration, body: F) -> std::result::Result<T, E>
    where
        F: for<'c> FnOnce(&'c mut Conn) -> Pending<'c, T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        match &*self.0 {
            Inner::Sqlite { writer, .. } => writer.write(commit, Origin::Request, patience, body).await,
            Inner::Postgres { requests, .. } => self.write_postgres(requests, commit, patience, body).await,
        }
    }

    /// Like [`Db::write`], on the connections that are set apart for background work.
    pub async fn write_in_background<T, E, F>(&self, body: F) -> std::result::Result<T, E>
    where
        F: for<'c> FnOnce(&'c mut Conn) -> Pending<'c, T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.write_in_background_with(Commit::Flushed, body).await
    }

    /// Like [`Db::write_in_background`], and says what to wait for.
    pub async fn write_in_background_with<T, E, F>(&self, commit: Commit, body: F) -> std::result::Result<T, E>
    where
        F: for<'c> FnOnce(&'c mut Conn) -> Pending<'c, T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        match &*self.0 {
            Inner::Sqlite { writer, .. } => writer.write(commit, Origin::Background, PATIENCE, body).await,
            Inner::Postgres { jobs, background_writes, .. } => {
                background_writes.fetch_add(1, Ordering::Relaxed);
                self.write_postgres(jobs, commit, PATIENCE, body).await
            }
        }
    }

    /// A number that grows while others than the background work of this process write, so that it can tell and hold back.
    /// On SQLite another process counts as soon as background work has written here; on Postgres whatever its server writes
    /// counts, for any of its databases.
    pub async fn writes_of_others(&self) -> Result<i64> {
        match &*self.0 {
            Inner::Sqlite { writer, .. } => Ok(writer.request_writes().cast_signed()),
            Inner::Postgres { jobs, background_writes, .. } => {
                // Each transaction that writes has a number, and they are given out in order.
                let sql = "select cast(cast(pg_snapshot_xmax(pg_current_snapshot()) as text) as bigint)";
                let mut conn = Conn::new(Kind::Postgres(jobs.acquire().await?), &self.1);
                let all = conn.optional(sql, [], |row| row.integer(0)).await?.unwrap_or_default();
                Ok(all - background_writes.load(Ordering::Relaxed).cast_signed())
            }
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        self.reader().await?.optional("select 1", [], |_| Ok(())).await?;
        Ok(())
    }

    /// Whether the database takes writes, by making one durable: it may answer and take none, on a full disk or as a standby.
    pub async fn probe(&self) -> Result<()> {
        // On the connections of requests: it is they that have to work.
        self.write(|conn| Box::pin(stamps::update_next(conn, stamps::PROBES))).await
    }

    /// How the connections are used at the moment.
    pub fn usage(&self) -> PoolUsage {
        match &*self.0 {
            Inner::Sqlite { readers, writer, .. } => {
                PoolUsage { writes_waiting: writer.waiting(), statements: self.1.count(), ..readers.usage() }
            }
            Inner::Postgres { requests, .. } => PoolUsage {
                open: requests.size(),
                idle: requests.num_idle(),
                maximum: requests.options().get_max_connections(),
                writes_waiting: 0,
                statements: self.1.count(),
            },
        }
    }

    /// Closes the connections, after the work that is under way.
    pub async fn close(&self) {
        match &*self.0 {
            Inner::Sqlite { readers, writer, .. } => {
                readers.close().await;
                writer.close().await;
            }
            Inner::Postgres { requests, jobs, .. } => {
                requests.close().await;
                jobs.close().await;
            }
        }
    }

    async fn write_postgres<T, E, F>(
        &self,
        pool: &PgPool,
        commit: Commit,
        patience: Duration,
        body: F,
    ) -> std::result::Result<T, E>
    where
        F: for<'c> FnOnce(&'c mut Conn) -> Pending<'c, T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (pool, statements) = (pool.clone(), self.1.clone());
        let work = async move {
            let conn = Conn::new(Kind::Postgres(pool.acquire().await.map_err(Error::from)?), &statements);
            // One round trip, however many statements.
            let begin = match commit {
                Commit::Flushed => "begin",
                Commit::Unflushed => "begin; set local synchronous_commit = off",
            };
            bounded(conn, patience, begin, body).await
        };
        tokio::spawn(work).await.unwrap_or_else(|_| Err(E::from(Error::panicked())))
    }

    /// Whether writers wait for each other, each for the whole transaction of the one before it.
    pub fn has_one_writer(&self) -> bool {
        !self.is_postgres()
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(&*self.0, Inner::Postgres { .. })
    }
}

/// One transaction that is given up after `patience`.
async fn bounded<T, E, F>(mut conn: Conn, patience: Duration, begin: &'static str, body: F) -> std::result::Result<T, E>
where
    F: for<'c> FnOnce(&'c mut Conn) -> Pending<'c, T, E> + Send + 'static,
    E: From<Error>,
{
    let ended = tokio::time::timeout(patience, transaction(&mut conn, begin, body)).await;
    ended.unwrap_or_else(|_| {
        // Nobody knows what state it is in. Given back, it could wait for a silent server for ever.
        if let Kind::Postgres(connection) = &mut conn.kind {
            connection.close_on_drop();
        }
        Err(E::from(Error::took_too_long()))
    })
}

/// One transaction, from its beginning to its end. sqlx's own type would commit after a statement that failed.
async fn transaction<T, E, F>(conn: &mut Conn, begin: &'static str, body: F) -> std::result::Result<T, E>
where
    F: for<'c> FnOnce(&'c mut Conn) -> Pending<'c, T, E> + Send + 'static,
    E: From<Error>,
{
    conn.script(begin).await?;
    let result = match AssertUnwindSafe(async { body(&mut *conn).await }).catch_unwind().await {
        Ok(Ok(_)) if conn.failed => Err(E::from(Error::went_on())),
        Ok(result) => result,
        Err(_) => Err(E::from(Error::panicked())),
    };
    match result {
        Ok(value) => {
            conn.script("commit").await?;
            Ok(value)
        }
        Err(error) => {
            // If that fails the connection is gone, and with it the transaction.
            let _ = conn.script("rollback").await;
            Err(error)
        }
    }
}
