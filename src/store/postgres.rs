//! Statements on Postgres connections.

use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::query::Query;
use sqlx::{Postgres, SqlStr};

use crate::row::Row;
use crate::value::Value;
use crate::{Error, Result};

/// How long a statement may go unanswered. The server ends one by itself before that; this is for a network that is
/// gone without a word.
const PATIENCE: Duration = Duration::from_secs(20);

/// The outcome of a statement, or `None` when it was not answered: then nobody may use the connection again.
pub(crate) async fn answered<T>(statement: impl Future<Output = Result<T>>) -> Option<Result<T>> {
    tokio::time::timeout(PATIENCE, statement).await.ok()
}

/// What a statement that was not answered fails with.
pub(crate) fn silent() -> Error {
    Error::Unavailable("a statement was not answered in time".to_owned())
}

pub(crate) async fn execute(conn: &mut PgConnection, sql: SqlStr, arguments: Vec<Value>) -> Result<u64> {
    Ok(bind(sql, arguments).execute(conn).await?.rows_affected())
}

pub(crate) async fn optional<T>(
    conn: &mut PgConnection,
    sql: SqlStr,
    arguments: Vec<Value>,
    read: impl FnOnce(&Row) -> Result<T>,
) -> Result<Option<T>> {
    let row = bind(sql, arguments).fetch_optional(conn).await?;
    row.as_ref().map(|row| read(&Row::Postgres(row))).transpose()
}

pub(crate) async fn all<T>(
    conn: &mut PgConnection,
    sql: SqlStr,
    arguments: Vec<Value>,
    mut read: impl FnMut(&Row) -> Result<T>,
) -> Result<Vec<T>> {
    let mut rows = bind(sql, arguments).fetch(conn);
    let mut out = Vec::new();
    while let Some(row) = rows.try_next().await? {
        out.push(read(&Row::Postgres(&row))?);
    }
    Ok(out)
}

/// Several statements without arguments.
pub(crate) async fn script(conn: &mut PgConnection, sql: &'static str) -> Result<()> {
    sqlx::raw_sql(sql).execute(conn).await?;
    Ok(())
}

fn bind(sql: SqlStr, arguments: Vec<Value>) -> Query<'static, Postgres, PgArguments> {
    let mut query = sqlx::query(sql);
    for argument in arguments {
        query = match argument {
            Value::Text(text) => query.bind(text),
            Value::Integer(integer) => query.bind(integer),
            Value::Real(real) => query.bind(real),
            Value::Bytes(bytes) => query.bind(bytes),
        };
    }
    query
}
