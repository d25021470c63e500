//! `/v2/<name>/manifests/<reference>` (end-3, end-7a, end-7b, end-9)

use app::cache::{self, Pulled};
use app::images::{self, Condition, Push, Sender};
use app::replication::ORIGIN_HEADER;
use app::scanning::gate;
use app::{Error, Permit};
use axum::body::Body;
use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, LOCATION,
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use types::{MediaType, Reference, Tag};

use crate::audit::Imported;
use crate::blobs::{IMMUTABLE, is_current};
use crate::call::Call;
use crate::error::WireError;
use crate::manifest_body::{self, Held};
use crate::response::{self, Answer, DIGEST, OCI_SUBJECT, OCI_TAG, value};

/// Tags that one push by digest may set.
const MAX_TAGS: usize = 100;

pub(crate) async fn get(call: &Call, permit: &Permit, reference: &str) -> Result<Answer, WireError> {
    let reference = parse_existing(reference)?;
    let Pulled { image, imported } = cache::manifest(&call.ctx, permit, &reference).await?;
    if call.parts.method == Method::GET {
        // Not of HEAD: pushing clients ask by it what is there already.
        gate::check(&call.ctx, &image).await?;
    }
    let etag = value(&format!("\"{}\"", image.digest));
    let cache = match reference {
        Reference::Digest(_) => HeaderValue::from_static(IMMUTABLE),
        Reference::Tag(_) => HeaderValue::from_static("no-cache"),
    };
    let mut answer = if is_current(&call.parts.headers, image.digest.as_str()) {
        response::empty(StatusCode::NOT_MODIFIED)
    } else {
        if call.parts.method == Method::GET {
            images::note_pull(&call.ctx, permit.registry(), &image);
        }
        let mut answer = Response::new(Body::from(image.bytes.clone()));
        let headers = answer.headers_mut();
        headers.insert(CONTENT_LENGTH, HeaderValue::from(image.bytes.len()));
        headers.insert(CONTENT_TYPE, value(image.media_type.as_str()));
        answer
    };
    let headers = answer.headers_mut();
    headers.insert(DIGEST, value(image.digest.as_str()));
    headers.insert(ETAG, etag);
    headers.insert(CACHE_CONTROL, cache);
    if imported {
        answer.extensions_mut().insert(Imported);
    }
    Ok(answer)
}

pub(crate) async fn put(call: &Call, permit: &Permit, reference: &str, body: Body) -> Result<Answer, WireError> {
    let reference: Reference = reference.parse().map_err(|error| {
        if reference.contains(':') { WireError::digest_invalid(&error) } else { WireError::tag_invalid(&error) }
    })?;
    if call.parts.headers.contains_key(CONTENT_ENCODING) {
        return Err(WireError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED",
            "a manifest is taken only without Content-Encoding",
        ));
    }
    let tags = tags(call, &reference)?;
    let content_type = match call.parts.headers.get(CONTENT_TYPE) {
        None => None,
        Some(text) => Some(
            text.to_str()
                .map_err(|_| types::Invalid::new("the Content-Type is not text"))
                .and_then(str::parse::<MediaType>)
                .map_err(|error| WireError::from(Error::ManifestInvalid(error.to_string())))?,
        ),
    };
    let Held { bytes, memory: _memory } = manifest_body::collect(call, body).await?;
    let condition = condition(&call.parts.headers)?;
    let push =
        Push { reference, tags: tags.clone(), condition, content_type, bytes, sender: sender(call), strict: false };
    let pushed = images::put(&call.ctx, permit, push).await?;
    let mut answer = response::empty(StatusCode::CREATED);
    let headers = answer.headers_mut();
    headers.insert(LOCATION, value(&format!("/v2/{}/manifests/{}", permit.repository(), pushed.image.digest)));
    headers.insert(DIGEST, value(pushed.image.digest.as_str()));
    if let Some(subject) = &pushed.subject {
        headers.insert(OCI_SUBJECT, value(subject.as_str()));
    }
    // On one line: some clients read no more than a hundred.
    if !tags.is_empty() {
        let tags: Vec<&str> = tags.iter().map(Tag::as_str).collect();
        headers.insert(OCI_TAG, value(&tags.join(", ")));
    }
    Ok(answer)
}

