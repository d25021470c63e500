//! The IAM and STS APIs. They have one front, so their rules live here too, in modules named by what they are about;
//! operations are in `ops/` (IAM) and `sts/ops/` (STS).

mod access_keys;
pub mod admin;
mod aliases;
mod attachments;
mod boundaries;
mod change;
mod checks;
mod details;
mod documents;
mod entities;
mod error;
mod failures;
mod groups;
mod inline_policies;
mod managed_policies;
mod open_id_connect_providers;
mod ops;
mod paging;
mod policy_arns;
mod roles;
mod shapes;
mod simulation;
mod sts;
mod summary;
mod tags;
mod users;

use app::api::Call;
use aws::{Fault, Protocol, Service, Violations};

/// IAM for the dispatcher.
pub fn iam() -> Service<Call> {
    Service {
        name: "iam",
        protocol: Protocol::Query { version: "2010-05-08", namespace: "https://iam.amazonaws.com/doc/2010-05-08/" },
        operations: ops::OPERATIONS,
        unsupported: |_| None,
        missing,
    }
}

/// STS for the dispatcher.
pub fn sts() -> Service<Call> {
    Service {
        name: "sts",
        protocol: Protocol::Query { version: "2011-06-15", namespace: "https://sts.amazonaws.com/doc/2011-06-15/" },
        operations: sts::ops::OPERATIONS,
        unsupported: |_| None,
        missing,
    }
}

/// Messages name members in lower camel case.
fn missing(member: &str) -> Fault {
    let mut name: String = member.chars().take(1).flat_map(char::to_lowercase).collect();
    name.extend(member.chars().skip(1));
    match Violations::new().missing(&name).finish() {
        Err(fault) => fault,
        Ok(()) => Fault::internal(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_member_is_named_as_aws_names_it() {
        assert_eq!(
            missing("RoleName").message(),
            "1 validation error detected: Value null at 'roleName' failed to satisfy constraint: Member must not be null"
        );
    }
}
