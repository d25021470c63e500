//! Table `listener_states`: whether each balancer listens where it should.

use types::Timestamp;

use crate::row::Row;
use crate::value::list as texts;
use crate::{Conn, Result};

/// How one balancer fared with one listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenerStateRow {
    /// Which listener.
    pub listener_id: String,
    /// Which balancer.
    pub balancer_id: String,
    /// Why it does not listen; none if it does.
    pub failure: Option<String>,
    /// Since when.
    pub updated_at: Timestamp,
}

fn read(row: &Row) -> Result<ListenerStateRow> {
    Ok(ListenerStateRow {
        listener_id: row.text(0)?,
        balancer_id: row.text(1)?,
        failure: row.optional_text(2)?,
        updated_at: row.time(3)?,
    })
}

/// Notes how a balancer fared.
pub async fn upsert(conn: &mut Conn, row: &ListenerStateRow) -> Result<()> {
    conn.execute(
        "insert into listener_states (listener_id, balancer_id, failure, updated_at)
         values ($1, $2, $3, $4)
         on conflict (listener_id, balancer_id) do update
         set failure = excluded.failure, updated_at = excluded.updated_at",
        [(&row.listener_id).into(), (&row.balancer_id).into(), row.failure.clone().into(), row.updated_at.into()],
    )
    .await?;
    Ok(())
}

/// How all fared with some listeners.
pub async fn list(conn: &mut Conn, listener_ids: &[&str]) -> Result<Vec<ListenerStateRow>> {
    // pk_listener_states
    conn.all(
        "select listener_id, balancer_id, failure, updated_at
         from listener_states
         where listener_id in (select value from json_each($1))
         order by listener_id, balancer_id",
        [texts(listener_ids.iter().copied())],
        read,
    )
    .await
}

/// Forgets about a listener.
pub async fn delete(conn: &mut Conn, listener_id: &str) -> Result<u64> {
    // pk_listener_states
    conn.execute("delete from listener_states where listener_id = $1", [listener_id.into()]).await
}

/// Forgets how a balancer fared.
pub async fn delete_of_balancer(conn: &mut Conn, balancer_id: &str) -> Result<u64> {
    // ix_listener_states_balancer
    conn.execute("delete from listener_states where balancer_id = $1", [balancer_id.into()]).await
}
