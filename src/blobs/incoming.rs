//! The body of a request as the drivers see it: frames, a limit, and a clock for clients that send nothing.
//!
//! It does not gather frames: how much is held, and when it is written, is each driver's decision.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use tokio::time::{Instant, timeout};

use crate::{Error, IdleBody, Result};

/// Any error of a body.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The frames of a body.
pub(crate) type Body<'a> = BoxStream<'a, std::result::Result<Bytes, BoxError>>;

/// What is known about a body before it is read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Append {
    /// Whether nothing follows this body: [`crate::Blobs::finish`] is called next, in the same request.
    pub closing: bool,
    /// The length that the client announced, if it did. A hint: it sizes reservations and is not enforced.
    pub length: Option<u64>,
    /// The most bytes that the body may have.
    pub limit: Option<u64>,
}

/// What came next.
pub(crate) enum Next {
    /// Some bytes.
    Frame(Bytes),
    /// The body is complete.
    End,
    /// Nothing came for as long as the driver was willing to wait; it may do something useful and ask again.
    Quiet,
    /// The body ended early or is too long.
    Failed(Error),
}

/// A body that is being read.
pub(crate) struct Incoming<'a> {
    body: Body<'a>,
    limit: u64,
    taken: u64,
    idle_timeout: Duration,
    waited: Duration,
}

impl<'a> Incoming<'a> {
    /// Wraps a body. Fails when its announced length is more than its limit.
    pub(crate) fn new(body: Body<'a>, about: &Append, idle_timeout: Duration) -> Result<Self> {
        match about.limit {
            Some(limit) if about.length.is_some_and(|length| length > limit) => Err(Error::ChunkLimit { limit }),
            limit => {
                let limit = limit.unwrap_or(u64::MAX);
                Ok(Self { body, limit, taken: 0, idle_timeout, waited: Duration::ZERO })
            }
        }
    }

    /// The next bytes. Waiting for memory or for the storage between two calls does not count as the client's silence.
    pub(crate) async fn next(&mut self, patience: Duration) -> Next {
        let patience = patience.min(self.idle_timeout.saturating_sub(self.waited));
        let begin = Instant::now();
        match timeout(patience, self.body.next()).await {
            Ok(Some(Ok(frame))) => {
                self.waited = Duration::ZERO;
                self.taken = self.taken.saturating_add(frame.len() as u64);
                if self.taken > self.limit {
                    return Next::Failed(Error::ChunkLimit { limit: self.limit });
                }
                Next::Frame(frame)
            }
            Ok(Some(Err(source))) => Next::Failed(Error::Body { source }),
            Ok(None) => Next::End,
            Err(_) => {
                self.waited += begin.elapsed();
                if self.waited >= self.idle_timeout {
                    return Next::Failed(Error::Body { source: IdleBody.into() });
                }
                Next::Quiet
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    fn incoming(limit: Option<u64>, body: Body<'static>) -> Incoming<'static> {
        Incoming::new(body, &Append { limit, ..Append::default() }, Duration::from_millis(30)).unwrap()
    }

    #[tokio::test]
    async fn a_body_longer_than_its_limit_fails() {
        let frames = stream::iter([Ok(Bytes::from_static(b"12345")), Ok(Bytes::from_static(b"6"))]);
        let mut body = incoming(Some(5), frames.boxed());
        assert!(matches!(body.next(Duration::MAX).await, Next::Frame(_)));
        assert!(matches!(body.next(Duration::MAX).await, Next::Failed(Error::ChunkLimit { limit: 5 })));
        let announced = Append { length: Some(6), limit: Some(5), closing: false };
        assert!(Incoming::new(stream::empty().boxed(), &announced, Duration::MAX).is_err());
    }

    #[tokio::test]
    async fn silence_is_told_and_then_ends_the_body() {
        let mut body = incoming(None, stream::pending().boxed());
        assert!(matches!(body.next(Duration::from_millis(5)).await, Next::Quiet));
        assert!(matches!(body.next(Duration::MAX).await, Next::Failed(Error::Body { .. })));
    }
}
