//! `/v2/<name>/blobs/uploads/` and the sessions below (end-4a, end-4b, end-4c, end-5, end-6, end-11, end-13, end-14)

use app::uploads::{self, Body as Bytes, BodyError};
use app::{Error, Permit, blobs};
use axum::body::Body;
use futures_util::{Stream, TryStreamExt};
use http::StatusCode;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, LOCATION, RANGE};
use types::{Algorithm, Digest, RepoName};

use crate::call::Call;
use crate::error::WireError;
use crate::range::parse_content_range;
use crate::response::{self, Answer, DIGEST, UPLOAD_UUID, value};

pub(crate) async fn begin(call: &Call, permit: &Permit, body: Body) -> Result<Answer, WireError> {
    if let Some(mounted) = mount(call, permit).await? {
        return Ok(mounted);
    }
    let digest = match call.query.get("digest").filter(|_| call.query.get("mount").is_none()) {
        Some(digest) => Some(parse_digest(digest)?),
        None => None,
    };
    if let Some(digest) = digest {
        // An empty body is the start of a session, unless it is the content itself.
        let empty = announced(call) == Some(0) && !digest.matches(b"");
        if !empty {
            let blob = uploads::put_whole(&call.ctx, permit, &digest, bytes(call, body)?).await?;
            return Ok(created(permit, &blob.digest));
        }
    }
    let algorithm = match call.query.get("digest-algorithm") {
        Some(text) => Some(text.parse::<Algorithm>().map_err(|error| WireError::digest_invalid(&error))?),
        None => None,
    };
    let upload = uploads::begin(&call.ctx, permit, algorithm).await?;
    Ok(accepted(permit, &upload, StatusCode::ACCEPTED))
}

pub(crate) async fn append(call: &Call, permit: &Permit, id: &str, body: Body) -> Result<Answer, WireError> {
    let upload = uploads::append(&call.ctx, permit, id, bytes(call, body)?)
        .await
        .map_err(|error| out_of_step(error, permit, id))?;
    Ok(accepted(permit, &upload, StatusCode::ACCEPTED))
}

pub(crate) async fn finish(call: &Call, permit: &Permit, id: &str, body: Body) -> Result<Answer, WireError> {
    let digest = call.query.get("digest").ok_or_else(|| {
        WireError::new(StatusCode::BAD_REQUEST, "DIGEST_INVALID", "the closing request must name the digest")
    })?;
    let digest = parse_digest(digest)?;
    let body = if announced(call) == Some(0) { None } else { Some(bytes(call, body)?) };
    let blob =
        uploads::finish(&call.ctx, permit, id, &digest, body).await.map_err(|error| out_of_step(error, permit, id))?;
    Ok(created(permit, &blob.digest))
}

pub(crate) async fn status(call: &Call, permit: &Permit, id: &str) -> Result<Answer, WireError> {
    let upload = uploads::status(&call.ctx, permit, id).await?;
    Ok(accepted(permit, &upload, StatusCode::NO_CONTENT))
}

pub(crate) async fn cancel(call: &Call, permit: &Permit, id: &str) -> Result<Answer, WireError> {
    uploads::cancel(&call.ctx, permit, id).await?;
    Ok(response::empty(StatusCode::NO_CONTENT))
}

/// end-11. What cannot be mounted becomes an ordinary session: the client uploads, and learns nothing about what
/// other repositories have.
async fn mount(call: &Call, permit: &Permit) -> Result<Option<Answer>, WireError> {
    let Some(digest) = call.query.get("mount") else {
        return Ok(None);
    };
    let digest = parse_digest(digest)?;
    let from = match call.query.get("from") {
        None => None,
        Some(from) => match from.parse::<RepoName>() {
            Ok(from) => Some(from),
            Err(_) => return Ok(None),
        },
    };
    let mounted = blobs::mount(&call.ctx, permit, &digest, from.as_ref()).await?;
    Ok(mounted.then(|| created(permit, &digest)))
}

fn parse_digest(text: &str) -> Result<Digest, WireError> {
    text.parse().map_err(|error| WireError::digest_invalid(&error))
}

/// The length of the body, as far as it is known: a body that ends where its head does is known to be empty.
fn announced(call: &Call) -> Option<u64> {
    let headers = &call.parts.headers;
    match headers.get(CONTENT_LENGTH) {
        Some(length) => length.to_str().ok()?.parse().ok(),
        None if headers.contains_key(http::header::TRANSFER_ENCODING) => None,
        None if call.parts.version < http::Version::HTTP_2 => Some(0),
        None => None,
    }
}

fn bytes(
    call: &Call,
    body: Body,
) -> Result<Bytes<impl Stream<Item = Result<bytes::Bytes, BodyError>> + Send + 'static>, WireError> {
    let range = match call.parts.headers.get(CONTENT_RANGE) {
        None => None,
        Some(text) => Some(text.to_str().ok().and_then(parse_content_range).ok_or_else(|| {
            WireError::new(
                StatusCode::BAD_REQUEST,
                "BLOB_UPLOAD_INVALID",
                "Content-Range must be the offsets of the first and the last byte, as in 0-1023",
            )
        })?),
    };
    let stream = body.into_data_stream().map_err(BodyError::from);
    Ok(Bytes { stream, length: announced(call), range })
}

/// A client that is out of step with its session is told where the session stands.
fn out_of_step(error: Error, permit: &Permit, id: &str) -> WireError {
    match error {
        Error::OutOfOrder { received } | Error::UploadBusy { received } | Error::BodyInterrupted { received } => {
            WireError::from(error).with_session(&location(permit, id), received)
        }
        other => other.into(),
    }
}

/// Relative, so that it is right behind any proxy.
fn location(permit: &Permit, id: &str) -> String {
    format!("/v2/{}/blobs/uploads/{id}", permit.repository())
}

fn accepted(permit: &Permit, upload: &uploads::Upload, status: StatusCode) -> Answer {
    let mut answer = response::empty(status);
    let headers = answer.headers_mut();
    headers.insert(LOCATION, value(&location(permit, &upload.id)));
    headers.insert(RANGE, response::held(upload.received));
    headers.insert(UPLOAD_UUID, value(&upload.id));
    answer
}

fn created(permit: &Permit, digest: &Digest) -> Answer {
    let mut answer = response::empty(StatusCode::CREATED);
    let headers = answer.headers_mut();
    headers.insert(LOCATION, value(&format!("/v2/{}/blobs/{digest}", permit.repository())));
    headers.insert(DIGEST, value(digest.as_str()));
    answer
}
