//! What the installation does with logs by itself: chunks are put together, what is too old is dropped, and what was
//! deleted goes. Each function is one bounded step; doing it again does no harm.

use std::time::Duration;

use app::{App, Error, Result};
use store::log_chunks::{self, LogChunkRow, Loose};
use store::{Pending, log_groups, log_streams};
use types::Timestamp;
use uuid::Uuid;

use crate::chunk::{self, TARGET};
use crate::event::{Event, HOUR, hour, millis, timestamp};

/// How long a chunk lies as it came: until then more of its hour comes.
const FRESH_FOR: Duration = Duration::from_secs(300);
/// Chunks and bytes, unpacked, that are put together at once.
const TOGETHER: (usize, u64) = (512, 8 << 20);
/// Rows of one transaction that deletes.
const BATCH: usize = 500;

/// Puts the chunks together that have waited longest. Whether there may be more.
pub async fn put_together(app: &App) -> Result<bool> {
    let now = app.now();
    let mut conn = app.db().reader().await?;
    let Some((stream, group, first)) = log_chunks::find_fresh(&mut conn, now.before(FRESH_FOR)).await? else {
        return Ok(false);
    };
    let begin = hour(millis(first));
    let times = (timestamp(begin), timestamp(begin + HOUR));
    let loose = log_chunks::list_loose(&mut conn, &stream, times, TARGET as u64 / 2, TOGETHER.0).await?;
    let taken = some_of(&loose);
    let ids: Vec<&str> = taken.iter().map(|loose| loose.chunk_id.as_str()).collect();
    let (mut events, mut damaged) = (Vec::new(), Vec::new());
    for body in log_chunks::list_bodies(&mut conn, &ids).await? {
        match chunk::decode(body.base_sequence, &body.body) {
            Ok(more) => events.extend(more),
            Err(chunk::Damaged) => {
                // It stays as it is, and the others are not to wait for it.
                tracing::error!(chunk = body.chunk_id, "a chunk of log events is damaged");
                damaged.push(body.chunk_id);
            }
        }
    }
    drop(conn);
    events.sort_by_key(|event: &Event| (event.at, event.sequence));
    let rows: Vec<LogChunkRow> = split(&events)
        .into_iter()
        .filter_map(|events| {
            let (first, last) = (events.first()?, events.last()?);
            let (raw_bytes, body) = chunk::encode(events);
            Some(LogChunkRow {
                chunk_id: Uuid::now_v7().simple().to_string(),
                log_stream_id: stream.clone(),
                log_group_id: group.clone(),
                events_at: (timestamp(first.at), timestamp(last.at)),
                base_sequence: 0,
                settled: true,
                raw_bytes: raw_bytes as u64,
                created_at: now,
                body,
            })
        })
        .collect();
    let taken: Vec<&Loose> = taken.into_iter().filter(|loose| !damaged.contains(&loose.chunk_id)).collect();
    let before: u64 = taken.iter().filter(|loose| loose.settled).map(|loose| loose.raw_bytes).sum();
    let after: u64 = rows.iter().map(|row| row.raw_bytes).sum();
    let change = after.cast_signed() - before.cast_signed();
    let ids: Vec<String> = taken.iter().map(|loose| loose.chunk_id.clone()).collect();
    let replaced = app
        .db()
        .write_in_background(move |conn| {
            Box::pin(async move {
                let damaged: Vec<&str> = damaged.iter().map(String::as_str).collect();
                log_chunks::update_settled(conn, &damaged).await?;
                let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                // Somebody else was faster, or they are too old by now: then nothing of this is to be.
                if log_chunks::delete(conn, &ids).await? != ids.len() as u64 {
                    return Err(Error::Unavailable("database"));
                }
                for row in &rows {
                    log_chunks::insert(conn, row).await?;
                }
                Ok(log_groups::update_stored(conn, &group, change).await?)
            }) as Pending<'_, (), Error>
        })
        .await;
    replaced.map(|()| true)
}

/// As many as are put together at once, and at least one that is fresh.
fn some_of(loose: &[Loose]) -> Vec<&Loose> {
    let mut bytes = 0;
    let mut taken = Vec::new();
    // Without a fresh one nothing would come of it, and it would be tried for ever.
    let oldest = loose.iter().position(|loose| !loose.settled).unwrap_or_default();
    for (index, loose) in loose.iter().enumerate().skip(oldest.saturating_sub(1)) {
        bytes += loose.raw_bytes;
        if bytes > TOGETHER.1 && index > oldest {
            break;
        }
        taken.push(loose);
    }
    taken
}

