//! Everything that differs between SQLite and Postgres: how to connect, and with what guarantees.
//!
//! Row locks differ too; they are in [`crate::Conn`], which appends them to a statement.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection as _};
use types::Secret;

use crate::{Error, Result};

/// A request waits this long for a connection before it is told to come back.
pub(crate) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection that did nothing for this long is tested before it is used.
const TESTED_AFTER: Duration = Duration::from_secs(1);

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

fn sqlite_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        // NORMAL may lose the last commits on a power cut: a push that was acknowledged would be gone.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .statement_cache_capacity(256)
        .disable_statement_logging()
}

/// The connection that writes, which also creates the file.
pub(crate) async fn sqlite_writer(path: &Path) -> Result<SqliteConnection> {
    // SQLite gives the files beside it the mode of this one. If it cannot be made, SQLite says why.
    let _ = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
    Ok(sqlite_options(path).create_if_missing(true).optimize_on_close(true, 400).connect().await?)
}

/// A connection that only reads.
pub(crate) async fn sqlite_reader(path: &Path) -> Result<SqliteConnection> {
    Ok(sqlite_options(path).read_only(true).pragma("query_only", "on").connect().await?)
}

/// A pool of Postgres connections. The time-outs are on the server too: whatever happens to this process, a lock is
/// not held for long.
pub(crate) fn postgres(url: &Secret, connections: u32) -> Result<PgPool> {
    let options = PgConnectOptions::from_str(url.expose())
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
        .disable_statement_logging();
    Ok(PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(Duration::from_secs(300))
        .max_lifetime(Duration::from_secs(1800))
        // The pool tests a connection when it comes back. Testing it again before each use would be one more round trip
        // for every query; only after some rest may the server have gone away unnoticed.
        .test_before_acquire(false)
        .before_acquire(|conn, about| {
            Box::pin(async move {
                if about.idle_for > TESTED_AFTER {
                    conn.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(options))
}
