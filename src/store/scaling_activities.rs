//! Table `scaling_activities`: what was scaled, and why.

use types::{RegistryId, Timestamp};

use crate::row::Row;
use crate::{Conn, Result};

/// A scaling activity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScalingActivityRow {
    /// Begins with its time.
    pub activity_id: String,
    /// What was scaled.
    pub resource_id: String,
    /// Everything else, as JSON.
    pub document: String,
    /// When.
    pub started_at: Timestamp,
}

fn read(row: &Row) -> Result<ScalingActivityRow> {
    Ok(ScalingActivityRow {
        activity_id: row.text(0)?,
        resource_id: row.text(1)?,
        document: row.text(2)?,
        started_at: row.time(3)?,
    })
}

/// Adds an activity.
pub async fn insert(conn: &mut Conn, registry: &RegistryId, row: &ScalingActivityRow) -> Result<()> {
    conn.execute(
        "insert into scaling_activities (activity_id, account_id, region, resource_id, document, started_at)
         values ($1, $2, $3, $4, $5, $6)",
        [
            (&row.activity_id).into(),
            (&registry.account).into(),
            (&registry.region).into(),
            (&row.resource_id).into(),
            (&row.document).into(),
            row.started_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Activities before an id, the latest first, at most `limit`.
pub async fn list(
    conn: &mut Conn,
    registry: &RegistryId,
    before: &str,
    limit: usize,
) -> Result<Vec<ScalingActivityRow>> {
    // ix_scaling_activities_registry
    conn.all(
        "select activity_id, resource_id, document, started_at
         from scaling_activities
         where account_id = $1 and region = $2 and activity_id < $3
         order by activity_id desc
         limit $4",
        [(&registry.account).into(), (&registry.region).into(), before.into(), limit.into()],
        read,
    )
    .await
}

/// Activities of one resource before an id, the latest first, at most `limit`.
pub async fn list_of(
    conn: &mut Conn,
    registry: &RegistryId,
    resource_id: &str,
    before: &str,
    limit: usize,
) -> Result<Vec<ScalingActivityRow>> {
    // ix_scaling_activities_resource
    conn.all(
        "select activity_id, resource_id, document, started_at
         from scaling_activities
         where account_id = $1 and region = $2 and resource_id = $3 and activity_id < $4
         order by activity_id desc
         limit $5",
        [(&registry.account).into(), (&registry.region).into(), resource_id.into(), before.into(), limit.into()],
        read,
    )
    .await
}

/// Forgets what is older than a time, at most `limit`.
pub async fn delete_before(conn: &mut Conn, before: Timestamp, limit: usize) -> Result<u64> {
    // ix_scaling_activities_started
    conn.execute(
        "delete from scaling_activities
         where activity_id in (
             select activity_id
             from scaling_activities
             where started_at < $1
             order by started_at
             limit $2
         )",
        [before.into(), limit.into()],
    )
    .await
}
