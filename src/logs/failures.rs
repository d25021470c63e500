//! Failures with the codes and texts that CloudWatch Logs answers with, as far as they were seen.

use aws::Fault;

use crate::error::Error;

/// A member is not as it must be.
pub(crate) fn invalid(message: impl Into<String>) -> Error {
    Fault::new("InvalidParameterException", message).into()
}

/// A group is named in two ways.
pub(crate) fn name_and_identifier() -> Error {
    let text = "LogGroup name and LogGroup ARN are mutually exclusive parameters.";
    Fault::new("ValidationException", text).into()
}

/// There is no such group.
pub(crate) fn no_such_group() -> Error {
    Fault::new("ResourceNotFoundException", "The specified log group does not exist.").into()
}

/// There is no such stream.
pub(crate) fn no_such_stream() -> Error {
    Fault::new("ResourceNotFoundException", "The specified log stream does not exist.").into()
}

/// There is a group of that name.
pub(crate) fn group_exists() -> Error {
    Fault::new("ResourceAlreadyExistsException", "The specified log group already exists").into()
}

/// There is a stream of that name.
pub(crate) fn stream_exists() -> Error {
    Fault::new("ResourceAlreadyExistsException", "The specified log stream already exists").into()
}

/// A token was not made here for this list.
pub(crate) fn bad_token() -> Error {
    invalid("The specified nextToken is invalid.")
}

/// A resource would have more tags than it may.
pub(crate) fn too_many_tags(arn: &str) -> Error {
    Fault::new("TooManyTagsException", "A resource can have no more than 50 tags.").with("resourceName", arn).into()
}
