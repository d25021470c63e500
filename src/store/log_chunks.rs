//! Table `log_chunks`: the events of log streams, packed. A chunk is never changed: it is replaced by another one, or
//! deleted. What is in it, and how, is not known here.

use types::Timestamp;

use crate::row::Row;
use crate::value::list as text_list;
use crate::{Conn, Result};

/// A chunk.
#[derive(Debug, Clone)]
pub struct LogChunkRow {
    /// Names it.
    pub chunk_id: String,
    /// Whose events it holds.
    pub log_stream_id: String,
    /// The group of that stream.
    pub log_group_id: String,
    /// The earliest of its events, and the latest.
    pub events_at: (Timestamp, Timestamp),
    /// What is added to the numbers of its events.
    pub base_sequence: u64,
    /// Whether it need not be put together with others.
    pub settled: bool,
    /// Bytes of its events.
    pub raw_bytes: u64,
    /// When it was written.
    pub created_at: Timestamp,
    /// Its events.
    pub body: Vec<u8>,
}

/// Where a chunk is, without what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Names it.
    pub chunk_id: String,
    /// Whose events it holds.
    pub log_stream_id: String,
    /// The name of that stream, where a whole group was asked for; none if the stream was deleted.
    pub stream_name: Option<String>,
    /// The earliest of its events, and the latest.
    pub events_at: (Timestamp, Timestamp),
}

fn read_place(row: &Row) -> Result<Place> {
    Ok(Place {
        chunk_id: row.text(0)?,
        log_stream_id: row.text(1)?,
        stream_name: row.optional_text(2)?,
        events_at: (row.time(3)?, row.time(4)?),
    })
}

/// Adds a chunk.
pub async fn insert(conn: &mut Conn, row: &LogChunkRow) -> Result<()> {
    conn.execute(
        "insert into log_chunks (chunk_id, log_stream_id, log_group_id, first_event_at, last_event_at, base_sequence, level,
             raw_bytes, created_at, body)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        [
            (&row.chunk_id).into(),
            (&row.log_stream_id).into(),
            (&row.log_group_id).into(),
            row.events_at.0.into(),
            row.events_at.1.into(),
            row.base_sequence.into(),
            i64::from(row.settled).into(),
            row.raw_bytes.into(),
            row.created_at.into(),
            row.body.as_slice().into(),
        ],
    )
    .await?;
    Ok(())
}

/// Times in which chunks are looked for.
#[derive(Debug, Clone, Copy)]
pub struct Range {
    /// Chunks that begin before this are not looked at: the hour of `from`, or earlier.
    pub least: Timestamp,
    /// Events are wanted from here on.
    pub from: Timestamp,
    /// Up to and with this.
    pub to: Timestamp,
    /// Chunks that end behind this are not looked at: the end of the hour of `to`, or later.
    pub most: Timestamp,
}

/// Chunks of a stream with events in a range, by their beginnings, at most `limit`.
pub async fn list_of_stream(conn: &mut Conn, log_stream_id: &str, range: Range, limit: usize) -> Result<Vec<Place>> {
    // ix_log_chunks_stream_first
    conn.all(
        "select chunk.chunk_id, chunk.log_stream_id, cast(null as text), chunk.first_event_at, chunk.last_event_at
         from log_chunks chunk
         where chunk.log_stream_id = $1 and chunk.first_event_at >= $2 and chunk.first_event_at <= $4
             and chunk.last_event_at >= $3
         order by chunk.first_event_at
         limit $5",
        [log_stream_id.into(), range.least.into(), range.from.into(), range.to.into(), limit.into()],
        read_place,
    )
    .await
}

/// [`list_of_stream`], by their ends, the last first.
pub async fn list_of_stream_descending(
    conn: &mut Conn,
    log_stream_id: &str,
    range: Range,
    limit: usize,
) -> Result<Vec<Place>> {
    // ix_log_chunks_stream_last
    conn.all(
        "select chunk.chunk_id, chunk.log_stream_id, cast(null as text), chunk.first_event_at, chunk.last_event_at
         from log_chunks chunk
         where chunk.log_stream_id = $1 and chunk.last_event_at <= $4 and chunk.last_event_at >= $2
             and chunk.first_event_at <= $3
         order by chunk.last_event_at desc
         limit $5",
        [log_stream_id.into(), range.from.into(), range.to.into(), range.most.into(), limit.into()],
        read_place,
    )
    .await
}

/// Chunks of a group with events in a range, by their beginnings, at most `limit`.
pub async fn list_of_group(conn: &mut Conn, log_group_id: &str, range: Range, limit: usize) -> Result<Vec<Place>> {
    // ix_log_chunks_group_first, pk_log_streams
    conn.all(
        "select planned.chunk_id, planned.log_stream_id, case when stream.deleted_at is null then stream.name end,
             planned.first_event_at, planned.last_event_at
         from (
             select chunk_id, log_stream_id, first_event_at, last_event_at
             from log_chunks
             where log_group_id = $1 and first_event_at >= $2 and first_event_at <= $4 and last_event_at >= $3
             order by first_event_at
             limit $5
         ) planned
         join log_streams stream on stream.log_stream_id = planned.log_stream_id
         order by planned.first_event_at",
        [log_group_id.into(), range.least.into(), range.from.into(), range.to.into(), limit.into()],
        read_place,
    )
    .await
}

