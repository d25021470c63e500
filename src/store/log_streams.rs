//! Table `log_streams`: the streams of log groups, and where each one ends.

use types::Timestamp;

use crate::conn::Lock;
use crate::row::Row;
use crate::{Conn, Result};

/// A stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogStreamRow {
    /// Names it for good.
    pub log_stream_id: String,
    /// The group that it is in.
    pub log_group_id: String,
    /// As its clients name it.
    pub name: String,
    /// Of the next event.
    pub next_sequence: u64,
    /// A JSON list of what names the last batches.
    pub recent_batches: String,
    /// The earliest event that was ever stored.
    pub first_event_at: Option<Timestamp>,
    /// The latest event; the epoch if there was none.
    pub last_event_at: Timestamp,
    /// When events came last.
    pub last_ingested_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

fn read(row: &Row) -> Result<LogStreamRow> {
    Ok(LogStreamRow {
        log_stream_id: row.text(0)?,
        log_group_id: row.text(1)?,
        name: row.text(2)?,
        next_sequence: row.size(3)?,
        recent_batches: row.text(4)?,
        first_event_at: row.optional_time(5)?,
        last_event_at: row.time(6)?,
        last_ingested_at: row.optional_time(7)?,
        created_at: row.time(8)?,
    })
}

/// Adds a stream without events. False if the group has one with this name.
pub async fn insert(
    conn: &mut Conn,
    log_stream_id: &str,
    log_group_id: &str,
    name: &str,
    now: Timestamp,
) -> Result<bool> {
    let rows = conn
        .execute(
            "insert into log_streams
                 (log_stream_id, log_group_id, name, next_sequence, recent_batches, last_event_at, created_at)
             values ($1, $2, $3, 1, '[]', 0, $4)
             on conflict do nothing",
            [log_stream_id.into(), log_group_id.into(), name.into(), now.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// A stream by its name.
pub async fn find(conn: &mut Conn, log_group_id: &str, name: &str) -> Result<Option<LogStreamRow>> {
    // uq_log_streams_name
    conn.optional(
        "select log_stream_id, log_group_id, name, next_sequence, recent_batches, first_event_at, last_event_at,
             last_ingested_at, created_at
         from log_streams
         where log_group_id = $1 and name = $2 and deleted_at is null",
        [log_group_id.into(), name.into()],
        read,
    )
    .await
}

/// A stream by its name, held until the transaction ends: its batches come one after the other.
pub async fn lock(conn: &mut Conn, log_group_id: &str, name: &str) -> Result<Option<LogStreamRow>> {
    // uq_log_streams_name
    let found = conn
        .all_locked(
            "select log_stream_id, log_group_id, name, next_sequence, recent_batches, first_event_at, last_event_at,
                 last_ingested_at, created_at
             from log_streams
             where log_group_id = $1 and name = $2 and deleted_at is null",
            Lock::NoKeyUpdate,
            [log_group_id.into(), name.into()],
            read,
        )
        .await?;
    Ok(found.into_iter().next())
}

/// Streams after `after` whose names are at least `from` and less than `to`, by name, at most `limit`.
pub async fn list(
    conn: &mut Conn,
    log_group_id: &str,
    after: &str,
    (from, to): (&str, &str),
    limit: usize,
) -> Result<Vec<LogStreamRow>> {
    // uq_log_streams_name
    conn.all(
        "select log_stream_id, log_group_id, name, next_sequence, recent_batches, first_event_at, last_event_at,
             last_ingested_at, created_at
         from log_streams
         where log_group_id = $1 and name > $2 and name >= $3 and name < $4 and deleted_at is null
         order by name
         limit $5",
        [log_group_id.into(), after.into(), from.into(), to.into(), limit.into()],
        read,
    )
    .await
}

/// [`list`], backwards: streams before `before`.
pub async fn list_descending(
    conn: &mut Conn,
    log_group_id: &str,
    before: &str,
    (from, to): (&str, &str),
    limit: usize,
) -> Result<Vec<LogStreamRow>> {
    // uq_log_streams_name
    conn.all(
        "select log_stream_id, log_group_id, name, next_sequence, recent_batches, first_event_at, last_event_at,
             last_ingested_at, created_at
         from log_streams
         where log_group_id = $1 and name < $2 and name >= $3 and name < $4 and deleted_at is null
         order by name desc
         limit $5",
        [log_group_id.into(), before.into(), from.into(), to.into(), limit.into()],
        read,
    )
    .await
}

/// Streams behind the place `after` in the order of their last events, at most `limit`.
pub async fn list_by_time(
    conn: &mut Conn,
    log_group_id: &str,
    after: (Timestamp, &str),
    limit: usize,
) -> Result<Vec<LogStreamRow>> {
    // ix_log_streams_time
    conn.all(
        "select log_stream_id, log_group_id, name, next_sequence, recent_batches, first_event_at, last_event_at,
             last_ingested_at, created_at
         from log_streams
         where log_group_id = $1 and (last_event_at, name) > ($2, $3) and deleted_at is null
         order by last_event_at, name
         limit $4",
        [log_group_id.into(), after.0.into(), after.1.into(), limit.into()],
        read,
    )
    .await
}

/// [`list_by_time`], the latest first.
pub async fn list_by_time_descending(
    conn: &mut Conn,
    log_group_id: &str,
    before: (Timestamp, &str),
    limit: usize,
) -> Result<Vec<LogStreamRow>> {
    // ix_log_streams_time
    conn.all(
        "select log_stream_id, log_group_id, name, next_sequence, recent_batches, first_event_at, last_event_at,
             last_ingested_at, created_at
         from log_streams
         where log_group_id = $1 and (last_event_at, name) < ($2, $3) and deleted_at is null
         order by last_event_at desc, name desc
         limit $4",
        [log_group_id.into(), before.0.into(), before.1.into(), limit.into()],
        read,
    )
    .await
}

/// What a batch changes about its stream.
#[derive(Debug, Clone)]
pub struct Appended<'a> {
    /// Of the next event.
    pub next_sequence: u64,
    /// A JSON list of what names the last batches.
    pub recent_batches: &'a str,
    /// The earliest and the latest event of the batch.
    pub events_at: (Timestamp, Timestamp),
    /// When it came.
    pub now: Timestamp,
}

/// Notes a batch.
pub async fn update_appended(conn: &mut Conn, log_stream_id: &str, appended: &Appended<'_>) -> Result<()> {
    conn.execute(
        "update log_streams
         set next_sequence = $2,
             recent_batches = $3,
             first_event_at = case when first_event_at < $4 then first_event_at else $4 end,
             last_event_at = case when last_event_at > $5 then last_event_at else $5 end,
             last_ingested_at = $6
         where log_stream_id = $1",
        [
            log_stream_id.into(),
            appended.next_sequence.into(),
            appended.recent_batches.into(),
            appended.events_at.0.into(),
            appended.events_at.1.into(),
            appended.now.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Takes a stream out of sight. False if there is no such stream.
pub async fn update_deleted(conn: &mut Conn, log_group_id: &str, name: &str, now: Timestamp) -> Result<bool> {
    // uq_log_streams_name
    let rows = conn
        .execute(
            "update log_streams
             set deleted_at = $3
             where log_group_id = $1 and name = $2 and deleted_at is null",
            [log_group_id.into(), name.into(), now.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Streams that are out of sight, with their groups, at most `limit`.
pub async fn list_deleted(conn: &mut Conn, limit: usize) -> Result<Vec<(String, String)>> {
    // ix_log_streams_deleted
    conn.all(
        "select log_stream_id, log_group_id
         from log_streams
         where deleted_at is not null
         order by deleted_at
         limit $1",
        [limit.into()],
        |row| Ok((row.text(0)?, row.text(1)?)),
    )
    .await
}

/// Deletes a stream that has no chunks any more.
pub async fn delete(conn: &mut Conn, log_stream_id: &str) -> Result<bool> {
    Ok(conn.execute("delete from log_streams where log_stream_id = $1", [log_stream_id.into()]).await? == 1)
}

/// Deletes streams of a group that have no chunks any more, at most `limit`. How many there were.
pub async fn delete_some(conn: &mut Conn, log_group_id: &str, limit: usize) -> Result<u64> {
    // ix_log_streams_time
    conn.execute(
        "delete from log_streams
         where log_stream_id in (
             select log_stream_id from log_streams where log_group_id = $1 order by last_event_at, name limit $2
         )",
        [log_group_id.into(), limit.into()],
    )
    .await
}
