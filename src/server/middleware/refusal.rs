//! The answers that this layer gives by itself, in the error shape of the OCI distribution specification: its clients are
//! the majority, and the others look at the status.

use axum::body::Body;
use http::{HeaderValue, Response, StatusCode, header};

/// An internal failure about which the client learns nothing but the request id in the header.
pub(super) fn internal_error() -> Response<Body> {
    answer(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN", "internal error")
}

/// A request that cannot be understood. The connection is closed, since what follows on it cannot be trusted.
pub(super) fn malformed(status: StatusCode, message: &'static str) -> Response<Body> {
    let mut response = answer(status, "UNSUPPORTED", message);
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// `message` must not need escaping in JSON.
fn answer(status: StatusCode, code: &'static str, message: &'static str) -> Response<Body> {
    let body = format!(r#"{{"errors":[{{"code":"{code}","message":"{message}"}}]}}"#);
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
