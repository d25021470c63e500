//! One connection to either database, and the values that go in and come out.
//!
//! `Conn` is what table modules talk to. It hides which driver is behind it; it holds no rules and no SQL.

use std::future::Future;
use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Postgres, Row as _, SqlSafeStr, SqlStr, Sqlite};
use tokio::time::Timeout;
use tokio::time::error::Elapsed;
use types::{AccountId, Digest, MediaType, Region, RepoName, Tag, Timestamp};

use crate::sqlite_readers::Reader;
use crate::{Error, Result};

/// A connection: for one statement after another, or the inside of a transaction.
pub struct Conn {
    pub(crate) kind: Kind,
    /// A statement failed since this was last reset: then the transaction must not be committed. Postgres would answer
    /// the commit as if all were well and roll back.
    pub(crate) failed: bool,
}

pub(crate) enum Kind {
    /// Reads only.
    SqliteReader(Reader),
    /// The one connection that writes.
    SqliteWriter(SqliteConnection),
    /// Statements that stand alone, or the inside of a transaction.
    Postgres(PoolConnection<Postgres>),
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
}

/// How long a statement may go unanswered. The server ends one by itself before that; this is for a network that is
/// gone without a word.
const PATIENCE: Duration = Duration::from_secs(20);

fn limited<F: Future>(statement: F) -> Timeout<F> {
    tokio::time::timeout(PATIENCE, statement)
}

