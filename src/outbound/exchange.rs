//! Requests of a protocol that needs more than a body: they carry headers and perhaps credentials, and the answer is
//! read piece by piece. How long the whole takes is not limited; how long nothing comes is, or next to nothing.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use reqwest::{Method, Response, Url};

use crate::client::{failure, host, next, parse};
use crate::guard::Guard;
use crate::{ChosenBy, Client, Error, Result};

/// A body that brings nothing for this long has ended.
const IDLE: Duration = Duration::from_secs(30);
/// Nor is it worth waiting for one that brings less than this in the same time: whoever waits would do so for ever.
const LEAST: u64 = 16 * 1024;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    /// Where.
    pub url: &'a str,
    /// Who chose that place.
    pub chosen_by: ChosenBy,
    /// Whether only the head of the answer is wanted.
    pub head: bool,
    /// Media types that are taken; empty: any.
    pub accept: &'a str,
    /// Credentials. They go to the host of `url` and to no other.
    pub authorization: Option<&'a HeaderValue>,
    /// How many redirects are followed.
    pub hops: usize,
    /// How long it may take until the head of the answer is there, redirects included.
    pub patience: Duration,
}

/// An answer whose body is not read yet.
#[derive(Debug)]
pub struct Answer {
    url: Url,
    response: Response,
    /// For how long the host was waited for, and what it brought in that time.
    waited: Duration,
    brought: u64,
}

impl Client {
    /// Asks, and follows redirects. Any status is an answer.
    pub async fn send(&self, ask: &Ask<'_>) -> Result<Answer> {
        let url = parse(ask.url)?;
        let late = Error::Unreachable(host(&url), "it takes too long".to_owned());
        tokio::time::timeout(ask.patience, self.exchange(url, ask)).await.map_err(|_| late)?
    }

    async fn exchange(&self, mut url: Url, ask: &Ask<'_>) -> Result<Answer> {
        let own = Guard::of(ask.chosen_by);
        // What an operator reaches in plain HTTP may send us to its neighbors in plain HTTP.
        let plain = own == Guard::None && url.scheme() == "http";
        let (mut guard, mut authorization) = (own, ask.authorization);
        for _ in 0..=ask.hops {
            self.check(&url, guard, plain)?;
            let method = if ask.head { Method::HEAD } else { Method::GET };
            let mut request = self.http(guard)?.request(method, url.clone());
            if !ask.accept.is_empty() {
                request = request.header(ACCEPT, ask.accept);
            }
            if let Some(authorization) = authorization {
                request = request.header(AUTHORIZATION, authorization.clone());
            }
            let response = request.send().await.map_err(|error| failure(&url, &error))?;
            let Some(next) = next(&url, &response) else {
                return Ok(Answer::new(url, response));
            };
            if next.origin() != url.origin() {
                // Never given back: a chain that returns to the first host was led there by another.
                authorization = None;
                guard = own.elsewhere();
            }
            url = next;
        }
        Err(Error::Forbidden(host(&url), "too many redirects"))
    }
}

impl Answer {
    /// From a place, which failures name.
    pub(crate) fn new(url: Url, response: Response) -> Self {
        Self { url, response, waited: Duration::ZERO, brought: 0 }
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// Whether it was given at the scheme, host and port of a URL, and not where a redirect led.
    pub fn is_from(&self, url: &str) -> bool {
        Url::parse(url).is_ok_and(|url| url.origin() == self.url.origin())
    }

    /// The host that answered.
    pub(crate) fn host(&self) -> String {
        host(&self.url)
    }

    /// Where it says that something is, as a whole URL.
    pub fn location(&self) -> Option<String> {
        Some(self.url.join(self.header("location")?).ok()?.into())
    }

    /// A header, if it is there and text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// All values of a header that are text.
    pub fn headers<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.response.headers().get_all(name).into_iter().filter_map(|value| value.to_str().ok())
    }

    /// How long the body is, if the host said. Of an answer to HEAD, how long it would be.
    pub fn length(&self) -> Option<u64> {
        self.header("content-length")?.parse().ok()
    }

    /// The next bytes of the body; none at its end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        let begun = Instant::now();
        let unreachable = |why: &str| Err(Error::Unreachable(host(&self.url), why.to_owned()));
        let Ok(chunk) = tokio::time::timeout(IDLE, self.response.chunk()).await else {
            return unreachable("it fell silent");
        };
        let Some(chunk) = chunk.map_err(|error| failure(&self.url, &error))? else {
            return Ok(None);
        };
        self.waited += begun.elapsed();
        self.brought += chunk.len() as u64;
        if self.waited >= IDLE {
            if self.brought < LEAST {
                return unreachable("it brings next to nothing");
            }
            (self.waited, self.brought) = (Duration::ZERO, 0);
        }
        Ok(Some(chunk))
    }

    /// The whole body, of at most `limit` bytes.
    pub async fn body(mut self, limit: usize) -> Result<Bytes> {
        let mut body = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            if body.len() + chunk.len() > limit {
                return Err(Error::TooLong(host(&self.url), limit));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }
}

/// The scheme, host and port of an address that can be asked; none if it is not one, written with `https://` or `http://`.
pub fn origin(url: &str) -> Option<String> {
    let is_written_out = url.starts_with("https://") || url.starts_with("http://");
    Some(Url::parse(url).ok().filter(|_| is_written_out)?.origin().ascii_serialization())
}

/// A URL without its login, query and fragment, where secrets are; none if it is no URL.
pub fn shown(url: &str) -> Option<String> {
    let mut url = Url::parse(url).ok()?;
    url.set_username("").and_then(|()| url.set_password(None)).ok()?;
    url.set_query(None);
    url.set_fragment(None);
    Some(url.into())
}

/// Whether two URLs have the same scheme, host and port.
pub fn same_origin(one: &str, other: &str) -> bool {
    matches!((Url::parse(one), Url::parse(other)), (Ok(one), Ok(other)) if one.origin() == other.origin())
}
