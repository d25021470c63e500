//! Table `accounts`.

use types::{AccountId, Timestamp};

use crate::{Conn, Result};

/// Makes sure that an account exists. Returns whether it is new.
pub async fn insert(conn: &mut Conn, account: &AccountId, now: Timestamp) -> Result<bool> {
    let rows = conn
        .execute(
            "insert into accounts (account_id, created_at)
             values ($1, $2)
             on conflict do nothing",
            [account.into(), now.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// When an account was made, if it exists.
pub async fn find_created_at(conn: &mut Conn, account: &AccountId) -> Result<Option<Timestamp>> {
    conn.optional("select created_at from accounts where account_id = $1", [account.into()], |row| row.time(0)).await
}
