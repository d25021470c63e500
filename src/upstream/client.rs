//! Requests for manifests and blobs. A request that is refused for want of a login is repeated with one, once.

use std::sync::Arc;
use std::time::Duration;

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
        429 => {
            let seconds = answer.header("retry-after").and_then(|text| text.trim().parse().ok());
            Error::Busy { retry_after: seconds.map(Duration::from_secs) }
        }
        status => Error::Status(status),
    }
}
