//! What an upload that nobody finished left in the storage, for the sweeper.

use std::time::SystemTime;

use crate::Key;

/// A staged upload found in the storage: a staging file, or an incomplete multipart upload.
///
/// It may belong to a session that lives. The caller decides: when no session row has the key (see
/// [`crate::Staged::key`]) and it is older than any session can be, [`crate::Blobs::discard`] removes it.
#[derive(Debug, Clone)]
pub struct Leftover {
    /// The key that the upload would have finished under.
    pub key: Key,
    /// When it was last written to (disk) or begun (S3).
    pub since: SystemTime,
    /// The name of the multipart upload on S3.
    pub(crate) upload: Option<String>,
}
