//! Table `upstream_credentials`: what opens other registries.

use types::Timestamp;

use crate::row::Row;
use crate::{Conn, Result};

/// What a registry is opened with.
#[derive(Debug, Clone)]
pub struct UpstreamCredentialRow {
    /// As cache rules name it.
    pub credential_arn: String,
    /// The only host that is shown it.
    pub upstream_host: String,
    /// The name.
    pub username: String,
    /// The password, sealed.
    pub sealed_password: Vec<u8>,
    /// When it was set.
    pub updated_at: Timestamp,
}

fn read(row: &Row) -> Result<UpstreamCredentialRow> {
    Ok(UpstreamCredentialRow {
        credential_arn: row.text(0)?,
        upstream_host: row.text(1)?,
        username: row.text(2)?,
        sealed_password: row.bytes(3)?,
        updated_at: row.time(4)?,
    })
}

/// What that ARN stands for.
pub async fn find(conn: &mut Conn, credential_arn: &str) -> Result<Option<UpstreamCredentialRow>> {
    // pk_upstream_credentials
    conn.optional(
        "select credential_arn, upstream_host, username, sealed_password, updated_at
         from upstream_credentials
         where credential_arn = $1",
        [credential_arn.into()],
        read,
    )
    .await
}

/// Sets what an ARN stands for.
pub async fn upsert(conn: &mut Conn, row: &UpstreamCredentialRow) -> Result<()> {
    conn.execute(
        "insert into upstream_credentials (credential_arn, upstream_host, username, sealed_password, updated_at)
         values ($1, $2, $3, $4, $5)
         on conflict (credential_arn) do update
         set upstream_host = excluded.upstream_host,
             username = excluded.username,
             sealed_password = excluded.sealed_password,
             updated_at = excluded.updated_at",
        [
            (&row.credential_arn).into(),
            (&row.upstream_host).into(),
            (&row.username).into(),
            row.sealed_password.as_slice().into(),
            row.updated_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Forgets what an ARN stands for. Whether it stood for anything.
pub async fn delete(conn: &mut Conn, credential_arn: &str) -> Result<bool> {
    let rows =
        conn.execute("delete from upstream_credentials where credential_arn = $1", [credential_arn.into()]).await?;
    Ok(rows == 1)
}
