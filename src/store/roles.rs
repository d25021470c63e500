//! Table `roles`.

use types::{AccountId, Timestamp};

use crate::conn;
use crate::row::Row;
use crate::{Conn, Result};

/// A role of an account.
#[derive(Debug, Clone)]
pub struct RoleRow {
    /// `AROA…`, never used twice.
    pub role_id: String,
    /// Whose role it is.
    pub account: AccountId,
    /// Unique in the account, whatever the case of its letters.
    pub name: String,
    /// Begins and ends with a slash.
    pub path: String,
    /// Who may assume it, as it was sent.
    pub trust_policy: String,
    /// What somebody wrote about it.
    pub description: Option<String>,
    /// How many seconds a session may last.
    pub max_session_duration: i64,
    /// The ARN of the managed policy that limits the role.
    pub boundary_arn: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When a session of it was last used.
    pub last_used_at: Option<Timestamp>,
    /// In which region that was.
    pub last_used_region: Option<String>,
}

fn read(row: &Row) -> Result<RoleRow> {
    Ok(RoleRow {
        role_id: row.text(0)?,
        account: row.parsed(1, "account_id")?,
        name: row.text(2)?,
        path: row.text(3)?,
        trust_policy: row.text(4)?,
        description: row.optional_text(5)?,
        max_session_duration: row.integer(6)?,
        boundary_arn: row.optional_text(7)?,
        created_at: row.time(8)?,
        last_used_at: row.optional_time(9)?,
        last_used_region: row.optional_text(10)?,
    })
}

/// Adds a role. False if the name is taken, also in another case; as for users, callers hold the stamp.
pub async fn insert(conn: &mut Conn, role: &RoleRow) -> Result<bool> {
    // ix_roles_folded
    let rows = conn
        .execute(
            "insert into roles
                 (role_id, account_id, name, path, trust_policy, description, max_session_duration, boundary_arn,
                  created_at)
             select $1, $2, $3, $4, $5, $6, $7, $8, $9
             where not exists (select 1 from roles where account_id = $2 and lower(name) = lower($3))
             on conflict do nothing",
            [
                (&role.role_id).into(),
                (&role.account).into(),
                (&role.name).into(),
                (&role.path).into(),
                (&role.trust_policy).into(),
                role.description.clone().into(),
                role.max_session_duration.into(),
                role.boundary_arn.clone().into(),
                role.created_at.into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// The role of that name.
pub async fn find(conn: &mut Conn, account: &AccountId, name: &str) -> Result<Option<RoleRow>> {
    // uq_roles_name
    conn.optional(
        "select role_id, account_id, name, path, trust_policy, description, max_session_duration, boundary_arn,
             created_at, last_used_at, last_used_region
         from roles
         where account_id = $1 and name = $2",
        [account.into(), name.into()],
        read,
    )
    .await
}

/// All roles, for the copy of the authorization data in memory.
pub async fn list(conn: &mut Conn) -> Result<Vec<RoleRow>> {
    conn.all(
        "select role_id, account_id, name, path, trust_policy, description, max_session_duration, boundary_arn,
             created_at, last_used_at, last_used_region
         from roles",
        [],
        read,
    )
    .await
}

/// Roles of an account below a path whose names come after `after`, by bytes, at most `limit`.
pub async fn list_page(
    conn: &mut Conn,
    account: &AccountId,
    path_prefix: &str,
    after: &str,
    limit: usize,
) -> Result<Vec<RoleRow>> {
    // uq_roles_name. Without the case, Postgres takes the path to be rare and reads all.
    conn.all(
        "select role_id, account_id, name, path, trust_policy, description, max_session_duration, boundary_arn,
             created_at, last_used_at, last_used_region
         from roles
         where account_id = $1
           and name > $3
           and case when substr(path, 1, length($2)) = $2 then 1 = 1 else 1 = 0 end
         order by name
         limit $4",
        [account.into(), path_prefix.into(), after.into(), limit.into()],
        read,
    )
    .await
}

/// Roles that a managed policy limits, below a path and after a name, at most `limit`.
pub async fn list_limited(
    conn: &mut Conn,
    account: &AccountId,
    boundary_arn: &str,
    path_prefix: &str,
    after: &str,
    limit: usize,
) -> Result<Vec<RoleRow>> {
    // ix_roles_boundary
    conn.all(
        "select role_id, account_id, name, path, trust_policy, description, max_session_duration, boundary_arn,
             created_at, last_used_at, last_used_region
         from roles
         where account_id = $1 and boundary_arn = $2 and substr(path, 1, length($3)) = $3 and name > $4
         order by name
         limit $5",
        [account.into(), boundary_arn.into(), path_prefix.into(), after.into(), limit.into()],
        read,
    )
    .await
}

/// Roles that have a managed policy, below a path and after a name, at most `limit`.
pub async fn list_attached(
    conn: &mut Conn,
    account: &AccountId,
    policy_arn: &str,
    path_prefix: &str,
    after: &str,
    limit: usize,
) -> Result<Vec<RoleRow>> {
    // ix_policy_attachments_policy
    conn.all(
        "select role_id, roles.account_id, name, path, trust_policy, description, max_session_duration, boundary_arn,
             created_at, last_used_at, last_used_region
         from policy_attachments attachment
         join roles on role_id = attachment.principal_id
         where attachment.account_id = $1
           and attachment.policy_arn = $2
           and substr(path, 1, length($3)) = $3
           and name > $4
         order by name
         limit $5",
        [account.into(), policy_arn.into(), path_prefix.into(), after.into(), limit.into()],
        read,
    )
    .await
}

/// How many roles an account has.
pub async fn count(conn: &mut Conn, account: &AccountId) -> Result<u64> {
    conn::count(conn, "select count(*) from roles where account_id = $1", [account.into()]).await
}

/// Changes what is said about a role and how long its sessions may last.
pub async fn update_settings(
    conn: &mut Conn,
    role_id: &str,
    description: Option<&str>,
    max_session_duration: i64,
) -> Result<bool> {
    let rows = conn
        .execute(
            "update roles
             set description = $2, max_session_duration = $3
             where role_id = $1",
            [role_id.into(), description.into(), max_session_duration.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Who may assume a role.
pub async fn find_trust_policy(conn: &mut Conn, role_id: &str) -> Result<Option<String>> {
    conn.optional(
        "select trust_policy
         from roles
         where role_id = $1",
        [role_id.into()],
        |row| row.text(0),
    )
    .await
}

/// Changes who may assume a role.
pub async fn update_trust_policy(conn: &mut Conn, role_id: &str, document: &str) -> Result<bool> {
    let rows = conn
        .execute(
            "update roles
             set trust_policy = $2
             where role_id = $1",
            [role_id.into(), document.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Sets or lifts the limit of a role.
pub async fn update_boundary(conn: &mut Conn, role_id: &str, boundary_arn: Option<&str>) -> Result<bool> {
    let rows = conn
        .execute(
            "update roles
             set boundary_arn = $2
             where role_id = $1",
            [role_id.into(), boundary_arn.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Notes that a session of a role was used, unless a later use is known.
pub async fn update_last_used(conn: &mut Conn, role_id: &str, at: Timestamp, region: Option<&str>) -> Result<bool> {
    let rows = conn
        .execute(
            "update roles
             set last_used_at = $2, last_used_region = $3
             where role_id = $1 and coalesce(last_used_at, -1) < $2",
            [role_id.into(), at.into(), region.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Removes a role.
pub async fn delete(conn: &mut Conn, role_id: &str) -> Result<bool> {
    Ok(conn.execute("delete from roles where role_id = $1", [role_id.into()]).await? == 1)
}
