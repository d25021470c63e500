//! Table `webhook_deliveries`: what is to be told to whom, and what became of it.

use types::Timestamp;

use crate::conn::Lock;
use crate::row::Row;
use crate::value::list as text_list;
use crate::{Conn, Result};

/// An event on its way.
#[derive(Debug, Clone)]
pub struct DeliveryRow {
    /// Names it.
    pub delivery_id: String,
    /// To whom.
    pub webhook_id: String,
    /// The event, as it is sent.
    pub event: String,
    /// PENDING, DELIVERED or FAILED.
    pub state: String,
    /// How often it was tried.
    pub attempts: u64,
    /// When it is tried next.
    pub due_at: Timestamp,
    /// Of the last answer.
    pub status_code: Option<u64>,
    /// Why there was none.
    pub last_error: Option<String>,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
}

fn read(row: &Row) -> Result<DeliveryRow> {
    Ok(DeliveryRow {
        delivery_id: row.text(0)?,
        webhook_id: row.text(1)?,
        event: row.text(2)?,
        state: row.text(3)?,
        attempts: row.size(4)?,
        due_at: row.time(5)?,
        status_code: row.optional_size(6)?,
        last_error: row.optional_text(7)?,
        ended_at: row.optional_time(8)?,
    })
}

/// Puts an event down for somebody.
pub async fn insert(
    conn: &mut Conn,
    delivery_id: &str,
    webhook_id: &str,
    event: &str,
    due_at: Timestamp,
) -> Result<()> {
    conn.execute(
        "insert into webhook_deliveries (delivery_id, webhook_id, event, state, attempts, due_at)
         values ($1, $2, $3, 'PENDING', 0, $4)",
        [delivery_id.into(), webhook_id.into(), event.into(), due_at.into()],
    )
    .await?;
    Ok(())
}

/// The webhooks to which something is due. It looks once at each that waits for anything, however much that is.
pub async fn list_due(conn: &mut Conn, now: Timestamp) -> Result<Vec<String>> {
    // ix_webhook_deliveries_pending
    conn.all(
        "with recursive waiting (webhook_id) as (
             select min(webhook_id) from webhook_deliveries where state = 'PENDING'
             union all
             select (select min(later.webhook_id)
                     from webhook_deliveries later
                     where later.state = 'PENDING' and later.webhook_id > waiting.webhook_id)
             from waiting
             where waiting.webhook_id is not null
         )
         select webhook_id
         from waiting
         where exists (
             select 1
             from webhook_deliveries due
             where due.webhook_id = waiting.webhook_id and due.state = 'PENDING' and due.due_at <= $1
         )",
        [now.into()],
        |row| row.text(0),
    )
    .await
}

/// Takes deliveries to a webhook that are due, at most `limit`; until `until` nobody else does.
pub async fn claim(
    conn: &mut Conn,
    webhook_id: &str,
    now: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<DeliveryRow>> {
    // ix_webhook_deliveries_pending
    let due = conn
        .all_locked(
            "select delivery_id, webhook_id, event, state, attempts, due_at, status_code, last_error, ended_at
             from webhook_deliveries
             where webhook_id = $1 and state = 'PENDING' and due_at <= $2
             order by due_at
             limit $3",
            Lock::UpdateUnlessLocked,
            [webhook_id.into(), now.into(), limit.into()],
            read,
        )
        .await?;
    conn.execute(
        "update webhook_deliveries
         set due_at = $2
         where delivery_id in (select value from json_each($1))",
        [text_list(due.iter().map(|delivery| delivery.delivery_id.as_str())), until.into()],
    )
    .await?;
    Ok(due)
}

/// What an attempt led to.
#[derive(Debug, Clone)]
pub struct Attempt<'a> {
    /// DELIVERED, FAILED, or PENDING to try again.
    pub state: &'a str,
    /// When to try again.
    pub due_at: Timestamp,
    /// Of the answer.
    pub status_code: Option<u16>,
    /// Why there was none.
    pub error: Option<&'a str>,
    /// When it was over, if it is.
    pub ended_at: Option<Timestamp>,
}

/// Notes what an attempt led to.
pub async fn update(conn: &mut Conn, delivery_id: &str, attempt: &Attempt<'_>) -> Result<()> {
    conn.execute(
        "update webhook_deliveries
         set state = $2, attempts = attempts + 1, due_at = $3, status_code = $4, last_error = $5, ended_at = $6
         where delivery_id = $1",
        [
            delivery_id.into(),
            attempt.state.into(),
            attempt.due_at.into(),
            attempt.status_code.into(),
            attempt.error.into(),
            attempt.ended_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Has a delivery tried again, whatever became of it. The webhook that it is for; None if it is not known.
pub async fn update_pending(conn: &mut Conn, delivery_id: &str, due_at: Timestamp) -> Result<Option<String>> {
    conn.optional(
        "update webhook_deliveries
         set state = 'PENDING', attempts = 0, due_at = $2, ended_at = null
         where delivery_id = $1
         returning webhook_id",
        [delivery_id.into(), due_at.into()],
        |row| row.text(0),
    )
    .await
}

/// Deliveries to a webhook before `before`, the latest first, at most `limit`.
pub async fn list(conn: &mut Conn, webhook_id: &str, before: &str, limit: usize) -> Result<Vec<DeliveryRow>> {
    // ix_webhook_deliveries_webhook
    conn.all(
        "select delivery_id, webhook_id, event, state, attempts, due_at, status_code, last_error, ended_at
         from webhook_deliveries
         where webhook_id = $1 and delivery_id < $2
         order by delivery_id desc
         limit $3",
        [webhook_id.into(), before.into(), limit.into()],
        read,
    )
    .await
}

/// Forgets deliveries that were over before `before`, at most `limit`.
pub async fn delete_ended(conn: &mut Conn, before: Timestamp, limit: usize) -> Result<u64> {
    // ix_webhook_deliveries_ended
    conn.execute(
        "delete from webhook_deliveries
         where delivery_id in (
             select delivery_id from webhook_deliveries where ended_at < $1 order by ended_at limit $2
         )",
        [before.into(), limit.into()],
    )
    .await
}
