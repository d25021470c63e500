//! Statements on a SQLite connection.
//!
//! They run on the thread that asks. A point query on a cached page takes some microseconds, less than it takes to wake
//! another thread and to be woken by it, and no statement here reads more than a page of rows. A statement is prepared
//! once for each connection.

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Statement};

use crate::row::Row;
use crate::value::Value;
use crate::{Error, Result};

pub(crate) fn execute(conn: &Connection, sql: &str, arguments: &[Value]) -> Result<u64> {
    let mut statement = conn.prepare_cached(sql)?;
    bind(&mut statement, arguments)?;
    Ok(statement.raw_execute()? as u64)
}

pub(crate) fn optional<T>(
    conn: &Connection,
    sql: &str,
    arguments: &[Value],
    read: impl FnOnce(&Row) -> Result<T>,
) -> Result<Option<T>> {
    let mut statement = conn.prepare_cached(sql)?;
    bind(&mut statement, arguments)?;
    let mut rows = statement.raw_query();
    rows.next()?.map(|row| read(&Row::Sqlite(row))).transpose()
}

pub(crate) fn all<T>(
    conn: &Connection,
    sql: &str,
    arguments: &[Value],
    mut read: impl FnMut(&Row) -> Result<T>,
) -> Result<Vec<T>> {
    let mut statement = conn.prepare_cached(sql)?;
    bind(&mut statement, arguments)?;
    let mut rows = statement.raw_query();
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(read(&Row::Sqlite(row))?);
    }
    Ok(out)
}

/// Several statements without arguments.
pub(crate) fn script(conn: &Connection, sql: &str) -> Result<()> {
    Ok(conn.execute_batch(sql)?)
}

/// SQLite numbers `$1` and `$2` by where they first appear; Postgres, and whoever reads the statement, by their names.
fn bind(statement: &mut Statement<'_>, arguments: &[Value]) -> Result<()> {
    for index in 1..=statement.parameter_count() {
        let number: Option<usize> = statement.parameter_name(index).and_then(|name| name.get(1..)?.parse().ok());
        let argument = number.and_then(|number| arguments.get(number.checked_sub(1)?));
        let argument = argument.ok_or_else(|| Error::Statement("a marker has no argument".to_owned()))?;
        statement.raw_bind_parameter(index, argument)?;
    }
    Ok(())
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Text(text) => text.as_ref().map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes())),
            Self::Integer(integer) => integer.map_or(ValueRef::Null, ValueRef::Integer),
            Self::Real(real) => ValueRef::Real(*real),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}
