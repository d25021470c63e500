//! Parts of answers that many handlers share.

use axum::body::Body;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use serde::Serialize;

/// The answer of a handler.
pub(crate) type Answer = Response<Body>;

/// Which kind of request an answer belongs to, for metrics and logs; found in the answer's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteLabel(pub &'static str);

pub(crate) const DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
pub(crate) const UPLOAD_UUID: HeaderName = HeaderName::from_static("docker-upload-uuid");
pub(crate) const API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");
pub(crate) const OCI_SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
pub(crate) const OCI_TAG: HeaderName = HeaderName::from_static("oci-tag");
pub(crate) const OCI_FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");

/// An answer with no body.
pub(crate) fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = status;
    if status != StatusCode::NO_CONTENT && status != StatusCode::NOT_MODIFIED {
        answer.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    answer
}

/// An answer with a JSON body of the given type.
pub(crate) fn json(status: StatusCode, content_type: &'static str, body: &impl Serialize) -> Answer {
    let bytes = serde_json::to_vec(body).expect("our own structures are always JSON");
    let mut answer = Response::new(Body::from(bytes));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

/// A header value from text that was made of checked parts: digests, names, numbers.
pub(crate) fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("names and digests hold only visible ASCII")
}

/// The bytes that an upload holds, as sessions tell them: `0-<offset of the last byte>`.
pub(crate) fn held(received: u64) -> HeaderValue {
    value(&format!("0-{}", received.saturating_sub(1)))
}
