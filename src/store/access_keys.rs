//! Table `access_keys`.

use types::{AccountId, Timestamp};

use crate::conn;
use crate::row::Row;
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
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, if it was.
    pub last_used: Option<LastUse>,
}

/// The last known use of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastUse {
    /// When.
    pub at: Timestamp,
    /// In which region.
    pub region: String,
    /// For which service, by the name that signatures use.
    pub service: String,
}

fn read(row: &Row) -> Result<AccessKeyRow> {
    let last_used = match row.optional_time(6)? {
        Some(at) => Some(LastUse {
            at,
            region: row.optional_text(7)?.unwrap_or_default(),
            service: row.optional_text(8)?.unwrap_or_default(),
        }),
        None => None,
    };
    Ok(AccessKeyRow {
        access_key_id: row.text(0)?,
        account: row.parsed(1, "account_id")?,
        user_id: row.optional_text(2)?,
        sealed_secret: row.bytes(3)?,
        active: row.text(4)? == status(true),
        created_at: row.time(5)?,
        last_used,
    })
}

/// Adds a key. False if the id is taken.
pub async fn insert(conn: &mut Conn, key: &AccessKeyRow) -> Result<bool> {
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
                key.created_at.into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// The key of that id.
pub async fn find(conn: &mut Conn, access_key_id: &str) -> Result<Option<AccessKeyRow>> {
    conn.optional(
        "select access_key_id, account_id, user_id, sealed_secret, status, created_at, last_used_at, last_used_region,
             last_used_service
         from access_keys
         where access_key_id = $1",
        [access_key_id.into()],
        read,
    )
    .await
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

/// Notes a use of a key, unless a later one is known.
pub async fn update_last_used(conn: &mut Conn, access_key_id: &str, last: &LastUse) -> Result<bool> {
    let rows = conn
        .execute(
            "update access_keys
             set last_used_at = $2, last_used_region = $3, last_used_service = $4
             where access_key_id = $1 and coalesce(last_used_at, -1) < $2",
            [access_key_id.into(), last.at.into(), (&last.region).into(), (&last.service).into()],
        )
        .await?;
    Ok(rows == 1)
}

/// All keys, for the copy of the authorization data in memory.
pub async fn list(conn: &mut Conn) -> Result<Vec<AccessKeyRow>> {
    conn.all(
        "select access_key_id, account_id, user_id, sealed_secret, status, created_at, last_used_at, last_used_region,
             last_used_service
         from access_keys",
        [],
        read,
    )
    .await
}

/// The keys of a user. There are few.
pub async fn list_of_user(conn: &mut Conn, user_id: &str) -> Result<Vec<AccessKeyRow>> {
    // ix_access_keys_user
    conn.all(
        "select access_key_id, account_id, user_id, sealed_secret, status, created_at, last_used_at, last_used_region,
             last_used_service
         from access_keys
         where user_id = $1
         order by access_key_id",
        [user_id.into()],
        read,
    )
    .await
}

/// The keys of the root of an account. There are few.
pub async fn list_of_root(conn: &mut Conn, account: &AccountId) -> Result<Vec<AccessKeyRow>> {
    // ix_access_keys_user
    conn.all(
        "select access_key_id, account_id, user_id, sealed_secret, status, created_at, last_used_at, last_used_region,
             last_used_service
         from access_keys
         where user_id is null and account_id = $1
         order by access_key_id",
        [account.into()],
        read,
    )
    .await
}

/// How many keys a user has.
pub async fn count_of_user(conn: &mut Conn, user_id: &str) -> Result<u64> {
    conn::count(conn, "select count(*) from access_keys where user_id = $1", [user_id.into()]).await
}

/// Removes a key.
pub async fn delete(conn: &mut Conn, access_key_id: &str) -> Result<bool> {
    Ok(conn.execute("delete from access_keys where access_key_id = $1", [access_key_id.into()]).await? == 1)
}

fn status(active: bool) -> &'static str {
    if active { "Active" } else { "Inactive" }
}
