//! The repository that an input names by `resourceArn`.

use app::api::Call;
use aws::invalid_parameter;
use types::{AccountId, Region, RegistryId, RepoName};

use super::target::Target;
use crate::error::Error;

/// Reads an ARN of a repository.
pub(crate) fn target(call: &Call, arn: &str) -> Result<Target, Error> {
    let invalid = || Error::from(invalid_parameter("resourceArn", "Invalid ARN"));
    let (registry, name) = parse(arn).ok_or_else(invalid)?;
    // A call reaches the registries of one region alone.
    if registry.region != call.ctx.registry.region {
        return Err(app::Error::RepositoryUnknown { registry, repository: name }.into());
    }
    Target::in_registry(call, registry, name)
}

/// `arn:<partition>:ecr:<region>:<account>:repository/<name>`
fn parse(arn: &str) -> Option<(RegistryId, RepoName)> {
    let mut parts = arn.splitn(6, ':');
    let (prefix, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
    if prefix != "arn" || partition != "aws" || service != "ecr" {
        return None;
    }
    let region: Region = parts.next()?.parse().ok()?;
    let account: AccountId = parts.next()?.parse().ok()?;
    let name = parts.next()?.strip_prefix("repository/")?.parse().ok()?;
    Some((RegistryId { account, region }, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_repositories_have_arns_here() {
        let (registry, name) = parse("arn:aws:ecr:eu-west-1:111122223333:repository/a/b").unwrap();
        assert_eq!((registry.account.as_str(), registry.region.as_str()), ("111122223333", "eu-west-1"));
        assert_eq!(name.as_str(), "a/b");
        for arn in [
            "",
            "a/b",
            "arn:aws:ecr:eu-west-1:111122223333:a/b",
            "arn:aws:ecr:eu-west-1:111122223333:repository/",
            "arn:aws:ecr:eu-west-1:111122223333:repository/A",
            "arn:aws:ecr:eu-west-1:1111:repository/a",
            "arn:aws:ecr::111122223333:repository/a",
            "arn:aws:s3:eu-west-1:111122223333:repository/a",
            "arn:aws:ecr:eu-west-1:111122223333:repository/a:b",
        ] {
            assert!(parse(arn).is_none(), "{arn}");
        }
    }
}
