//! Table `group_members`.

use crate::conn;
use crate::groups::GroupRow;
use crate::users::UserRow;
use crate::value::list as texts;
use crate::{Conn, Result, groups, users};

/// Puts a user into a group. False if it is there already.
pub async fn insert(conn: &mut Conn, group_id: &str, user_id: &str) -> Result<bool> {
    let rows = conn
        .execute(
            "insert into group_members (group_id, user_id)
             values ($1, $2)
             on conflict do nothing",
            [group_id.into(), user_id.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Takes a user out of a group. False if it is not there.
pub async fn delete(conn: &mut Conn, group_id: &str, user_id: &str) -> Result<bool> {
    let rows = conn
        .execute(
            "delete from group_members
             where group_id = $1 and user_id = $2",
            [group_id.into(), user_id.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Who is in which group: pairs of user id and group id, for the copy of the authorization data in memory.
pub async fn list(conn: &mut Conn) -> Result<Vec<(String, String)>> {
    conn.all("select user_id, group_id from group_members", [], |row| Ok((row.text(0)?, row.text(1)?))).await
}

/// The users of a group after a name, at most `limit`.
pub async fn list_users(conn: &mut Conn, group_id: &str, after: &str, limit: usize) -> Result<Vec<UserRow>> {
    // pk_group_members
    conn.all(
        "select users.user_id, account_id, name, path, boundary_arn, created_at
         from group_members member
         join users on users.user_id = member.user_id
         where member.group_id = $1 and name > $2
         order by name
         limit $3",
        [group_id.into(), after.into(), limit.into()],
        users::read,
    )
    .await
}

/// The groups of a user after a name, at most `limit`.
pub async fn list_groups(conn: &mut Conn, user_id: &str, after: &str, limit: usize) -> Result<Vec<GroupRow>> {
    // ix_group_members_user
    conn.all(
        "select groups.group_id, account_id, name, path, created_at
         from group_members member
         join groups on groups.group_id = member.group_id
         where member.user_id = $1 and name > $2
         order by name
         limit $3",
        [user_id.into(), after.into(), limit.into()],
        groups::read,
    )
    .await
}

/// The names of the groups of several users: pairs of user id and name, in the order of the names.
pub async fn list_group_names(conn: &mut Conn, user_ids: &[&str]) -> Result<Vec<(String, String)>> {
    // ix_group_members_user
    conn.all(
        "select member.user_id, name
         from group_members member
         join groups on groups.group_id = member.group_id
         where member.user_id in (select value from json_each($1))
         order by name",
        [texts(user_ids.iter().copied())],
        |row| Ok((row.text(0)?, row.text(1)?)),
    )
    .await
}

/// In how many groups a user is.
pub async fn count_groups(conn: &mut Conn, user_id: &str) -> Result<u64> {
    conn::count(conn, "select count(*) from group_members where user_id = $1", [user_id.into()]).await
}
