//! Table `accounts`.

use types::{AccountId, Timestamp};

use crate::{Conn, Result};

/// An account.
#[derive(Debug, Clone)]
pub struct AccountRow {
    /// Twelve digits.
    pub account: AccountId,
    /// Its name, if it has one.
    pub alias: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// All accounts with their aliases, by id.
pub async fn list(conn: &mut Conn) -> Result<Vec<AccountRow>> {
    conn.all(
        "select account.account_id, alias.alias, account.created_at
         from accounts account
         left join account_aliases alias on alias.account_id = account.account_id
         order by account.account_id",
        [],
        |row| {
            Ok(AccountRow {
                account: row.parsed(0, "account_id")?,
                alias: row.optional_text(1)?,
                created_at: row.time(2)?,
            })
        },
    )
    .await
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

/// When an account was made, if it exists.
pub async fn find_created_at(conn: &mut Conn, account: &AccountId) -> Result<Option<Timestamp>> {
    conn.optional("select created_at from accounts where account_id = $1", [account.into()], |row| row.time(0)).await
}
