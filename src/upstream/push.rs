//! The pushing side: what another registry has already, uploads of blobs, manifests, and deletions (distribution-spec,
//! "Push"). Where an upload stands is told to the caller, who may go on with it much later; what is pushed in which order
//! is the caller's business.

use std::time::Duration;

use bytes::Bytes;
use outbound::{Answer, ChosenBy, HeaderValue, Method, Payload, Submit, same_origin};
use serde::Deserialize;
use types::MediaType;

use crate::client::{Client, MANIFESTS, failure};
use crate::{Error, Result, Upstream};

/// How long the registry may take to answer what brings no bytes along.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long nothing may move while bytes go there. Some verify a blob before they answer.
const STALL: Duration = Duration::from_secs(90);
/// The longest answer that is looked into for what went wrong.
const LIMIT: usize = 16 * 1024;

/// A repository of another registry that is pushed to.
#[derive(Debug, Clone)]
pub struct PushTo {
    /// The registry.
    pub registry: Upstream,
    /// Its name there.
    pub repository: String,
    /// Told with what is pushed and deleted, for a registry that heeds where it comes from: a header and its value.
    pub origin: (&'static str, String),
}

/// A blob that may be in another repository there already.
#[derive(Debug, Clone, Copy)]
pub struct Mount<'m> {
    /// Which.
    pub digest: &'m str,
    /// Where it may be.
    pub from: &'m str,
}

/// An upload that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Where it goes on.
    pub location: String,
    /// Bytes that the registry has.
    pub offset: u64,
    /// The registry wants pieces of at least this size, if it wants pieces.
    pub least: Option<u64>,
}

/// What came of beginning an upload.
#[derive(Debug, PartialEq, Eq)]
pub enum Begun {
    /// Nothing is to be sent.
    Mounted,
    /// The bytes are to be sent.
    Session(Session),
}

impl PushTo {
    fn url(&self, tail: &str) -> String {
        self.registry.url(&format!("/v2/{}/{tail}", self.repository))
    }

    fn scope(&self, actions: &str) -> String {
        format!("repository:{}:{actions}", self.repository)
    }

    /// Whom a place that the registry named is asked as, and whether our credentials are for it.
    fn place(&self, location: &str) -> (ChosenBy, bool) {
        let own = same_origin(location, &self.registry.url("/"));
        match self.registry.chosen_by {
            chosen_by if own => (chosen_by, true),
            // The operator named the registry, and the registry this place.
            ChosenBy::Operator => (ChosenBy::Caller, false),
            other => (other, false),
        }
    }
}

/// A request without a body that is worth streaming.
struct Order<'o> {
    method: Method,
    url: &'o str,
    scope: &'o str,
    headers: &'o [(&'static str, String)],
    body: Bytes,
}

impl Client {
    /// Whether the repository has a blob.
    pub async fn has_blob(&self, to: &PushTo, digest: &str) -> Result<bool> {
        let url = to.url(&format!("blobs/{digest}"));
        let answer = self.ask_for(&to.registry, &to.scope(PUSH), &url, true, "", PATIENCE).await?;
        match answer.status() {
            200 => Ok(true),
            404 => Ok(false),
            _ => Err(failure(&answer)),
        }
    }

    /// Whether the repository has a manifest, and its digest, which is empty if the registry does not say.
    pub async fn pushed(&self, to: &PushTo, reference: &str) -> Result<Option<String>> {
        let url = to.url(&format!("manifests/{reference}"));
        let answer = self.ask_for(&to.registry, &to.scope(PUSH), &url, true, &MANIFESTS.join(", "), PATIENCE).await?;
        match answer.status() {
            200 => Ok(Some(answer.header("docker-content-digest").unwrap_or_default().to_owned())),
            404 => Ok(None),
            _ => Err(failure(&answer)),
        }
    }

