//! Table `access_keys`.

use types::{AccountId, Timestamp};

use crate::{Conn, Result};

/// An access key with its sealed secret.
#[derive(Debug, Clone)]
pub struct AccessKeyRow {
    /// `AKIA…`
    pub access_key_id: String,
    /// Whose account it opens.
    pub account: AccountId,
    /// Whose key it is; none for the root of the account.
    pub user_id: Option<String>,
    /// The secret access key, sealed.
    pub sealed_secret: Vec<u8>,
    /// Whether it may be used.
    pub active: bool,
}

/// Adds a key. False if the id is taken.
pub async fn insert(conn: &mut Conn, key: &AccessKeyRow, now: Timestamp) -> Result<bool> {
    let rows = conn
        .execute(
            "insert into access_keys (access_key_id, account_id, user_id, sealed_secret, status, created_at)
             values ($1, $2, $3, $4, $5, $6)
             on conflict do nothing",
            [
                (&key.access_key_id).into(),
                (&key.account).into(),
                key.user_id.clone().into(),
                key.sealed_secret.as_slice().into(),
                status(key.active).into(),
                now.into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Gives a key another secret.
pub async fn update_secret(conn: &mut Conn, access_key_id: &str, sealed_secret: &[u8]) -> Result<bool> {
    let rows = conn
        .execute(
            "update access_keys
             set sealed_secret = $2
             where access_key_id = $1",
            [access_key_id.into(), sealed_secret.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Turns a key on or off. False if there is none of that id.
pub async fn update_status(conn: &mut Conn, access_key_id: &str, active: bool) -> Result<bool> {
    let rows = conn
        .execute(
            "update access_keys
             set status = $2
             where access_key_id = $1",
            [access_key_id.into(), status(active).into()],
        )
        .await?;
    Ok(rows == 1)
}

/// All keys, for the copy of the authorization data in memory.
pub async fn list(conn: &mut Conn) -> Result<Vec<AccessKeyRow>> {
    conn.all("select access_key_id, account_id, user_id, sealed_secret, status from access_keys", [], |row| {
        Ok(AccessKeyRow {
            access_key_id: row.text(0)?,
            account: row.parsed(1, "account_id")?,
            user_id: row.optional_text(2)?,
            sealed_secret: row.bytes(3)?,
            active: row.text(4)? == status(true),
        })
    })
    .await
}

fn status(active: bool) -> &'static str {
    if active { "Active" } else { "Inactive" }
}