impl Conn {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, failed: false }
    }

    /// Runs a statement and tells how many rows it touched.
    pub(crate) async fn execute(&mut self, sql: &'static str, arguments: impl Into<Vec<Value>>) -> Result<u64> {
        let result = limited(self.try_execute(sql, arguments.into())).await;
        let result = self.answered(result);
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
        let result = limited(self.try_optional(sql, arguments.into())).await;
        let result = self.answered(result);
        self.failed |= result.is_err();
        result?.as_ref().map(read).transpose()
    }

    /// All rows.
    pub(crate) async fn all<T>(
        &mut self,
        sql: &'static str,
        arguments: impl Into<Vec<Value>>,
        read: impl FnMut(&Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        let result = limited(self.try_all(sql.into_sql_str(), arguments.into(), read)).await;
        let result = self.answered(result);
        self.failed |= result.is_err();
        result
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
        let sql = match (&self.kind, lock) {
            (Kind::SqliteReader(_) | Kind::SqliteWriter(_), _) => sql.into_sql_str(),
            (_, Lock::KeyShare) => AssertSqlSafe(format!("{sql} for key share")).into_sql_str(),
            (_, Lock::NoKeyUpdate) => AssertSqlSafe(format!("{sql} for no key update")).into_sql_str(),
            (_, Lock::Update) => AssertSqlSafe(format!("{sql} for update")).into_sql_str(),
        };
        let result = limited(self.try_all(sql, arguments.into(), read)).await;
        let result = self.answered(result);
        self.failed |= result.is_err();
        result
    }

    /// The outcome of a statement. One that was not answered leaves a connection that nobody may use again.
    fn answered<T>(&mut self, result: std::result::Result<Result<T>, Elapsed>) -> Result<T> {
        result.unwrap_or_else(|_| {
            if let Kind::Postgres(conn) = &mut self.kind {
                conn.close_on_drop();
            }
            Err(Error::Unavailable("a statement was not answered in time".to_owned()))
        })
    }

    /// Several statements without arguments, as in a migration.
    pub(crate) async fn script(&mut self, sql: &'static str) -> Result<()> {
        let result = match self.driver() {
            Driver::Sqlite(conn) => sqlx::raw_sql(sql).execute(conn).await.map(drop),
            Driver::Postgres(conn) => sqlx::raw_sql(sql).execute(conn).await.map(drop),
        };
        self.failed |= result.is_err();
        Ok(result?)
    }

    async fn try_execute(&mut self, sql: &'static str, arguments: Vec<Value>) -> Result<u64> {
        #[cfg(test)]
        self.observe(sql, &arguments).await?;
        let sql = sql.into_sql_str();
        Ok(match self.driver() {
            Driver::Sqlite(conn) => bind_sqlite(sql, arguments).execute(conn).await?.rows_affected(),
            Driver::Postgres(conn) => bind_postgres(sql, arguments).execute(conn).await?.rows_affected(),
        })
    }

    async fn try_optional(&mut self, sql: &'static str, arguments: Vec<Value>) -> Result<Option<Row>> {
        #[cfg(test)]
        self.observe(sql, &arguments).await?;
        let sql = sql.into_sql_str();
        Ok(match self.driver() {
            Driver::Sqlite(conn) => bind_sqlite(sql, arguments).fetch_optional(conn).await?.map(Row::Sqlite),
            Driver::Postgres(conn) => bind_postgres(sql, arguments).fetch_optional(conn).await?.map(Row::Postgres),
        })
    }

    async fn try_all<T>(
        &mut self,
        sql: SqlStr,
        arguments: Vec<Value>,
        mut read: impl FnMut(&Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        #[cfg(test)]
        self.observe(sql.as_str(), &arguments).await?;
        let mut out = Vec::new();
        match self.driver() {
            Driver::Sqlite(conn) => {
                let mut rows = bind_sqlite(sql, arguments).fetch(conn);
                while let Some(row) = rows.try_next().await? {
                    out.push(read(&Row::Sqlite(row))?);
                }
            }
            Driver::Postgres(conn) => {
                let mut rows = bind_postgres(sql, arguments).fetch(conn);
                while let Some(row) = rows.try_next().await? {
                    out.push(read(&Row::Postgres(row))?);
                }
            }
        }
        Ok(out)
    }

    /// Notes how the database carries a statement out, while a test listens.
    #[cfg(test)]
    async fn observe(&mut self, sql: &str, arguments: &[Value]) -> Result<()> {
        if crate::tests::plans::listening() {
            let mut lines = Vec::new();
            match self.driver() {
                Driver::Sqlite(conn) => {
                    let explain = AssertSqlSafe(format!("explain query plan {sql}")).into_sql_str();
                    for row in bind_sqlite(explain, arguments.to_vec()).fetch_all(conn).await? {
                        lines.push(row.try_get::<String, _>(3)?);
                    }
                }
                Driver::Postgres(conn) => {
                    let explain = AssertSqlSafe(format!("explain {sql}")).into_sql_str();
                    for row in bind_postgres(explain, arguments.to_vec()).fetch_all(conn).await? {
                        lines.push(row.try_get::<String, _>(0)?);
                    }
                }
            }
            crate::tests::plans::note(sql, lines);
        }
        Ok(())
    }

    fn driver(&mut self) -> Driver<'_> {
        match &mut self.kind {
            Kind::SqliteReader(conn) => Driver::Sqlite(conn),
            Kind::SqliteWriter(conn) => Driver::Sqlite(conn),
            Kind::Postgres(conn) => Driver::Postgres(conn),
        }
    }
}

enum Driver<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut sqlx::PgConnection),
}

/// A value on its way into a statement.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Text(Option<String>),
    Integer(Option<i64>),
    Bytes(Vec<u8>),
}

fn bind_sqlite(sql: SqlStr, arguments: Vec<Value>) -> Query<'static, Sqlite, SqliteArguments> {
    let mut query = sqlx::query(sql);
    for argument in arguments {
        query = match argument {
            Value::Text(text) => query.bind(text),
            Value::Integer(integer) => query.bind(integer),
            Value::Bytes(bytes) => query.bind(bytes),
        };
    }
    query
}

