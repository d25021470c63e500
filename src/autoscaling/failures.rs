//! Failures with the codes of Application Auto Scaling, and its texts as far as they are known.

use aws::{Fault, Violations};

use crate::error::Error;

/// A member is not as it must be.
pub(crate) fn invalid(message: impl Into<String>) -> Error {
    Fault::new("ValidationException", message).into()
}

/// Refuses what was noted.
pub(crate) fn finish(violations: &Violations) -> Result<(), Error> {
    violations.finish().map_err(|fault| invalid(fault.message()))
}

/// How a required member that is absent is refused.
pub(crate) fn missing(member: &str) -> Fault {
    match finish(Violations::new().missing(member)) {
        Err(error) => error.into(),
        Ok(()) => Fault::internal(),
    }
}

/// The service is not registered.
pub(crate) fn no_target(resource_id: &str) -> Error {
    let message = format!(
        "No scalable target found for service namespace: ecs, resource ID: {resource_id}, scalable dimension: \
         ecs:service:DesiredCount"
    );
    Fault::new("ObjectNotFoundException", message).into()
}

/// There is no such policy.
pub(crate) fn no_policy(name: &str, resource_id: &str) -> Error {
    let message = format!(
        "No scaling policy found for service namespace: ecs, resource ID: {resource_id}, scalable dimension: \
         ecs:service:DesiredCount, policy name: {name}"
    );
    Fault::new("ObjectNotFoundException", message).into()
}

/// There is no such scheduled action.
pub(crate) fn no_action(name: &str, resource_id: &str) -> Error {
    let message = format!(
        "No scheduled action found for service namespace: ecs, resource ID: {resource_id}, scalable dimension: \
         ecs:service:DesiredCount, scheduled action name: {name}"
    );
    Fault::new("ObjectNotFoundException", message).into()
}

/// A quota.
pub(crate) fn limit(message: impl Into<String>) -> Error {
    Fault::new("LimitExceededException", message).into()
}

/// An ARN names no target of this account and region.
pub(crate) fn no_resource(arn: &str) -> Error {
    Fault::new("ResourceNotFoundException", format!("The resource {arn} does not exist"))
        .with("ResourceName", arn)
        .into()
}

/// A resource would have more tags than it may.
pub(crate) fn too_many_tags(arn: &str) -> Error {
    Fault::new("TooManyTagsException", "A resource can have no more than 50 tags.").with("ResourceName", arn).into()
}

/// A token was not made here for this list.
pub(crate) fn bad_token() -> Error {
    Fault::new("InvalidNextTokenException", "The next token is invalid.").into()
}
