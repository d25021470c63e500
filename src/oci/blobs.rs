//! `/v2/<name>/blobs/<digest>` (end-2, end-10)

use std::ops::Range;

use app::blobs::{self, BlobRow, Handover};
use app::cache::{self, Found};
use app::{Ctx, Permit};
use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE, LOCATION,
    RANGE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use types::Digest;

use crate::call::Call;
use crate::error::WireError;
use crate::range::{ByteRanges, parse_byte_ranges};
use crate::response::{self, Answer, DIGEST, value};

/// Content under a digest never changes. It is private unless its repository is public, which may change.
pub(crate) const IMMUTABLE: &str = "private, max-age=31536000, immutable";

const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");

pub(crate) async fn head(call: &Call, permit: &Permit, digest: &str) -> Result<Answer, WireError> {
    let digest = parse(digest)?;
    let size = cache::blob_size(&call.ctx, permit, &digest).await?;
    if is_current(&call.parts.headers, digest.as_str()) {
        return Ok(described(response::empty(StatusCode::NOT_MODIFIED), &digest));
    }
    let mut answer = response::empty(StatusCode::OK);
    answer.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(size));
    answer.headers_mut().insert(CONTENT_TYPE, OCTETS);
    Ok(described(answer, &digest))
}

pub(crate) async fn get(call: &Call, permit: &Permit, digest: &str) -> Result<Answer, WireError> {
    let digest = parse(digest)?;
    let part = call.parts.headers.contains_key(RANGE) || is_current(&call.parts.headers, digest.as_str());
    let blob = match cache::blob(&call.ctx, permit, &digest, part).await? {
        Found::Here(blob) => blob,
        Found::Arriving(arriving) => {
            let mut answer = Response::new(Body::from_stream(arriving.bytes));
            answer.headers_mut().insert(CONTENT_TYPE, OCTETS);
            if let Some(length) = arriving.length {
                answer.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
            }
            return Ok(described(answer, &digest));
        }
    };
    if call.ctx.app.config().blob_redirect
        && !is_current(&call.parts.headers, digest.as_str())
        && let Some(url) = blobs::signed_url(&call.ctx, permit, &blob).await?
    {
        let mut answer = response::empty(StatusCode::TEMPORARY_REDIRECT);
        answer.headers_mut().insert(LOCATION, value(&url));
        answer.headers_mut().insert(DIGEST, value(digest.as_str()));
        answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        return Ok(answer);
    }
    content(&call.ctx, permit, &call.parts, blob).await
}

/// The bytes of a blob, or those of the ranges that the request asks for, or nothing if the client has them already.
pub(crate) async fn content(ctx: &Ctx, permit: &Permit, parts: &Parts, blob: BlobRow) -> Result<Answer, WireError> {
    let (digest, headers) = (blob.digest.clone(), &parts.headers);
    if is_current(headers, digest.as_str()) {
        return Ok(described(response::empty(StatusCode::NOT_MODIFIED), &digest));
    }
    // There is one where the connection can send files by itself.
    let handover = parts.extensions.get::<Handover>();
    let mut answer = match requested(headers, &digest, blob.size) {
        ByteRanges::Unsatisfiable => {
            let error =
                WireError::new(StatusCode::RANGE_NOT_SATISFIABLE, "SIZE_INVALID", "the blob ends before this range");
            return Err(error.with(CONTENT_RANGE, value(&format!("bytes */{}", blob.size))));
        }
        ByteRanges::Whole => {
            let body = blobs::read(ctx, permit, &blob, 0..blob.size, handover).await?;
            octets(StatusCode::OK, Body::from_stream(body), blob.size)
        }
        ByteRanges::One(range) => {
            let length = range.end - range.start;
            let content_range = content_range(&range, blob.size);
            let body = blobs::read(ctx, permit, &blob, range, handover).await?;
            let mut answer = octets(StatusCode::PARTIAL_CONTENT, Body::from_stream(body), length);
            answer.headers_mut().insert(CONTENT_RANGE, value(&content_range));
            answer
        }
        ByteRanges::Many(ranges) => many(ctx, permit, blob, ranges, handover.cloned()),
    };
    answer.headers_mut().insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    Ok(described(answer, &digest))
}