/// [`list_of_group`], by their ends, the last first.
pub async fn list_of_group_descending(
    conn: &mut Conn,
    log_group_id: &str,
    range: Range,
    limit: usize,
) -> Result<Vec<Place>> {
    // ix_log_chunks_group_last, pk_log_streams
    conn.all(
        "select planned.chunk_id, planned.log_stream_id, case when stream.deleted_at is null then stream.name end,
             planned.first_event_at, planned.last_event_at
         from (
             select chunk_id, log_stream_id, first_event_at, last_event_at
             from log_chunks
             where log_group_id = $1 and last_event_at <= $4 and last_event_at >= $2 and first_event_at <= $3
             order by last_event_at desc
             limit $5
         ) planned
         join log_streams stream on stream.log_stream_id = planned.log_stream_id
         order by planned.last_event_at desc",
        [log_group_id.into(), range.from.into(), range.to.into(), range.most.into(), limit.into()],
        read_place,
    )
    .await
}

/// What is in a chunk.
#[derive(Debug, Clone)]
pub struct Body {
    /// Names it.
    pub chunk_id: String,
    /// What is added to the numbers of its events.
    pub base_sequence: u64,
    /// Its events.
    pub body: Vec<u8>,
}

/// What is in those of these chunks that are still there.
pub async fn list_bodies(conn: &mut Conn, chunk_ids: &[&str]) -> Result<Vec<Body>> {
    // pk_log_chunks
    conn.all(
        "select chunk_id, base_sequence, body
         from log_chunks
         where chunk_id in (select value from json_each($1))",
        [text_list(chunk_ids.iter().copied())],
        |row| Ok(Body { chunk_id: row.text(0)?, base_sequence: row.size(1)?, body: row.bytes(2)? }),
    )
    .await
}

/// The chunk that has waited longest to be put together with others, if it came before `before`: its stream, the group of
/// that, and its first event.
pub async fn find_fresh(conn: &mut Conn, before: Timestamp) -> Result<Option<(String, String, Timestamp)>> {
    // ix_log_chunks_fresh
    conn.optional(
        "select log_stream_id, log_group_id, first_event_at
         from log_chunks
         where level = 0 and created_at < $1
         order by created_at
         limit 1",
        [before.into()],
        |row| Ok((row.text(0)?, row.text(1)?, row.time(2)?)),
    )
    .await
}

/// A chunk that may be put together with others.
#[derive(Debug, Clone)]
pub struct Loose {
    /// Names it.
    pub chunk_id: String,
    /// Whether it was put together before.
    pub settled: bool,
    /// Bytes of its events.
    pub raw_bytes: u64,
}

/// Chunks of a stream that begin from `from` on and before `to` and are fresh or have less than `small` bytes, by their
/// beginnings, at most `limit`.
pub async fn list_loose(
    conn: &mut Conn,
    log_stream_id: &str,
    (from, to): (Timestamp, Timestamp),
    small: u64,
    limit: usize,
) -> Result<Vec<Loose>> {
    // ix_log_chunks_stream_first
    conn.all(
        "select chunk_id, level, raw_bytes
         from log_chunks
         where log_stream_id = $1 and first_event_at >= $2 and first_event_at < $3 and (level = 0 or raw_bytes < $4)
         order by first_event_at
         limit $5",
        [log_stream_id.into(), from.into(), to.into(), small.into(), limit.into()],
        |row| Ok(Loose { chunk_id: row.text(0)?, settled: row.integer(1)? == 1, raw_bytes: row.size(2)? }),
    )
    .await
}

/// Notes that chunks need not be put together with others.
pub async fn update_settled(conn: &mut Conn, chunk_ids: &[&str]) -> Result<u64> {
    conn.execute(
        "update log_chunks
         set level = 1
         where chunk_id in (select value from json_each($1))",
        [text_list(chunk_ids.iter().copied())],
    )
    .await
}

/// Deletes chunks. How many there were.
pub async fn delete(conn: &mut Conn, chunk_ids: &[&str]) -> Result<u64> {
    conn.execute(
        "delete from log_chunks
         where chunk_id in (select value from json_each($1))",
        [text_list(chunk_ids.iter().copied())],
    )
    .await
}

/// Deletes chunks of a group whose events are all before `before`, at most `limit`. The bytes of each.
pub async fn delete_before(
    conn: &mut Conn,
    log_group_id: &str,
    before: Timestamp,
    limit: usize,
) -> Result<Vec<(u64, bool)>> {
    // ix_log_chunks_group_last
    conn.all(
        "delete from log_chunks
         where chunk_id in (
             select chunk_id
             from log_chunks
             where log_group_id = $1 and last_event_at < $2
             order by last_event_at
             limit $3
         )
         returning raw_bytes, level",
        [log_group_id.into(), before.into(), limit.into()],
        |row| Ok((row.size(0)?, row.integer(1)? == 1)),
    )
    .await
}

/// Deletes chunks of a stream, at most `limit`. The bytes of each, and whether it was settled.
pub async fn delete_of_stream(conn: &mut Conn, log_stream_id: &str, limit: usize) -> Result<Vec<(u64, bool)>> {
    // ix_log_chunks_stream_first
    conn.all(
        "delete from log_chunks
         where chunk_id in (
             select chunk_id from log_chunks where log_stream_id = $1 order by first_event_at limit $2
         )
         returning raw_bytes, level",
        [log_stream_id.into(), limit.into()],
        |row| Ok((row.size(0)?, row.integer(1)? == 1)),
    )
    .await
}
