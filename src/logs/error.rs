//! Failures of rules in the words of CloudWatch Logs.

use app::Error as Rule;
use aws::{Common, Fault};
use http::StatusCode;

/// How an operation fails.
#[derive(Debug)]
pub(crate) struct Error(Fault);

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

impl From<Rule> for Error {
    fn from(rule: Rule) -> Self {
        let message = rule.to_string();
        let failure = |status| Fault::with_status("ServiceUnavailableException", status, message.clone());
        Self(match rule {
            Rule::Denied(_) => Fault::common(Common::AccessDenied, message),
            Rule::Unauthenticated(_) => Fault::common(Common::UnrecognizedClient, message),
            Rule::TooManyRequests { .. } => Fault::common(Common::Throttling, "Rate exceeded"),
            Rule::Invalid(_) => Fault::new("InvalidParameterException", message),
            Rule::NoSpace => failure(StatusCode::INSUFFICIENT_STORAGE),
            Rule::Unavailable(_) => failure(StatusCode::SERVICE_UNAVAILABLE),
            Rule::Internal => Fault::internal(),
            // The others are of images and repositories, whose rules are not called from here.
            _ => Fault::new("InvalidParameterException", message),
        })
    }
}