fn bind_postgres(sql: SqlStr, arguments: Vec<Value>) -> Query<'static, Postgres, PgArguments> {
    let mut query = sqlx::query(sql);
    for argument in arguments {
        query = match argument {
            Value::Text(text) => query.bind(text),
            Value::Integer(integer) => query.bind(integer),
            Value::Bytes(bytes) => query.bind(bytes),
        };
    }
    query
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(Some(text.clone()))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        Self::Text(text.map(str::to_owned))
    }
}

impl From<i64> for Value {
    fn from(integer: i64) -> Self {
        Self::Integer(Some(integer))
    }
}

impl From<u64> for Value {
    fn from(integer: u64) -> Self {
        // Sizes and offsets; nothing comes near 2^63 bytes.
        Self::Integer(Some(i64::try_from(integer).unwrap_or(i64::MAX)))
    }
}

impl From<usize> for Value {
    fn from(integer: usize) -> Self {
        Self::from(integer as u64)
    }
}

impl From<Timestamp> for Value {
    fn from(time: Timestamp) -> Self {
        Self::Integer(Some(time.micros()))
    }
}

impl From<Option<Timestamp>> for Value {
    fn from(time: Option<Timestamp>) -> Self {
        Self::Integer(time.map(Timestamp::micros))
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

macro_rules! text_values {
    ($($name:ident),*) => {$(
        impl From<&$name> for Value {
            fn from(value: &$name) -> Self {
                Self::Text(Some(value.as_str().to_owned()))
            }
        }
        impl From<Option<&$name>> for Value {
            fn from(value: Option<&$name>) -> Self {
                Self::Text(value.map(|value| value.as_str().to_owned()))
            }
        }
    )*};
}
text_values!(AccountId, Digest, MediaType, Region, RepoName, Tag);

/// A list of texts as one argument, for `in (select value from json_each($1))`.
pub(crate) fn list<'a>(items: impl IntoIterator<Item = &'a str>) -> Value {
    let items: Vec<&str> = items.into_iter().collect();
    Value::Text(Some(serde_json::to_string(&items).expect("a list of strings is always JSON")))
}

/// A row that was read.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    pub(crate) fn text(&self, column: usize) -> Result<String> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    pub(crate) fn optional_text(&self, column: usize) -> Result<Option<String>> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    pub(crate) fn integer(&self, column: usize) -> Result<i64> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    pub(crate) fn size(&self, column: usize) -> Result<u64> {
        u64::try_from(self.integer(column)?)
            .map_err(|_| Error::Damaged { column: "size", reason: "negative".to_owned() })
    }

    pub(crate) fn time(&self, column: usize) -> Result<Timestamp> {
        self.integer(column).map(Timestamp::from_micros)
    }

    pub(crate) fn optional_time(&self, column: usize) -> Result<Option<Timestamp>> {
        let micros: Option<i64> = match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        };
        Ok(micros.map(Timestamp::from_micros))
    }

    pub(crate) fn bytes(&self, column: usize) -> Result<Vec<u8>> {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    /// A text that was valid when it was stored, parsed into its type.
    pub(crate) fn parsed<T: std::str::FromStr<Err = types::Invalid>>(
        &self,
        column: usize,
        name: &'static str,
    ) -> Result<T> {
        self.text(column)?
            .parse()
            .map_err(|error: types::Invalid| Error::Damaged { column: name, reason: error.to_string() })
    }

    /// Like [`Row::parsed`], of a column that may be null.
    pub(crate) fn optional_parsed<T: std::str::FromStr<Err = types::Invalid>>(
        &self,
        column: usize,
        name: &'static str,
    ) -> Result<Option<T>> {
        match self.optional_text(column)? {
            Some(_) => self.parsed(column, name).map(Some),
            None => Ok(None),
        }
    }
}

/// The number that a query gives.
pub(crate) async fn count(conn: &mut Conn, sql: &'static str, arguments: impl Into<Vec<Value>>) -> Result<u64> {
    Ok(conn.optional(sql, arguments, |row| row.size(0)).await?.unwrap_or_default())
}