    /// Begins an upload, or mounts the blob.
    pub async fn begin_upload(&self, to: &PushTo, mount: Option<Mount<'_>>) -> Result<Begun> {
        let mut scope = to.scope(PUSH);
        let mut url = to.url("blobs/uploads/");
        if let Some(Mount { digest, from }) = mount {
            scope = format!("{scope} repository:{from}:pull");
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair("mount", digest)
                .append_pair("from", from)
                .finish();
            url = format!("{url}?{query}");
        }
        let order = Order { method: Method::POST, url: &url, scope: &scope, headers: &[], body: Bytes::new() };
        let answer = self.order(to, order).await?;
        match answer.status() {
            201 => Ok(Begun::Mounted),
            202 => Ok(Begun::Session(session(&answer, 0)?)),
            _ => Err(rejected(answer).await),
        }
    }

    /// Where an upload stands. None if there is none any more.
    pub async fn find_upload(&self, to: &PushTo, location: &str) -> Result<Option<Session>> {
        if !to.place(location).1 {
            // Not asked with our credentials, and without them there is nothing to learn.
            return Ok(None);
        }
        let answer = self.ask_for(&to.registry, &to.scope(PUSH), location, false, "", PATIENCE).await?;
        match answer.status() {
            202 | 204 => {
                let mut found = Session { location: location.to_owned(), offset: held(&answer), least: None };
                if let Some(location) = answer.location() {
                    found.location = location;
                }
                Ok(Some(found))
            }
            429 => Err(failure(&answer)),
            // Not every registry has it any more, or tells of it: then it is begun anew, and that says what is wrong.
            _ => Ok(None),
        }
    }

    /// Sends the rest of a blob and ends its upload.
    pub async fn finish_upload(&self, to: &PushTo, session: &Session, digest: &str, payload: Payload) -> Result<()> {
        let query = if session.location.contains('?') { '&' } else { '?' };
        let url = format!("{}{query}digest={digest}", session.location);
        let answer = self.send_bytes(to, Method::PUT, &url, session.offset, payload).await?;
        if answer.status() == 201 { Ok(()) } else { Err(rejected(answer).await) }
    }

    /// Sends a piece of a blob. The session as it is afterwards.
    pub async fn append_upload(
        &self,
        to: &PushTo,
        session: &Session,
        length: u64,
        payload: Payload,
    ) -> Result<Session> {
        let answer = self.send_bytes(to, Method::PATCH, &session.location, session.offset, payload).await?;
        match answer.status() {
            202 => {
                let mut next = self::session(&answer, session.offset + length)?;
                next.least = next.least.or(session.least);
                Ok(next)
            }
            _ => Err(rejected(answer).await),
        }
    }

    /// Pushes a manifest, by tag or by digest.
    pub async fn put_manifest(&self, to: &PushTo, reference: &str, media_type: &MediaType, bytes: Bytes) -> Result<()> {
        let url = to.url(&format!("manifests/{reference}"));
        let headers = [("content-type", media_type.as_str().to_owned()), to.origin.clone()];
        let order = Order { method: Method::PUT, url: &url, scope: &to.scope(PUSH), headers: &headers, body: bytes };
        let answer = self.order(to, order).await?;
        match answer.status() {
            200..=202 => Ok(()),
            _ => Err(rejected(answer).await),
        }
    }

    /// Deletes an image with all its tags. One that is not there is deleted.
    pub async fn delete_manifest(&self, to: &PushTo, digest: &str) -> Result<()> {
        let url = to.url(&format!("manifests/{digest}"));
        let headers = [to.origin.clone()];
        let scope = to.scope("pull,push,delete");
        let order = Order { method: Method::DELETE, url: &url, scope: &scope, headers: &headers, body: Bytes::new() };
        let answer = self.order(to, order).await?;
        match answer.status() {
            200..=202 | 204 | 404 | 410 => Ok(()),
            _ => Err(rejected(answer).await),
        }
    }

    /// What can be sent once more if a login is wanted.
    async fn order(&self, to: &PushTo, order: Order<'_>) -> Result<Answer> {
        let known = self.logins.known(&to.registry, order.scope);
        let send = async |login: Option<&HeaderValue>| {
            let submit = Submit {
                method: order.method.clone(),
                url: order.url,
                chosen_by: to.registry.chosen_by,
                authorization: login,
                headers: order.headers,
                payload: Payload::Whole(order.body.clone()),
                patience: PATIENCE,
            };
            self.http.submit(submit).await
        };
        let answer = send(known.as_ref()).await?;
        if answer.status() != 401 {
            return Ok(answer);
        }
        let login = self.login_again(&to.registry, order.scope, &answer, PATIENCE).await?;
        Ok(send(Some(&login)).await?)
    }

