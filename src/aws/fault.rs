//! Failures as AWS names them. A front makes them from what its rules say; the protocol decides how they look.

use std::fmt;

use http::StatusCode;
use serde_json::Value;

use crate::Protocol;

/// A failure on its way to a client.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    kind: Kind,
    message: String,
    /// Members beside the message, which few errors have.
    members: Vec<(&'static str, Value)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Common(Common),
    Own {
        code: &'static str,
        /// As a Query service spells it.
        query: &'static str,
        status: StatusCode,
    },
}

/// The failures that every service has. JSON services, which CBOR follows, and Query services spell them differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Common {
    /// No signature at all.
    MissingAuthenticationToken,
    /// A signature that lacks a part.
    IncompleteSignature,
    /// A signature that is wrong, too old, from the future, or for something else.
    InvalidSignature,
    /// No such access key, or a session token that is not one.
    UnrecognizedClient,
    /// A session that has ended.
    ExpiredToken,
    /// The caller is known, and may not.
    AccessDenied,
    /// Too many requests.
    Throttling,
    /// No such operation.
    UnknownOperation,
    /// A body that cannot be read.
    Serialization,
    /// A member that does not satisfy its constraint, as AWS checks before a service sees the request.
    Validation,
    /// A body that is too large.
    TooLarge,
    /// What the operation needs is not reachable; the client should try again.
    ServiceUnavailable,
    /// A failure that only the operator can look into.
    InternalFailure,
}

impl Common {
    /// Code and status on a JSON service.
    fn json(self) -> (&'static str, StatusCode) {
        let bad = StatusCode::BAD_REQUEST;
        match self {
            Self::MissingAuthenticationToken => ("MissingAuthenticationTokenException", bad),
            Self::IncompleteSignature => ("IncompleteSignatureException", bad),
            Self::InvalidSignature => ("InvalidSignatureException", bad),
            Self::UnrecognizedClient => ("UnrecognizedClientException", bad),
            Self::ExpiredToken => ("ExpiredTokenException", bad),
            Self::AccessDenied => ("AccessDeniedException", bad),
            Self::Throttling => ("ThrottlingException", bad),
            Self::UnknownOperation => ("UnknownOperationException", bad),
            Self::Serialization => ("SerializationException", bad),
            Self::Validation => ("ValidationException", bad),
            Self::TooLarge => ("RequestEntityTooLargeException", StatusCode::PAYLOAD_TOO_LARGE),
            Self::ServiceUnavailable => ("ServiceUnavailableException", StatusCode::SERVICE_UNAVAILABLE),
            Self::InternalFailure => ("InternalFailure", StatusCode::INTERNAL_SERVER_ERROR),
        }
    }

    /// Code and status on a Query service.
    fn query(self) -> (&'static str, StatusCode) {
        let (bad, forbidden) = (StatusCode::BAD_REQUEST, StatusCode::FORBIDDEN);
        match self {
            Self::MissingAuthenticationToken => ("MissingAuthenticationToken", forbidden),
            Self::IncompleteSignature => ("IncompleteSignature", bad),
            Self::InvalidSignature => ("SignatureDoesNotMatch", forbidden),
            Self::UnrecognizedClient => ("InvalidClientTokenId", forbidden),
            Self::ExpiredToken => ("ExpiredToken", forbidden),
            Self::AccessDenied => ("AccessDenied", forbidden),
            Self::Throttling => ("Throttling", bad),
            Self::UnknownOperation => ("InvalidAction", bad),
            Self::Serialization => ("MalformedInput", bad),
            Self::Validation => ("ValidationError", bad),
            Self::TooLarge => ("RequestEntityTooLarge", StatusCode::PAYLOAD_TOO_LARGE),
            Self::ServiceUnavailable => ("ServiceUnavailable", StatusCode::SERVICE_UNAVAILABLE),
            Self::InternalFailure => ("InternalFailure", StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl Fault {
    /// A failure of the client's making, with a code of its service: status 400.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self::with_status(code, StatusCode::BAD_REQUEST, message)
    }

    /// A failure with a code of its service and another status.
    pub fn with_status(code: &'static str, status: StatusCode, message: impl Into<String>) -> Self {
        Self { kind: Kind::Own { code, query: code, status }, message: message.into(), members: Vec::new() }
    }

    /// A failure that a service which speaks both protocols spells in two ways.
    pub fn twofold(code: &'static str, query: &'static str, status: StatusCode, message: impl Into<String>) -> Self {
        Self { kind: Kind::Own { code, query, status }, message: message.into(), members: Vec::new() }
    }

    /// A failure that every service has.
    pub fn common(common: Common, message: impl Into<String>) -> Self {
        Self { kind: Kind::Common(common), message: message.into(), members: Vec::new() }
    }

    /// A failure that only the operator can look into. The caller has logged it.
    pub fn internal() -> Self {
        Self::common(
            Common::InternalFailure,
            "The request processing has failed because of an unknown error, exception or failure.",
        )
    }

    /// With a member beside the message.
    #[must_use]
    pub fn with(mut self, member: &'static str, value: impl Into<Value>) -> Self {
        self.members.push((member, value.into()));
        self
    }

    /// The code as a protocol spells it.
    pub fn code(&self, protocol: &Protocol) -> &'static str {
        self.spelled(protocol).0
    }

    /// The HTTP status.
    pub fn status(&self, protocol: &Protocol) -> StatusCode {
        self.spelled(protocol).1
    }

    /// The text for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether the caller was refused, known or not, rather than the call.
    pub fn is_denial(&self) -> bool {
        use Common as C;
        let Kind::Common(common) = self.kind else {
            return false;
        };
        match common {
            C::MissingAuthenticationToken
            | C::IncompleteSignature
            | C::InvalidSignature
            | C::UnrecognizedClient
            | C::ExpiredToken
            | C::AccessDenied => true,
            C::Throttling
            | C::UnknownOperation
            | C::Serialization
            | C::Validation
            | C::TooLarge
            | C::ServiceUnavailable
            | C::InternalFailure => false,
        }
    }

    pub(crate) fn members(&self) -> &[(&'static str, Value)] {
        &self.members
    }

    fn spelled(&self, protocol: &Protocol) -> (&'static str, StatusCode) {
        match (self.kind, protocol) {
            (Kind::Own { code, status, .. }, Protocol::Json { .. } | Protocol::Cbor { .. }) => (code, status),
            (Kind::Own { query, status, .. }, Protocol::Query { .. }) => (query, status),
            (Kind::Common(common), Protocol::Json { .. } | Protocol::Cbor { .. }) => common.json(),
            (Kind::Common(common), Protocol::Query { .. }) => common.query(),
        }
    }
}
