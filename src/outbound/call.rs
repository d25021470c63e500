//! Calls of an API that an operator named: a method, headers, perhaps a body, and an answer that is read within a limit. No
//! redirect is followed, since some of these APIs say "not yet" with the status of one.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::HeaderMap;

use crate::client::{failure, host, parse};
use crate::exchange::Answer;
use crate::guard::Guard;
use crate::{ChosenBy, Client, Error, Result};

/// A call.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// Where.
    pub url: &'a str,
    /// Who chose that place.
    pub chosen_by: ChosenBy,
    /// What goes along.
    pub headers: HeaderMap,
    /// What is posted; none: the resource is read.
    pub body: Option<Bytes>,
    /// How long it may take until the head of the answer is there.
    pub patience: Duration,
}

impl Client {
    /// Makes a call. Any status is an answer.
    pub async fn call(&self, call: Call<'_>) -> Result<Answer> {
        let (url, guard) = (parse(call.url)?, Guard::of(call.chosen_by));
        self.check(&url, guard, guard == Guard::None)?;
        let late = Error::Unreachable(host(&url), "it takes too long".to_owned());
        let method = if call.body.is_some() { Method::POST } else { Method::GET };
        let mut request = self.http(guard)?.request(method, url.clone()).headers(call.headers);
        if let Some(body) = call.body {
            request = request.body(body);
        }
        let answer = tokio::time::timeout(call.patience, request.send()).await.map_err(|_| late)?;
        let response = answer.map_err(|error| failure(&url, &error))?;
        Ok(Answer::new(url, response))
    }
}
