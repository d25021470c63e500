//! Table `policy_versions`.

use types::{AccountId, Timestamp};

use crate::conn;
use crate::row::Row;
use crate::value::list as texts;
use crate::{Conn, Result};

/// A version of a managed policy.
#[derive(Debug, Clone)]
pub struct PolicyVersionRow {
    /// The policy.
    pub policy_arn: String,
    /// From 1; no number is used twice in a policy.
    pub version: i64,
    /// The document as it was sent.
    pub document: String,
    /// When it was made.
    pub created_at: Timestamp,
}

fn read(row: &Row) -> Result<PolicyVersionRow> {
    Ok(PolicyVersionRow {
        policy_arn: row.text(0)?,
        version: row.integer(1)?,
        document: row.text(2)?,
        created_at: row.time(3)?,
    })
}

/// Adds a version. False if the number is taken.
pub async fn insert(conn: &mut Conn, version: &PolicyVersionRow) -> Result<bool> {
    let rows = conn
        .execute(
            "insert into policy_versions (policy_arn, version, document, created_at)
             values ($1, $2, $3, $4)
             on conflict do nothing",
            [
                (&version.policy_arn).into(),
                version.version.into(),
                (&version.document).into(),
                version.created_at.into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// One version.
pub async fn find(conn: &mut Conn, policy_arn: &str, version: i64) -> Result<Option<PolicyVersionRow>> {
    conn.optional(
        "select policy_arn, version, document, created_at
         from policy_versions
         where policy_arn = $1 and version = $2",
        [policy_arn.into(), version.into()],
        read,
    )
    .await
}

/// All versions of several policies, of each the newest first. A policy has few.
pub async fn list_of(conn: &mut Conn, policy_arns: &[&str]) -> Result<Vec<PolicyVersionRow>> {
    // pk_policy_versions
    conn.all(
        "select policy_arn, version, document, created_at
         from policy_versions
         where policy_arn in (select value from json_each($1))
         order by version desc",
        [texts(policy_arns.iter().copied())],
        read,
    )
    .await
}

/// How many characters the versions of several policies have together.
pub async fn list_lengths(conn: &mut Conn, policy_arns: &[&str]) -> Result<Vec<(String, u64)>> {
    // pk_policy_versions
    conn.all(
        "select policy_arn, sum(length(document))
         from policy_versions
         where policy_arn in (select value from json_each($1))
         group by policy_arn",
        [texts(policy_arns.iter().copied())],
        |row| Ok((row.text(0)?, row.integer(1)?.unsigned_abs())),
    )
    .await
}

/// How many versions the policies of an account have in all.
pub async fn count(conn: &mut Conn, account: &AccountId) -> Result<u64> {
    conn::count(
        conn,
        "select count(*)
         from policies policy
         join policy_versions version on version.policy_arn = policy.arn
         where policy.account_id = $1",
        [account.into()],
    )
    .await
}

/// Removes one version.
pub async fn delete(conn: &mut Conn, policy_arn: &str, version: i64) -> Result<bool> {
    let rows = conn
        .execute(
            "delete from policy_versions
             where policy_arn = $1 and version = $2",
            [policy_arn.into(), version.into()],
        )
        .await?;
    Ok(rows == 1)
}
