//! Why a layer or an advisory cannot be read.

use std::io;

/// What is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not what it should be.
    #[error("{0}")]
    Malformed(String),
    /// It goes beyond a limit. Nothing of it was kept.
    #[error("{0}")]
    Limit(String),
    /// Somebody said that it has taken long enough.
    #[error("reading it took too long")]
    Stopped,
}

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        // Limits are found below decoders that only know this type.
        match error.downcast::<Self>() {
            Ok(own) => own,
            Err(error) => Self::Malformed(format!("the layer cannot be unpacked: {error}")),
        }
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::other(error)
    }
}
