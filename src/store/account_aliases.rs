//! Table `account_aliases`.

use types::AccountId;

use crate::{Conn, Result};

/// Gives an account an alias, replacing the one it has. False if another account has it.
pub async fn upsert(conn: &mut Conn, account: &AccountId, alias: &str) -> Result<bool> {
    let rows = conn
        .execute(
            "insert into account_aliases (account_id, alias)
             select $1, $2
             where not exists (select 1 from account_aliases where alias = $2 and account_id <> $1)
             on conflict (account_id) do update set alias = excluded.alias",
            [account.into(), alias.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// The alias of an account.
pub async fn find(conn: &mut Conn, account: &AccountId) -> Result<Option<String>> {
    conn.optional("select alias from account_aliases where account_id = $1", [account.into()], |row| row.text(0)).await
}

/// Takes an alias from an account. False if it does not have it.
pub async fn delete(conn: &mut Conn, account: &AccountId, alias: &str) -> Result<bool> {
    let rows = conn
        .execute(
            "delete from account_aliases
             where account_id = $1 and alias = $2",
            [account.into(), alias.into()],
        )
        .await?;
    Ok(rows == 1)
}