pub(crate) async fn delete(call: &Call, permit: &Permit, reference: &str) -> Result<Answer, WireError> {
    let condition = if_match(&call.parts.headers)?;
    match parse_existing(reference)? {
        Reference::Tag(tag) => app::tags::delete(&call.ctx, permit, &tag, condition).await?,
        Reference::Digest(digest) if condition.holds_at(&digest) => {
            images::delete(&call.ctx, permit, &digest, sender(call)).await?;
        }
        Reference::Digest(_) => {
            let message = "If-Match names other manifests than the one to be deleted";
            return Err(WireError::new(StatusCode::PRECONDITION_FAILED, "DENIED", message));
        }
    }
    Ok(response::empty(StatusCode::ACCEPTED))
}

/// Whether another installation replicates what happened there.
fn sender(call: &Call) -> Sender {
    match call.parts.headers.contains_key(ORIGIN_HEADER) {
        true => Sender::Replication,
        false => Sender::Client,
    }
}

/// A reference to something that should exist. What cannot be a tag names nothing; what looks like a digest and is
/// none is an error of the client's.
fn parse_existing(reference: &str) -> Result<Reference, WireError> {
    reference.parse().map_err(|error| {
        if reference.contains(':') {
            WireError::digest_invalid(&error)
        } else {
            WireError::new(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN", error.to_string())
        }
    })
}

/// The `tag` parameters of a push by digest (end-7b).
fn tags(call: &Call, reference: &Reference) -> Result<Vec<Tag>, WireError> {
    let mut tags = Vec::new();
    for tag in call.query.all("tag") {
        if matches!(reference, Reference::Tag(_)) {
            return Err(WireError::new(
                StatusCode::BAD_REQUEST,
                "TAG_INVALID",
                "tag parameters go with a push by digest",
            ));
        }
        if tags.len() == MAX_TAGS {
            return Err(WireError::new(
                StatusCode::URI_TOO_LONG,
                "TAG_INVALID",
                format!("at most {MAX_TAGS} tags can be set at once"),
            ));
        }
        tags.push(tag.parse().map_err(|error| WireError::tag_invalid(&error))?);
    }
    Ok(tags)
}

/// Where the tags must be before a push: `If-None-Match: *`, `If-Match: *` or `If-Match` with the digests of ETags.
fn condition(headers: &HeaderMap) -> Result<Condition, WireError> {
    if let Some(none) = headers.get(IF_NONE_MATCH) {
        if none.as_bytes() != b"*" || headers.contains_key(IF_MATCH) {
            return Err(bad_condition("a push takes If-None-Match only as *, and not beside If-Match"));
        }
        return Ok(Condition::Absent);
    }
    if_match(headers)
}

fn bad_condition(text: &str) -> WireError {
    WireError::new(StatusCode::BAD_REQUEST, "UNSUPPORTED", text)
}

/// Where `If-Match` wants the tag to be, in one line or several. A weak ETag is that of no manifest (RFC 9110, section 13.1.1).
fn if_match(headers: &HeaderMap) -> Result<Condition, WireError> {
    let wrong = || bad_condition("If-Match must hold the ETags of manifests, or * alone");
    let lines: Result<Vec<&str>, _> = headers.get_all(IF_MATCH).iter().map(HeaderValue::to_str).collect();
    let lines = lines.map_err(|_| wrong())?;
    if lines.is_empty() {
        return Ok(Condition::None);
    }
    let tags: Vec<&str> = lines.iter().flat_map(|line| line.split(',')).map(str::trim).collect();
    if tags == ["*"] {
        return Ok(Condition::Present);
    }
    let mut digests = Vec::new();
    for tag in tags {
        let (weak, tag) = tag.strip_prefix("W/").map_or((false, tag), |tag| (true, tag));
        let digest = tag.trim_matches('"').parse().map_err(|_| wrong())?;
        if !weak {
            digests.push(digest);
        }
    }
    Ok(Condition::At(digests))
}
