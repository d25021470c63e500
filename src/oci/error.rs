//! Failures on the wire: `{"errors":[{"code","message","detail"}]}` (distribution-spec, "Error Codes").

use std::time::Duration;

use app::{Error, UpstreamFailure};
use http::header::{ALLOW, CONTENT_TYPE, LOCATION, RANGE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};
use types::Region;

use crate::response::{self, Answer};

/// A failure as it goes over the wire.
#[derive(Debug)]
pub(crate) struct WireError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    message: String,
    details: Vec<Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// Missing references that are named in one answer; a manifest may have thousands.
const DETAILS: usize = 100;

impl WireError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), details: Vec::new(), headers: Vec::new() }
    }

    pub(crate) fn name_invalid(error: &types::Invalid) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "NAME_INVALID", error.to_string())
    }

    pub(crate) fn digest_invalid(error: &types::Invalid) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "DIGEST_INVALID", error.to_string())
    }

    pub(crate) fn tag_invalid(error: &types::Invalid) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "TAG_INVALID", error.to_string())
    }

    pub(crate) fn pagination() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "UNSUPPORTED", "n must be a whole number, 0 or more, and last text")
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "NAME_UNKNOWN", "the registry has nothing at this path")
    }

    pub(crate) fn no_region(region: &Region) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NAME_UNKNOWN", format!("there is no region '{region}' here"))
    }

    pub(crate) fn method(allowed: &'static str) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", format!("this path takes only {allowed}"))
            .with(ALLOW, HeaderValue::from_static(allowed))
    }

    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The text for people.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    fn with_detail(mut self, detail: Value) -> Self {
        self.details.push(detail);
        self
    }

    /// Where a session stands, for a client that got out of step with it.
    pub(crate) fn with_session(self, location: &str, received: u64) -> Self {
        self.with(LOCATION, response::value(location)).with(RANGE, response::held(received))
    }

    pub(crate) fn into_answer(self) -> Answer {
        #[derive(Serialize)]
        struct Entry<'e> {
            code: &'e str,
            message: &'e str,
            #[serde(skip_serializing_if = "Option::is_none")]
            detail: Option<&'e Value>,
        }
        let entry = |detail| Entry { code: self.code, message: &self.message, detail };
        let entries: Vec<Entry<'_>> = if self.details.is_empty() {
            vec![entry(None)]
        } else {
            self.details.iter().map(|detail| entry(Some(detail))).collect()
        };
        let mut answer = response::json(self.status, "application/json", &json!({ "errors": entries }));
        for (name, value) in self.headers {
            answer.headers_mut().insert(name, value);
        }
        debug_assert!(answer.headers().contains_key(CONTENT_TYPE));
        answer
    }
}

