//! Table `secret_versions`: what secrets held and hold, sealed.

use types::Timestamp;

use crate::row::Row;
use crate::{Conn, Result};

/// A version of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretVersionRow {
    /// The secret.
    pub secret_id: String,
    /// Names the version within it.
    pub version_id: String,
    /// Whether it is text.
    pub is_text: bool,
    /// What it holds, sealed.
    pub sealed_value: Vec<u8>,
    /// When it was put there.
    pub created_at: Timestamp,
}

fn read(row: &Row) -> Result<SecretVersionRow> {
    Ok(SecretVersionRow {
        secret_id: row.text(0)?,
        version_id: row.text(1)?,
        is_text: row.integer(2)? != 0,
        sealed_value: row.bytes(3)?,
        created_at: row.time(4)?,
    })
}

/// Adds a version. False if there is one of that id.
pub async fn insert(conn: &mut Conn, row: &SecretVersionRow) -> Result<bool> {
    // pk_secret_versions
    let rows = conn
        .execute(
            "insert into secret_versions (secret_id, version_id, is_text, sealed_value, created_at)
             values ($1, $2, $3, $4, $5)
             on conflict (secret_id, version_id) do nothing",
            [
                (&row.secret_id).into(),
                (&row.version_id).into(),
                i64::from(row.is_text).into(),
                row.sealed_value.as_slice().into(),
                row.created_at.into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// A version of a secret.
pub async fn find(conn: &mut Conn, secret_id: &str, version_id: &str) -> Result<Option<SecretVersionRow>> {
    // pk_secret_versions
    conn.optional(
        "select secret_id, version_id, is_text, sealed_value, created_at
         from secret_versions
         where secret_id = $1 and version_id = $2",
        [secret_id.into(), version_id.into()],
        read,
    )
    .await
}

/// Versions of a secret behind `after`, by id, with when they were made, at most `limit`.
pub async fn list(conn: &mut Conn, secret_id: &str, after: &str, limit: usize) -> Result<Vec<(String, Timestamp)>> {
    // pk_secret_versions
    conn.all(
        "select version_id, created_at
         from secret_versions
         where secret_id = $1 and version_id > $2
         order by version_id
         limit $3",
        [secret_id.into(), after.into(), limit.into()],
        |row| Ok((row.text(0)?, row.time(1)?)),
    )
    .await
}

/// Deletes versions without a stage but for the newest `kept`. A secret has a hundred and some at most.
pub async fn delete_unstaged(conn: &mut Conn, secret_id: &str, kept: usize) -> Result<u64> {
    // pk_secret_versions, pk_secret_stages
    conn.execute(
        "delete from secret_versions
         where secret_id = $1 and version_id in (
             select version_id
             from secret_versions
             where secret_id = $1
               and version_id not in (select version_id from secret_stages where secret_id = $1)
             order by created_at desc, version_id
             limit 1000 offset $2)",
        [secret_id.into(), kept.into()],
    )
    .await
}

/// Deletes all versions of a secret. Its stages are gone before.
pub async fn delete_of(conn: &mut Conn, secret_id: &str) -> Result<u64> {
    // pk_secret_versions
    conn.execute("delete from secret_versions where secret_id = $1", [secret_id.into()]).await
}
