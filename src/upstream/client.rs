//! Requests for manifests and blobs. A request that is refused for want of a login is repeated with one, once.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use outbound::{Answer, Ask, HeaderValue};
use types::MediaType;

use crate::login::Logins;
use crate::{Error, Result, Upstream};

/// Every kind of manifest that we can store.
pub(crate) const MANIFESTS: [&str; 4] =
    [MediaType::OCI_INDEX, MediaType::OCI_MANIFEST, MediaType::DOCKER_MANIFEST_LIST, MediaType::DOCKER_MANIFEST];

/// Redirects that are followed. Registries send clients to their storage, which may send them on.
pub(crate) const HOPS: usize = 5;

/// Asks registries.
pub struct Client {
    pub(crate) http: Arc<outbound::Client>,
    pub(crate) logins: Logins,
}

/// A manifest as a registry gave it. Nothing of it is verified.
#[derive(Debug)]
pub struct Manifest {
    /// What the registry calls the document.
    pub media_type: Option<String>,
    /// Which digest the registry says that it has.
    pub digest: Option<String>,
    /// The document.
    pub bytes: Bytes,
}

/// A blob that is on its way. Nothing of it is verified.
#[derive(Debug)]
pub struct Blob {
    answer: Answer,
}

impl Blob {
    /// How long it is, if the registry said.
    pub fn length(&self) -> Option<u64> {
        self.answer.length()
    }

    /// The next bytes; none at the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        Ok(self.answer.chunk().await?)
    }
}

impl Client {
    /// A client that goes out through `http`.
    pub fn new(http: Arc<outbound::Client>) -> Self {
        Self { http, logins: Logins::new() }
    }

    /// A manifest of at most `limit` bytes.
    pub async fn manifest(
        &self,
        upstream: &Upstream,
        repository: &str,
        reference: &str,
        limit: usize,
        patience: Duration,
    ) -> Result<Manifest> {
        let path = format!("/v2/{repository}/manifests/{reference}");
        let answer = self.ask(upstream, repository, &path, false, &MANIFESTS.join(", "), patience).await?;
        let media_type = answer.header("content-type").map(str::to_owned);
        let digest = answer.header("docker-content-digest").map(str::to_owned);
        Ok(Manifest { media_type, digest, bytes: answer.body(limit).await? })
    }

    /// The digest that a tag has, if the registry says so without sending the manifest.
    pub async fn digest(
        &self,
        upstream: &Upstream,
        repository: &str,
        tag: &str,
        patience: Duration,
    ) -> Result<Option<String>> {
        let path = format!("/v2/{repository}/manifests/{tag}");
        let answer = self.ask(upstream, repository, &path, true, &MANIFESTS.join(", "), patience).await?;
        Ok(answer.header("docker-content-digest").map(str::to_owned))
    }

    /// A blob, whose bytes are then read from it.
    pub async fn blob(&self, upstream: &Upstream, repository: &str, digest: &str, patience: Duration) -> Result<Blob> {
        let path = format!("/v2/{repository}/blobs/{digest}");
        Ok(Blob { answer: self.ask(upstream, repository, &path, false, "", patience).await? })
    }

    /// How long a blob is, if the registry says so without sending it.
    pub async fn blob_length(
        &self,
        upstream: &Upstream,
        repository: &str,
        digest: &str,
        patience: Duration,
    ) -> Result<Option<u64>> {
        let path = format!("/v2/{repository}/blobs/{digest}");
        Ok(self.ask(upstream, repository, &path, true, "", patience).await?.length())
    }

