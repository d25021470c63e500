//! Table `policies`: the managed policies that accounts made. Those that come with the program are not rows.

use types::{AccountId, Timestamp};

use crate::conn;
use crate::row::Row;
use crate::{Conn, Result};

/// A managed policy of an account.
#[derive(Debug, Clone)]
pub struct PolicyRow {
    /// `arn:aws:iam::<account>:policy<path><name>`
    pub arn: String,
    /// `ANPA…`, never used twice.
    pub policy_id: String,
    /// Whose policy it is.
    pub account: AccountId,
    /// Unique in the account, whatever the case of its letters.
    pub name: String,
    /// Begins and ends with a slash.
    pub path: String,
    /// What somebody wrote about it.
    pub description: Option<String>,
    /// The version in force.
    pub default_version: i64,
    /// The highest number that was given to a version.
    pub latest_version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When a version was last added or put in force.
    pub updated_at: Timestamp,
}

/// Which policies a list is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Used {
    /// All.
    Anyhow,
    /// Those that a user, group or role has.
    Attached,
    /// Those that limit a user or role.
    AsBoundary,
}

impl Used {
    fn as_str(self) -> &'static str {
        match self {
            Self::Anyhow => "anyhow",
            Self::Attached => "attached",
            Self::AsBoundary => "as boundary",
        }
    }
}

fn read(row: &Row) -> Result<PolicyRow> {
    Ok(PolicyRow {
        arn: row.text(0)?,
        policy_id: row.text(1)?,
        account: row.parsed(2, "account_id")?,
        name: row.text(3)?,
        path: row.text(4)?,
        description: row.optional_text(5)?,
        default_version: row.integer(6)?,
        latest_version: row.integer(7)?,
        created_at: row.time(8)?,
        updated_at: row.time(9)?,
    })
}

/// Adds a policy, without its version. False if the name is taken, also in another case; as for users, callers hold
/// the stamp.
pub async fn insert(conn: &mut Conn, policy: &PolicyRow) -> Result<bool> {
    // ix_policies_folded
    let rows = conn
        .execute(
            "insert into policies
                 (arn, policy_id, account_id, name, path, description, default_version, latest_version, created_at,
                  updated_at)
             select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10
             where not exists (select 1 from policies where account_id = $3 and lower(name) = lower($4))
             on conflict do nothing",
            [
                (&policy.arn).into(),
                (&policy.policy_id).into(),
                (&policy.account).into(),
                (&policy.name).into(),
                (&policy.path).into(),
                policy.description.clone().into(),
                policy.default_version.into(),
                policy.latest_version.into(),
                policy.created_at.into(),
                policy.updated_at.into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// The policy of that ARN.
pub async fn find(conn: &mut Conn, arn: &str) -> Result<Option<PolicyRow>> {
    conn.optional(
        "select arn, policy_id, account_id, name, path, description, default_version, latest_version, created_at,
             updated_at
         from policies
         where arn = $1",
        [arn.into()],
        read,
    )
    .await
}

/// The documents in force: pairs of ARN and text, for the copy of the authorization data in memory.
pub async fn list_documents(conn: &mut Conn) -> Result<Vec<(String, String)>> {
    // pk_policy_versions
    conn.all(
        "select policy.arn, version.document
         from policies policy
         join policy_versions version on version.policy_arn = policy.arn and version.version = policy.default_version",
        [],
        |row| Ok((row.text(0)?, row.text(1)?)),
    )
    .await
}

/// All policies: pairs of ARN and id, for the copy of the authorization data in memory.
pub async fn list_ids(conn: &mut Conn) -> Result<Vec<(String, String)>> {
    conn.all("select arn, policy_id from policies", [], |row| Ok((row.text(0)?, row.text(1)?))).await
}

/// Policies of an account below a path whose names come after `after`, by bytes, at most `limit`. With `used` only
/// those that a principal has or that limit one.
pub async fn list_page(
    conn: &mut Conn,
    account: &AccountId,
    path_prefix: &str,
    used: Used,
    after: &str,
    limit: usize,
) -> Result<Vec<PolicyRow>> {
    // uq_policies_name
    conn.all(
        "select arn, policy_id, account_id, name, path, description, default_version, latest_version, created_at,
             updated_at
         from policies
         where account_id = $1
           and name > $4
           and case when substr(path, 1, length($2)) = $2 then 1 = 1 else 1 = 0 end
           and case $3
               when 'anyhow' then 1 = 1
               when 'attached' then exists (
                   select 1 from policy_attachments where account_id = $1 and policy_arn = policies.arn
               )
               else exists (select 1 from users where account_id = $1 and boundary_arn = policies.arn)
                   or exists (select 1 from roles where account_id = $1 and boundary_arn = policies.arn)
           end
         order by name
         limit $5",
        [account.into(), path_prefix.into(), used.as_str().into(), after.into(), limit.into()],
        read,
    )
    .await
}

/// How many policies an account has.
pub async fn count(conn: &mut Conn, account: &AccountId) -> Result<u64> {
    conn::count(conn, "select count(*) from policies where account_id = $1", [account.into()]).await
}

/// Puts a version in force, and notes the highest number that was given out.
pub async fn update_versions(
    conn: &mut Conn,
    arn: &str,
    default_version: i64,
    latest_version: i64,
    now: Timestamp,
) -> Result<bool> {
    let rows = conn
        .execute(
            "update policies
             set default_version = $2, latest_version = $3, updated_at = $4
             where arn = $1",
            [arn.into(), default_version.into(), latest_version.into(), now.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Removes a policy, whose versions are gone already.
pub async fn delete(conn: &mut Conn, arn: &str) -> Result<bool> {
    Ok(conn.execute("delete from policies where arn = $1", [arn.into()]).await? == 1)
}
