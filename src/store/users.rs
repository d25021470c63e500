//! Table `users`.

use types::{AccountId, Timestamp};

use crate::row::Row;
use crate::{Conn, Result};

/// A user of an account.
#[derive(Debug, Clone)]
pub struct UserRow {
    /// `AIDA…`, never used twice.
    pub user_id: String,
    /// Whose user it is.
    pub account: AccountId,
    /// Unique in the account.
    pub name: String,
    /// Begins and ends with a slash.
    pub path: String,
}

fn read(row: &Row) -> Result<UserRow> {
    Ok(UserRow { user_id: row.text(0)?, account: row.parsed(1, "account_id")?, name: row.text(2)?, path: row.text(3)? })
}

/// Adds a user. False if the name is taken.
pub async fn insert(conn: &mut Conn, user: &UserRow, now: Timestamp) -> Result<bool> {
    let rows = conn
        .execute(
            "insert into users (user_id, account_id, name, path, created_at)
             values ($1, $2, $3, $4, $5)
             on conflict do nothing",
            [(&user.user_id).into(), (&user.account).into(), (&user.name).into(), (&user.path).into(), now.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// The user of that name.
pub async fn find(conn: &mut Conn, account: &AccountId, name: &str) -> Result<Option<UserRow>> {
    conn.optional(
        "select user_id, account_id, name, path
         from users
         where account_id = $1 and name = $2",
        [account.into(), name.into()],
        read,
    )
    .await
}

/// All users, for the copy of the authorization data in memory.
pub async fn list(conn: &mut Conn) -> Result<Vec<UserRow>> {
    conn.all("select user_id, account_id, name, path from users", [], read).await
}
