//! Table `service_events`: what a service did, for people to read. The newest hundred are kept.

use types::Timestamp;

use crate::row::Row;
use crate::{Conn, Result};

/// How many are kept of each service.
const KEPT: u64 = 100;

/// Something that a service did.
#[derive(Debug, Clone)]
pub struct ServiceEventRow {
    /// A UUID.
    pub event_id: String,
    /// As ECS words it.
    pub message: String,
    /// When it was.
    pub created_at: Timestamp,
}

fn read(row: &Row) -> Result<ServiceEventRow> {
    Ok(ServiceEventRow { event_id: row.text(0)?, message: row.text(1)?, created_at: row.time(2)? })
}

/// Adds an event, and forgets the oldest if there are too many. The caller holds the service.
pub async fn insert(conn: &mut Conn, service_id: &str, event: &ServiceEventRow) -> Result<()> {
    // pk_service_events
    let number = conn
        .optional(
            "insert into service_events (service_id, number, event_id, message, created_at)
             select $1, coalesce(max(number), 0) + 1, $2, $3, $4
             from service_events
             where service_id = $1
             returning number",
            [service_id.into(), (&event.event_id).into(), (&event.message).into(), event.created_at.into()],
            |row| row.size(0),
        )
        .await?;
    let oldest = number.unwrap_or_default().saturating_sub(KEPT);
    conn.execute(
        "delete from service_events
         where service_id = $1 and number <= $2",
        [service_id.into(), oldest.into()],
    )
    .await?;
    Ok(())
}

/// The events of a service, the newest first.
pub async fn list(conn: &mut Conn, service_id: &str) -> Result<Vec<ServiceEventRow>> {
    // pk_service_events
    conn.all(
        "select event_id, message, created_at
         from service_events
         where service_id = $1
         order by number desc",
        [service_id.into()],
        read,
    )
    .await
}

/// Forgets all events of a service.
pub async fn delete_all(conn: &mut Conn, service_id: &str) -> Result<()> {
    conn.execute(
        "delete from service_events
         where service_id = $1",
        [service_id.into()],
    )
    .await?;
    Ok(())
}
