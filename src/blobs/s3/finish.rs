//! Makes an upload an object: verify the digest, send what is left, complete.

use bytes::Bytes;
use object_store::PutPayload;
use types::Digest;

use super::S3;
use crate::staged::{Remote, Tail};
use crate::{Error, Finished, Key, Result, Staged};

impl S3 {
    /// Verifies and publishes an upload. See [`crate::Blobs::finish`].
    pub(crate) async fn finish(&self, staged: &mut Staged, expected: &Digest) -> Result<Finished> {
        staged.check()?;
        let running = staged.hasher().and_then(|hasher| hasher.digest(expected.algorithm()));
        if let Some(actual) = &running {
            verify(expected, actual)?;
        }
        // The work goes on to its end when the request goes away: what it leaves is either found again by the next try
        // or removed.
        let (s3, state, expected) = (self.clone(), staged.clone(), expected.clone());
        let work = tokio::spawn(async move { s3.publish(state, &expected, running.is_none()).await });
        let ended =
            |error: tokio::task::JoinError| Error::Answer { operation: "finishing a blob", message: error.to_string() };
        let finished = work.await.map_err(ended)??;
        // From now on this state is that of a blob in one object, so a second call finds it done.
        staged.key = finished.key.clone();
        staged.held = None;
        let tail = Some(Tail { key: finished.key.clone(), size: finished.size });
        let mut superseded = staged.take_superseded();
        let old_tail = staged.remote.as_ref().and_then(|remote| remote.tail.as_ref());
        superseded.extend(old_tail.map(|tail| tail.key.clone()).filter(|key| *key != finished.key));
        staged.remote = Some(Remote { tail, superseded, ..Remote::default() });
        Ok(finished)
    }

    /// Sends what is left and completes; `unknown` means that the digest has to be taken from the stored object.
    async fn publish(&self, staged: Staged, expected: &Digest, unknown: bool) -> Result<Finished> {
        let size = staged.offset;
        let remote = staged.remote.clone().unwrap_or_default();
        let encryption = staged.encryption.as_ref();
        let held = staged.held.as_ref().map(|held| held.pieces.clone());
        let (key, adopted) = match (&remote.upload, held) {
            (Some(upload), held) => (self.complete_with(&staged, &remote, upload, held, expected).await?, false),
            (None, Some(pieces)) => (self.put_new(pieces, None, encryption).await?, false),
            (None, None) => match &remote.tail {
                Some(tail) => (tail.key.clone(), true),
                None => (self.put_new(Vec::new(), None, encryption).await?, false),
            },
        };
        if unknown {
            let actual = self.hash(&key, size, expected.algorithm()).await?;
            if let Err(error) = verify(expected, &actual) {
                if !adopted {
                    self.delete(std::slice::from_ref(&key)).await?;
                }
                return Err(error);
            }
        }
        Ok(Finished { key, size })
    }

    async fn complete_with(
        &self,
        staged: &Staged,
        remote: &Remote,
        upload: &str,
        held: Option<Vec<Bytes>>,
        expected: &Digest,
    ) -> Result<Key> {
        let encryption = staged.encryption.as_ref();
        let mut parts = remote.parts.clone();
        let (last, _reserved) = match (held, &remote.tail) {
            (Some(pieces), _) => (pieces, None),
            (None, Some(tail)) => {
                // Nothing is held here, so waiting for memory cannot block anybody else.
                let reserved = self.shared.budget.reserve(tail.size as usize).await;
                match self.get_whole(&tail.key, tail.size).await {
                    Ok(pieces) => (pieces, Some(reserved)),
                    Err(Error::NotFound { .. }) => return self.recover(staged, expected).await,
                    Err(error) => return Err(error),
                }
            }
            (None, None) => (Vec::new(), None),
        };
        if !last.is_empty() {
            let payload = PutPayload::from_iter(last);
            match self.put_part(&staged.key, upload, parts.len() as u32 + 1, payload, encryption).await {
                Ok(part) => parts.push(part),
                Err(Error::Lost { .. }) => return self.recover(staged, expected).await,
                Err(error) => return Err(error),
            }
        }
        match self.complete(&staged.key, upload, &parts, encryption).await {
            // Some services answer a repeated completion with success and the ETag that was asked for, although the
            // object has the parts of the first. Where that can be, the object itself is asked.
            Ok(true) if !remote.continued || self.is_made_of(&staged.key, staged.offset, &parts).await? => {
                Ok(staged.key.clone())
            }
            Ok(_) => self.recover(staged, expected).await,
            // The upload is gone, or it is not known whether the service did it.
            Err(error) => match self.recover(staged, expected).await {
                Err(Error::Lost { .. }) if !matches!(error, Error::NotFound { .. }) => Err(error),
                outcome => outcome,
            },
        }
    }

    /// Decides whether an earlier try completed the upload: its object is there, has the size, and its bytes have the
    /// digest. The bytes are read because another request may have completed the same upload with other parts.
    async fn recover(&self, staged: &Staged, expected: &Digest) -> Result<Key> {
        let key = &staged.key;
        match self.size(key).await? {
            Some(size) if size == staged.offset => {
                verify(expected, &self.hash(key, size, expected.algorithm()).await?)?;
                Ok(key.clone())
            }
            _ => Err(Error::Lost { key: key.clone() }),
        }
    }
}

fn verify(expected: &Digest, actual: &Digest) -> Result<()> {
    if actual == expected {
        Ok(())
    } else {
        Err(Error::DigestMismatch { expected: expected.clone(), actual: actual.clone() })
    }
}
