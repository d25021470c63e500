//! Table `users`.

use types::{AccountId, Timestamp};

use crate::conn;
use crate::row::Row;
use crate::{Conn, Result};

/// A user of an account.
#[derive(Debug, Clone)]
pub struct UserRow {
    /// `AIDA…`, never used twice.
    pub user_id: String,
    /// Whose user it is.
    pub account: AccountId,
    /// Unique in the account, whatever the case of its letters.
    pub name: String,
    /// Begins and ends with a slash.
    pub path: String,
    /// The ARN of the managed policy that limits the user.
    pub boundary_arn: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

pub(crate) fn read(row: &Row) -> Result<UserRow> {
    Ok(UserRow {
        user_id: row.text(0)?,
        account: row.parsed(1, "account_id")?,
        name: row.text(2)?,
        path: row.text(3)?,
        boundary_arn: row.optional_text(4)?,
        created_at: row.time(5)?,
    })
}

/// Adds a user. False if the name is taken, also in another case. Two transactions at once could both miss the other
/// case: callers hold the stamp.
pub async fn insert(conn: &mut Conn, user: &UserRow) -> Result<bool> {
    // ix_users_folded
    let rows = conn
        .execute(
            "insert into users (user_id, account_id, name, path, boundary_arn, created_at)
             select $1, $2, $3, $4, $5, $6
             where not exists (select 1 from users where account_id = $2 and lower(name) = lower($3))
             on conflict do nothing",
            [
                (&user.user_id).into(),
                (&user.account).into(),
                (&user.name).into(),
                (&user.path).into(),
                user.boundary_arn.clone().into(),
                user.created_at.into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// The user of that name.
pub async fn find(conn: &mut Conn, account: &AccountId, name: &str) -> Result<Option<UserRow>> {
    // uq_users_name
    conn.optional(
        "select user_id, account_id, name, path, boundary_arn, created_at
         from users
         where account_id = $1 and name = $2",
        [account.into(), name.into()],
        read,
    )
    .await
}

/// The user of that id.
pub async fn find_by_id(conn: &mut Conn, user_id: &str) -> Result<Option<UserRow>> {
    conn.optional(
        "select user_id, account_id, name, path, boundary_arn, created_at
         from users
         where user_id = $1",
        [user_id.into()],
        read,
    )
    .await
}

/// All users, for the copy of the authorization data in memory.
pub async fn list(conn: &mut Conn) -> Result<Vec<UserRow>> {
    conn.all("select user_id, account_id, name, path, boundary_arn, created_at from users", [], read).await
}

/// Users of an account below a path whose names come after `after`, by bytes, at most `limit`.
pub async fn list_page(
    conn: &mut Conn,
    account: &AccountId,
    path_prefix: &str,
    after: &str,
    limit: usize,
) -> Result<Vec<UserRow>> {
    // uq_users_name. Without the case, Postgres takes the path to be rare and reads all.
    conn.all(
        "select user_id, account_id, name, path, boundary_arn, created_at
         from users
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

/// Users that a managed policy limits, below a path and after a name, at most `limit`.
pub async fn list_limited(
    conn: &mut Conn,
    account: &AccountId,
    boundary_arn: &str,
    path_prefix: &str,
    after: &str,
    limit: usize,
) -> Result<Vec<UserRow>> {
    // ix_users_boundary
    conn.all(
        "select user_id, account_id, name, path, boundary_arn, created_at
         from users
         where account_id = $1 and boundary_arn = $2 and substr(path, 1, length($3)) = $3 and name > $4
         order by name
         limit $5",
        [account.into(), boundary_arn.into(), path_prefix.into(), after.into(), limit.into()],
        read,
    )
    .await
}

/// Users that have a managed policy, below a path and after a name, at most `limit`.
pub async fn list_attached(
    conn: &mut Conn,
    account: &AccountId,
    policy_arn: &str,
    path_prefix: &str,
    after: &str,
    limit: usize,
) -> Result<Vec<UserRow>> {
    // ix_policy_attachments_policy
    conn.all(
        "select user_id, users.account_id, name, path, boundary_arn, created_at
         from policy_attachments attachment
         join users on user_id = attachment.principal_id
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

/// How many users an account has.
pub async fn count(conn: &mut Conn, account: &AccountId) -> Result<u64> {
    conn::count(conn, "select count(*) from users where account_id = $1", [account.into()]).await
}

/// Gives a user another name and path. False if the name is taken by somebody else, also in another case.
pub async fn update_name(conn: &mut Conn, user: &UserRow, name: &str, path: &str) -> Result<bool> {
    // ix_users_folded
    let rows = conn
        .execute(
            "update users
             set name = $3, path = $4
             where user_id = $1
               and not exists (
                   select 1
                   from users other
                   where other.account_id = $2 and lower(other.name) = lower($3) and other.user_id <> $1
               )",
            [(&user.user_id).into(), (&user.account).into(), name.into(), path.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Sets or lifts the limit of a user.
pub async fn update_boundary(conn: &mut Conn, user_id: &str, boundary_arn: Option<&str>) -> Result<bool> {
    let rows = conn
        .execute(
            "update users
             set boundary_arn = $2
             where user_id = $1",
            [user_id.into(), boundary_arn.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Removes a user.
pub async fn delete(conn: &mut Conn, user_id: &str) -> Result<bool> {
    Ok(conn.execute("delete from users where user_id = $1", [user_id.into()]).await? == 1)
}
