//! The running digests of an upload, and how they travel between requests and replicas.
//!
//! sha256 always runs; sha512 runs beside it when it was asked for before the first byte. The exported state is
//! internal to Wharf and tagged with the version of the library that wrote it: a state of another version is not
//! guessed at.

use bytes::Bytes;
use digest::common::hazmat::{SerializableState, SerializedState};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256, Sha512};
use types::{Algorithm, Digest};

/// What the library promises to read back: states of the same minor version.
const FORMAT: &str = "sha2-0.11";

/// Digests of the bytes seen so far.
#[derive(Clone)]
pub(crate) struct Hasher {
    sha256: Sha256,
    sha512: Option<Sha512>,
}

impl Hasher {
    /// Digests of nothing yet.
    pub(crate) fn new(with_sha512: bool) -> Self {
        Self { sha256: Sha256::new(), sha512: with_sha512.then(Sha512::new) }
    }

    /// Takes the next bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        if let Some(sha512) = &mut self.sha512 {
            sha512.update(bytes);
        }
    }

    /// Takes the next bytes, which came in several pieces.
    pub(crate) fn update_all(&mut self, pieces: &[Bytes]) {
        for piece in pieces {
            self.update(piece);
        }
    }

    /// The digest of everything seen, if this algorithm was running.
    pub(crate) fn digest(&self, algorithm: Algorithm) -> Option<Digest> {
        let encoded = match algorithm {
            Algorithm::Sha256 => hex::encode(self.sha256.clone().finalize()),
            Algorithm::Sha512 => hex::encode(self.sha512.clone()?.finalize()),
        };
        Some(Digest::from_encoded(algorithm, &encoded))
    }
}

/// A [`Hasher`] as text.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct HashState {
    format: String,
    sha256: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha512: Option<String>,
}

impl HashState {
    /// The state of digests that have seen nothing.
    pub(crate) fn empty() -> Self {
        Self::of(&Hasher::new(false))
    }

    /// The state of these digests.
    pub(crate) fn of(hasher: &Hasher) -> Self {
        Self {
            format: FORMAT.to_owned(),
            sha256: hex::encode(hasher.sha256.serialize()),
            sha512: hasher.sha512.as_ref().map(|sha512| hex::encode(sha512.serialize())),
        }
    }

    /// The digests, or `None` when another version of the library wrote the state: then the bytes are hashed again.
    pub(crate) fn resume(&self) -> Option<Hasher> {
        if self.format != FORMAT {
            return None;
        }
        let sha512 = match &self.sha512 {
            Some(text) => Some(restore::<Sha512>(text)?),
            None => None,
        };
        Some(Hasher { sha256: restore::<Sha256>(&self.sha256)?, sha512 })
    }

    #[cfg(test)]
    pub(crate) fn forget_format(&mut self) {
        self.format = "sha2-0.10".to_owned();
        self.sha256.clear();
    }
}

fn restore<T: SerializableState>(text: &str) -> Option<T> {
    let bytes = hex::decode(text).ok()?;
    T::deserialize(&SerializedState::<T>::try_from(bytes.as_slice()).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_continues_where_it_was_exported() {
        let content: Vec<u8> = (0..100_000u32).map(|n| n as u8).collect();
        let mut hasher = Hasher::new(true);
        for piece in content.chunks(777) {
            hasher.update(piece);
            let text = serde_json::to_string(&HashState::of(&hasher)).unwrap();
            hasher = serde_json::from_str::<HashState>(&text).unwrap().resume().unwrap();
        }
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            assert_eq!(hasher.digest(algorithm), Some(algorithm.digest(&content)));
        }
    }

    #[test]
    fn a_state_of_another_version_is_not_resumed() {
        let mut state = HashState::empty();
        assert!(state.resume().is_some());
        state.forget_format();
        assert!(state.resume().is_none());
    }
}
