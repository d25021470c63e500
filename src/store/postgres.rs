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

/// How Postgres carries a statement out, line by line: as it plans for these arguments and, where that costs no more in its
/// opinion, as it plans once for all.
#[cfg(test)]
pub(crate) async fn plans(conn: &mut PgConnection, sql: &str, arguments: &[Value]) -> Result<Vec<String>> {
    use sqlx::{AssertSqlSafe, SqlSafeStr};

    let explain = AssertSqlSafe(format!("explain {sql}")).into_sql_str();
    let mut plan = all(conn, explain, arguments.to_vec(), |row| row.text(0)).await?;
    if arguments.is_empty() {
        return Ok(plan);
    }
    let types = arguments.iter().map(|argument| match argument {
        Value::Text(_) => "text",
        Value::Integer(_) => "bigint",
        Value::Real(_) => "double precision",
        Value::Bytes(_) => "bytea",
    });
    let prepare = format!("prepare observed ({}) as {sql}", types.collect::<Vec<_>>().join(", "));
    let prepare = AssertSqlSafe(format!("set local plan_cache_mode = force_generic_plan; {prepare}"));
    sqlx::raw_sql(prepare).execute(&mut *conn).await?;
    let explain = format!("explain execute observed ({})", vec!["null"; arguments.len()].join(", "));
    let generic = all(conn, AssertSqlSafe(explain).into_sql_str(), Vec::new(), |row| row.text(0)).await?;
    sqlx::raw_sql("deallocate observed; set local plan_cache_mode = auto").execute(conn).await?;
    if cost(&generic) <= cost(&plan) + PLANNING {
        plan.extend(generic);
    }
    Ok(plan)
}

/// What Postgres takes planning itself to cost, about: 2.5 for each table of a statement.
#[cfg(test)]
const PLANNING: f64 = 10.0;

/// What a plan costs as a whole, in its first line: `(cost=0.41..4.02 rows=10 width=183)`.
#[cfg(test)]
fn cost(plan: &[String]) -> f64 {
    let first = plan.first().and_then(|line| line.split_once("..")).map(|(_, rest)| rest);
    first.and_then(|rest| rest.split(' ').next()).and_then(|cost| cost.parse().ok()).expect("a plan says its cost")
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
