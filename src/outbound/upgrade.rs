//! Connections that become ones of another protocol, such as websockets, at a service that the operator named.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{StatusCode, Upgraded};

use crate::client::{failure, host, parse};
use crate::guard::Guard;
use crate::{Client, Error, Result};

impl Client {
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
