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

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_) => Self::Unavailable(error.to_string()),
            sqlx::Error::Database(database) => match database.code().as_deref() {
                // SQLITE_FULL; disk_full.
                Some("13" | "53100") => Self::Full(database.message().to_owned()),
                // SQLITE_BUSY and SQLITE_LOCKED; serialization_failure, deadlock_detected, lock_not_available.
                Some("5" | "6" | "517" | "261" | "40001" | "40P01" | "55P03") => {
                    Self::Conflict(database.message().to_owned())
                }
                // SQLITE_IOERR and its kin, SQLITE_CANTOPEN; classes 08 (connection), 57 (operator intervention),
                // 53 (insufficient resources), 25P03 (idle in transaction), read only during a failover.
                Some(code)
                    if code == "10"
                        || code == "14"
                        || code.parse::<u32>().is_ok_and(|code| code & 0xff == 10 && code > 255 && code < 100_000)
                            && code.len() < 5
                        || code.starts_with("08")
                        || code.starts_with("57")
                        || code.starts_with("53")
                        || matches!(code, "25P03" | "25006") =>
                {
                    Self::Unavailable(database.message().to_owned())
                }
                _ => Self::Statement(database.message().to_owned()),
            },
            _ => Self::Statement(error.to_string()),
        }
    }
}
