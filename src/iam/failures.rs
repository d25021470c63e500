//! Failures of IAM's rules with the codes, statuses and texts that AWS answers with, as far as they were seen.

use app::EntityKind;
use aws::Fault;
use http::StatusCode;

use crate::error::Error;

fn not_found(message: String) -> Error {
    Fault::with_status("NoSuchEntity", StatusCode::NOT_FOUND, message).into()
}

fn exists(message: String) -> Error {
    Fault::with_status("EntityAlreadyExists", StatusCode::CONFLICT, message).into()
}

fn conflict(message: &str) -> Error {
    Fault::with_status("DeleteConflict", StatusCode::CONFLICT, message).into()
}

fn word(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::User => "user",
        EntityKind::Group => "group",
        EntityKind::Role => "role",
    }
}

fn capital_word(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::User => "User",
        EntityKind::Group => "Group",
        EntityKind::Role => "Role",
    }
}

/// There is no user, group or role of that name.
pub(crate) fn no_such_entity(kind: EntityKind, name: &str) -> Error {
    not_found(format!("The {} with name {name} cannot be found.", word(kind)))
}

/// A user, group or role has that name.
pub(crate) fn entity_exists(kind: EntityKind, name: &str) -> Error {
    exists(format!("{} with name {name} already exists.", capital_word(kind)))
}

/// A user, group or role has no inline policy of that name.
pub(crate) fn no_such_inline_policy(kind: EntityKind, name: &str) -> Error {
    not_found(format!("The {} policy with name {name} cannot be found.", word(kind)))
}

/// There is no access key of that id.
pub(crate) fn no_such_access_key(access_key_id: &str) -> Error {
    not_found(format!("The Access Key with id {access_key_id} cannot be found."))
}

/// A user has no password for the console.
pub(crate) fn no_login_profile(user: &str) -> Error {
    not_found(format!("Login Profile for User {user} cannot be found."))
}

/// There is no managed policy of that ARN.
pub(crate) fn no_such_policy(arn: &str) -> Error {
    not_found(format!("Policy {arn} was not found."))
}

/// There is no managed policy of that ARN that could be attached.
pub(crate) fn not_attachable(arn: &str) -> Error {
    not_found(format!("Policy {arn} does not exist or is not attachable."))
}

/// There is no managed policy of that ARN that could limit somebody.
pub(crate) fn no_such_boundary(arn: &str) -> Error {
    not_found(format!("Scope ARN: {arn} does not exist or is not attachable."))
}

/// A user or role has no boundary that could be removed.
pub(crate) fn no_boundary(kind: EntityKind, name: &str) -> Error {
    not_found(format!("The {} with name {name} does not have a permissions boundary.", word(kind)))
}

/// A managed policy does not have that version.
pub(crate) fn no_such_version(arn: &str, version: &str) -> Error {
    not_found(format!("Policy {arn} version {version} does not exist or is not attachable."))
}

/// The managed policy is not attached where it should be detached.
pub(crate) fn not_attached(arn: &str) -> Error {
    not_found(format!("Policy {arn} was not found."))
}

/// There is no identity provider of that ARN.
pub(crate) fn no_such_provider(arn: &str) -> Error {
    not_found(format!("OpenIDConnect Provider not found for arn {arn}"))
}

/// There is no identity provider of that ARN that could be removed.
pub(crate) fn no_provider_to_delete(arn: &str) -> Error {
    not_found(format!("OpenId connect Provider {arn} cannot be found."))
}

/// The account does not have that alias.
pub(crate) fn no_such_alias(alias: &str) -> Error {
    not_found(format!("The account alias {alias} cannot be found."))
}

/// A managed policy has that name.
pub(crate) fn policy_exists(name: &str) -> Error {
    exists(format!("A policy called {name} already exists. Duplicate names are not allowed."))
}

/// The account has the identity provider already.
pub(crate) fn provider_exists(url: &str) -> Error {
    exists(format!("Provider with url {url} already exists."))
}

/// Another account has that alias.
pub(crate) fn alias_exists(alias: &str) -> Error {
    exists(format!("The account alias {alias} already exists."))
}

/// What is to be deleted has managed policies.
pub(crate) fn has_attached_policies() -> Error {
    conflict("Cannot delete entity, must detach all policies first.")
}

/// What is to be deleted has inline policies.
pub(crate) fn has_inline_policies() -> Error {
    conflict("Cannot delete entity, must delete policies first.")
}

/// The user that is to be deleted has access keys.
pub(crate) fn has_access_keys() -> Error {
    conflict("Cannot delete entity, must delete access keys first.")
}

/// The user that is to be deleted is in a group, or the group has users.
pub(crate) fn has_memberships() -> Error {
    conflict("Cannot delete entity, must remove users from group first.")
}

/// The managed policy that is to be deleted is used.
pub(crate) fn policy_is_used() -> Error {
    conflict("Cannot delete a policy attached to entities.")
}

/// The managed policy that is to be deleted has more versions than one.
pub(crate) fn policy_has_versions() -> Error {
    conflict(
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The \
         default version is deleted with the policy.",
    )
}

/// The version that is to be deleted is in force.
pub(crate) fn version_is_default() -> Error {
    conflict("Cannot delete the default version of a policy.")
}

/// A quota is used up.
pub(crate) fn quota(name: &str, limit: u64) -> Error {
    limit_exceeded(format!("Cannot exceed quota for {name}: {limit}"))
}

/// The versions of a managed policy are used up.
pub(crate) fn too_many_versions() -> Error {
    limit_exceeded(
        "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version."
            .to_owned(),
    )
}

/// The inline policies of a user, group or role are too long together.
pub(crate) fn inline_policies_too_long(kind: EntityKind, limit: usize, name: &str) -> Error {
    limit_exceeded(format!("Maximum policy size of {limit} bytes exceeded for {} {name}", word(kind)))
}

/// A resource would have too many tags.
pub(crate) fn too_many_tags() -> Error {
    limit_exceeded("The number of tags has reached the maximum limit.".to_owned())
}

fn limit_exceeded(message: String) -> Error {
    Fault::with_status("LimitExceeded", StatusCode::CONFLICT, message).into()
}

/// Something about an input is not right, beyond the form of its members.
pub(crate) fn invalid_input(message: impl Into<String>) -> Error {
    Fault::new("InvalidInput", message).into()
}

/// An input or a caller does not fit an operation.
pub(crate) fn validation(message: impl Into<String>) -> Error {
    Fault::common(aws::Common::Validation, message).into()
}

/// A policy document is refused.
pub(crate) fn malformed_policy(message: impl Into<String>) -> Error {
    Fault::new("MalformedPolicyDocument", message).into()
}

/// A managed policy that comes with the program cannot be changed. AWS refuses it as it refuses what belongs to another
/// account.
pub(crate) fn built_in(arn: &str) -> Error {
    let message = format!("Policy {arn} is managed by AWS and cannot be changed.");
    Fault::common(aws::Common::AccessDenied, message).into()
}
