//! The client. It follows few redirects and looks at each place before it goes there.

use std::error::Error as _;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::LOCATION;
use reqwest::{Response, Url, redirect};

use crate::resolver::Guarded;
use crate::{Config, Error, Result, address};

/// Redirects that are followed.
const HOPS: usize = 3;
/// The whole of one request with its redirects.
const PATIENCE: Duration = Duration::from_secs(10);
const CONNECT: Duration = Duration::from_secs(5);

/// Who chose a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChosenBy {
    /// Somebody who calls: it is looked at.
    Caller,
    /// Whoever runs this program, in its settings.
    Operator,
}

/// Asks other hosts. It is set up when it is first needed: a server that asks nobody needs no certificates.
pub struct Client {
    http: OnceLock<reqwest::Client>,
    /// For hosts that the operator chose.
    unguarded: OnceLock<reqwest::Client>,
    config: Config,
}

impl Client {
    /// A client. Certificates are checked against those that the system trusts, and those of the settings.
    pub fn new(config: Config) -> Self {
        Self { http: OnceLock::new(), unguarded: OnceLock::new(), config }
    }

    /// The client for hosts that `chosen_by` names. Only a caller's names are resolved under guard.
    fn http(&self, chosen_by: ChosenBy) -> Result<&reqwest::Client> {
        let place = match chosen_by {
            ChosenBy::Caller => &self.http,
            ChosenBy::Operator => &self.unguarded,
        };
        if let Some(http) = place.get() {
            return Ok(http);
        }
        let builder = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .tls_certs_merge(self.config.roots.certificates())
            .connect_timeout(CONNECT)
            .timeout(PATIENCE)
            .user_agent(concat!("wharf/", env!("CARGO_PKG_VERSION")));
        let builder = match chosen_by {
            ChosenBy::Caller => builder.dns_resolver(Arc::new(Guarded { loopback: self.config.loopback })),
            ChosenBy::Operator => builder,
        };
        let http = builder.build().map_err(|error| Error::Setup(error.to_string()))?;
        Ok(place.get_or_init(|| http))
    }

    /// The body of a resource, of at most `limit` bytes.
    pub async fn get(&self, url: &str, limit: usize) -> Result<Bytes> {
        let parsed = Url::parse(url).map_err(|_| Error::Forbidden(url.to_owned(), "not a URL"))?;
        let late = Error::Unreachable(host(&parsed), "it takes too long".to_owned());
        let read = async {
            let (url, answer) = self.follow(parsed).await?;
            match answer.status() {
                status if status.is_success() => read(&url, answer, limit).await,
                status => Err(Error::Status(host(&url), status.as_u16())),
            }
        };
        tokio::time::timeout(PATIENCE, read).await.map_err(|_| late)?
    }

    /// Fetches a resource of at most `limit` bytes from a host that the operator chose, piece by piece. No redirect is
    /// followed.
    pub async fn download(
        &self,
        url: &str,
        limit: u64,
        patience: Duration,
        mut each: impl FnMut(&[u8]) -> std::io::Result<()>,
    ) -> Result<()> {
        let parsed = Url::parse(url).map_err(|_| Error::Forbidden(url.to_owned(), "not a URL"))?;
        let request = self.http(ChosenBy::Operator)?.get(parsed.clone()).timeout(patience);
        let mut answer = request.send().await.map_err(|error| failure(&parsed, &error))?;
        if !answer.status().is_success() {
            return Err(Error::Status(host(&parsed), answer.status().as_u16()));
        }
        let mut received = 0_u64;
        while let Some(piece) = answer.chunk().await.map_err(|error| failure(&parsed, &error))? {
            received += piece.len() as u64;
            if received > limit {
                return Err(Error::TooLong(host(&parsed), usize::try_from(limit).unwrap_or(usize::MAX)));
            }
            each(&piece).map_err(|error| Error::NotKept(error.to_string()))?;
        }
        Ok(())
    }

    /// The status with which a host answers. One that the operator chose may be anywhere, and may speak plain HTTP; then
    /// no redirect is followed.
    pub async fn status(&self, url: &str, chosen_by: ChosenBy) -> Result<u16> {
        let parsed = Url::parse(url).map_err(|_| Error::Forbidden(url.to_owned(), "not a URL"))?;
        let late = Error::Unreachable(host(&parsed), "it takes too long".to_owned());
        let ask = async {
            match chosen_by {
                ChosenBy::Caller => Ok(self.follow(parsed).await?.1.status().as_u16()),
                ChosenBy::Operator => {
                    let answer = self.http(ChosenBy::Operator)?.get(parsed.clone()).send().await;
                    Ok(answer.map_err(|error| failure(&parsed, &error))?.status().as_u16())
                }
            }
        };
        tokio::time::timeout(PATIENCE, ask).await.map_err(|_| late)?
    }

    /// The last answer after redirects, and where it came from.
    async fn follow(&self, mut url: Url) -> Result<(Url, Response)> {
        for _ in 0..=HOPS {
            self.check(&url)?;
            let answer =
                self.http(ChosenBy::Caller)?.get(url.clone()).send().await.map_err(|error| failure(&url, &error))?;
            let next = answer.headers().get(LOCATION).and_then(|next| next.to_str().ok());
            match next.filter(|_| answer.status().is_redirection()).and_then(|next| url.join(next).ok()) {
                Some(next) => url = next,
                None => return Ok((url, answer)),
            }
        }
        Err(Error::Forbidden(host(&url), "too many redirects"))
    }

    /// What can be seen before names are resolved. A host that is an address never meets the resolver.
    fn check(&self, url: &Url) -> Result<()> {
        let refuse = |why| Err(Error::Forbidden(host(url), why));
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("a URL with credentials");
        }
        let text = url.host_str().unwrap_or_default();
        let literal: Option<IpAddr> = text.trim_start_matches('[').trim_end_matches(']').parse().ok();
        if let Some(why) = literal.and_then(|literal| address::forbidden(literal, self.config.loopback)) {
            return refuse(why);
        }
        match url.scheme() {
            "https" => Ok(()),
            // Only where nobody can listen in.
            "http" if self.config.loopback && literal.is_some_and(address::is_loopback) => Ok(()),
            "http" => refuse("plain HTTP"),
            _ => refuse("another scheme than https"),
        }
    }
}

async fn read(url: &Url, mut answer: Response, limit: usize) -> Result<Bytes> {
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| failure(url, &error))? {
        if body.len() + chunk.len() > limit {
            return Err(Error::TooLong(host(url), limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// The cause that says most. A refusal of our own comes back from below the client, in its clothes.
fn failure(url: &Url, error: &reqwest::Error) -> Error {
    let mut cause = error.source();
    let mut text = error.to_string();
    while let Some(inner) = cause {
        if let Some(Error::Forbidden(host, why)) = inner.downcast_ref::<Error>() {
            return Error::Forbidden(host.clone(), why);
        }
        text = inner.to_string();
        cause = inner.source();
    }
    Error::Unreachable(host(url), text)
}

fn host(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => url.to_string(),
    }
}
