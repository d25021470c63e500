//! Table `roles`.

use types::AccountId;

use crate::{Conn, Result};

/// A role of an account.
#[derive(Debug, Clone)]
pub struct RoleRow {
    /// `AROA…`, never used twice.
    pub role_id: String,
    /// Whose role it is.
    pub account: AccountId,
    /// Unique in the account.
    pub name: String,
    /// Begins and ends with a slash.
    pub path: String,
}

/// All roles, for the copy of the authorization data in memory.
pub async fn list(conn: &mut Conn) -> Result<Vec<RoleRow>> {
    conn.all("select role_id, account_id, name, path from roles", [], |row| {
        Ok(RoleRow {
            role_id: row.text(0)?,
            account: row.parsed(1, "account_id")?,
            name: row.text(2)?,
            path: row.text(3)?,
        })
    })
    .await
}
