//! Why a request that went out did not bring what was asked for. The texts are for logs: they name the host.

/// What this crate's fallible functions return.
pub type Result<T> = std::result::Result<T, Error>;

/// A request that failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is not one that may be asked.
    #[error("{0} must not be asked: {1}")]
    Forbidden(String, &'static str),
    /// The host cannot be reached, or did not answer in time.
    #[error("{0} does not answer: {1}")]
    Unreachable(String, String),
    /// The host answered with something else than success.
    #[error("{0} answered with status {1}")]
    Status(String, u16),
    /// The answer is longer than expected.
    #[error("the answer of {0} is longer than {1} bytes")]
    TooLong(String, usize),
    /// What came cannot be kept.
    #[error("what was fetched cannot be written: {0}")]
    NotKept(String),
    /// The client cannot be set up.
    #[error("the client for outgoing requests cannot be made: {0}")]
    Setup(String),
}
