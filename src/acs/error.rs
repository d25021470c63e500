//! Why a frame is not understood.

/// What decoding returns.
pub type Result<T> = std::result::Result<T, Error>;

/// A frame that is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is longer than this side takes.
    #[error("a frame of {0} bytes, and {1} are the limit")]
    TooLong(usize, usize),
    /// It is not `{"type": …, "message": …}`, or a message does not have its shape.
    #[error("a frame that cannot be read: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Telemetry without a message in it.
    #[error("a frame without a message")]
    Empty,
}