pub(crate) async fn delete(call: &Call, permit: &Permit, digest: &str) -> Result<Answer, WireError> {
    blobs::delete(&call.ctx, permit, &parse(digest)?).await?;
    Ok(response::empty(StatusCode::ACCEPTED))
}

/// Whether the client has the content already (`If-None-Match`, with or without quotes).
pub(crate) fn is_current(headers: &HeaderMap, digest: &str) -> bool {
    headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).any(|value| {
        value.split(',').any(|tag| {
            let tag = tag.trim();
            let tag = tag.strip_prefix("W/").unwrap_or(tag);
            tag == "*" || tag.trim_matches('"') == digest
        })
    })
}

fn parse(digest: &str) -> Result<Digest, WireError> {
    digest.parse().map_err(|error| WireError::digest_invalid(&error))
}

/// The range that counts: with `If-Range` only if it names this content.
fn requested(headers: &HeaderMap, digest: &Digest, size: u64) -> ByteRanges {
    let current =
        headers.get(IF_RANGE).is_none_or(|tag| tag.to_str().is_ok_and(|tag| tag.trim_matches('"') == digest.as_str()));
    match headers.get(RANGE).and_then(|range| range.to_str().ok()) {
        Some(range) if current => parse_byte_ranges(range, size),
        _ => ByteRanges::Whole,
    }
}

fn octets(status: StatusCode, body: Body, length: u64) -> Answer {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    answer.headers_mut().insert(CONTENT_TYPE, OCTETS);
    answer
}

/// Several ranges as `multipart/byteranges` (RFC 9110, section 14.6), each read when its turn comes.
fn many(ctx: &Ctx, permit: &Permit, blob: BlobRow, ranges: Vec<Range<u64>>, handover: Option<Handover>) -> Answer {
    // It must not occur in the content: a random text of 122 bits does not.
    let boundary = uuid::Uuid::new_v4().simple().to_string();
    let heads: Vec<String> = ranges
        .iter()
        .enumerate()
        .map(|(number, range)| {
            let before = if number == 0 { "" } else { "\r\n" };
            let content_range = content_range(range, blob.size);
            format!(
                "{before}--{boundary}\r\nContent-Type: application/octet-stream\r\nContent-Range: {content_range}\r\n\r\n"
            )
        })
        .collect();
    let end = format!("\r\n--{boundary}--\r\n");
    let length = heads.iter().map(|head| head.len() as u64).sum::<u64>()
        + ranges.iter().map(|range| range.end - range.start).sum::<u64>()
        + end.len() as u64;
    let (ctx, permit) = (ctx.clone(), permit.clone());
    let parts = stream::iter(heads.into_iter().zip(ranges)).then(move |(head, range)| {
        let (ctx, permit, blob, handover) = (ctx.clone(), permit.clone(), blob.clone(), handover.clone());
        async move {
            let bytes =
                blobs::read(&ctx, &permit, &blob, range, handover.as_ref()).await.map_err(std::io::Error::other)?;
            let head = stream::once(async move { Ok::<_, std::io::Error>(Bytes::from(head)) });
            Ok::<_, std::io::Error>(head.chain(bytes.map_err(std::io::Error::other)))
        }
    });
    let body = parts.try_flatten().chain(stream::once(async move { Ok(Bytes::from(end)) }));
    let mut answer = octets(StatusCode::PARTIAL_CONTENT, Body::from_stream(body), length);
    answer.headers_mut().insert(CONTENT_TYPE, value(&format!("multipart/byteranges; boundary={boundary}")));
    answer
}

fn content_range(range: &Range<u64>, size: u64) -> String {
    format!("bytes {}-{}/{size}", range.start, range.end - 1)
}

fn described(mut answer: Answer, digest: &Digest) -> Answer {
    let headers = answer.headers_mut();
    headers.insert(DIGEST, value(digest.as_str()));
    headers.insert(ETAG, value(&format!("\"{digest}\"")));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(IMMUTABLE));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    answer
}
