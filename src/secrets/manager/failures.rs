//! Failures with the codes and texts that Secrets Manager answers with, as far as they were seen.

use aws::{Common, Fault, Violations};

use crate::error::Error;

/// A member is not as it must be.
pub(crate) fn invalid(message: impl Into<String>) -> Error {
    Fault::new("InvalidParameterException", message).into()
}

/// The state of the secret does not allow it.
pub(crate) fn bad_request(message: impl Into<String>) -> Error {
    Fault::new("InvalidRequestException", message).into()
}

/// A member has not the form that AWS checks before the service sees it.
pub(crate) fn malformed(message: impl Into<String>) -> Error {
    Fault::common(Common::Validation, message).into()
}

/// How a required member that is absent is refused.
pub(crate) fn missing(member: &str) -> Fault {
    Violations::new().missing(member).finish().err().unwrap_or_else(Fault::internal)
}

/// There is no such secret.
pub(crate) fn no_secret() -> Error {
    Fault::new("ResourceNotFoundException", "Secrets Manager can't find the specified secret.").into()
}

/// The secret has no such version, or none that the stage is attached to.
pub(crate) fn no_value(of: &str) -> Error {
    let message = format!("Secrets Manager can't find the specified secret value for {of}");
    Fault::new("ResourceNotFoundException", message).into()
}

/// The secret is to go.
pub(crate) fn marked() -> Error {
    bad_request("You can't perform this operation on the secret because it was marked for deletion.")
}

/// The name is taken.
pub(crate) fn exists(name: &str) -> Error {
    let message = format!("The operation failed because the secret {name} already exists.");
    Fault::new("ResourceExistsException", message).into()
}

/// A token was used before, for something else.
pub(crate) fn token_in_use(token: &str, arn: &str) -> Error {
    let message = format!(
        "You can't use ClientRequestToken {token} because that value is already in use for a version of secret {arn}."
    );
    Fault::new("ResourceExistsException", message).into()
}

/// A quota.
pub(crate) fn limit(message: impl Into<String>) -> Error {
    Fault::new("LimitExceededException", message).into()
}

/// A token was not made here for this list.
pub(crate) fn bad_token() -> Error {
    Fault::new("InvalidNextTokenException", "Invalid pagination token.").into()
}
