//! What can go wrong with bytes. Callers tell apart what the client did, what the operator must do, and the rest.

use std::io;

use types::Digest;

use crate::encryption::refusal;
use crate::{Key, ObjectEncryption};

/// Result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// A failure of the blob store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The body ended early: the client went away, broke the framing, or sent nothing for too long.
    #[error("the request body ended early: {source}")]
    Body {
        /// What the body's stream said, or [`IdleBody`].
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The body is longer than it may be.
    #[error("the request body is longer than {limit} bytes")]
    ChunkLimit {
        /// The limit in bytes.
        limit: u64,
    },
    /// The bytes have another digest than the client said.
    #[error("the content has the digest {actual}, not {expected}")]
    DigestMismatch {
        /// What the client said.
        expected: Digest,
        /// What the bytes are.
        actual: Digest,
    },
    /// There is no object under this key.
    #[error("there is no object '{key}'")]
    NotFound {
        /// The key.
        key: Key,
    },
    /// The storage is full, or less than the reserve is free.
    #[error("there is no space left for new blobs; free some space or lower the reserve")]
    NoSpace,
    /// Another request is writing to this upload.
    #[error("another request is writing to this upload")]
    Busy,
    /// The bytes of this upload are no longer there; it has to begin again.
    #[error("the bytes of the upload '{key}' are gone; begin it again")]
    Lost {
        /// The key of the upload.
        key: Key,
    },
    /// The content is larger than the storage can hold in one object.
    #[error("the content is too large for one object")]
    TooLarge,
    /// The closing request of this upload was already taken; go on from the state before it.
    #[error("the upload is closed and takes no more bytes")]
    Closed,
    /// The kept state of an upload cannot be understood.
    #[error("the state of the upload is damaged: {message}")]
    Damaged {
        /// What is wrong with it.
        message: String,
    },
    /// Not a key of an object.
    #[error("'{text}' is not a key of an object")]
    InvalidKey {
        /// The text, cut.
        text: String,
    },
    /// Settings that cannot work.
    #[error("{message}")]
    Config {
        /// What is wrong with them.
        message: String,
    },
    /// The file system failed.
    #[error("{operation} failed: {source}")]
    Io {
        /// What was attempted.
        operation: &'static str,
        /// The failure.
        source: io::Error,
    },
    /// The S3 service failed or could not be reached.
    #[error("{operation} failed: {}", with_causes(.failure))]
    S3 {
        /// What was attempted.
        operation: &'static str,
        /// The failure. Its causes are part of the text, so none of them is the source of this error.
        failure: object_store::Error,
    },
    /// The S3 service does not encrypt as it was asked to, or cannot decrypt what it has.
    #[error("{operation} failed with its encryption: {}", with_causes(.failure))]
    Encryption {
        /// What was attempted.
        operation: &'static str,
        /// Why, in one word of the service: `KMS.NotFoundException`.
        reason: String,
        /// The failure; see [`Self::S3`].
        failure: object_store::Error,
    },
    /// The S3 service answered something that cannot be understood.
    #[error("{operation} failed: {message}")]
    Answer {
        /// What was attempted.
        operation: &'static str,
        /// What was wrong with the answer.
        message: String,
    },
}

impl Error {
    /// A failure of the file system, with a full one told apart.
    pub(crate) fn io(operation: &'static str, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoSpace,
            _ => Self::Io { operation, source },
        }
    }

    /// A failure of the S3 service, with one of encryption told apart. `asked` is what it was to encrypt with, in a request
    /// that writes.
    pub(crate) fn s3(operation: &'static str, failure: object_store::Error, asked: Option<&ObjectEncryption>) -> Self {
        match refusal(&with_causes(&failure), asked) {
            Some(reason) => Self::Encryption { operation, reason, failure },
            None => Self::S3 { operation, failure },
        }
    }

    /// Whether the client caused it, so that it does not count as a failure of the storage.
    pub(crate) fn is_clients(&self) -> bool {
        matches!(
            self,
            Self::Body { .. } | Self::ChunkLimit { .. } | Self::DigestMismatch { .. } | Self::Busy | Self::Closed
        )
    }
}

/// A body sent nothing for longer than the idle timeout, or too slowly while others waited for memory.
#[derive(Debug, thiserror::Error)]
#[error("no data arrived in time")]
pub struct IdleBody;

/// What an error says, with those of its causes that it does not say itself. Those of object_store say each other's texts
/// again, but not the innermost ones, which tell an unknown certificate from a closed port.
fn with_causes(error: &object_store::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let said = inner.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = inner.source();
    }
    text
}
