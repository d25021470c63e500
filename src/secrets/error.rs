//! Failures of rules in the words that Secrets Manager and Systems Manager share. What each of them has of its own is in its
//! `failures`.

use app::Error as Rule;
use aws::{Common, Fault, Protocol};
use http::StatusCode;

/// How an operation fails.
#[derive(Debug)]
pub(crate) struct Error(Fault);

impl Error {
    /// Code and message, for lists of what could not be done.
    pub(crate) fn told(&self) -> (&'static str, String) {
        (self.0.code(&Protocol::Json { target: "" }), self.0.message().to_owned())
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self(fault)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        error.0
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Rule::from(error).into()
    }
}

impl From<serde_json::Error> for Error {
    fn from(_: serde_json::Error) -> Self {
        Rule::Internal.into()
    }
}

impl From<Rule> for Error {
    fn from(rule: Rule) -> Self {
        let message = rule.to_string();
        Self(match rule {
            Rule::Denied(_) => Fault::common(Common::AccessDenied, message),
            Rule::Unauthenticated(_) => Fault::common(Common::UnrecognizedClient, message),
            Rule::TooManyRequests { .. } => Fault::common(Common::Throttling, "Rate exceeded"),
            Rule::Invalid(_) => Fault::common(Common::Validation, message),
            Rule::NoSpace => {
                Fault::with_status("ServiceUnavailableException", StatusCode::INSUFFICIENT_STORAGE, message)
            }
            Rule::Unavailable(_) => Fault::common(Common::ServiceUnavailable, message),
            Rule::Internal => Fault::internal(),
            // The others are of images and repositories, whose rules are not called from here.
            _ => Fault::common(Common::Validation, message),
        })
    }
}
