//! The database as a whole: opening it, reading from it, writing to it in transactions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use types::Secret;

use crate::conn::{Kind, Statements};
use crate::dialect::{self, Address};
use crate::metrics::PoolUsage;
use crate::postgres_pool::Pool;
use crate::sqlite_readers::Readers;
use crate::sqlite_writer::Writer;
use crate::transaction::{self, Body, Commit, Origin, Pending, Terms, Work, transaction};
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

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Inner>, Statements);

enum Inner {
    Sqlite { readers: Readers, writer: Writer },
    Postgres { requests: Pool, jobs: Pool, background_writes: AtomicU64 },
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
            Address::Postgres(url) => {
                let options = dialect::postgres(url)?;
                Inner::Postgres {
                    requests: Pool::new(options.clone(), config.connections),
                    // Background work never takes a connection from a request.
                    jobs: Pool::new(options, 2),
                    background_writes: AtomicU64::new(0),
                }
            }
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
    pub fn read<T, E, F>(&self, body: F) -> impl Future<Output = std::result::Result<T, E>> + Send
    where
        F: for<'c> FnOnce(&'c mut Conn) -> Pending<'c, T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.read_boxed(Box::new(body))
    }

    /// Runs `body` in a transaction and returns when it is durable, or not at all.
    ///
    /// The transaction runs in a task of its own: a caller that is dropped (a client that hung up) neither leaves it
    /// open nor cuts it in half. The body must not wait for anything but its connection: not for another transaction,
    /// and on Postgres not for another connection, or all of them could wait for each other.
    pub fn write<T, E, F>(&self, body: F) -> impl Future<Output = std::result::Result<T, E>> + Send
    where
        F: for<'c> FnOnce(&'c mut Conn) -> Pending<'c, T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.write_within(PATIENCE, body)
    }

    /// Like [`Db::write`], and says what to wait for.
    pub fn write_with<T, E, F>(&self, commit: Commit, body: F) -> impl Future<Output = std::result::Result<T, E>> + Send
    where
        F: for<'c> FnOnce(&'c mut Conn) -> Pending<'c, T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.write_boxed(Terms { commit, origin: Origin::Request, patience: PATIENCE }, Box::new(body))
    }

    pub(crate) fn write_within<T, E, F>(
        &self,
        patience: Duration,
        body: F,
    ) -> impl Future<Output = std::result::Result<T, E>> + Send
    where
        F: for<'c> FnOnce(&'c mut Conn) -> Pending<'c, T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.write_boxed(Terms { commit: Commit::Flushed, origin: Origin::Request, patience }, Box::new(body))
    }

    /// Like [`Db::write`], on the connections that are set apart for background work.
    pub fn write_in_background<T, E, F>(&self, body: F) -> impl Future<Output = std::result::Result<T, E>> + Send
    where
        F: for<'c> FnOnce(&'c mut Conn) -> Pending<'c, T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.write_in_background_with(Commit::Flushed, body)
    }

    /// Like [`Db::write_in_background`], and says what to wait for.
    pub fn write_in_background_with<T, E, F>(
        &self,
        commit: Commit,
        body: F,
    ) -> impl Future<Output = std::result::Result<T, E>> + Send
    where
        F: for<'c> FnOnce(&'c mut Conn) -> Pending<'c, T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.write_boxed(Terms { commit, origin: Origin::Background, patience: PATIENCE }, Box::new(body))
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
            Inner::Postgres { requests, .. } => PoolUsage { statements: self.1.count(), ..requests.usage() },
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

    async fn read_boxed<T, E>(&self, body: Body<T, E>) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (work, answer) = transaction::work(body);
        tokio::spawn(self.clone().read_moment(work));
        answer.await.unwrap_or_else(|_| Err(E::from(Error::closing())))
    }

    async fn read_moment(self, work: Box<dyn Work>) {
        let begin = if self.is_postgres() { dialect::POSTGRES_MOMENT } else { dialect::SQLITE_MOMENT };
        alone(self.reader().await, begin, PATIENCE, work).await;
    }

    async fn write_boxed<T, E>(&self, terms: Terms, body: Body<T, E>) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (work, answer) = transaction::work(body);
        match &*self.0 {
            Inner::Sqlite { writer, .. } => writer.send(terms, work).await,
            Inner::Postgres { requests, jobs, background_writes } => {
                let pool = match terms.origin {
                    Origin::Request => requests,
                    Origin::Background => {
                        background_writes.fetch_add(1, Ordering::Relaxed);
                        jobs
                    }
                };
                tokio::spawn(write_postgres(pool.clone(), self.1.clone(), terms, work));
            }
        }
        answer.await.unwrap_or_else(|_| Err(E::from(Error::closing())))
    }

    /// Whether writers wait for each other, each for the whole transaction of the one before it.
    pub fn has_one_writer(&self) -> bool {
        !self.is_postgres()
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(&*self.0, Inner::Postgres { .. })
    }
}

async fn write_postgres(pool: Pool, statements: Statements, terms: Terms, work: Box<dyn Work>) {
    let conn = pool.acquire().await.map(|connection| Conn::new(Kind::Postgres(connection), &statements));
    // One round trip, however many statements.
    let begin = match terms.commit {
        Commit::Flushed => "begin",
        Commit::Unflushed => "begin; set local synchronous_commit = off",
    };
    alone(conn, begin, terms.patience, work).await;
}

/// Carries out a piece of work in a transaction of its own that is given up after `patience`, and answers.
async fn alone(conn: Result<Conn>, begin: &'static str, patience: Duration, mut work: Box<dyn Work>) {
    let outcome = match conn {
        Ok(conn) => bounded(conn, begin, patience, &mut *work).await,
        Err(error) => Err(error),
    };
    work.answer(outcome);
}

async fn bounded(mut conn: Conn, begin: &'static str, patience: Duration, work: &mut dyn Work) -> Result<()> {
    let ended = tokio::time::timeout(patience, transaction(work, &mut conn, begin)).await;
    ended.unwrap_or_else(|_| {
        // Nobody knows what state it is in. Given back, it could wait for a silent server for ever.
        if let Kind::Postgres(lent) = &mut conn.kind {
            lent.give_up();
        }
        Err(Error::took_too_long())
    })
}
