//! The client. It follows few redirects and looks at each place before it goes there.

use std::error::Error as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::LOCATION;
use reqwest::{Response, Url, redirect};

use crate::guard::Guard;
use crate::resolver::Guarded;
use crate::{Ask, Config, Error, Result};

/// Redirects that are followed to a resource.
const HOPS: usize = 3;
/// The whole of one request with its redirects.
const PATIENCE: Duration = Duration::from_secs(10);
const LATE: &str = "it takes too long";
const CONNECT: Duration = Duration::from_secs(5);

/// Who chose a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChosenBy {
    /// Somebody who calls: it is looked at.
    Caller,
    /// Whoever runs this program, in its settings.
    Operator,
    /// Nobody here: it is a place of the public network, and has no business in a private one.
    Stranger,
}

/// Asks other hosts. It is set up when it is first needed: a server that asks nobody needs no certificates.
pub struct Client {
    /// One for each guard, since each resolves names in its own way.
    http: [OnceLock<reqwest::Client>; 3],
    /// For connections that become websockets: only HTTP/1.1 can do that in a way that all servers know.
    http1: OnceLock<reqwest::Client>,
    config: Config,
}

impl Client {
    /// A client. Certificates are checked against those that the system trusts, and those of the settings.
    pub fn new(config: Config) -> Self {
        Self { http: [const { OnceLock::new() }; 3], http1: OnceLock::new(), config }
    }

    /// The client for hosts under a guard.
    pub(crate) fn http(&self, guard: Guard) -> Result<&reqwest::Client> {
        let place = &self.http[guard as usize];
        if let Some(http) = place.get() {
            return Ok(http);
        }
        let builder = match guard {
            Guard::None => self.builder()?,
            guard => {
                let Config { loopback, proxy, .. } = &self.config;
                self.builder()?.dns_resolver(Arc::new(Guarded { guard, loopback: *loopback, proxy: proxy.clone() }))
            }
        };
        let http = builder.build().map_err(|error| Error::Setup(error.to_string()))?;
        Ok(place.get_or_init(|| http))
    }

    /// The client for connections that become another protocol, to hosts that the operator named.
    pub(crate) fn http1(&self) -> Result<&reqwest::Client> {
        if let Some(http) = self.http1.get() {
            return Ok(http);
        }
        let http = self.builder()?.http1_only().build().map_err(|error| Error::Setup(error.to_string()))?;
        Ok(self.http1.get_or_init(|| http))
    }

    fn builder(&self) -> Result<reqwest::ClientBuilder> {
        let builder = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .referer(false)
            // That of our own settings counts, and not those of the environment.
            .no_proxy()
            .tls_certs_merge(self.config.roots.certificates())
            .connect_timeout(CONNECT)
            .user_agent(concat!("wharf/", env!("CARGO_PKG_VERSION")));
        match &self.config.proxy {
            Some(proxy) => Ok(builder.proxy(proxy.own().map_err(|error| Error::Setup(error.to_string()))?)),
            None => Ok(builder),
        }
    }

    /// What can be seen before names are resolved.
    pub(crate) fn check(&self, url: &Url, guard: Guard, plain: bool) -> Result<()> {
        guard.check(url, self.config.loopback, plain).map_err(|why| Error::Forbidden(host(url), why))
    }

    /// The body of a resource, of at most `limit` bytes.
    pub async fn get(&self, url: &str, limit: usize) -> Result<Bytes> {
        let late = || Error::Unreachable(parse(url).map_or_else(|_| url.to_owned(), |url| host(&url)), LATE.to_owned());
        let ask = Ask {
            url,
            chosen_by: ChosenBy::Caller,
            head: false,
            accept: "",
            authorization: None,
            hops: HOPS,
            patience: PATIENCE,
        };
        let read = async {
            let answer = self.send(&ask).await?;
            match answer.status() {
                200..=299 => answer.body(limit).await,
                status => Err(Error::Status(answer.host(), status)),
            }
        };
        tokio::time::timeout(PATIENCE, read).await.map_err(|_| late())?
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
        let parsed = parse(url)?;
        self.check(&parsed, Guard::None, true)?;
        let request = self.http(Guard::None)?.get(parsed.clone()).timeout(patience);
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

    /// Posts a body, and gives the status of the answer. No redirect is followed.
    pub async fn post(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: impl Into<reqwest::Body>,
        chosen_by: ChosenBy,
    ) -> Result<u16> {
        let (parsed, guard) = (parse(url)?, Guard::of(chosen_by));
        self.check(&parsed, guard, guard == Guard::None)?;
        let late = Error::Unreachable(host(&parsed), LATE.to_owned());
        let mut request = self.http(guard)?.post(parsed.clone()).body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let answer = tokio::time::timeout(PATIENCE, request.send()).await.map_err(|_| late)?;
        Ok(answer.map_err(|error| failure(&parsed, &error))?.status().as_u16())
    }
}

pub(crate) fn parse(url: &str) -> Result<Url> {
    Url::parse(url).map_err(|_| Error::Forbidden(url.to_owned(), "not a URL"))
}

/// Where an answer sends us, if it does.
pub(crate) fn next(url: &Url, answer: &Response) -> Option<Url> {
    let next = answer.headers().get(LOCATION).and_then(|next| next.to_str().ok());
    next.filter(|_| answer.status().is_redirection()).and_then(|next| url.join(next).ok())
}

/// The cause that says most. A refusal of our own comes back from below the client, in its clothes.
pub(crate) fn failure(url: &Url, error: &reqwest::Error) -> Error {
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

pub(crate) fn host(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => url.to_string(),
    }
}
