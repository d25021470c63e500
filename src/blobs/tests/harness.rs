//! What the suite needs: a store to test, content to store, bodies of every shape, and a way through JSON as the caller
//! goes.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use types::{Algorithm, Digest, Secret};

use crate::{Append, Blobs, Config, Error, Finished, Key, Location, Result, S3Config, Staged};

pub(super) const MIB: usize = 1024 * 1024;

/// A store and what keeps it alive.
pub(super) struct Harness {
    pub(super) blobs: Blobs,
    pub(super) directory: Option<tempfile::TempDir>,
}

/// A store in a temporary directory.
pub(super) async fn disk() -> Harness {
    disk_with(|_| {}).await
}

/// A store in a temporary directory with other settings.
pub(super) async fn disk_with(change: impl FnOnce(&mut Config)) -> Harness {
    let directory = tempfile::tempdir().unwrap();
    let mut config = Config::new(Location::Disk { root: directory.path().join("blobs"), low_water: 0 });
    change(&mut config);
    Harness { blobs: Blobs::open(config).await.unwrap(), directory: Some(directory) }
}

/// A store in a folder of its own in the bucket that the environment names; `None` when it names none, which CI does
/// not allow.
pub(super) async fn s3() -> Option<Harness> {
    s3_with(|_| {}).await
}

/// As `s3`, with other settings.
pub(super) async fn s3_with(change: impl FnOnce(&mut Config)) -> Option<Harness> {
    let mut config = Config::new(Location::S3(bucket()?));
    change(&mut config);
    Some(Harness { blobs: Blobs::open(config).await.unwrap(), directory: None })
}

/// The bucket that the environment names.
pub(super) fn bucket() -> Option<S3Config> {
    let variable = |name: &str| std::env::var(format!("WHARF_TEST_S3_{name}")).ok();
    let Some(endpoint) = variable("ENDPOINT") else {
        let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!in_ci, "WHARF_TEST_S3_ENDPOINT is not set: the S3 driver must be tested in CI");
        eprintln!("not run: WHARF_TEST_S3_ENDPOINT is not set");
        return None;
    };
    let mut config = S3Config::new(variable("BUCKET").expect("WHARF_TEST_S3_BUCKET"), "us-east-1");
    config.endpoint = Some(endpoint);
    config.path_style = true;
    config.access_key_id = variable("ACCESS_KEY_ID");
    config.secret_access_key = variable("SECRET_ACCESS_KEY").map(Secret::new);
    config.prefix = format!("test/{}", Key::generate().name());
    Some(config)
}

/// Content that compresses badly and differs with `seed`.
pub(super) fn content(size: usize, seed: u64) -> Bytes {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(size);
    bytes.into()
}

pub(super) fn sha256(bytes: &[u8]) -> Digest {
    Algorithm::Sha256.digest(bytes)
}

/// A body that sends `bytes` in frames of this size.
pub(super) fn frames(bytes: &Bytes, size: usize) -> impl Stream<Item = Result<Bytes>> + Send + use<> {
    let (bytes, starts) = (bytes.clone(), (0..bytes.len()).step_by(size));
    stream::iter(starts).map(move |start| Ok(bytes.slice(start..bytes.len().min(start + size))))
}

/// A body that sends `bytes` and then fails as that of a client that went away does.
pub(super) fn broken(bytes: &Bytes) -> impl Stream<Item = std::io::Result<Bytes>> + Send + use<> {
    let frames: Vec<_> = bytes.chunks(100_000).map(|frame| Ok(Bytes::copy_from_slice(frame))).collect();
    stream::iter(frames).chain(stream::once(async { Err(std::io::ErrorKind::ConnectionReset.into()) }))
}

/// A body that sends `bytes` and then nothing more, for ever.
pub(super) fn stalled(bytes: &Bytes) -> impl Stream<Item = Result<Bytes>> + Send + use<> {
    frames(bytes, 64 * 1024).chain(stream::pending())
}

pub(super) const OPEN: Append = Append { closing: false, length: None, limit: None };
pub(super) const CLOSING: Append = Append { closing: true, length: None, limit: None };

impl Harness {
    /// Takes the state through JSON with its parts apart, as the caller keeps it.
    pub(super) fn kept(&self, staged: &Staged) -> Staged {
        let parts = staged.parts().to_vec();
        let text = serde_json::to_string(&staged.without_parts()).unwrap();
        assert!(text.len() < 1500, "{text}");
        serde_json::from_str::<Staged>(&text).unwrap().with_parts(parts).unwrap()
    }

    /// Appends `bytes` in frames of 100,000.
    pub(super) async fn append(&self, staged: &mut Staged, bytes: &Bytes) {
        self.blobs.append(staged, frames(bytes, 100_000), OPEN).await.unwrap();
    }

    /// Stores `bytes` in one closing request.
    pub(super) async fn put(&self, bytes: &Bytes) -> Finished {
        let mut staged = self.blobs.begin(None).unwrap();
        let about = Append { closing: true, length: Some(bytes.len() as u64), limit: None };
        self.blobs.append(&mut staged, frames(bytes, 100_000), about).await.unwrap();
        self.blobs.finish(&mut staged, &sha256(bytes)).await.unwrap()
    }

    pub(super) async fn get(&self, key: &Key, from: usize, to: usize) -> Result<Bytes> {
        let pieces: Vec<Bytes> = self.blobs.read(key, from as u64..to as u64, None).await?.try_collect().await?;
        Ok(pieces.concat().into())
    }

    /// Asserts that the finished object holds exactly `bytes`.
    pub(super) async fn assert_holds(&self, finished: &Finished, bytes: &Bytes) {
        assert_eq!(finished.size, bytes.len() as u64);
        assert_eq!(self.blobs.size(&finished.key).await.unwrap(), Some(finished.size));
        // Not assert_eq: nobody wants to see megabytes.
        assert!(self.get(&finished.key, 0, bytes.len()).await.unwrap() == *bytes, "other bytes came back");
    }

    pub(super) async fn assert_absent(&self, key: &Key) {
        assert_eq!(self.blobs.size(key).await.unwrap(), None);
        assert!(matches!(self.get(key, 0, 1).await, Err(Error::NotFound { .. })));
        assert!(matches!(self.get(key, 0, 0).await, Err(Error::NotFound { .. }) | Ok(_)));
    }

    /// Waits for something that another task brings about.
    pub(super) async fn eventually(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        for _ in 0..100 {
            if holds().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{what} did not come about");
    }
}
