//! Why a registry did not give what it was asked for. The texts are for logs.

use std::time::Duration;

/// What this crate's fallible functions return.
pub type Result<T> = std::result::Result<T, Error>;

/// A registry's refusal, or its silence.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It has nothing of that name.
    #[error("there is no such thing")]
    Missing,
    /// It does not let us have it, or does not take our credentials.
    #[error("it refuses with status {0}")]
    Refused(u16),
    /// It wants to be asked less.
    #[error("it wants to be asked less")]
    Busy {
        /// When it wants to be asked again, if it says so.
        retry_after: Option<Duration>,
    },
    /// It does not take what was brought.
    #[error("it rejects with status {status} and code {code}")]
    Rejected {
        /// The status, of those that blame the client.
        status: u16,
        /// The code of its first error; empty if it gives none.
        code: String,
    },
    /// It failed, or answered what no registry answers.
    #[error("it answers with status {0}")]
    Status(u16),
    /// It answered something that makes no sense.
    #[error("its answer makes no sense: {0}")]
    Nonsense(&'static str),
    /// It could not be asked, or fell silent.
    #[error(transparent)]
    Outbound(#[from] outbound::Error),
}
