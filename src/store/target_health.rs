//! Table `target_health`: what each balancer found out about each target.

use types::Timestamp;

use crate::row::Row;
use crate::{Conn, Result};

/// What one balancer found out about one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetHealthRow {
    /// Whose target.
    pub target_group_id: String,
    /// Which.
    pub target_id: String,
    /// On which port.
    pub port: u64,
    /// Who found out.
    pub balancer_id: String,
    /// initial, healthy, unhealthy or drained.
    pub state: String,
    /// A code of Elastic Load Balancing.
    pub reason: Option<String>,
    /// In words.
    pub description: Option<String>,
    /// When.
    pub updated_at: Timestamp,
}

fn read(row: &Row) -> Result<TargetHealthRow> {
    Ok(TargetHealthRow {
        target_group_id: row.text(0)?,
        target_id: row.text(1)?,
        port: row.size(2)?,
        balancer_id: row.text(3)?,
        state: row.text(4)?,
        reason: row.optional_text(5)?,
        description: row.optional_text(6)?,
        updated_at: row.time(7)?,
    })
}

/// Notes what a balancer found out.
pub async fn upsert(conn: &mut Conn, row: &TargetHealthRow) -> Result<()> {
    conn.execute(
        "insert into target_health
             (target_group_id, target_id, port, balancer_id, state, reason, description, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (target_group_id, target_id, port, balancer_id) do update
         set state = excluded.state,
             reason = excluded.reason,
             description = excluded.description,
             updated_at = excluded.updated_at",
        [
            (&row.target_group_id).into(),
            (&row.target_id).into(),
            row.port.into(),
            (&row.balancer_id).into(),
            (&row.state).into(),
            row.reason.clone().into(),
            row.description.clone().into(),
            row.updated_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// What was found out about the targets of a target group.
pub async fn list(conn: &mut Conn, target_group_id: &str) -> Result<Vec<TargetHealthRow>> {
    // pk_target_health
    conn.all(
        "select target_group_id, target_id, port, balancer_id, state, reason, description, updated_at
         from target_health
         where target_group_id = $1
         order by target_id, port, balancer_id",
        [target_group_id.into()],
        read,
    )
    .await
}

/// Forgets about one target.
pub async fn delete(conn: &mut Conn, target_group_id: &str, target_id: &str, port: u64) -> Result<u64> {
    // pk_target_health
    conn.execute(
        "delete from target_health where target_group_id = $1 and target_id = $2 and port = $3",
        [target_group_id.into(), target_id.into(), port.into()],
    )
    .await
}

/// Forgets about the targets of a target group.
pub async fn delete_all(conn: &mut Conn, target_group_id: &str) -> Result<u64> {
    // pk_target_health
    conn.execute("delete from target_health where target_group_id = $1", [target_group_id.into()]).await
}

/// Forgets what a balancer found out.
pub async fn delete_of_balancer(conn: &mut Conn, balancer_id: &str) -> Result<u64> {
    // ix_target_health_balancer
    conn.execute("delete from target_health where balancer_id = $1", [balancer_id.into()]).await
}
