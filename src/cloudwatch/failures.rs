//! Failures of CloudWatch. JSON names them by their shapes and Query by their codes.

use aws::Fault;
use http::StatusCode;

use crate::error::Error;

const BAD: StatusCode = StatusCode::BAD_REQUEST;

/// The value of a member is not one.
pub(crate) fn invalid_value(message: impl Into<String>) -> Error {
    Fault::twofold("InvalidParameterValueException", "InvalidParameterValue", BAD, message).into()
}

/// Members do not go together.
pub(crate) fn invalid_combination(message: impl Into<String>) -> Error {
    Fault::twofold("InvalidParameterCombinationException", "InvalidParameterCombination", BAD, message).into()
}

/// A member that is needed is absent.
pub(crate) fn missing_member(message: impl Into<String>) -> Error {
    Fault::twofold("MissingRequiredParameterException", "MissingParameter", BAD, message).into()
}

/// An input is refused for another reason, or asks for what is not here.
pub(crate) fn validation(message: impl Into<String>) -> Error {
    Fault::twofold("ValidationException", "ValidationError", BAD, message).into()
}

/// A token was not made here for this list.
pub(crate) fn bad_token() -> Error {
    Fault::new("InvalidNextToken", "Invalid nextToken").into()
}

/// There is no such alarm.
pub(crate) fn no_such_alarm(name: &str) -> Error {
    Fault::with_status("ResourceNotFound", StatusCode::NOT_FOUND, format!("Unknown alarm: {name}")).into()
}

/// There is nothing of that ARN.
pub(crate) fn no_such_resource(arn: &str) -> Error {
    let message = format!("Unknown resource: {arn}");
    Fault::with_status("ResourceNotFoundException", StatusCode::NOT_FOUND, message).into()
}

/// A JSON document is none.
pub(crate) fn invalid_format(message: impl Into<String>) -> Error {
    Fault::twofold("InvalidFormatFault", "InvalidFormat", BAD, message).into()
}

/// How a required member that is absent is refused.
pub(crate) fn missing(member: &str) -> Fault {
    missing_member(format!("The parameter {member} is required.")).into()
}
