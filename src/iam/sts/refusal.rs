//! Why a session does not begin, in the words of STS. A new reason does not compile until it is named here.

use app::sessions::Refusal;
use app::web_identity;
use aws::{Common, Fault};
use http::StatusCode;
use types::Timestamp;

use crate::error::Error;

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let invalid = |message: String| Fault::common(Common::Validation, message);
        let fault = match refusal {
            Refusal::Rule(rule) => return rule.into(),
            Refusal::LongerThanRole => {
                invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.".to_owned())
            }
            Refusal::LongerThanChain => invalid(
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
                    .to_owned(),
            ),
            Refusal::TooLarge(percent) => Fault::new(
                "PackedPolicyTooLarge",
                format!("Packed policy consumes {percent}% of allotted space, please use smaller policy."),
            ),
            Refusal::MalformedPolicy(why) => {
                Fault::new("MalformedPolicyDocument", format!("The policy is not in the valid JSON format. {why}"))
            }
            Refusal::NoSuchPolicy(arn) => invalid(format!("The policy {arn} does not exist.")),
            Refusal::DuplicateTag => Fault::new(
                "InvalidParameterValue",
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ),
            Refusal::TagConflict => Fault::new(
                "InvalidParameterValue",
                "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key \
                 from the calling session.",
            ),
            Refusal::ReservedTag(_) => {
                Fault::new("InvalidParameterValue", "aws: prefixed tag key names are not allowed for external use.")
            }
            Refusal::NoSuchTag => Fault::new(
                "InvalidParameterValue",
                "The specified transitive tag key must be included in the requested tags.",
            ),
            Refusal::SourceIdentityConflict => {
                Fault::common(Common::AccessDenied, "The source identity of the calling session cannot be changed.")
            }
            Refusal::NeedsLongTermKey => {
                Fault::common(Common::AccessDenied, "Cannot call GetSessionToken with session credentials")
            }
        };
        fault.into()
    }
}

/// Why a token of an identity provider is not believed.
pub(crate) fn web_identity(refusal: &web_identity::Refusal) -> Fault {
    use web_identity::Refusal as Why;
    let invalid = |message: String| Fault::new("InvalidIdentityToken", message);
    let time = |seconds: i64| Timestamp::from_micros(seconds.saturating_mul(1_000_000)).rfc3339();
    match refusal {
        Why::Malformed(why) => invalid(format!("The ID Token provided is not a valid JWT: it {why}.")),
        Why::NoProvider(issuer) => invalid(format!("No OpenIDConnect provider found in your account for {issuer}")),
        Why::WrongAudience => invalid("Incorrect token audience".to_owned()),
        Why::Expired(now, end) => Fault::new(
            "ExpiredTokenException",
            format!(
                "Token expired: current date/time {} must be before the expiration date/time {}",
                time(*now),
                time(*end)
            ),
        ),
        Why::NotYet => invalid("The token is not valid yet".to_owned()),
        Why::BadSignature => invalid("The token was not signed by a key of its identity provider".to_owned()),
        Why::NoKeys => Fault::new(
            "IDPCommunicationError",
            "Couldn't retrieve verification key from your identity provider, please reference \
             AssumeRoleWithWebIdentity documentation for requirements",
        ),
    }
}

/// The refusal that says nothing of why, to somebody who has no account here.
pub(crate) fn not_authorized() -> Fault {
    Fault::with_status("AccessDenied", StatusCode::FORBIDDEN, "Not authorized to perform sts:AssumeRoleWithWebIdentity")
}
