//! Table `policy_attachments`: which managed policies apply to which users, groups and roles.

use types::AccountId;

use crate::conn;
use crate::row::Row;
use crate::value::list as texts;
use crate::{Conn, Result};

/// A managed policy that applies to a principal.
#[derive(Debug, Clone)]
pub struct AttachmentRow {
    /// Id of the user, group or role.
    pub principal_id: String,
    /// The policy, of the account or built in.
    pub policy_arn: String,
}

fn read(row: &Row) -> Result<AttachmentRow> {
    Ok(AttachmentRow { principal_id: row.text(0)?, policy_arn: row.text(1)? })
}

/// Attaches a policy. False if it is attached already.
pub async fn insert(conn: &mut Conn, account: &AccountId, principal_id: &str, policy_arn: &str) -> Result<bool> {
    let rows = conn
        .execute(
            "insert into policy_attachments (principal_id, policy_arn, account_id)
             values ($1, $2, $3)
             on conflict do nothing",
            [principal_id.into(), policy_arn.into(), account.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Detaches a policy. False if it was not attached.
pub async fn delete(conn: &mut Conn, principal_id: &str, policy_arn: &str) -> Result<bool> {
    let rows = conn
        .execute(
            "delete from policy_attachments
             where principal_id = $1 and policy_arn = $2",
            [principal_id.into(), policy_arn.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// All attachments, for the copy of the authorization data in memory.
pub async fn list(conn: &mut Conn) -> Result<Vec<AttachmentRow>> {
    conn.all("select principal_id, policy_arn from policy_attachments", [], read).await
}

/// The attachments of several principals, in the order of the ARNs. A principal has few.
pub async fn list_of(conn: &mut Conn, principal_ids: &[&str]) -> Result<Vec<AttachmentRow>> {
    // pk_policy_attachments
    conn.all(
        "select principal_id, policy_arn
         from policy_attachments
         where principal_id in (select value from json_each($1))
         order by policy_arn",
        [texts(principal_ids.iter().copied())],
        read,
    )
    .await
}

/// How many policies a principal has.
pub async fn count(conn: &mut Conn, principal_id: &str) -> Result<u64> {
    conn::count(conn, "select count(*) from policy_attachments where principal_id = $1", [principal_id.into()]).await
}

/// How often policies are used in an account: of each ARN, how many principals have it, and how many it limits.
pub async fn list_uses(conn: &mut Conn, account: &AccountId, policy_arns: &[&str]) -> Result<Vec<(String, u64, u64)>> {
    // ix_policy_attachments_policy, ix_users_boundary, ix_roles_boundary
    conn.all(
        "select wanted.value,
             (select count(*) from policy_attachments where account_id = $1 and policy_arn = wanted.value),
             (select count(*) from users where account_id = $1 and boundary_arn = wanted.value)
                 + (select count(*) from roles where account_id = $1 and boundary_arn = wanted.value)
         from json_each($2) wanted",
        [account.into(), texts(policy_arns.iter().copied())],
        |row| Ok((row.text(0)?, row.size(1)?, row.size(2)?)),
    )
    .await
}
