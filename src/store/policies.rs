//! Tables `policies`, `policy_attachments` and `inline_policies`.

use crate::{Conn, Result};

/// A policy as it applies to a user, group or role.
#[derive(Debug, Clone)]
pub struct AppliedPolicy {
    /// Id of the user, group or role.
    pub principal_id: String,
    /// Name of an inline policy, ARN of a managed one.
    pub name: String,
    /// The document as it was sent.
    pub document: String,
}

/// Sets an inline policy, replacing one of the same name.
pub async fn upsert_inline(conn: &mut Conn, policy: &AppliedPolicy) -> Result<()> {
    conn.execute(
        "insert into inline_policies (principal_id, name, document)
         values ($1, $2, $3)
         on conflict (principal_id, name) do update set document = excluded.document",
        [(&policy.principal_id).into(), (&policy.name).into(), (&policy.document).into()],
    )
    .await?;
    Ok(())
}

/// All policies with what they apply to, for the copy of the authorization data in memory.
pub async fn list_applied(conn: &mut Conn) -> Result<Vec<AppliedPolicy>> {
    conn.all(
        "select principal_id, name, document
         from inline_policies
         union all
         select attachment.principal_id, policy.arn, policy.document
         from policy_attachments attachment
         join policies policy on policy.arn = attachment.policy_arn",
        [],
        |row| Ok(AppliedPolicy { principal_id: row.text(0)?, name: row.text(1)?, document: row.text(2)? }),
    )
    .await
}
