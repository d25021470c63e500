//! Amazon Resource Names of what Wharf holds. They are built here and matched as text by policies.

use std::fmt;

use crate::{AccountId, RegistryId, RepoName};

/// An ARN: `arn:aws:<service>:<region>:<account>:<resource>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn(String);

impl Arn {
    /// `arn:aws:ecr:<region>:<account>:repository/<name>`, the only resource type of ECR in IAM.
    pub fn repository(registry: &RegistryId, name: &RepoName) -> Self {
        Self(format!("arn:aws:ecr:{}:{}:repository/{name}", registry.region, registry.account))
    }

    /// `arn:aws:iam::<account>:root`, the account itself.
    pub fn root(account: &AccountId) -> Self {
        Self(format!("arn:aws:iam::{account}:root"))
    }

    /// `arn:aws:iam::<account>:user<path><name>`; the path begins and ends with a slash.
    pub fn user(account: &AccountId, path: &str, name: &str) -> Self {
        Self(format!("arn:aws:iam::{account}:user{path}{name}"))
    }

    /// The ARN as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
