//! The ARNs of managed policies: how they are read, and which permission an operation on one needs.

use app::api::Call;
use aws::{Need, Resource};
use types::{AccountId, Arn};

use crate::entities;
use crate::error::Error;
use crate::failures;

/// Whose managed policy an ARN names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Every account has it: `arn:aws:iam::aws:policy/…`.
    Everyone,
    /// An account made it.
    Account(AccountId),
}

/// Reads an ARN of a managed policy: `arn:aws:iam::<account or aws>:policy<path><name>`.
pub(crate) fn parse(arn: &str) -> Result<Owner, Error> {
    let invalid = || failures::invalid_input(format!("ARN {arn} is not valid."));
    let rest = arn.strip_prefix("arn:aws:iam::").ok_or_else(invalid)?;
    let (account, resource) = rest.split_once(':').ok_or_else(invalid)?;
    let name = resource.strip_prefix("policy/").ok_or_else(invalid)?;
    if name.is_empty() || name.ends_with('/') || name.contains("//") {
        return Err(invalid());
    }
    match account {
        "aws" => Ok(Owner::Everyone),
        account => account.parse().map(Owner::Account).map_err(|_| invalid()),
    }
}

/// What an operation on a managed policy needs.
pub(crate) fn need(call: &Call, action: &'static str, arn: &str) -> Result<Need, Error> {
    let resource = match parse(arn)? {
        Owner::Everyone => {
            let name = arn.split_once(":policy/").map_or("", |(_, name)| name);
            Resource::Arn(call.account().clone(), Arn::built_in_policy(name))
        }
        Owner::Account(account) => {
            let arn = Arn::policy(&account, path(arn), name(arn));
            Resource::Arn(account, arn)
        }
    };
    let snapshot = call.ctx.app.snapshot();
    Ok(entities::with_resource_tags(Need::new(action, resource), snapshot.directory().tags_of_policy(arn)))
}

/// The path of a managed policy, from its ARN.
pub(crate) fn path(arn: &str) -> &str {
    let from = arn.find(":policy/").map_or(0, |at| at + ":policy".len());
    let to = arn.rfind('/').map_or(arn.len(), |at| at + 1);
    arn.get(from..to).unwrap_or("/")
}

/// The name of a managed policy, from its ARN.
pub(crate) fn name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_are_taken_apart() {
        assert_eq!(parse("arn:aws:iam::aws:policy/IAMFullAccess").unwrap(), Owner::Everyone);
        let account = "111122223333".parse().unwrap();
        assert_eq!(parse("arn:aws:iam::111122223333:policy/a/b/c").unwrap(), Owner::Account(account));
        assert_eq!((path("arn:aws:iam::1:policy/a/b/c"), name("arn:aws:iam::1:policy/a/b/c")), ("/a/b/", "c"));
        assert_eq!((path("arn:aws:iam::1:policy/c"), name("arn:aws:iam::1:policy/c")), ("/", "c"));
        for arn in [
            "",
            "x",
            "arn:aws:iam::111122223333:role/x",
            "arn:aws:iam::111122223333:policy/",
            "arn:aws:iam::111122223333:policy/a/",
            "arn:aws:iam::1111:policy/a",
            "arn:aws:iam:us-east-1:111122223333:policy/a",
        ] {
            let fault = aws::Fault::from(parse(arn).unwrap_err());
            assert_eq!(fault.message(), format!("ARN {arn} is not valid."));
        }
    }
}
