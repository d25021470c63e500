//! What can go wrong, in the words of Elastic Load Balancing, and its codes. Codes are those of the service's model; texts
//! are AWS's as far as they were seen.

use app::Error as Rule;
use aws::{Common, Fault};

/// How a rule or an operation fails.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// No such load balancer.
    LoadBalancerNotFound(String),
    /// No such target group.
    TargetGroupNotFound(String),
    /// No such listener.
    ListenerNotFound(String),
    /// No such rule.
    RuleNotFound(String),
    /// A load balancer of that name has other settings.
    DuplicateLoadBalancerName(String),
    /// A target group of that name has other settings.
    DuplicateTargetGroupName(String),
    /// The load balancer listens on that port already, with other settings.
    DuplicateListener(String),
    /// A tag is given twice.
    DuplicateTagKeys(String),
    /// Another rule has the priority.
    PriorityInUse(u64),
    /// A target group that rules forward to.
    ResourceInUse(String),
    /// What the state of the resource does not allow.
    OperationNotPermitted(String),
    /// Settings that do not go together, or that Wharf does not have.
    InvalidConfigurationRequest(String),
    /// An action that load balancers of Wharf do not have.
    InvalidLoadBalancerAction(String),
    /// A target that cannot be one.
    InvalidTarget(String),
    /// A scheme that there is not.
    InvalidScheme(String),
    /// A protocol that load balancers of Wharf do not speak.
    UnsupportedProtocol(String),
    /// A TLS listener without a certificate.
    CertificateNotFound(String),
    /// A target group that another load balancer forwards to.
    TargetGroupAssociationLimit(String),
    /// A quota, by what there would be too many of.
    TooMany(Quota),
    /// A parameter that is malformed or absent.
    Validation(String),
    /// A failure that every service has.
    Other(Fault),
}

/// What there may not be more of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quota {
    /// Load balancers of a registry.
    LoadBalancers,
    /// Target groups of a registry.
    TargetGroups,
    /// Listeners of a load balancer.
    Listeners,
    /// Rules of a listener.
    Rules,
    /// Targets of a target group.
    Targets,
    /// Tags of a resource.
    Tags,
    /// Actions of a rule.
    Actions,
}

impl Quota {
    /// How many there may be.
    pub(crate) fn most(self) -> u64 {
        match self {
            Self::LoadBalancers => 50,
            Self::TargetGroups => 3000,
            Self::Listeners => 50,
            Self::Rules => 100,
            Self::Targets => 1000,
            Self::Tags => 50,
            Self::Actions => 5,
        }
    }

    fn fault(self) -> Fault {
        let (code, what) = match self {
            Self::LoadBalancers => ("TooManyLoadBalancers", "load balancers in this account and region"),
            Self::TargetGroups => ("TooManyTargetGroups", "target groups in this account and region"),
            Self::Listeners => ("TooManyListeners", "listeners of a load balancer"),
            Self::Rules => ("TooManyRules", "rules of a listener"),
            Self::Targets => ("TooManyTargets", "targets of a target group"),
            Self::Tags => ("TooManyTags", "tags of a resource"),
            Self::Actions => ("TooManyActions", "actions of a rule"),
        };
        Fault::new(code, format!("There may be at most {} {what}", self.most()))
    }
}

/// What a rule gives.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        use Error as E;
        let (code, message) = match error {
            E::LoadBalancerNotFound(which) => ("LoadBalancerNotFound", format!("Load balancers '[{which}]' not found")),
            E::TargetGroupNotFound(which) => ("TargetGroupNotFound", format!("Target groups '[{which}]' not found")),
            E::ListenerNotFound(which) => ("ListenerNotFound", format!("Listeners '[{which}]' not found")),
            E::RuleNotFound(which) => ("RuleNotFound", format!("Rules '[{which}]' not found")),
            E::DuplicateLoadBalancerName(name) => (
                "DuplicateLoadBalancerName",
                format!("A load balancer with the same name '{name}' exists, but with different settings"),
            ),
            E::DuplicateTargetGroupName(name) => (
                "DuplicateTargetGroupName",
                format!("A target group with the same name '{name}' exists, but with different settings"),
            ),
            E::DuplicateListener(arn) => {
                ("DuplicateListener", format!("A listener already exists on this port for this load balancer '{arn}'"))
            }
            E::DuplicateTagKeys(key) => ("DuplicateTagKeys", format!("Tag key '{key}' was specified more than once")),
            E::PriorityInUse(priority) => ("PriorityInUse", format!("Priority '{priority}' is currently in use")),
            E::ResourceInUse(arn) => {
                ("ResourceInUse", format!("Target group '{arn}' is currently in use by a listener or a rule"))
            }
            E::OperationNotPermitted(message) => ("OperationNotPermitted", message),
            E::InvalidConfigurationRequest(message) => ("InvalidConfigurationRequest", message),
            E::InvalidLoadBalancerAction(message) => ("InvalidLoadBalancerAction", message),
            E::InvalidTarget(message) => ("InvalidTarget", message),
            E::InvalidScheme(scheme) => ("InvalidScheme", format!("Scheme '{scheme}' is not valid")),
            E::UnsupportedProtocol(message) => ("UnsupportedProtocol", message),
            E::CertificateNotFound(message) => ("CertificateNotFound", message),
            E::TargetGroupAssociationLimit(arn) => (
                "TargetGroupAssociationLimit",
                format!("The following target groups cannot be associated with more than one load balancer: {arn}"),
            ),
            E::TooMany(quota) => return quota.fault(),
            E::Validation(message) => return Self::common(Common::Validation, message),
            E::Other(fault) => return fault,
        };
        Self::new(code, message)
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Other(fault)
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(Fault::from(self.clone()).message())
    }
}

impl std::error::Error for Error {}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Rule::from(error).into()
    }
}

impl From<Rule> for Error {
    fn from(rule: Rule) -> Self {
        let message = rule.to_string();
        Self::Other(match rule {
            Rule::Denied(_) => Fault::common(Common::AccessDenied, message),
            Rule::Unauthenticated(_) => Fault::common(Common::UnrecognizedClient, message),
            Rule::TooManyRequests { .. } => Fault::common(Common::Throttling, "Rate exceeded"),
            Rule::Unavailable(_) | Rule::NoSpace => Fault::common(Common::ServiceUnavailable, message),
            Rule::Internal => Fault::internal(),
            Rule::Invalid(_) => Fault::common(Common::Validation, message),
            // The others are of images and repositories, whose rules are not called from here.
            _ => Fault::common(Common::Validation, message),
        })
    }
}
