//! The managed policies by their ARNs, each parsed once: those that accounts made, and those that come with the program.

use std::collections::HashMap;

use policy::{Kind, Policy};
use store::Conn;
use types::AccountId;

use super::documents::Parsing;
use super::stored;
use crate::{Result, built_in_policies};

/// All of them.
pub(super) struct ManagedPolicies(HashMap<String, Policy>);

impl ManagedPolicies {
    /// Reads them.
    pub(super) async fn load(conn: &mut Conn, documents: &mut Parsing<'_>) -> Result<Self> {
        let of_accounts = store::policies::list_documents(conn).await?;
        let built_in =
            built_in_policies::ALL.iter().map(|policy| (policy.arn().to_string(), policy.document.to_owned()));
        let all = of_accounts.into_iter().chain(built_in);
        Ok(Self(
            all.map(|(arn, document)| {
                let policy = documents.stored(&document, Kind::Identity, &arn);
                (arn, policy)
            })
            .collect(),
        ))
    }

    /// The policy in force. One that is gone denies everything, like one that cannot be read: nothing removes a policy
    /// that is in use, so the rows do not fit together.
    pub(super) fn find(&self, arn: &str) -> Policy {
        self.0.get(arn).cloned().unwrap_or_else(|| stored("", Kind::Identity, arn))
    }

    /// The policy of that ARN, if an account has it.
    pub(super) fn of_account(&self, account: &AccountId, arn: &str) -> Option<&Policy> {
        let owner = arn.strip_prefix("arn:aws:iam::")?.split(':').next()?;
        self.0.get(arn).filter(|_| owner == "aws" || owner == account.as_str())
    }
}
