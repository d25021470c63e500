//! Failures with the codes and texts that Systems Manager answers with, as far as they were seen.

use aws::{Common, Fault, Violations};

use crate::error::Error;

/// A member is not as it must be.
pub(crate) fn invalid(message: impl Into<String>) -> Error {
    Fault::common(Common::Validation, message).into()
}

/// How a required member that is absent is refused.
pub(crate) fn missing(member: &str) -> Fault {
    Violations::new().missing(member).finish().err().unwrap_or_else(Fault::internal)
}

/// There is no such parameter.
pub(crate) fn no_parameter(name: &str) -> Error {
    Fault::new("ParameterNotFound", format!("Parameter {name} not found.")).into()
}

/// The parameter has no such version.
pub(crate) fn no_version(version: &str, name: &str) -> Error {
    let message =
        format!("Systems Manager could not find version {version} of {name}. Verify the version and try again.");
    Fault::new("ParameterVersionNotFound", message).into()
}

/// The name is taken.
pub(crate) fn exists() -> Error {
    let message =
        "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.";
    Fault::new("ParameterAlreadyExists", message).into()
}

/// A parameter keeps its type.
pub(crate) fn other_type() -> Error {
    let message = "Parameter Store does not support changing a parameter type in a hierarchy. For example, you can't \
                   change a parameter from a String type to a SecureString type. You must create a new, unique parameter.";
    Fault::new("HierarchyTypeMismatchException", message).into()
}

/// A name has too many parts.
pub(crate) fn too_deep() -> Error {
    let message = "A hierarchy can have a maximum of 15 levels. For more information, see Requirements and constraints \
                   for parameter names.";
    Fault::new("HierarchyLevelLimitExceededException", message).into()
}

/// Keys of one's own are not here.
pub(crate) fn no_key() -> Error {
    let message = "Keys of AWS KMS are not supported; parameters are sealed with the master key.";
    Fault::new("InvalidKeyId", message).into()
}

/// A pattern is no expression.
pub(crate) fn bad_pattern(pattern: &str) -> Error {
    Fault::new("InvalidAllowedPatternException", format!("The allowed pattern {pattern} is not valid.")).into()
}

/// A value is not as its pattern wants it.
pub(crate) fn unlike_pattern(pattern: &str) -> Error {
    let message = format!("Parameter value, cannot be validated by allowedPattern: {pattern}");
    Fault::new("ParameterPatternMismatchException", message).into()
}

/// Policies of parameters are not here.
pub(crate) fn no_policies() -> Error {
    Fault::new("InvalidPolicyTypeException", "Policies of parameters are not supported.").into()
}

/// Only parameters are tagged here.
pub(crate) fn other_resource() -> Error {
    let message = "The resource type is not valid. Only parameters can be tagged here.";
    Fault::new("InvalidResourceType", message).into()
}

/// What is to be tagged is not there.
pub(crate) fn no_resource() -> Error {
    let message = "The resource ID is not valid. Verify that you entered the correct ID and try again.";
    Fault::new("InvalidResourceId", message).into()
}

/// A parameter would have more tags than it may.
pub(crate) fn too_many_tags() -> Error {
    Fault::new("TooManyTagsError", "A parameter can have no more than 50 tags.").into()
}

/// A filter asks for what cannot be asked for.
pub(crate) fn bad_filter_key(key: &str) -> Error {
    Fault::new("InvalidFilterKey", format!("The filter key {key} is not valid.")).into()
}

/// A filter compares as it cannot.
pub(crate) fn bad_filter_option(option: &str) -> Error {
    Fault::new("InvalidFilterOption", format!("The filter option {option} is not valid.")).into()
}

/// A filter has no values, or too many.
pub(crate) fn bad_filter_value() -> Error {
    Fault::new("InvalidFilterValue", "The filter value is not valid. Verify the value and try again.").into()
}

/// A token was not made here for this list.
pub(crate) fn bad_token() -> Error {
    Fault::new("InvalidNextToken", "The specified token is not valid.").into()
}
