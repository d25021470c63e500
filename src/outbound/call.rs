//! Requests to a service that the operator named: a body goes there with headers that the caller made, and an answer of
//! bounded length comes back, or the connection becomes one of another protocol. No redirect is followed: what was signed
//! for one place means nothing at another.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::HeaderMap;
use reqwest::{StatusCode, Upgraded};

use crate::client::{failure, host, parse};
use crate::guard::Guard;
use crate::{ChosenBy, Client, Error, Result};

impl Client {
    /// Posts a body, and gives the status and the body of the answer, of at most `limit` bytes. Any status is an answer.
    pub async fn call(
        &self,
        url: &str,
        headers: HeaderMap,
        body: Bytes,
        chosen_by: ChosenBy,
        limit: usize,
        patience: Duration,
    ) -> Result<(u16, Bytes)> {
        let (parsed, guard) = (parse(url)?, Guard::of(chosen_by));
        self.check(&parsed, guard, guard == Guard::None)?;
        let late = Error::Unreachable(host(&parsed), "it takes too long".to_owned());
        let ask = async {
            let request = self.http(guard)?.post(parsed.clone()).headers(headers).body(body);
            let mut answer = request.send().await.map_err(|error| failure(&parsed, &error))?;
            let mut body = BytesMut::new();
            while let Some(chunk) = answer.chunk().await.map_err(|error| failure(&parsed, &error))? {
                if body.len() + chunk.len() > limit {
                    return Err(Error::TooLong(host(&parsed), limit));
                }
                body.extend_from_slice(&chunk);
            }
            Ok((answer.status().as_u16(), body.freeze()))
        };
        tokio::time::timeout(patience, ask).await.map_err(|_| late)?
    }

    /// Asks with headers that ask for another protocol, and gives the headers of the answer and the connection. The host
    /// must be one that the operator named.
    pub async fn upgrade(&self, url: &str, headers: HeaderMap, patience: Duration) -> Result<(HeaderMap, Upgraded)> {
        let parsed = parse(url)?;
        self.check(&parsed, Guard::None, true)?;
        let late = Error::Unreachable(host(&parsed), "it takes too long".to_owned());
        let ask = async {
            let request = self.http1()?.get(parsed.clone()).headers(headers);
            let answer = request.send().await.map_err(|error| failure(&parsed, &error))?;
            if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
                return Err(Error::Status(host(&parsed), answer.status().as_u16()));
            }
            let headers = answer.headers().clone();
            Ok((headers, answer.upgrade().await.map_err(|error| failure(&parsed, &error))?))
        };
        tokio::time::timeout(patience, ask).await.map_err(|_| late)?
    }
}
