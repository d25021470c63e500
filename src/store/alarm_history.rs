//! Table `alarm_history`: what became of alarms. The id of an entry begins with its time.

use types::{RegistryId, Timestamp};

use crate::row::Row;
use crate::{Conn, Result};

/// Something that became of an alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmHistoryRow {
    /// A UUID of version 7 without hyphens.
    pub history_id: String,
    /// The alarm, which may be gone.
    pub alarm_name: String,
    /// When.
    pub recorded_at: Timestamp,
    /// ConfigurationUpdate, StateUpdate or Action.
    pub kind: String,
    /// For people.
    pub summary: String,
    /// JSON.
    pub data: String,
}

fn read(row: &Row) -> Result<AlarmHistoryRow> {
    Ok(AlarmHistoryRow {
        history_id: row.text(0)?,
        alarm_name: row.text(1)?,
        recorded_at: row.time(2)?,
        kind: row.text(3)?,
        summary: row.text(4)?,
        data: row.text(5)?,
    })
}

/// Adds an entry.
pub async fn insert(conn: &mut Conn, registry: &RegistryId, row: &AlarmHistoryRow) -> Result<()> {
    conn.execute(
        "insert into alarm_history (history_id, account_id, region, alarm_name, recorded_at, kind, summary, data)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        [
            (&row.history_id).into(),
            (&registry.account).into(),
            (&registry.region).into(),
            (&row.alarm_name).into(),
            row.recorded_at.into(),
            (&row.kind).into(),
            (&row.summary).into(),
            (&row.data).into(),
        ],
    )
    .await?;
    Ok(())
}

/// Entries of all alarms before `before`, the latest first, at most `limit`.
pub async fn list(conn: &mut Conn, registry: &RegistryId, before: &str, limit: usize) -> Result<Vec<AlarmHistoryRow>> {
    // ix_alarm_history_registry
    conn.all(
        "select history_id, alarm_name, recorded_at, kind, summary, data
         from alarm_history
         where account_id = $1 and region = $2 and history_id < $3
         order by history_id desc
         limit $4",
        [(&registry.account).into(), (&registry.region).into(), before.into(), limit.into()],
        read,
    )
    .await
}

/// Entries of one alarm before `before`, the latest first, at most `limit`.
pub async fn list_of_alarm(
    conn: &mut Conn,
    registry: &RegistryId,
    alarm_name: &str,
    before: &str,
    limit: usize,
) -> Result<Vec<AlarmHistoryRow>> {
    // ix_alarm_history_alarm
    conn.all(
        "select history_id, alarm_name, recorded_at, kind, summary, data
         from alarm_history
         where account_id = $1 and region = $2 and alarm_name = $3 and history_id < $4
         order by history_id desc
         limit $5",
        [(&registry.account).into(), (&registry.region).into(), alarm_name.into(), before.into(), limit.into()],
        read,
    )
    .await
}

/// Deletes entries of before `before`, at most `limit`.
pub async fn delete_before(conn: &mut Conn, before: Timestamp, limit: usize) -> Result<u64> {
    // ix_alarm_history_recorded
    conn.execute(
        "delete from alarm_history
         where history_id in (
             select history_id from alarm_history where recorded_at < $1 order by recorded_at limit $2
         )",
        [before.into(), limit.into()],
    )
    .await
}
