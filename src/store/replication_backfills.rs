//! Table `replication_backfills`: existing images on their way to a destination, all together.

use types::{RegistryId, Timestamp};

use crate::conn::count;
use crate::row::Row;
use crate::value::list as text_list;
use crate::{Conn, Error, Result};

/// A backfill.
#[derive(Debug, Clone)]
pub struct ReplicationBackfillRow {
    /// Names it.
    pub backfill_id: String,
    /// Whose images are replicated.
    pub registry: RegistryId,
    /// Where to.
    pub destination: RegistryId,
    /// PREPARING, IN_PROGRESS or STOPPING; at the end COMPLETE, FAILED or STOPPED.
    pub status: String,
    /// Why it failed as a whole, if it did.
    pub failure_code: Option<String>,
    /// The repository up to whose name images were collected.
    pub prepared: String,
    /// Images and tags that are to be replicated.
    pub total: u64,
    /// Those that were.
    pub completed: u64,
    /// Those that cannot be.
    pub failed: u64,
    /// Why.
    pub failure_codes: Vec<String>,
    /// When it was asked for.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl ReplicationBackfillRow {
    /// Whether nothing more will happen.
    pub fn is_over(&self) -> bool {
        matches!(self.status.as_str(), "COMPLETE" | "FAILED" | "STOPPED")
    }
}

fn read(row: &Row) -> Result<ReplicationBackfillRow> {
    let failure_codes = row.text(11)?;
    Ok(ReplicationBackfillRow {
        backfill_id: row.text(0)?,
        registry: RegistryId { account: row.parsed(1, "account_id")?, region: row.parsed(2, "region")? },
        destination: RegistryId {
            account: row.parsed(3, "destination_account_id")?,
            region: row.parsed(4, "destination_region")?,
        },
        status: row.text(5)?,
        failure_code: row.optional_text(6)?,
        prepared: row.text(7)?,
        total: row.size(8)?,
        completed: row.size(9)?,
        failed: row.size(10)?,
        failure_codes: serde_json::from_str(&failure_codes)
            .map_err(|error| Error::Statement(format!("failure codes of a backfill cannot be read: {error}")))?,
        started_at: row.time(12)?,
        ended_at: row.optional_time(13)?,
    })
}

/// Adds a backfill, unless one to the same region is under way.
pub async fn insert(
    conn: &mut Conn,
    backfill_id: &str,
    registry: &RegistryId,
    destination: &RegistryId,
    now: Timestamp,
) -> Result<bool> {
    let rows = conn
        .execute(
            "insert into replication_backfills
                 (backfill_id, account_id, region, destination_account_id, destination_region, status, prepared, total,
                  completed, failed, failure_codes, started_at)
             values ($1, $2, $3, $4, $5, 'PREPARING', '', 0, 0, 0, '[]', $6)
             on conflict do nothing",
            [
                backfill_id.into(),
                (&registry.account).into(),
                (&registry.region).into(),
                (&destination.account).into(),
                (&destination.region).into(),
                now.into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// How many backfills of a registry are under way, counting no further than `limit`.
pub async fn count_open(conn: &mut Conn, registry: &RegistryId, limit: u64) -> Result<u64> {
    // uq_replication_backfills_open
    count(
        conn,
        "select count(*)
         from (
             select backfill_id
             from replication_backfills
             where account_id = $1 and region = $2 and status in ('PREPARING', 'IN_PROGRESS', 'STOPPING')
             limit $3
         ) counted",
        [(&registry.account).into(), (&registry.region).into(), limit.into()],
    )
    .await
}

/// The backfill of that id.
pub async fn find(conn: &mut Conn, backfill_id: &str) -> Result<Option<ReplicationBackfillRow>> {
    // pk_replication_backfills
    conn.optional(
        "select backfill_id, account_id, region, destination_account_id, destination_region, status, failure_code,
             prepared, total, completed, failed, failure_codes, started_at, ended_at
         from replication_backfills
         where backfill_id = $1",
        [backfill_id.into()],
        read,
    )
    .await
}

/// Backfills of a registry before the one that was started at that time with that id, the latest first, at most `limit`.
pub async fn list(
    conn: &mut Conn,
    registry: &RegistryId,
    before: (Timestamp, &str),
    limit: usize,
) -> Result<Vec<ReplicationBackfillRow>> {
    // ix_replication_backfills_registry
    conn.all(
        "select backfill_id, account_id, region, destination_account_id, destination_region, status, failure_code,
             prepared, total, completed, failed, failure_codes, started_at, ended_at
         from replication_backfills
         where account_id = $1 and region = $2 and (started_at, backfill_id) < ($3, $4)
         order by started_at desc, backfill_id desc
         limit $5",
        [(&registry.account).into(), (&registry.region).into(), before.0.into(), before.1.into(), limit.into()],
        read,
    )
    .await
}

/// Notes up to which repository images were collected, and how many more there are. False if it is not preparing any more.
pub async fn update_prepared(conn: &mut Conn, backfill_id: &str, prepared: &str, more: u64) -> Result<bool> {
    let rows = conn
        .execute(
            "update replication_backfills
             set prepared = $2, total = total + $3
             where backfill_id = $1 and status = 'PREPARING'",
            [backfill_id.into(), prepared.into(), more.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Notes what came of some more images.
pub async fn update_progress(
    conn: &mut Conn,
    backfill_id: &str,
    completed: u64,
    failed: u64,
    failure_codes: &[String],
) -> Result<()> {
    conn.execute(
        "update replication_backfills
         set completed = completed + $2, failed = failed + $3, failure_codes = $4
         where backfill_id = $1",
        [backfill_id.into(), completed.into(), failed.into(), text_list(failure_codes.iter().map(String::as_str))],
    )
    .await?;
    Ok(())
}

/// Moves a backfill from one status to another. False if it is not there.
pub async fn update_status(
    conn: &mut Conn,
    backfill_id: &str,
    from: &str,
    to: &str,
    failure_code: Option<&str>,
    ended_at: Option<Timestamp>,
) -> Result<bool> {
    let rows = conn
        .execute(
            "update replication_backfills
             set status = $3, failure_code = $4, ended_at = $5
             where backfill_id = $1 and status = $2",
            [backfill_id.into(), from.into(), to.into(), failure_code.into(), ended_at.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// A backfill that ended before a time, if there is one.
pub async fn find_ended(conn: &mut Conn, before: Timestamp) -> Result<Option<String>> {
    // ix_replication_backfills_ended
    conn.optional(
        "select backfill_id
         from replication_backfills
         where ended_at is not null and ended_at < $1
         order by ended_at
         limit 1",
        [before.into()],
        |row| row.text(0),
    )
    .await
}

/// Removes a backfill whose images are gone already.
pub async fn delete(conn: &mut Conn, backfill_id: &str) -> Result<bool> {
    let rows = conn.execute("delete from replication_backfills where backfill_id = $1", [backfill_id.into()]).await?;
    Ok(rows == 1)
}
