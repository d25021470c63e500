//! Values of the OCI and AWS specifications: names, digests, ARNs, ids, time.
//!
//! What arrives from outside is parsed into these types once, at the edge; below it no bare string names a thing.
//! The crate does no I/O and reads no clock.

mod account;
mod arn;
mod digest;
mod encryption;
mod media_type;
mod name;
mod reference;
mod secret;
mod storage_class;
mod tag;
mod tag_mutability;
mod time;

pub use account::{AccountId, Region, RegistryId};
pub use arn::Arn;
pub use digest::{Algorithm, Digest};
pub use encryption::Encryption;
pub use media_type::MediaType;
pub use name::RepoName;
pub use reference::Reference;
pub use secret::Secret;
pub use storage_class::StorageClass;
pub use tag::Tag;
pub use tag_mutability::{TagFilter, TagMutability};
pub use time::Timestamp;

/// A value that does not have the form its specification asks for.
///
/// The message names the value and says what is expected; fronts put it into their own error shape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    message: String,
}

impl Invalid {
    /// An error with the given explanation (lowercase, no full stop).
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

/// Cuts untrusted text to a length that is safe to repeat in an error message.
pub(crate) fn shown(text: &str) -> String {
    const MAX: usize = 80;
    let mut out: String = text.chars().take(MAX).flat_map(char::escape_debug).collect();
    if text.chars().nth(MAX).is_some() {
        out.push('…');
    }
    out
}
