//! Requests that bring something or remove it. No redirect is followed: a body is sent once, to the place that was named.
//! How long a body may take is not limited; how long nothing moves is.

use std::error::Error as StdError;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderValue};
use reqwest::{Body, Method};

use crate::client::{failure, host, parse};
use crate::guard::Guard;
use crate::{Answer, ChosenBy, Client, Error, Result};

/// What is sent along.
pub enum Payload {
    /// What is in memory.
    Whole(Bytes),
    /// So many bytes, as they come.
    Stream(u64, BoxStream<'static, std::result::Result<Bytes, Box<dyn StdError + Send + Sync>>>),
}

/// A request that changes something.
pub struct Submit<'a> {
    /// What is to be done.
    pub method: Method,
    /// Where.
    pub url: &'a str,
    /// Who chose that place.
    pub chosen_by: ChosenBy,
    /// Credentials, for the host of `url`.
    pub authorization: Option<&'a HeaderValue>,
    /// Further headers.
    pub headers: &'a [(&'static str, String)],
    /// What is sent along.
    pub payload: Payload,
    /// How long nothing may move, neither bytes nor an answer.
    pub patience: Duration,
}

impl Client {
    /// Sends it. Any status is an answer, a redirect too.
    pub async fn submit(&self, submit: Submit<'_>) -> Result<Answer> {
        let (url, guard) = (parse(submit.url)?, Guard::of(submit.chosen_by));
        self.check(&url, guard, guard == Guard::None && url.scheme() == "http")?;
        let mut request = self.http(guard)?.request(submit.method, url.clone());
        for (name, value) in submit.headers {
            request = request.header(*name, value);
        }
        if let Some(authorization) = submit.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        let moved = Arc::new(AtomicU64::new(0));
        request = match submit.payload {
            Payload::Whole(bytes) => request.header(CONTENT_LENGTH, bytes.len()).body(bytes),
            Payload::Stream(length, bytes) => {
                let counter = Arc::clone(&moved);
                let counted = bytes.inspect_ok(move |piece| {
                    counter.fetch_add(piece.len() as u64, Ordering::Relaxed);
                });
                request.header(CONTENT_LENGTH, length).body(Body::wrap_stream(counted))
            }
        };
        let answer = request.send();
        tokio::pin!(answer);
        let mut before = 0;
        loop {
            match tokio::time::timeout(submit.patience, &mut answer).await {
                Ok(Ok(response)) => return Ok(Answer::new(url, response)),
                Ok(Err(error)) => return Err(failure(&url, &error)),
                Err(_) => {
                    let now = moved.load(Ordering::Relaxed);
                    if now == before {
                        return Err(Error::Unreachable(host(&url), "it takes nothing and says nothing".to_owned()));
                    }
                    before = now;
                }
            }
        }
    }
}
