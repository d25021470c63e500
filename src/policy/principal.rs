//! Who makes a request, as evaluation sees it. How somebody proved to be this principal is not known here.

/// An authenticated caller, or the anonymous one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The 12-digit account that the principal belongs to; empty for services and anonymous callers.
    pub account: String,
    /// The ARN that AWS would print: of the root, the user or the role *session*; empty for anonymous callers.
    pub arn: String,
    /// The unique id: the account id for the root, `AIDA…` for a user, `AROA…:<session>` for a role session.
    pub user_id: String,
    /// What sort of principal this is.
    pub kind: PrincipalKind,
}

/// The sorts of principals that the policy language tells apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrincipalKind {
    /// The owner of the account.
    Root,
    /// An IAM user.
    User {
        /// The name without its path, the value of `aws:username`.
        name: String,
    },
    /// A session of an assumed role.
    RoleSession {
        /// The role's own ARN, with its path; a policy that names it matches all its sessions.
        role_arn: String,
    },
    /// A part of Wharf (or of AWS) that acts by itself, such as `replication.ecr.amazonaws.com`.
    Service {
        /// The name that policies use.
        name: String,
    },
    /// Somebody an identity provider vouches for, before a role is assumed.
    Federated {
        /// The provider as trust policies name it: an ARN or a host name.
        provider: String,
    },
    /// Nobody in particular.
    Anonymous,
}

impl Principal {
    /// The root of an account.
    pub fn root(account: &str) -> Self {
        Self {
            account: account.to_owned(),
            arn: format!("arn:aws:iam::{account}:root"),
            user_id: account.to_owned(),
            kind: PrincipalKind::Root,
        }
    }

    /// A caller who showed no credentials.
    pub fn anonymous() -> Self {
        Self {
            account: String::new(),
            arn: String::new(),
            user_id: "anonymous".to_owned(),
            kind: PrincipalKind::Anonymous,
        }
    }

    /// The unique id of the user or role: for a session it is its role's, without the name of the session.
    pub fn entity_id(&self) -> &str {
        self.user_id.split_once(':').map_or(&*self.user_id, |(entity, _)| entity)
    }

    /// Whether this principal lives in an account, and so may be reached by naming the account and be given identity
    /// policies. The others are allowed by resource policies alone.
    pub(crate) fn belongs_to_account(&self) -> bool {
        matches!(self.kind, PrincipalKind::Root | PrincipalKind::User { .. } | PrincipalKind::RoleSession { .. })
    }

    /// The value of `aws:PrincipalArn`: for a session it is the ARN of its role, so that policies can name the role.
    pub fn policy_arn(&self) -> Option<&str> {
        match &self.kind {
            PrincipalKind::RoleSession { role_arn } => Some(role_arn),
            PrincipalKind::Root | PrincipalKind::User { .. } => Some(&self.arn),
            PrincipalKind::Service { .. } | PrincipalKind::Federated { .. } | PrincipalKind::Anonymous => None,
        }
    }

    /// The value of `aws:PrincipalType`.
    pub(crate) fn type_name(&self) -> &'static str {
        match self.kind {
            PrincipalKind::Root => "Account",
            PrincipalKind::User { .. } => "User",
            PrincipalKind::RoleSession { .. } => "AssumedRole",
            PrincipalKind::Service { .. } => "Service",
            PrincipalKind::Federated { .. } => "FederatedUser",
            PrincipalKind::Anonymous => "Anonymous",
        }
    }
}
