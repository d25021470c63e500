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

    /// `arn:aws:logs:<region>:<account>:log-group:<name>`.
    pub fn log_group(registry: &RegistryId, name: &str) -> Self {
        Self(format!("arn:aws:logs:{}:{}:log-group:{name}", registry.region, registry.account))
    }

    /// `arn:aws:logs:<region>:<account>:log-group:<name>:log-stream:<stream>`. What is about a group as a whole is about
    /// the stream without a name.
    pub fn log_stream(registry: &RegistryId, group: &str, stream: &str) -> Self {
        Self(format!("{}:log-stream:{stream}", Self::log_group(registry, group)))
    }

    /// `arn:aws:cloudwatch:<region>:<account>:alarm:<name>`.
    pub fn alarm(registry: &RegistryId, name: &str) -> Self {
        Self(format!("arn:aws:cloudwatch:{}:{}:alarm:{name}", registry.region, registry.account))
    }

    /// `arn:aws:s3:::<bucket>/<key>`, which names no account.
    pub fn object(path: &str) -> Self {
        Self(format!("arn:aws:s3:::{path}"))
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

    /// `arn:aws:elasticloadbalancing:<region>:<account>:<resource>`, such as `loadbalancer/app/<name>/<id>`.
    pub fn load_balancing(registry: &RegistryId, resource: &str) -> Self {
        Self(format!("arn:aws:elasticloadbalancing:{}:{}:{resource}", registry.region, registry.account))
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
