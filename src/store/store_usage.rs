//! Table `store_usage`: how much the store of all registries held when it was measured last: what rows say, and what the
//! store itself lists.

use types::Timestamp;

use crate::{Conn, Result};

/// What the store held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreUsageRow {
    /// Blobs that have rows.
    pub blobs: u64,
    /// Their bytes.
    pub blob_bytes: u64,
    /// Objects that the store lists. Beside blobs these are objects that wait for their removal.
    pub objects: u64,
    /// Their bytes.
    pub object_bytes: u64,
    /// When it was measured.
    pub measured_at: Timestamp,
}

/// Notes what the store holds.
pub async fn upsert(conn: &mut Conn, row: &StoreUsageRow) -> Result<()> {
    conn.execute(
        "insert into store_usage (store_id, blobs, blob_bytes, objects, object_bytes, measured_at)
         values ('store', $1, $2, $3, $4, $5)
         on conflict (store_id) do update
         set blobs = excluded.blobs, blob_bytes = excluded.blob_bytes, objects = excluded.objects,
             object_bytes = excluded.object_bytes, measured_at = excluded.measured_at",
        [row.blobs.into(), row.blob_bytes.into(), row.objects.into(), row.object_bytes.into(), row.measured_at.into()],
    )
    .await?;
    Ok(())
}

/// What the store held, if it was measured.
pub async fn find(conn: &mut Conn) -> Result<Option<StoreUsageRow>> {
    conn.optional(
        "select blobs, blob_bytes, objects, object_bytes, measured_at
         from store_usage
         where store_id = 'store'",
        [],
        |row| {
            Ok(StoreUsageRow {
                blobs: row.size(0)?,
                blob_bytes: row.size(1)?,
                objects: row.size(2)?,
                object_bytes: row.size(3)?,
                measured_at: row.time(4)?,
            })
        },
    )
    .await
}
