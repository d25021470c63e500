//! A role as requests meet it: who may assume it, and what its sessions may do.

use policy::{Policy, Principal, PrincipalKind};
use types::AccountId;

/// A role.
#[derive(Debug)]
pub struct Role {
    /// `AROA…`
    pub role_id: String,
    /// Whose role it is.
    pub account: AccountId,
    /// `arn:aws:iam::<account>:role<path><name>`
    pub arn: String,
    /// Without the path.
    pub name: String,
    /// How long its sessions may last, in seconds.
    pub max_session_duration: i64,
    /// Who may assume it.
    pub(crate) trust: Policy,
    /// What its sessions may do.
    pub(crate) policies: Vec<Policy>,
    /// What limits that, if anything does.
    pub(crate) boundary: Option<Policy>,
    pub(crate) tags: Vec<(String, String)>,
}

impl Role {
    /// The ARN of a session, which has no path.
    pub fn session_arn(&self, session_name: &str) -> String {
        format!("arn:aws:sts::{}:assumed-role/{}/{session_name}", self.account, self.name)
    }

    /// A session as policies see it.
    pub(crate) fn session(&self, session_name: &str) -> Principal {
        Principal {
            account: self.account.as_str().to_owned(),
            arn: self.session_arn(session_name),
            user_id: format!("{}:{session_name}", self.role_id),
            kind: PrincipalKind::RoleSession { role_arn: self.arn.clone() },
        }
    }
}