    /// Sends bytes, once. A login that has run out is renewed for the next attempt.
    async fn send_bytes(
        &self,
        to: &PushTo,
        method: Method,
        url: &str,
        offset: u64,
        payload: Payload,
    ) -> Result<Answer> {
        let (chosen_by, own) = to.place(url);
        let scope = to.scope(PUSH);
        let known = if own { self.logins.known(&to.registry, &scope) } else { None };
        let length = match &payload {
            Payload::Whole(bytes) => bytes.len() as u64,
            Payload::Stream(length, _) => *length,
        };
        let mut headers = vec![("content-type", "application/octet-stream".to_owned())];
        // What begins at the beginning has none: so docker sends a blob, and so every registry knows it.
        if length > 0 && offset > 0 {
            headers.push(("content-range", format!("{offset}-{}", offset + length - 1)));
        }
        let authorization = known.as_ref();
        let submit = Submit { method, url, chosen_by, authorization, headers: &headers, payload, patience: STALL };
        let answer = self.http.submit(submit).await?;
        if answer.status() == 401 && own {
            self.login_again(&to.registry, &scope, &answer, PATIENCE).await?;
        }
        Ok(answer)
    }
}

/// What pushing needs.
const PUSH: &str = "pull,push";

fn session(answer: &Answer, offset: u64) -> Result<Session> {
    let location = answer.location().ok_or(Error::Nonsense("an upload without a place"))?;
    let least = answer.header("oci-chunk-min-length").and_then(|text| text.trim().parse().ok());
    Ok(Session { location, offset, least })
}

/// How many bytes of an upload there are, by the `Range` of an answer. `0-0` is told of nothing and of one byte; nothing is
/// the safe guess, for then the first byte is refused or sent again.
fn held(answer: &Answer) -> u64 {
    answer.header("range").map_or(0, received)
}

fn received(range: &str) -> u64 {
    let last = range.trim().trim_start_matches("bytes=").split_once('-').and_then(|(_, last)| last.parse().ok());
    match last {
        Some(last @ 1_u64..) => last.saturating_add(1),
        _ => 0,
    }
}

/// Why something was not taken.
async fn rejected(answer: Answer) -> Error {
    #[derive(Deserialize)]
    struct Document {
        errors: Vec<Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        code: String,
    }
    match (failure(&answer), answer.status()) {
        (Error::Status(_), status @ 400..=499) if !matches!(status, 408 | 425) => {
            let body = answer.body(LIMIT).await.unwrap_or_default();
            let document: Option<Document> = serde_json::from_slice(&body).ok();
            let code = document.and_then(|document| document.errors.into_iter().next());
            Error::Rejected { status, code: code.map(|entry| entry.code).unwrap_or_default() }
        }
        (error, _) => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_say_how_much_is_there() {
        for (range, bytes) in [("0-0", 0), ("0-1", 2), ("bytes=0-1048575", 1 << 20), ("", 0), ("0-", 0), ("x-9", 10)] {
            assert_eq!(received(range), bytes, "{range}");
        }
        assert_eq!(received("0-18446744073709551615"), u64::MAX);
    }

    #[test]
    fn credentials_are_for_the_registry_alone() {
        let registry = Upstream {
            host: "registry.lan:5000".to_owned(),
            plain: true,
            chosen_by: ChosenBy::Operator,
            credentials: None,
        };
        let to = PushTo { registry, repository: "app".to_owned(), origin: ("x", String::new()) };
        assert_eq!(to.place("http://registry.lan:5000/v2/app/blobs/uploads/1"), (ChosenBy::Operator, true));
        for other in ["https://registry.lan:5000/v2/", "http://registry.lan/v2/", "http://other:5000/v2/", "nonsense"] {
            assert_eq!(to.place(other), (ChosenBy::Caller, false), "{other}");
        }
    }
}
