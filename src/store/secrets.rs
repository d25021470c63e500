//! Table `secrets`: what secrets there are. What is in them is in `secret_versions`.

use types::{AccountId, Region, RegistryId, Timestamp};

use crate::conn::Lock;
use crate::row::Row;
use crate::{Conn, Result};

/// A secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRow {
    /// Names it for good; sorts by the time it was made.
    pub secret_id: String,
    /// Whose it is, and where.
    pub registry: RegistryId,
    /// As its clients name it.
    pub name: String,
    /// The six characters behind the name in its ARN.
    pub arn_suffix: String,
    /// What people say of it.
    pub description: Option<String>,
    /// A JSON object.
    pub tags: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub changed_at: Timestamp,
    /// The day on which its value was read last.
    pub accessed_at: Option<Timestamp>,
    /// When it goes for good; none: it stays.
    pub deletes_at: Option<Timestamp>,
}

fn read(row: &Row) -> Result<SecretRow> {
    Ok(SecretRow {
        secret_id: row.text(0)?,
        registry: RegistryId {
            account: row.parsed::<AccountId>(1, "account_id")?,
            region: row.parsed::<Region>(2, "region")?,
        },
        name: row.text(3)?,
        arn_suffix: row.text(4)?,
        description: row.optional_text(5)?,
        tags: row.text(6)?,
        created_at: row.time(7)?,
        changed_at: row.time(8)?,
        accessed_at: row.optional_time(9)?,
        deletes_at: row.optional_time(10)?,
    })
}

/// Adds a secret. False if there is one with this name.
pub async fn insert(conn: &mut Conn, row: &SecretRow) -> Result<bool> {
    // uq_secrets_name
    let rows = conn
        .execute(
            "insert into secrets (secret_id, account_id, region, name, arn_suffix, description, tags, created_at,
                 changed_at, accessed_at, deletes_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             on conflict (account_id, region, name) do nothing",
            [
                (&row.secret_id).into(),
                (&row.registry.account).into(),
                (&row.registry.region).into(),
                (&row.name).into(),
                (&row.arn_suffix).into(),
                row.description.clone().into(),
                (&row.tags).into(),
                row.created_at.into(),
                row.changed_at.into(),
                row.accessed_at.into(),
                row.deletes_at.into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// A secret by its name.
pub async fn find(conn: &mut Conn, registry: &RegistryId, name: &str) -> Result<Option<SecretRow>> {
    // uq_secrets_name
    conn.optional(
        "select secret_id, account_id, region, name, arn_suffix, description, tags, created_at, changed_at,
             accessed_at, deletes_at
         from secrets
         where account_id = $1 and region = $2 and name = $3",
        [(&registry.account).into(), (&registry.region).into(), name.into()],
        read,
    )
    .await
}

/// A secret by its id.
pub async fn find_by_id(conn: &mut Conn, secret_id: &str) -> Result<Option<SecretRow>> {
    // pk_secrets
    conn.optional(
        "select secret_id, account_id, region, name, arn_suffix, description, tags, created_at, changed_at,
             accessed_at, deletes_at
         from secrets
         where secret_id = $1",
        [secret_id.into()],
        read,
    )
    .await
}

/// A secret by its id, held until the transaction ends.
pub async fn lock(conn: &mut Conn, secret_id: &str) -> Result<Option<SecretRow>> {
    // pk_secrets
    let found = conn
        .all_locked(
            "select secret_id, account_id, region, name, arn_suffix, description, tags, created_at, changed_at,
                 accessed_at, deletes_at
             from secrets
             where secret_id = $1",
            Lock::NoKeyUpdate,
            [secret_id.into()],
            read,
        )
        .await?;
    Ok(found.into_iter().next())
}

/// Secrets that were made after the one of that id, oldest first, at most `limit`.
pub async fn list(conn: &mut Conn, registry: &RegistryId, after: &str, limit: usize) -> Result<Vec<SecretRow>> {
    // ix_secrets_registry
    conn.all(
        "select secret_id, account_id, region, name, arn_suffix, description, tags, created_at, changed_at,
             accessed_at, deletes_at
         from secrets
         where account_id = $1 and region = $2 and secret_id > $3
         order by secret_id
         limit $4",
        [(&registry.account).into(), (&registry.region).into(), after.into(), limit.into()],
        read,
    )
    .await
}

/// Secrets that were made before the one of that id, newest first, at most `limit`.
pub async fn list_before(conn: &mut Conn, registry: &RegistryId, before: &str, limit: usize) -> Result<Vec<SecretRow>> {
    // ix_secrets_registry
    conn.all(
        "select secret_id, account_id, region, name, arn_suffix, description, tags, created_at, changed_at,
             accessed_at, deletes_at
         from secrets
         where account_id = $1 and region = $2 and secret_id < $3
         order by secret_id desc
         limit $4",
        [(&registry.account).into(), (&registry.region).into(), before.into(), limit.into()],
        read,
    )
    .await
}

/// Ids of secrets whose time has come, at most `limit`.
pub async fn list_due(conn: &mut Conn, now: Timestamp, limit: usize) -> Result<Vec<String>> {
    // ix_secrets_deletes
    conn.all(
        "select secret_id
         from secrets
         where deletes_at is not null and deletes_at <= $1
         order by deletes_at
         limit $2",
        [now.into(), limit.into()],
        |row| row.text(0),
    )
    .await
}

/// Writes what can change of a secret, but for when it was read.
pub async fn update(conn: &mut Conn, row: &SecretRow) -> Result<()> {
    // pk_secrets
    conn.execute(
        "update secrets
         set description = $2, tags = $3, changed_at = $4, deletes_at = $5
         where secret_id = $1",
        [
            (&row.secret_id).into(),
            row.description.clone().into(),
            (&row.tags).into(),
            row.changed_at.into(),
            row.deletes_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Notes the day on which the value of a secret was read.
pub async fn update_accessed(conn: &mut Conn, secret_id: &str, day: Timestamp) -> Result<()> {
    // pk_secrets
    conn.execute(
        "update secrets set accessed_at = $2 where secret_id = $1 and (accessed_at is null or accessed_at < $2)",
        [secret_id.into(), day.into()],
    )
    .await?;
    Ok(())
}

/// Deletes a secret whose versions are gone.
pub async fn delete(conn: &mut Conn, secret_id: &str) -> Result<bool> {
    Ok(conn.execute("delete from secrets where secret_id = $1", [secret_id.into()]).await? == 1)
}
