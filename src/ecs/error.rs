//! Failures of ECS rules, in the domain's words, and their names and texts on the wire. The texts are AWS's where they are
//! known: Terraform and other tools look at some of them.

use std::fmt;

use app::Error as Rule;
use aws::{Common, Fault};
use http::StatusCode;

/// How a rule of ECS fails.
#[derive(Debug)]
pub enum Error {
    /// What the common part of the AWS APIs refuses.
    Fault(Fault),
    /// A failure of what ECS builds on.
    Rule(Rule),
    /// An argument that cannot be.
    InvalidParameter(String),
    /// A state or a definition that does not allow it.
    Client(String),
    /// No such cluster, or it is not active.
    ClusterNotFound,
    /// A cluster that still has container instances.
    ClusterContainsContainerInstances,
    /// A cluster that still has services.
    ClusterContainsServices,
    /// A cluster that still has tasks.
    ClusterContainsTasks,
    /// No such service.
    ServiceNotFound,
    /// A service that is being deleted, or was.
    ServiceNotActive,
    /// No such service deployment.
    ServiceDeploymentNotFound,
    /// A thing that has tags, or protection, and is not there.
    ResourceNotFound(String),
    /// A target of attributes that is not there.
    TargetNotFound(String),
    /// More attributes than a target may have.
    AttributeLimitExceeded(String),
    /// An idempotency token that was used for something else.
    Conflict {
        /// What is wrong.
        message: String,
        /// What the first request made.
        resource_ids: Vec<String>,
    },
    /// What a capacity provider is still used by.
    ResourceInUse(String),
    /// No such version of the platform of Fargate.
    PlatformUnknown,
    /// A version of the platform of Fargate that cannot do what a definition wants.
    PlatformIncompatible,
    /// What Wharf does not do.
    Unsupported(String),
}

/// The outcome of a rule of ECS.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Rule> for Error {
    fn from(rule: Rule) -> Self {
        Self::Rule(rule)
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::Rule(error.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fault(fault) => return fault.fmt(f),
            Self::Rule(rule) => return rule.fmt(f),
            Self::InvalidParameter(message)
            | Self::Client(message)
            | Self::ResourceNotFound(message)
            | Self::TargetNotFound(message)
            | Self::AttributeLimitExceeded(message)
            | Self::Conflict { message, .. }
            | Self::ResourceInUse(message)
            | Self::Unsupported(message) => message,
            Self::ClusterNotFound => "Cluster not found.",
            Self::ClusterContainsContainerInstances => {
                "The Cluster cannot be deleted while Container Instances are active or draining."
            }
            Self::ClusterContainsServices => "The Cluster cannot be deleted while Services are active.",
            Self::ClusterContainsTasks => "The Cluster cannot be deleted while Tasks are active.",
            Self::ServiceNotFound => "Service not found.",
            Self::ServiceNotActive => "Service was not ACTIVE.",
            Self::ServiceDeploymentNotFound => "Service deployment not found.",
            Self::PlatformUnknown => "The specified platform version does not exist.",
            Self::PlatformIncompatible => {
                "The specified platform version does not satisfy the task definition's required capabilities."
            }
        })
    }
}

impl std::error::Error for Error {}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        let code = match error {
            Error::Fault(fault) => return fault,
            Error::Rule(rule) => return of_rule(&rule),
            Error::Conflict { resource_ids, .. } => {
                return Self::new("ConflictException", message).with("resourceIds", resource_ids);
            }
            Error::InvalidParameter(_) => "InvalidParameterException",
            Error::Client(_) => "ClientException",
            Error::ClusterNotFound => "ClusterNotFoundException",
            Error::ClusterContainsContainerInstances => "ClusterContainsContainerInstancesException",
            Error::ClusterContainsServices => "ClusterContainsServicesException",
            Error::ClusterContainsTasks => "ClusterContainsTasksException",
            Error::ServiceNotFound => "ServiceNotFoundException",
            Error::ServiceNotActive => "ServiceNotActiveException",
            Error::ServiceDeploymentNotFound => "ServiceDeploymentNotFoundException",
            Error::ResourceNotFound(_) => "ResourceNotFoundException",
            Error::TargetNotFound(_) => "TargetNotFoundException",
            Error::AttributeLimitExceeded(_) => "AttributeLimitExceededException",
            Error::ResourceInUse(_) => "ResourceInUseException",
            Error::PlatformUnknown => "PlatformUnknownException",
            Error::PlatformIncompatible => "PlatformTaskDefinitionIncompatibilityException",
            Error::Unsupported(_) => "UnsupportedFeatureException",
        };
        Self::new(code, message)
    }
}

impl Error {
    /// As a failure of background work, which has no client to tell.
    pub(crate) fn unheard(self) -> Rule {
        match self {
            Self::Rule(rule) => rule,
            other => {
                tracing::error!(error = ?other, "background work of ECS failed");
                Rule::Internal
            }
        }
    }
}

/// What ECS builds on fails in a few ways only: rules of images and repositories are not called from here.
fn of_rule(rule: &Rule) -> Fault {
    let message = rule.to_string();
    match rule {
        Rule::Denied(_) => Fault::common(Common::AccessDenied, message),
        Rule::Unauthenticated(_) => Fault::common(Common::UnrecognizedClient, message),
        Rule::TooManyRequests { .. } => Fault::common(Common::Throttling, "Rate exceeded"),
        Rule::Unavailable(_) => Fault::common(Common::ServiceUnavailable, message),
        Rule::Invalid(_) => Fault::new("InvalidParameterException", message),
        _ => Fault::with_status("ServerException", StatusCode::INTERNAL_SERVER_ERROR, message),
    }
}

/// `clusterName` → `ClusterName`, as ECS names members in its messages.
pub(crate) fn title(member: &str) -> String {
    let mut characters = member.chars();
    characters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(characters).collect()
}
