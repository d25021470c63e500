//! An upload that is under way: everything needed to go on with it, from any replica.
//!
//! A value, not a handle: the caller keeps it as JSON in a row and goes back to an earlier one by using a clone of it.
//! It knows what both drivers remember, and does no I/O.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use types::Algorithm;

use crate::budget::Reserved;
use crate::hasher::{HashState, Hasher};
use crate::{Error, Key, ObjectEncryption, Result};

/// The state of one upload.
#[derive(Clone, Serialize, Deserialize)]
pub struct Staged {
    pub(crate) key: Key,
    pub(crate) offset: u64,
    pub(crate) hashes: HashState,
    /// What all its objects are to be encrypted with; decided when the upload begins and kept to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) encryption: Option<ObjectEncryption>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) remote: Option<Remote>,
    /// What a closing append on S3 left for `finish`: not durable and never written down.
    #[serde(skip)]
    pub(crate) held: Option<Arc<Held>>,
}

/// What S3 holds of an upload. `offset` is always the bytes of the parts, plus the tail, plus what is held.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Remote {
    /// The multipart upload under the key, once there is a part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) upload: Option<String>,
    /// Whether another append than the one that began the upload added to it; then two of them may have gone different
    /// ways.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) continued: bool,
    #[serde(default)]
    pub(crate) part_count: u32,
    #[serde(default)]
    pub(crate) part_bytes: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) parts: Vec<Part>,
    /// Bytes behind the last part that were too few for a part, in an object of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tail: Option<Tail>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) superseded: Vec<Key>,
}

/// One stored part of a multipart upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its place, from 1.
    pub number: u32,
    /// How many bytes it has.
    pub size: u64,
    /// What the service called it, needed to complete the upload.
    pub etag: String,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Tail {
    pub(crate) key: Key,
    pub(crate) size: u64,
}

/// Bytes in memory with their reservation.
pub(crate) struct Held {
    pub(crate) pieces: Vec<Bytes>,
    pub(crate) size: u64,
    pub(crate) _reserved: Option<Reserved>,
}

impl Staged {
    /// A new upload to a disk.
    pub(crate) fn on_disk() -> Self {
        Self { key: Key::generate(), offset: 0, hashes: HashState::empty(), encryption: None, remote: None, held: None }
    }

    /// A new upload to S3.
    pub(crate) fn on_s3(encryption: Option<ObjectEncryption>) -> Self {
        Self { encryption, remote: Some(Remote::default()), ..Self::on_disk() }
    }

    /// The key that belongs to the upload now. It changes while a small upload on S3 grows; [`crate::Finished::key`] is
    /// the one that counts.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// How many bytes were taken, which is where the next append begins.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Hashes with this algorithm too. Must be called before the first byte; later it changes nothing, and `finish`
    /// reads the bytes back when it needs another digest.
    pub fn track(&mut self, algorithm: Algorithm) {
        if algorithm == Algorithm::Sha512 && self.offset == 0 {
            self.hashes = HashState::of(&Hasher::new(true));
        }
    }

    /// Every key under which this upload has, or may come to have, an object.
    pub fn keys(&self) -> Vec<Key> {
        let mut keys = vec![self.key.clone()];
        if let Some(remote) = &self.remote {
            keys.extend(remote.tail.iter().map(|tail| tail.key.clone()).filter(|key| *key != self.key));
            keys.extend(remote.superseded.iter().cloned());
        }
        keys
    }

    /// Keys whose objects are no longer needed. Queue them for removal in the transaction that keeps this state, not
    /// before: an earlier state still needs them.
    pub fn take_superseded(&mut self) -> Vec<Key> {
        self.remote.as_mut().map(|remote| std::mem::take(&mut remote.superseded)).unwrap_or_default()
    }

    /// The stored parts, in order. A caller that keeps them in rows of their own writes those from the length it
    /// already has, replacing a row of the same number.
    pub fn parts(&self) -> &[Part] {
        self.remote.as_ref().map(|remote| remote.parts.as_slice()).unwrap_or_default()
    }

    /// This state without its parts, which keeps its JSON small. [`Staged::with_parts`] undoes it.
    pub fn without_parts(&self) -> Self {
        let mut staged = self.clone();
        if let Some(remote) = &mut staged.remote {
            remote.parts = Vec::new();
        }
        staged
    }

    /// Puts the parts back. `parts` is in order and may have more than this state knows (from a request that was rolled
    /// back).
    pub fn with_parts(mut self, mut parts: Vec<Part>) -> Result<Self> {
        if let Some(remote) = &mut self.remote {
            parts.truncate(remote.part_count as usize);
            remote.parts = parts;
        }
        self.check()?;
        Ok(self)
    }

    /// The running digests; `None` when they cannot be continued and the bytes have to be read back.
    pub(crate) fn hasher(&self) -> Option<Hasher> {
        self.hashes.resume()
    }

    /// Whether this state hangs together: a state that was loaded without its parts must not complete an upload.
    pub(crate) fn check(&self) -> Result<()> {
        let Some(remote) = &self.remote else { return Ok(()) };
        let fail = |message: &str| Err(Error::Damaged { message: message.to_owned() });
        if remote.parts.len() != remote.part_count as usize
            || remote.parts.iter().map(|part| part.size).sum::<u64>() != remote.part_bytes
            || remote.parts.iter().zip(1..).any(|(part, number)| part.number != number)
        {
            return fail("the list of parts is not complete");
        }
        let tail = remote.tail.as_ref().map_or(0, |tail| tail.size);
        let held = self.held.as_ref().map_or(0, |held| held.size);
        if self.offset != remote.part_bytes + tail + held {
            return fail("the offset is not the sum of what is stored");
        }
        if remote.part_count > 0 && remote.upload.is_none() {
            return fail("there are parts without an upload");
        }
        Ok(())
    }
}

impl fmt::Debug for Staged {
    /// Shows which upload it is; hash states and part lists say nothing to a reader.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Staged").field("key", &self.key).field("offset", &self.offset).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_two_parts() -> Staged {
        let mut staged = Staged::on_s3(Some(ObjectEncryption::Aes256));
        let part = |number| Part { number, size: 5, etag: format!("e{number}") };
        staged.offset = 12;
        staged.remote = Some(Remote {
            upload: Some("u".to_owned()),
            continued: true,
            part_count: 2,
            part_bytes: 10,
            parts: vec![part(1), part(2)],
            tail: Some(Tail { key: Key::generate(), size: 2 }),
            superseded: vec![Key::generate()],
        });
        staged
    }

    #[test]
    fn parts_can_be_kept_apart() {
        let mut staged = with_two_parts();
        let text = serde_json::to_string(&staged.without_parts()).unwrap();
        assert!(!text.contains("\"e1\"") && text.len() < 800, "{text}");
        let loaded: Staged = serde_json::from_str(&text).unwrap();
        assert!(loaded.check().is_err());
        assert_eq!(loaded.encryption, Some(ObjectEncryption::Aes256));
        let mut rows = staged.parts().to_vec();
        rows.push(Part { number: 3, size: 5, etag: "rolled back".to_owned() });
        let loaded = loaded.with_parts(rows).unwrap();
        assert_eq!(loaded.parts(), staged.parts());
        assert_eq!(loaded.keys().len(), 3);
        assert_eq!(staged.take_superseded().len(), 1);
        assert_eq!(staged.keys().len(), 2);
    }

    #[test]
    fn a_state_that_does_not_add_up_is_damaged() {
        let mut staged = with_two_parts();
        staged.check().unwrap();
        staged.offset = 13;
        assert!(matches!(staged.check(), Err(Error::Damaged { .. })));
    }
}
