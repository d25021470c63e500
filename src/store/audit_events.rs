//! Table `audit_events`: what was done and refused, by whom. The id of an event begins with its time, so the primary key
//! is the only index that is needed.

use crate::value::list as text_list;
use crate::{Conn, Result};

/// How long an id is: a UUID with hyphens.
const ID: usize = 36;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEventRow {
    /// A UUID of version 7 with hyphens.
    pub event_id: String,
    /// One line of JSON.
    pub event: String,
}

/// Adds events, all in one statement. One that is there already stays as it is: a batch may be written again when it is
/// not known whether it was.
pub async fn insert(conn: &mut Conn, events: &[AuditEventRow]) -> Result<()> {
    debug_assert!(events.iter().all(|event| event.event_id.len() == ID));
    let joined: Vec<String> = events.iter().map(|event| format!("{}{}", event.event_id, event.event)).collect();
    conn.execute(
        "insert into audit_events (event_id, event)
         select substr(value, 1, 36), substr(value, 37)
         from json_each($1)
         where true
         on conflict do nothing",
        [text_list(joined.iter().map(String::as_str))],
    )
    .await?;
    Ok(())
}

/// Events after `after` and before `before`, oldest first, at most `limit`.
pub async fn list(conn: &mut Conn, after: &str, before: &str, limit: usize) -> Result<Vec<AuditEventRow>> {
    // pk_audit_events
    conn.all(
        "select event_id, event
         from audit_events
         where event_id > $1 and event_id < $2
         order by event_id
         limit $3",
        [after.into(), before.into(), limit.into()],
        |row| Ok(AuditEventRow { event_id: row.text(0)?, event: row.text(1)? }),
    )
    .await
}

/// Deletes the oldest events before `before`, at most `limit`. How many there were.
pub async fn delete_before(conn: &mut Conn, before: &str, limit: usize) -> Result<u64> {
    // pk_audit_events
    conn.execute(
        "delete from audit_events
         where event_id in (
            select event_id
            from audit_events
            where event_id < $1
            order by event_id
            limit $2
         )",
        [before.into(), limit.into()],
    )
    .await
}
