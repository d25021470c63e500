//! Table `accounts`.

use types::{AccountId, Timestamp};

use crate::{Conn, Result};

/// All accounts, for the copy of the authorization data in memory.
pub async fn list(conn: &mut Conn) -> Result<Vec<AccountId>> {
    conn.all("select account_id from accounts", [], |row| row.parsed(0, "account_id")).await
}

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
