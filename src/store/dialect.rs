//! Everything that differs between SQLite and Postgres: how to connect, and with what guarantees.
//!
//! Row locks differ too; they are in [`crate::Conn`], which appends them to a statement.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use types::Secret;

use crate::{Error, Result, sqlite_patience};

/// A request waits this long for a connection before it is told to come back.
pub(crate) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// Begins a transaction that sees the database as it was at its first statement.
pub(crate) const SQLITE_MOMENT: &str = "begin";

/// The same; by default each statement of Postgres sees what was committed before it.
pub(crate) const POSTGRES_MOMENT: &str = "begin isolation level repeatable read, read only";

/// Which database an address names.
pub(crate) enum Address<'a> {
    Sqlite(&'a Path),
    Postgres(&'a Secret),
}

/// `sqlite:<path>` or `postgres://…`.
pub(crate) fn address(url: &Secret) -> Result<Address<'_>> {
    let text = url.expose();
    if let Some(path) = text.strip_prefix("sqlite:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() {
            return Err(Error::Unusable("the database URL names no file".to_owned()));
        }
        Ok(Address::Sqlite(Path::new(path)))
    } else if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        Ok(Address::Postgres(url))
    } else {
        Err(Error::Unusable("the database URL must begin with 'sqlite:' or 'postgres:'".to_owned()))
    }
}

/// The connection that writes, which also creates the file. Blocks.
pub(crate) fn sqlite_writer(path: &Path) -> Result<Connection> {
    // SQLite gives the files beside it the mode of this one. If it cannot be made, SQLite says why.
    let _ = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
    let conn = sqlite_connection(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    conn.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    sqlite_flushes(&conn, true)?;
    conn.pragma_update(None, "foreign_keys", true)?;
    // Whoever gathered statistics: without them SQLite goes by what indexes there are, and a statement is carried out alike everywhere.
    // With them it thinks it well to read all of a repository for a few of its rows, where most repositories are small.
    conn.execute_batch("drop table if exists sqlite_stat1; drop table if exists sqlite_stat4")?;
    // In KiB. A transaction that changes more pages than this holds writes some of them to the log more than once.
    conn.pragma_update(None, "cache_size", -16 << 10)?;
    Ok(conn)
}

/// A connection that only reads. Blocks.
pub(crate) fn sqlite_reader(path: &Path) -> Result<Connection> {
    let conn = sqlite_connection(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    conn.pragma_update(None, "query_only", true)?;
    Ok(conn)
}

fn sqlite_connection(path: &Path, flags: OpenFlags) -> Result<Connection> {
    // One thread at a time uses a connection, so SQLite need not guard it.
    let mut conn = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    sqlite_patience::for_transactions(&mut conn)?;
    conn.set_prepared_statement_cache_capacity(256);
    // Else a statement is planned anew for each new argument of its, which takes longer than to run it.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(conn)
}

/// Whether a commit waits for the disk. Without it the last commits may be gone after a power cut, though not after the
/// end of the process, and never one that a later flushed commit builds on: the log is one file, flushed as a whole.
pub(crate) fn sqlite_flushes(conn: &Connection, flushes: bool) -> Result<()> {
    Ok(conn.pragma_update(None, "synchronous", if flushes { "full" } else { "normal" })?)
}

/// How connections to Postgres are opened. The time-outs are on the server too: whatever happens to this process, a lock is
/// not held for long.
pub(crate) fn postgres(url: &Secret) -> Result<PgConnectOptions> {
    Ok(PgConnectOptions::from_str(url.expose())
        .map_err(|_| Error::Unusable("the database URL is not a Postgres connection URL".to_owned()))?
        .application_name("wharf")
        .statement_cache_capacity(256)
        .options([
            ("statement_timeout", "15s"),
            ("lock_timeout", "10s"),
            ("idle_in_transaction_session_timeout", "15s"),
            ("tcp_keepalives_idle", "30"),
            // A commit is acknowledged to a client only when it is on disk, whatever the server's default.
            ("synchronous_commit", "on"),
        ])
        .disable_statement_logging())
}
