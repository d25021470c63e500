//! Storing a batch: its events become chunks in one transaction with the end of their stream, and only then the client is
//! answered. Nothing that is stored already is read, and what takes long is done before the transaction.

use app::Grant;
use app::api::Call;
use store::log_chunks::{self, LogChunkRow};
use store::log_streams::{self, Appended};
use store::{Conn, Pending};
use types::Timestamp;
use uuid::Uuid;

use crate::batch::{self, Rejected, Sent};
use crate::chunk;
use crate::error::Error;
use crate::event::{Event, hour, millis, timestamp};
use crate::names::{GroupName, StreamName};
use crate::{failures, groups};

/// Batches of a stream that are known again.
const KNOWN_BATCHES: usize = 16;

/// What came of a batch.
#[derive(Debug)]
pub(crate) struct Put {
    pub(crate) rejected: Rejected,
    /// What the next batch may be sent with; it need not be.
    pub(crate) next_sequence_token: String,
}

/// What is to be added to a stream.
struct Addition {
    log_group_id: String,
    stream: StreamName,
    /// What names it, if it is to be known again.
    name: Option<String>,
    /// Events.
    count: u64,
    /// Chunks, whose events are numbered from 0.
    chunks: Vec<Chunk>,
    now: Timestamp,
}

struct Chunk {
    events_at: (Timestamp, Timestamp),
    raw_bytes: u64,
    body: Vec<u8>,
}

/// Stores a batch. One that comes again with the same token and the same events is not stored again.
pub(crate) async fn put(
    call: &Call,
    grant: &Grant,
    (group, stream): (&GroupName, &StreamName),
    token: Option<&str>,
    mut events: Vec<Sent>,
) -> Result<Put, Error> {
    grant.require("logs:PutLogEvents")?;
    batch::check(&events)?;
    let db = call.ctx.app.db();
    let group = groups::find(&mut db.reader().await?, &call.ctx.registry, group).await?;
    let now = call.ctx.app.now();
    let name = token.map(|token| batch::name(token, &events));
    let rejected = batch::reject(&events, millis(now), group.retention_days);
    let kept = rejected.kept(events.len());
    events.truncate(kept.end);
    let kept = events.split_off(kept.start.min(events.len()));
    batch::check_span(&kept)?;
    let addition = Addition {
        log_group_id: group.log_group_id,
        stream: stream.clone(),
        name,
        count: kept.len() as u64,
        chunks: pack(kept, millis(now)),
        now,
    };
    let next_sequence = db.write(move |conn| Box::pin(append(conn, addition)) as Pending<'_, u64, Error>).await?;
    // As AWS writes them: clients of old send it with their next batch.
    Ok(Put { rejected, next_sequence_token: format!("{next_sequence:056}") })
}

/// A chunk for each hour.
fn pack(kept: Vec<Sent>, ingested_at: i64) -> Vec<Chunk> {
    let event = |(sequence, (at, message))| Event { at, sequence, ingested_at, message };
    let events: Vec<Event> = (0..).zip(kept).map(event).collect();
    let hours = events.chunk_by(|one, next| hour(one.at) == hour(next.at));
    let chunk = |events: &[Event]| {
        let (first, last) = (events.first()?, events.last()?);
        let (raw_bytes, body) = chunk::encode(events);
        let events_at = (timestamp(first.at), timestamp(last.at));
        Some(Chunk { events_at, raw_bytes: raw_bytes as u64, body })
    };
    hours.filter_map(chunk).collect()
}

/// Adds chunks to a stream. The number of the event that comes next.
async fn append(conn: &mut Conn, addition: Addition) -> Result<u64, Error> {
    let Addition { log_group_id, stream, name, count, chunks, now } = addition;
    let stream = log_streams::lock(conn, &log_group_id, stream.as_str()).await?.ok_or_else(failures::no_such_stream)?;
    let mut known: Vec<String> = serde_json::from_str(&stream.recent_batches).unwrap_or_default();
    let again = name.as_ref().is_some_and(|name| known.contains(name));
    let (Some(first), Some(last), false) = (chunks.first(), chunks.last(), again) else {
        return Ok(stream.next_sequence);
    };
    known.extend(name);
    known.drain(..known.len().saturating_sub(KNOWN_BATCHES));
    let appended = Appended {
        next_sequence: stream.next_sequence + count,
        recent_batches: &serde_json::json!(known).to_string(),
        events_at: (first.events_at.0, last.events_at.1),
        now,
    };
    log_streams::update_appended(conn, &stream.log_stream_id, &appended).await?;
    for chunk in chunks {
        let row = LogChunkRow {
            chunk_id: Uuid::now_v7().simple().to_string(),
            log_stream_id: stream.log_stream_id.clone(),
            log_group_id: log_group_id.clone(),
            events_at: chunk.events_at,
            base_sequence: stream.next_sequence,
            settled: false,
            raw_bytes: chunk.raw_bytes,
            created_at: now,
            body: chunk.body,
        };
        log_chunks::insert(conn, &row).await?;
    }
    Ok(appended.next_sequence)
}
