//! Table `groups`.

use types::{AccountId, Timestamp};

use crate::conn;
use crate::row::Row;
use crate::{Conn, Result};

/// A group of an account.
#[derive(Debug, Clone)]
pub struct GroupRow {
    /// `AGPA…`, never used twice.
    pub group_id: String,
    /// Whose group it is.
    pub account: AccountId,
    /// Unique in the account, whatever the case of its letters.
    pub name: String,
    /// Begins and ends with a slash.
    pub path: String,
    /// When it was made.
    pub created_at: Timestamp,
}

pub(crate) fn read(row: &Row) -> Result<GroupRow> {
    Ok(GroupRow {
        group_id: row.text(0)?,
        account: row.parsed(1, "account_id")?,
        name: row.text(2)?,
        path: row.text(3)?,
        created_at: row.time(4)?,
    })
}

/// Adds a group. False if the name is taken, also in another case; as for users, callers hold the stamp.
pub async fn insert(conn: &mut Conn, group: &GroupRow) -> Result<bool> {
    // ix_groups_folded
    let rows = conn
        .execute(
            "insert into groups (group_id, account_id, name, path, created_at)
             select $1, $2, $3, $4, $5
             where not exists (select 1 from groups where account_id = $2 and lower(name) = lower($3))
             on conflict do nothing",
            [
                (&group.group_id).into(),
                (&group.account).into(),
                (&group.name).into(),
                (&group.path).into(),
                group.created_at.into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// The group of that name.
pub async fn find(conn: &mut Conn, account: &AccountId, name: &str) -> Result<Option<GroupRow>> {
    // uq_groups_name
    conn.optional(
        "select group_id, account_id, name, path, created_at
         from groups
         where account_id = $1 and name = $2",
        [account.into(), name.into()],
        read,
    )
    .await
}

/// The group of that id.
pub async fn find_by_id(conn: &mut Conn, group_id: &str) -> Result<Option<GroupRow>> {
    conn.optional(
        "select group_id, account_id, name, path, created_at
         from groups
         where group_id = $1",
        [group_id.into()],
        read,
    )
    .await
}

/// All groups, for the copy of the authorization data in memory.
pub async fn list(conn: &mut Conn) -> Result<Vec<GroupRow>> {
    conn.all("select group_id, account_id, name, path, created_at from groups", [], read).await
}

/// Groups of an account below a path whose names come after `after`, by bytes, at most `limit`.
pub async fn list_page(
    conn: &mut Conn,
    account: &AccountId,
    path_prefix: &str,
    after: &str,
    limit: usize,
) -> Result<Vec<GroupRow>> {
    // uq_groups_name. Without the case, Postgres takes the path to be rare and reads all.
    conn.all(
        "select group_id, account_id, name, path, created_at
         from groups
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

/// Groups that have a managed policy, below a path and after a name, at most `limit`.
pub async fn list_attached(
    conn: &mut Conn,
    account: &AccountId,
    policy_arn: &str,
    path_prefix: &str,
    after: &str,
    limit: usize,
) -> Result<Vec<GroupRow>> {
    // ix_policy_attachments_policy
    conn.all(
        "select group_id, groups.account_id, name, path, created_at
         from policy_attachments attachment
         join groups on group_id = attachment.principal_id
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

/// How many groups an account has.
pub async fn count(conn: &mut Conn, account: &AccountId) -> Result<u64> {
    conn::count(conn, "select count(*) from groups where account_id = $1", [account.into()]).await
}

/// Gives a group another name and path. False if the name is taken by another one, also in another case.
pub async fn update_name(conn: &mut Conn, group: &GroupRow, name: &str, path: &str) -> Result<bool> {
    // ix_groups_folded
    let rows = conn
        .execute(
            "update groups
             set name = $3, path = $4
             where group_id = $1
               and not exists (
                   select 1
                   from groups other
                   where other.account_id = $2 and lower(other.name) = lower($3) and other.group_id <> $1
               )",
            [(&group.group_id).into(), (&group.account).into(), name.into(), path.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Removes a group.
pub async fn delete(conn: &mut Conn, group_id: &str) -> Result<bool> {
    Ok(conn.execute("delete from groups where group_id = $1", [group_id.into()]).await? == 1)
}
