//! Amazon Resource Names of what Wharf holds. They are built here and matched as text by policies.

use std::fmt;

use crate::{AccountId, RegistryId, RepoName};

/// An ARN: `arn:aws:<service>:<region>:<account>:<resource>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn(String);

impl Arn {
    /// `arn:aws:<service>:<region>:<account>:<resource>`, of a service whose resources are in accounts and regions.
    pub fn of(service: &str, registry: &RegistryId, resource: &str) -> Self {
        Self(format!("arn:aws:{service}:{}:{}:{resource}", registry.region, registry.account))
    }

    /// `arn:aws:ecr:<region>:<account>:repository/<name>`, the only resource type of ECR in IAM.
    pub fn repository(registry: &RegistryId, name: &RepoName) -> Self {
        Self(format!("arn:aws:ecr:{}:{}:repository/{name}", registry.region, registry.account))
    }

    /// `arn:aws:ecr:<region>:<account>:repository/*`, for calls that are about all repositories of a registry. To policies it
    /// is a text like any other.
    pub fn all_repositories(registry: &RegistryId) -> Self {
        Self(format!("arn:aws:ecr:{}:{}:repository/*", registry.region, registry.account))
    }

    /// `arn:aws:iam::<account>:root`, the account itself.
    pub fn root(account: &AccountId) -> Self {
        Self(format!("arn:aws:iam::{account}:root"))
    }

    /// `arn:aws:iam::<account>:user<path><name>`; the path begins and ends with a slash.
    pub fn user(account: &AccountId, path: &str, name: &str) -> Self {
        Self(format!("arn:aws:iam::{account}:user{path}{name}"))
    }

    /// `arn:aws:iam::<account>:group<path><name>`
    pub fn group(account: &AccountId, path: &str, name: &str) -> Self {
        Self(format!("arn:aws:iam::{account}:group{path}{name}"))
    }

    /// `arn:aws:iam::<account>:role<path><name>`
    pub fn role(account: &AccountId, path: &str, name: &str) -> Self {
        Self(format!("arn:aws:iam::{account}:role{path}{name}"))
    }

    /// `arn:aws:iam::<account>:policy<path><name>`, a managed policy that an account made.
    pub fn policy(account: &AccountId, path: &str, name: &str) -> Self {
        Self(format!("arn:aws:iam::{account}:policy{path}{name}"))
    }

    /// `arn:aws:iam::aws:policy/<name>`, a managed policy that every account has.
    pub fn built_in_policy(name: &str) -> Self {
        Self(format!("arn:aws:iam::aws:policy/{name}"))
    }

    /// `arn:aws:iam::<account>:oidc-provider/<url>`; the URL of the issuer without its scheme.
    pub fn open_id_connect_provider(account: &AccountId, url: &str) -> Self {
        Self(format!("arn:aws:iam::{account}:oidc-provider/{url}"))
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