impl From<Error> for WireError {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        let new = |status, code| Self::new(status, code, message.clone());
        match error {
            Error::Unauthenticated(_) => new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED"),
            Error::Denied(_) => new(StatusCode::FORBIDDEN, "DENIED"),
            Error::TooManyRequests { retry_after } => {
                new(StatusCode::TOO_MANY_REQUESTS, "TOOMANYREQUESTS").with(RETRY_AFTER, seconds(retry_after))
            }
            Error::RepositoryUnknown { repository: name, .. } => {
                new(StatusCode::NOT_FOUND, "NAME_UNKNOWN").with_detail(json!({ "name": name.as_str() }))
            }
            Error::RepositoryExists { .. } | Error::Invalid(_) => new(StatusCode::BAD_REQUEST, "NAME_INVALID"),
            Error::ManifestUnknown(reference) | Error::ManifestArchived(reference) => {
                new(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN").with_detail(json!({ "reference": reference }))
            }
            Error::BlobUnknown(digest) => {
                new(StatusCode::NOT_FOUND, "BLOB_UNKNOWN").with_detail(json!({ "digest": digest }))
            }
            Error::UploadUnknown => new(StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN"),
            Error::UploadBusy { .. } | Error::OutOfOrder { .. } => {
                new(StatusCode::RANGE_NOT_SATISFIABLE, "BLOB_UPLOAD_INVALID")
            }
            Error::SizeInvalid => new(StatusCode::BAD_REQUEST, "SIZE_INVALID"),
            Error::BodyInterrupted { .. } => new(StatusCode::BAD_REQUEST, "BLOB_UPLOAD_INVALID"),
            Error::DigestMismatch(digest) => {
                new(StatusCode::BAD_REQUEST, "DIGEST_INVALID").with_detail(json!({ "digest": digest }))
            }
            Error::ManifestInvalid(_) => new(StatusCode::BAD_REQUEST, "MANIFEST_INVALID"),
            Error::ManifestTooLarge { .. } => new(StatusCode::PAYLOAD_TOO_LARGE, "MANIFEST_INVALID"),
            Error::ReferencesUnknown { layers, images } => {
                let mut error = new(StatusCode::BAD_REQUEST, "MANIFEST_BLOB_UNKNOWN");
                for digest in layers.iter().chain(&images).take(DETAILS) {
                    error = error.with_detail(json!({ "digest": digest }));
                }
                error
            }
            Error::TagMoved { .. } => new(StatusCode::PRECONDITION_FAILED, "DENIED"),
            // Not in the OCI list; what ECR answers and docker prints.
            Error::TagImmutable { .. } => new(StatusCode::BAD_REQUEST, "TAG_INVALID"),
            Error::Referenced { .. } | Error::DeleteDisabled => new(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED"),
            // No request of this protocol asks for these.
            Error::Validation(_)
            | Error::LifecyclePolicyInvalid(_)
            | Error::LifecyclePolicyUnknown { .. }
            | Error::LifecyclePreviewInProgress { .. }
            | Error::LifecyclePreviewUnknown { .. }
            | Error::RegistryPolicyUnknown(_)
            | Error::ScanUnknown { .. }
            | Error::ImageUnscannable(_)
            | Error::ImageArchived
            | Error::StorageClassUnsupported
            | Error::CacheRuleUnknown { .. }
            | Error::CacheRuleExists { .. }
            | Error::UpstreamUnsupported(_)
            | Error::UpstreamNeedsLogin
            | Error::SecretUnknown
            | Error::TemplateUnknown { .. }
            | Error::TemplateExists { .. }
            | Error::ExclusionUnknown { .. }
            | Error::ExclusionExists { .. }
            | Error::SigningConfigurationUnknown(_)
            | Error::BackfillUnknown { .. }
            | Error::BackfillInProgress { .. }
            | Error::BackfillEnded { .. } => new(StatusCode::BAD_REQUEST, "UNSUPPORTED"),
            Error::Upstream { failure, .. } => match failure {
                UpstreamFailure::Down => new(StatusCode::BAD_GATEWAY, "UNAVAILABLE").with(RETRY_AFTER, seconds(SOON)),
                UpstreamFailure::Busy { retry_after } => {
                    new(StatusCode::TOO_MANY_REQUESTS, "TOOMANYREQUESTS").with(RETRY_AFTER, seconds(retry_after))
                }
                // Not 403: the client would take it for a refusal of its own credentials.
                UpstreamFailure::Refused | UpstreamFailure::Forbidden | UpstreamFailure::NoSecret => {
                    new(StatusCode::BAD_GATEWAY, "DENIED")
                }
                UpstreamFailure::Unsupported => new(StatusCode::BAD_GATEWAY, "UNSUPPORTED"),
                UpstreamFailure::Wrong => new(StatusCode::BAD_GATEWAY, "UNKNOWN"),
            },
            Error::LimitExceeded(_) => new(StatusCode::FORBIDDEN, "DENIED"),
            // Of operations that this front does not have.
            Error::RepositoryNotEmpty { .. }
            | Error::RepositoryPolicyUnknown { .. }
            | Error::ImageUnknown { .. }
            | Error::ImageExists { .. }
            | Error::LayerInaccessible(_)
            | Error::LayerArchived(_)
            | Error::LayerExists(_)
            | Error::LayerPartInvalid { .. }
            | Error::UploadEmpty
            | Error::LayerPartTooSmall { .. }
            | Error::InvalidParameter { .. }
            | Error::InvalidTagParameter(_)
            | Error::TooManyTags { .. } => new(StatusCode::BAD_REQUEST, "UNSUPPORTED"),
            Error::NoSpace => new(StatusCode::INSUFFICIENT_STORAGE, "DENIED").with(RETRY_AFTER, seconds(A_WHILE)),
            // ECR's failure for this is one of the client, too: the repository's key is at fault. Of a 5xx docker shows no text,
            // and tries again.
            Error::Encryption { .. } => new(StatusCode::FORBIDDEN, "DENIED"),
            Error::Unavailable(_) => {
                new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE").with(RETRY_AFTER, seconds(SOON))
            }
            Error::Internal => new(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN"),
        }
    }
}

const SOON: Duration = Duration::from_secs(2);
const A_WHILE: Duration = Duration::from_secs(60);

fn seconds(duration: Duration) -> HeaderValue {
    HeaderValue::from(duration.as_secs().max(1))
}
