//! What can go wrong between us and the database.

/// A database failure, told apart by what the caller should do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database cannot be reached or is overloaded; what was asked may or may not have happened. Try again.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The database has no space left.
    #[error("the database is out of space: {0}")]
    Full(String),
    /// Another transaction was in the way (deadlock, serialization, lock time-out). Try again.
    #[error("the transaction met another one: {0}")]
    Conflict(String),
    /// A stored value does not have the form it should have.
    #[error("stored value {column} is damaged: {reason}")]
    Damaged {
        /// Which column.
        column: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The settings or the schema do not fit this program.
    #[error("{0}")]
    Unusable(String),
    /// A statement failed for a reason that no caller can mend.
    #[error("database statement failed: {0}")]
    Statement(String),
}

/// The result of everything in this crate.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A transaction was not begun, or nobody is left to tell how it ended.
    pub(crate) fn closing() -> Self {
        Self::Unavailable("the database is being closed".to_owned())
    }

    /// A transaction's body panicked.
    pub(crate) fn panicked() -> Self {
        Self::Statement("a transaction ended in a panic".to_owned())
    }

    /// A transaction's body overlooked that a statement failed.
    pub(crate) fn went_on() -> Self {
        Self::Statement("a transaction went on after a statement of it had failed".to_owned())
    }

    /// A transaction waited for something, or the network did.
    pub(crate) fn took_too_long() -> Self {
        Self::Unavailable("a transaction did not end in time".to_owned())
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => Self::Unavailable(error.to_string()),
            sqlx::Error::Configuration(_) => Self::Unusable(error.to_string()),
            sqlx::Error::Database(database) => {
                let code = database.code().unwrap_or_default();
                from_postgres(&code, database.message().to_owned())
            }
            _ => Self::Statement(error.to_string()),
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error() {
            Some(failure) => from_sqlite(failure.extended_code, error.to_string()),
            None => Self::Statement(error.to_string()),
        }
    }
}

/// By SQLite's result code, whose low byte is the primary code (https://www.sqlite.org/rescode.html).
fn from_sqlite(code: i32, message: String) -> Error {
    const BUSY: i32 = 5;
    const LOCKED: i32 = 6;
    const NOMEM: i32 = 7;
    const READONLY: i32 = 8;
    const IOERR: i32 = 10;
    const FULL: i32 = 13;
    const CANTOPEN: i32 = 14;
    const PROTOCOL: i32 = 15;
    match code & 0xff {
        FULL => Error::Full(message),
        BUSY | LOCKED => Error::Conflict(message),
        // A file system that failed is often mounted read-only from then on.
        NOMEM | READONLY | IOERR | CANTOPEN | PROTOCOL => Error::Unavailable(message),
        _ => Error::Statement(message),
    }
}

/// By SQLSTATE, whose first two characters are the class (PostgreSQL documentation, appendix A).
fn from_postgres(state: &str, message: String) -> Error {
    match state {
        // disk_full
        "53100" => return Error::Full(message),
        // serialization_failure, deadlock_detected, lock_not_available
        "40001" | "40P01" | "55P03" => return Error::Conflict(message),
        // A standby after a failover (read_only_sql_transaction), a transaction that was cut for idling, a database that
        // takes no connections for now (object_not_in_prerequisite_state).
        "25006" | "25P03" | "55000" => return Error::Unavailable(message),
        // invalid_catalog_name: no such database
        "3D000" => return Error::Unusable(message),
        _ => {}
    }
    match state.get(..2) {
        // Connection exceptions, insufficient resources, operator intervention (a restart), system errors (I/O).
        Some("08" | "53" | "57" | "58") => Error::Unavailable(message),
        // The password or the user is refused.
        Some("28") => Error::Unusable(message),
        _ => Error::Statement(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sqlite(code: i32) -> Error {
        from_sqlite(code, "message".to_owned())
    }

    fn postgres(state: &str) -> Error {
        from_postgres(state, "message".to_owned())
    }

    #[test]
    fn a_full_disk_is_told_apart() {
        assert!(matches!(sqlite(13), Error::Full(_)));
        assert!(matches!(postgres("53100"), Error::Full(_)));
    }

    #[test]
    fn transactions_that_met_are_conflicts() {
        // BUSY, BUSY_RECOVERY, BUSY_SNAPSHOT, BUSY_TIMEOUT, LOCKED, LOCKED_SHAREDCACHE
        for code in [5, 261, 517, 773, 6, 262] {
            assert!(matches!(sqlite(code), Error::Conflict(_)), "{code}");
        }
        for state in ["40001", "40P01", "55P03"] {
            assert!(matches!(postgres(state), Error::Conflict(_)), "{state}");
        }
    }

    #[test]
    fn a_database_that_is_away_is_unavailable() {
        // IOERR, IOERR_READ, IOERR_WRITE, IOERR_FSYNC, IOERR_SHMSIZE, IOERR_IN_PAGE, CANTOPEN, CANTOPEN_FULLPATH,
        // READONLY, READONLY_DBMOVED, NOMEM, PROTOCOL
        for code in [10, 266, 778, 1034, 4874, 8714, 14, 782, 8, 1032, 7, 15] {
            assert!(matches!(sqlite(code), Error::Unavailable(_)), "{code}");
        }
        // connection_failure, admin_shutdown, cannot_connect_now, query_canceled, too_many_connections, read only,
        // idle in transaction, io_error, closed for connections
        for state in ["55000", "08006", "57P01", "57P03", "57014", "53300", "25006", "25P03", "58030"] {
            assert!(matches!(postgres(state), Error::Unavailable(_)), "{state}");
        }
    }

    #[test]
    fn wrong_settings_are_unusable() {
        for state in ["28P01", "28000", "3D000"] {
            assert!(matches!(postgres(state), Error::Unusable(_)), "{state}");
        }
    }

    #[test]
    fn everything_else_is_a_failed_statement() {
        // ERROR, CONSTRAINT_UNIQUE, MISMATCH, CORRUPT
        for code in [1, 2067, 20, 11] {
            assert!(matches!(sqlite(code), Error::Statement(_)), "{code}");
        }
        // unique_violation, undefined_table, an internal error, nothing at all
        for state in ["23505", "42P01", "XX000", ""] {
            assert!(matches!(postgres(state), Error::Statement(_)), "{state}");
        }
    }
}
