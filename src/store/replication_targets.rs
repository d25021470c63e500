//! Table `replication_targets`: registries of other installations that images are replicated to.

use types::{AccountId, RegistryId, Timestamp};

use crate::row::Row;
use crate::{Conn, Result};

/// A registry of another installation.
#[derive(Debug, Clone)]
pub struct ReplicationTargetRow {
    /// Whose registries may replicate there.
    pub owner: AccountId,
    /// How replication configurations name it.
    pub destination: RegistryId,
    /// Its host, and its port if that is not the usual one.
    pub host: String,
    /// Whether it speaks plain HTTP.
    pub plain: bool,
    /// What goes before the names of repositories there; empty: nothing does.
    pub repository_prefix: String,
    /// The secret that opens it.
    pub credential_arn: Option<String>,
    /// When it was set.
    pub updated_at: Timestamp,
}

fn read(row: &Row) -> Result<ReplicationTargetRow> {
    Ok(ReplicationTargetRow {
        owner: row.parsed(0, "owner_account_id")?,
        destination: RegistryId { account: row.parsed(1, "account_id")?, region: row.parsed(2, "region")? },
        host: row.text(3)?,
        plain: row.integer(4)? != 0,
        repository_prefix: row.text(5)?,
        credential_arn: row.optional_text(6)?,
        updated_at: row.time(7)?,
    })
}

/// Where a destination of an account's registries is, if it is elsewhere.
pub async fn find(
    conn: &mut Conn,
    owner: &AccountId,
    destination: &RegistryId,
) -> Result<Option<ReplicationTargetRow>> {
    // pk_replication_targets
    conn.optional(
        "select owner_account_id, account_id, region, host, plain, repository_prefix, credential_arn, updated_at
         from replication_targets
         where owner_account_id = $1 and account_id = $2 and region = $3",
        [owner.into(), (&destination.account).into(), (&destination.region).into()],
        read,
    )
    .await
}

/// All of them: there are few.
pub async fn list_all(conn: &mut Conn) -> Result<Vec<ReplicationTargetRow>> {
    conn.all(
        "select owner_account_id, account_id, region, host, plain, repository_prefix, credential_arn, updated_at
         from replication_targets
         order by owner_account_id, account_id, region",
        [],
        read,
    )
    .await
}

/// Says where a destination is.
pub async fn upsert(conn: &mut Conn, row: &ReplicationTargetRow) -> Result<()> {
    conn.execute(
        "insert into replication_targets
             (owner_account_id, account_id, region, host, plain, repository_prefix, credential_arn, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (owner_account_id, account_id, region) do update
         set host = excluded.host,
             plain = excluded.plain,
             repository_prefix = excluded.repository_prefix,
             credential_arn = excluded.credential_arn,
             updated_at = excluded.updated_at",
        [
            (&row.owner).into(),
            (&row.destination.account).into(),
            (&row.destination.region).into(),
            (&row.host).into(),
            i64::from(row.plain).into(),
            (&row.repository_prefix).into(),
            row.credential_arn.clone().into(),
            row.updated_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Forgets where a destination is. Whether it was known.
pub async fn delete(conn: &mut Conn, owner: &AccountId, destination: &RegistryId) -> Result<bool> {
    let rows = conn
        .execute(
            "delete from replication_targets
             where owner_account_id = $1 and account_id = $2 and region = $3",
            [owner.into(), (&destination.account).into(), (&destination.region).into()],
        )
        .await?;
    Ok(rows == 1)
}
