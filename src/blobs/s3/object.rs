//! Whole objects: put, get, read back, move away.

use std::ops::Range;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutPayload, WriteMultipart};
use tokio::sync::oneshot;
use types::{Algorithm, Digest};

use super::S3;
use crate::budget::Reserved;
use crate::hasher::Hasher;
use crate::store::ReadStream;
use crate::{Error, Key, ObjectEncryption, Result};

/// The most that the service copies by itself.
const LARGEST_COPY: u64 = 5 * 1024 * 1024 * 1024;

impl S3 {
    /// The bytes of an object in `range`. A service that sends fewer is an error, not an end.
    pub(crate) async fn read(&self, key: &Key, range: Range<u64>) -> Result<ReadStream> {
        if range.is_empty() {
            let size = self.size(key).await?;
            return size.map(|_| stream::empty().boxed()).ok_or_else(|| Error::NotFound { key: key.clone() });
        }
        let expected = range.end - range.start;
        let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
        let answer = self.shared.client.get_opts(&self.path(key), options).await;
        let answer = answer.map_err(|source| failed("reading a blob", key, source, None))?;
        let key = key.clone();
        let pieces = answer.into_stream().map_err(move |source| failed("reading a blob", &key, source, None));
        let counted = pieces.chain(stream::once(async { Ok(Bytes::new()) })).scan(expected, |left, piece| {
            let piece = match piece {
                // The empty piece is ours: it marks the end.
                Ok(piece) if piece.is_empty() && *left > 0 => {
                    let message = format!("the answer ended {left} bytes early");
                    Err(Error::Answer { operation: "reading a blob", message })
                }
                Ok(piece) => {
                    *left = left.saturating_sub(piece.len() as u64);
                    Ok(piece)
                }
                Err(error) => Err(error),
            };
            std::future::ready(Some(piece))
        });
        Ok(counted.try_filter(|piece| std::future::ready(!piece.is_empty())).boxed())
    }

    /// The size of an object.
    pub(crate) async fn size(&self, key: &Key) -> Result<Option<u64>> {
        match self.shared.client.head(&self.path(key)).await {
            Ok(object) => Ok(Some(object.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(source) => Err(Error::S3 { operation: "looking at a blob", failure: source }),
        }
    }

    /// Moves an object below `quarantine/`.
    pub(crate) async fn quarantine(&self, key: &Key) -> Result<()> {
        let Some(size) = self.size(key).await? else { return Ok(()) };
        let (from, to) = (self.path(key), self.below_prefix(&format!("quarantine/{}", key.name())));
        let fail = |source| failed("quarantining a blob", key, source, None);
        if size <= LARGEST_COPY {
            self.shared.client.copy(&from, &to).await.map_err(fail)?;
        } else {
            let part = self.shared.part_size.max(usize::try_from(size / 9000).unwrap_or(usize::MAX));
            let upload = self.shared.client.put_multipart(&to).await.map_err(fail)?;
            let mut copy = WriteMultipart::new_with_chunk_size(upload, part);
            let mut pieces = self.read(key, 0..size).await?;
            while let Some(piece) = pieces.try_next().await? {
                copy.wait_for_capacity(1).await.map_err(fail)?;
                copy.put(piece);
            }
            copy.finish().await.map_err(fail)?;
        }
        self.delete(std::slice::from_ref(key)).await
    }

    /// Writes a new object under a key that nobody else knows, encrypted so. When the caller goes away, or it is not clear whether
    /// the service took it, the object is removed again: nothing points to it.
    pub(super) async fn put_new(
        &self,
        pieces: Vec<Bytes>,
        reserved: Option<Reserved>,
        encryption: Option<&ObjectEncryption>,
    ) -> Result<Key> {
        let key = Key::generate();
        let fail = |source| Error::s3("writing a blob", source, encryption);
        let writer = self.writer(encryption).map_err(fail)?;
        let (s3, own_key) = (self.clone(), key.clone());
        let (tell, told) = oneshot::channel();
        tokio::spawn(async move {
            let payload = PutPayload::from_iter(pieces);
            let outcome = writer.put(&s3.path(&own_key), payload).await;
            drop(reserved);
            let taken = outcome.is_ok();
            let heard = tell.send(outcome).is_ok();
            if !(taken && heard)
                && let Err(error) = s3.delete(std::slice::from_ref(&own_key)).await
            {
                tracing::warn!(blob.key = %own_key, %error, "an object that nothing points to may remain");
            }
        });
        match told.await {
            Ok(Ok(_)) => Ok(key),
            Ok(Err(source)) => Err(fail(source)),
            Err(_) => Err(Error::Answer { operation: "writing a blob", message: "the writing task ended".into() }),
        }
    }

    /// The whole of a small object.
    pub(super) async fn get_whole(&self, key: &Key, size: u64) -> Result<Vec<Bytes>> {
        self.read(key, 0..size).await?.try_collect().await
    }

    /// The digest of what an object holds.
    pub(super) async fn hash(&self, key: &Key, size: u64, algorithm: Algorithm) -> Result<Digest> {
        let mut hasher = Some(Hasher::new(algorithm == Algorithm::Sha512));
        let mut pieces = self.read(key, 0..size).await?;
        while let Some(piece) = pieces.try_next().await? {
            hasher = super::hashing::update(hasher, vec![piece]).await?;
        }
        let digest = hasher.and_then(|hasher| hasher.digest(algorithm));
        Ok(digest.expect("a new hasher runs the algorithm that it was made for"))
    }
}

/// An error of the service about an object; `asked` as in [`Error::s3`].
pub(super) fn failed(
    operation: &'static str,
    key: &Key,
    source: object_store::Error,
    asked: Option<&ObjectEncryption>,
) -> Error {
    match source {
        object_store::Error::NotFound { .. } => Error::NotFound { key: key.clone() },
        source => Error::s3(operation, source, asked),
    }
}
