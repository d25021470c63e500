//! Table `registry_usage`: how much each registry held when it was measured last.

use types::{RegistryId, Timestamp};

use crate::row::Row;
use crate::usage::Held;
use crate::{Conn, Result};

/// What a registry held.
#[derive(Debug, Clone)]
pub struct RegistryUsageRow {
    /// Which registry.
    pub registry: RegistryId,
    /// How much: blobs that its repositories share count once, and as its own if no other registry has them.
    pub held: Held,
    /// When it was measured.
    pub measured_at: Timestamp,
}

fn read(row: &Row) -> Result<RegistryUsageRow> {
    Ok(RegistryUsageRow {
        registry: RegistryId { account: row.parsed(0, "account_id")?, region: row.parsed(1, "region")? },
        held: Held::read(row, 2)?,
        measured_at: row.time(6)?,
    })
}

/// Notes what a registry holds.
pub async fn upsert(conn: &mut Conn, row: &RegistryUsageRow) -> Result<()> {
    conn.execute(
        "insert into registry_usage
             (account_id, region, images, logical_bytes, deduplicated_bytes, own_bytes, measured_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (account_id, region) do update
         set images = excluded.images, logical_bytes = excluded.logical_bytes,
             deduplicated_bytes = excluded.deduplicated_bytes, own_bytes = excluded.own_bytes,
             measured_at = excluded.measured_at",
        [
            (&row.registry.account).into(),
            (&row.registry.region).into(),
            row.held.images.into(),
            row.held.logical.into(),
            row.held.deduplicated.into(),
            row.held.own.into(),
            row.measured_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// What a registry held, if it was measured.
pub async fn find(conn: &mut Conn, registry: &RegistryId) -> Result<Option<RegistryUsageRow>> {
    // pk_registry_usage
    conn.optional(
        "select account_id, region, images, logical_bytes, deduplicated_bytes, own_bytes, measured_at
         from registry_usage
         where account_id = $1 and region = $2",
        [(&registry.account).into(), (&registry.region).into()],
        read,
    )
    .await
}

/// The registries that held the most, at most `limit`.
pub async fn list_largest(conn: &mut Conn, limit: usize) -> Result<Vec<RegistryUsageRow>> {
    // ix_registry_usage_deduplicated
    conn.all(
        "select account_id, region, images, logical_bytes, deduplicated_bytes, own_bytes, measured_at
         from registry_usage
         where deduplicated_bytes >= 0
         order by deduplicated_bytes desc
         limit $1",
        [limit.into()],
        read,
    )
    .await
}

/// Forgets registries that were not measured since `before`: they have no repositories any more.
pub async fn delete_before(conn: &mut Conn, before: Timestamp) -> Result<u64> {
    conn.execute(
        "delete from registry_usage
         where measured_at < $1",
        [before.into()],
    )
    .await
}