/// Events as chunks of about the size that chunks should have.
fn split(events: &[Event]) -> Vec<&[Event]> {
    let (mut out, mut begin, mut bytes) = (Vec::new(), 0, 0);
    for (index, event) in events.iter().enumerate() {
        if bytes >= TARGET {
            out.push(&events[begin..index]);
            (begin, bytes) = (index, 0);
        }
        bytes += event.weight();
    }
    out.push(&events[begin..]);
    out
}

/// Drops chunks whose events are all older than their group keeps them.
pub async fn expire(app: &App) -> Result<()> {
    let mut after = String::new();
    loop {
        let mut conn = app.db().reader().await?;
        let groups = log_groups::list_with_retention(&mut conn, &after, 100).await?;
        drop(conn);
        let Some((last, _)) = groups.last() else {
            return Ok(());
        };
        after.clone_from(last);
        for (group, days) in groups {
            let before = app.now().before(Duration::from_secs(days.saturating_mul(24 * 3600)));
            while expire_some(app, &group, before).await? {}
        }
    }
}

async fn expire_some(app: &App, group: &str, before: Timestamp) -> Result<bool> {
    let group = group.to_owned();
    app.db()
        .write_in_background(move |conn| {
            Box::pin(async move {
                let gone = log_chunks::delete_before(conn, &group, before, BATCH).await?;
                log_groups::update_stored(conn, &group, -settled(&gone)).await?;
                Ok(gone.len() == BATCH)
            }) as Pending<'_, bool, Error>
        })
        .await
}

/// Removes some of what groups and streams that were deleted have left. Whether there may be more.
pub async fn remove_deleted(app: &App) -> Result<bool> {
    app.db()
        .write_in_background(|conn| {
            Box::pin(async move {
                if let Some(group) = log_groups::list_deleted(conn, 1).await?.into_iter().next() {
                    let ever = Timestamp::from_micros(i64::MAX);
                    if log_chunks::delete_before(conn, &group, ever, BATCH).await?.is_empty()
                        && log_streams::delete_some(conn, &group, BATCH).await? == 0
                    {
                        log_groups::delete(conn, &group).await?;
                    }
                    return Ok(true);
                }
                let Some((stream, group)) = log_streams::list_deleted(conn, 1).await?.into_iter().next() else {
                    return Ok(false);
                };
                let gone = log_chunks::delete_of_stream(conn, &stream, BATCH).await?;
                if gone.is_empty() {
                    log_streams::delete(conn, &stream).await?;
                } else {
                    log_groups::update_stored(conn, &group, -settled(&gone)).await?;
                }
                Ok(true)
            }) as Pending<'_, bool, Error>
        })
        .await
}

/// The bytes that were counted.
fn settled(gone: &[(u64, bool)]) -> i64 {
    gone.iter().filter(|(_, settled)| *settled).map(|(bytes, _)| bytes.cast_signed()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loose(settled: bool, raw_bytes: u64) -> Loose {
        Loose { chunk_id: String::new(), settled, raw_bytes }
    }

    #[test]
    fn what_is_put_together_is_bounded_and_has_something_fresh() {
        let small: Vec<Loose> = (0..100).map(|number| loose(number < 50, 1000)).collect();
        assert_eq!(some_of(&small).len(), 51);
        let large: Vec<Loose> = (0..100).map(|number| loose(number < 90, 500_000)).collect();
        let taken = some_of(&large);
        assert!(taken.iter().any(|loose| !loose.settled));
        assert!(taken.iter().map(|loose| loose.raw_bytes).sum::<u64>() <= TOGETHER.1);
        assert_eq!(some_of(&[loose(false, 20 << 20)]).len(), 1);
    }

    #[test]
    fn events_are_split_into_chunks_of_a_size() {
        let event = |sequence| Event { at: 0, sequence, ingested_at: 0, message: "m".repeat(1000) };
        let events: Vec<Event> = (0..5000).map(event).collect();
        let chunks = split(&events);
        assert!(chunks.len() > 3 && chunks.iter().all(|chunk| chunk.len() <= TARGET / 1000 + 1));
        assert_eq!(chunks.concat(), events);
    }
}