    /// Whether it is a registry and takes our credentials: the question that every client begins with. A registry that wants
    /// a login where we have none is one too.
    pub async fn ping(&self, upstream: &Upstream, patience: Duration) -> Result<()> {
        match self.ask(upstream, "", "/v2/", false, "", patience).await {
            Ok(_) => Ok(()),
            Err(Error::Refused(401)) if upstream.credentials.is_none() => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Asks, with a login for a scope if one is wanted. Any other status than success is a failure.
    async fn ask(
        &self,
        upstream: &Upstream,
        repository: &str,
        path: &str,
        head: bool,
        accept: &str,
        patience: Duration,
    ) -> Result<Answer> {
        let scope = if repository.is_empty() { String::new() } else { format!("repository:{repository}:pull") };
        success(self.ask_for(upstream, &scope, &upstream.url(path), head, accept, patience).await?)
    }

    /// Asks at a URL of the registry's own, with a login for a scope if one is wanted.
    pub(crate) async fn ask_for(
        &self,
        upstream: &Upstream,
        scope: &str,
        url: &str,
        head: bool,
        accept: &str,
        patience: Duration,
    ) -> Result<Answer> {
        let known = self.logins.known(upstream, scope);
        let ask = Ask {
            url,
            chosen_by: upstream.chosen_by,
            head,
            accept,
            authorization: known.as_ref(),
            hops: HOPS,
            patience,
        };
        let answer = self.http.send(&ask).await?;
        // The registry says where its tokens are, and nobody to whom it sends us: a storage that wants a login is not ours to
        // satisfy, and whoever answers there must not choose who sees the password.
        if answer.status() != 401 || !answer.is_from(url) {
            return Ok(answer);
        }
        let login = self.login_again(upstream, scope, &answer, patience).await?;
        Ok(self.http.send(&Ask { authorization: Some(&login), ..ask }).await?)
    }

    /// A login that meets the challenge of a refusal.
    pub(crate) async fn login_again(
        &self,
        upstream: &Upstream,
        scope: &str,
        refusal: &Answer,
        patience: Duration,
    ) -> Result<HeaderValue> {
        // A token may end before its time.
        self.logins.forget(upstream, scope);
        self.logins.meet(&self.http, upstream, scope, refusal, patience).await?.ok_or(Error::Refused(401))
    }
}

fn success(answer: Answer) -> Result<Answer> {
    if answer.status() == 200 { Ok(answer) } else { Err(failure(&answer)) }
}

/// What a status that is no success means.
pub(crate) fn failure(answer: &Answer) -> Error {
    match answer.status() {
        404 | 410 => Error::Missing,
        status @ (401 | 403) => Error::Refused(status),
        429 => Error::Busy { retry_after: retry_after(answer) },
        // Without a time it is no better than another failure.
        status @ 503 => match retry_after(answer) {
            None => Error::Status(status),
            some => Error::Busy { retry_after: some },
        },
        status => Error::Status(status),
    }
}

fn retry_after(answer: &Answer) -> Option<Duration> {
    wait(answer.header("retry-after")?, answer.header("date"), SystemTime::now())
}

/// What `Retry-After` asks for (RFC 9110, section 10.2.3): seconds, or a date. That counts from the date of the answer, for the
/// clocks of the two may differ. None if it is neither.
fn wait(retry_after: &str, date: Option<&str>, now: SystemTime) -> Option<Duration> {
    let text = retry_after.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let from = date.and_then(|date| httpdate::parse_http_date(date.trim()).ok()).unwrap_or(now);
    Some(until.duration_since(from).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_says_how_long_to_wait_in_seconds_or_by_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let (date, later) = ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:50:37 GMT");
        for (text, date, seconds) in [
            ("30", None, Some(30)),
            (" 0 ", None, Some(0)),
            ("99999999999999999999", None, Some(u64::MAX)),
            (later, None, Some(60)),
            ("Sunday, 06-Nov-94 08:50:37 GMT", None, Some(60)),
            ("Sun Nov  6 08:50:37 1994", None, Some(60)),
            // A registry whose clock is wrong.
            (later, Some("Sun, 06 Nov 1994 08:50:07 GMT"), Some(30)),
            (later, Some("nonsense"), Some(60)),
            // In the past.
            (date, Some(later), Some(0)),
            ("", None, None),
            ("-1", None, None),
            ("1.5", None, None),
            ("soon", None, None),
        ] {
            assert_eq!(wait(text, date, now), seconds.map(Duration::from_secs), "{text}");
        }
    }
}
