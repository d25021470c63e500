//! One connection to either database.
//!
//! `Conn` is what table modules talk to. It hides which driver is behind it; it holds no rules and no SQL.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::{AssertSqlSafe, SqlSafeStr};

use crate::postgres_pool::Lent;
use crate::row::Row;
use crate::sqlite_readers::Reader;
use crate::value::Value;
use crate::{Result, postgres, sqlite};

/// A connection: for one statement after another, or the inside of a transaction.
pub struct Conn {
    pub(crate) kind: Kind,
    /// A statement failed since this was last reset: then the transaction must not be committed. Postgres would answer
    /// the commit as if all were well and roll back.
    pub(crate) failed: bool,
    statements: Statements,
}

/// As many rows as this are as much work as a small statement.
const ROWS: usize = 64;

/// Counts the statements of all connections to a database.
#[derive(Debug, Clone, Default)]
pub(crate) struct Statements(Arc<AtomicU64>);

impl Statements {
    /// How many there were so far.
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

pub(crate) enum Kind {
    /// Reads only.
    SqliteReader(Reader),
    /// The one connection that writes.
    SqliteWriter(rusqlite::Connection),
    /// Statements that stand alone, or the inside of a transaction.
    Postgres(Lent),
}

/// How strongly rows that are read are to be held until the transaction ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lock {
    /// Nobody may delete the rows or change their keys.
    KeyShare,
    /// Nobody else may delete or change the rows, though others may refer to them.
    NoKeyUpdate,
    /// Nobody else may lock or change the rows.
    Update,
    /// The same, leaving out rows that somebody holds: whoever asks so never waits.
    UpdateUnlessLocked,
}

impl Lock {
    /// What Postgres calls it.
    fn strength(self) -> &'static str {
        match self {
            Self::KeyShare => "key share",
            Self::NoKeyUpdate => "no key update",
            Self::Update => "update",
            Self::UpdateUnlessLocked => "update skip locked",
        }
    }
}

enum Driver<'c> {
    Sqlite(&'c rusqlite::Connection),
    Postgres(&'c mut Lent),
}

impl Conn {
    pub(crate) fn new(kind: Kind, statements: &Statements) -> Self {
        Self { kind, failed: false, statements: statements.clone() }
    }

    /// Runs a statement and tells how many rows it touched.
    pub(crate) async fn execute(&mut self, sql: &'static str, arguments: impl Into<Vec<Value>>) -> Result<u64> {
        let arguments = arguments.into();
        #[cfg(test)]
        self.observe(sql, &arguments).await?;
        let result = match self.driver() {
            Driver::Sqlite(conn) => sqlite::execute(conn, sql, &arguments),
            Driver::Postgres(lent) => {
                let statement = postgres::execute(lent.ask(), sql.into_sql_str(), arguments);
                let outcome = postgres::answered(statement).await;
                lent.answered(outcome)
            }
        };
        self.failed |= result.is_err();
        result
    }

    /// The first row, if there is one.
    pub(crate) async fn optional<T>(
        &mut self,
        sql: &'static str,
        arguments: impl Into<Vec<Value>>,
        read: impl FnOnce(&Row) -> Result<T>,
    ) -> Result<Option<T>> {
        let arguments = arguments.into();
        #[cfg(test)]
        self.observe(sql, &arguments).await?;
        let result = match self.driver() {
            Driver::Sqlite(conn) => sqlite::optional(conn, sql, &arguments, read),
            Driver::Postgres(lent) => {
                let statement = postgres::optional(lent.ask(), sql.into_sql_str(), arguments, read);
                let outcome = postgres::answered(statement).await;
                lent.answered(outcome)
            }
        };
        self.failed |= result.is_err();
        self.give_way(1).await;
        result
    }

    /// All rows.
    pub(crate) async fn all<T>(
        &mut self,
        sql: &'static str,
        arguments: impl Into<Vec<Value>>,
        read: impl FnMut(&Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.rows(sql, None, arguments.into(), read).await
    }

    /// All rows, held against other transactions until this one ends. SQLite has one writer, so there the plain
    /// statement is enough. The statement must name an order that is the same everywhere, or two would deadlock.
    pub(crate) async fn all_locked<T>(
        &mut self,
        sql: &'static str,
        lock: Lock,
        arguments: impl Into<Vec<Value>>,
        read: impl FnMut(&Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.rows(sql, Some(lock), arguments.into(), read).await
    }

    async fn rows<T>(
        &mut self,
        sql: &'static str,
        lock: Option<Lock>,
        arguments: Vec<Value>,
        read: impl FnMut(&Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        #[cfg(test)]
        self.observe(sql, &arguments).await?;
        let result = match self.driver() {
            Driver::Sqlite(conn) => sqlite::all(conn, sql, &arguments, read),
            Driver::Postgres(lent) => {
                let sql = match lock {
                    None => sql.into_sql_str(),
                    Some(lock) => AssertSqlSafe(format!("{sql} for {}", lock.strength())).into_sql_str(),
                };
                let statement = postgres::all(lent.ask(), sql, arguments, read);
                let outcome = postgres::answered(statement).await;
                lent.answered(outcome)
            }
        };
        self.failed |= result.is_err();
        self.give_way(result.as_ref().map_or(1, Vec::len)).await;
        result
    }

    /// Several statements without arguments, as in a migration, or at the ends of a transaction.
    pub(crate) async fn script(&mut self, sql: &'static str) -> Result<()> {
        let result = match self.driver() {
            Driver::Sqlite(conn) => sqlite::script(conn, sql),
            Driver::Postgres(lent) => postgres::script(lent.ask_for_transaction(), sql).await,
        };
        self.failed |= result.is_err();
        result
    }

    /// The transaction on it has ended, one way or the other.
    pub(crate) fn settled(&mut self) {
        if let Kind::Postgres(lent) = &mut self.kind {
            lent.settled();
        }
    }

    /// Notes how the database carries a statement out, while a test listens.
    #[cfg(test)]
    async fn observe(&mut self, sql: &str, arguments: &[Value]) -> Result<()> {
        if crate::tests::plans::listening() {
            let plan = match self.driver() {
                Driver::Sqlite(conn) => {
                    sqlite::all(conn, &format!("explain query plan {sql}"), arguments, |row| row.text(3))?
                }
                Driver::Postgres(lent) => crate::tests::plans::of_postgres(lent.ask(), sql, arguments).await?,
            };
            crate::tests::plans::note(sql, plan);
        }
        Ok(())
    }

    /// Lets other tasks run after enough of this: a reader of SQLite answers at once, on the thread of its task, so one statement
    /// after another would keep that thread from sockets, timers and everything else.
    async fn give_way(&mut self, rows: usize) {
        if matches!(self.kind, Kind::SqliteReader(_)) {
            for _ in 0..=rows / ROWS {
                tokio::task::consume_budget().await;
            }
        }
    }

    fn driver(&mut self) -> Driver<'_> {
        self.statements.add();
        match &mut self.kind {
            Kind::SqliteReader(reader) => Driver::Sqlite(reader),
            Kind::SqliteWriter(conn) => Driver::Sqlite(conn),
            Kind::Postgres(lent) => Driver::Postgres(lent),
        }
    }
}

/// The number that a query gives.
pub(crate) async fn count(conn: &mut Conn, sql: &'static str, arguments: impl Into<Vec<Value>>) -> Result<u64> {
    Ok(conn.optional(sql, arguments, |row| row.size(0)).await?.unwrap_or_default())
}
