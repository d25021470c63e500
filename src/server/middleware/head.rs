//! The answer to a request whose head is not acceptable.

use axum::body::Body;
use http::{Request, Response};

use super::refusal::malformed;

/// The answer, if the head is not acceptable.
pub(super) fn check<B>(request: &Request<B>) -> Option<Response<Body>> {
    listener::fault(request).map(|(status, fault)| malformed(status, fault))
}
