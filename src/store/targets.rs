//! Table `targets`: where target groups send requests to.

use types::Timestamp;

use crate::conn;
use crate::row::Row;
use crate::{Conn, Result};

/// A target.
#[derive(Debug, Clone)]
pub struct TargetRow {
    /// Whose it is.
    pub target_group_id: String,
    /// An address, or the id of an instance.
    pub target_id: String,
    /// Its port.
    pub port: u64,
    /// Where it is.
    pub address: String,
    /// As it was given.
    pub availability_zone: Option<String>,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// Until when what is under way may go on; none while it is registered.
    pub draining_until: Option<Timestamp>,
}

fn read(row: &Row) -> Result<TargetRow> {
    Ok(TargetRow {
        target_group_id: row.text(0)?,
        target_id: row.text(1)?,
        port: row.size(2)?,
        address: row.text(3)?,
        availability_zone: row.optional_text(4)?,
        registered_at: row.time(5)?,
        draining_until: row.optional_time(6)?,
    })
}

/// Registers a target. One that drains is registered anew; one that is registered stays as it is.
pub async fn upsert(conn: &mut Conn, row: &TargetRow) -> Result<()> {
    conn.execute(
        "insert into targets (target_group_id, target_id, port, address, availability_zone, registered_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (target_group_id, target_id, port) do update
         set address = excluded.address,
             availability_zone = excluded.availability_zone,
             registered_at = case when targets.draining_until is null then targets.registered_at
                                  else excluded.registered_at end,
             draining_until = null",
        [
            (&row.target_group_id).into(),
            (&row.target_id).into(),
            row.port.into(),
            (&row.address).into(),
            row.availability_zone.clone().into(),
            row.registered_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Those of a target group; there are never many.
pub async fn list(conn: &mut Conn, target_group_id: &str) -> Result<Vec<TargetRow>> {
    // pk_targets
    conn.all(
        "select target_group_id, target_id, port, address, availability_zone, registered_at, draining_until
         from targets
         where target_group_id = $1
         order by target_id, port",
        [target_group_id.into()],
        read,
    )
    .await
}

/// All of them, for those that balance.
pub async fn list_all(conn: &mut Conn) -> Result<Vec<TargetRow>> {
    conn.all(
        "select target_group_id, target_id, port, address, availability_zone, registered_at, draining_until
         from targets
         order by target_group_id, target_id, port",
        [],
        read,
    )
    .await
}

/// Those that may not drain any longer, at most `limit`.
pub async fn list_drained(conn: &mut Conn, now: Timestamp, limit: usize) -> Result<Vec<TargetRow>> {
    // ix_targets_draining
    conn.all(
        "select target_group_id, target_id, port, address, availability_zone, registered_at, draining_until
         from targets
         where draining_until <= $1
         order by draining_until
         limit $2",
        [now.into(), limit.into()],
        read,
    )
    .await
}

/// How many a target group has.
pub async fn count(conn: &mut Conn, target_group_id: &str) -> Result<u64> {
    // pk_targets
    conn::count(conn, "select count(*) from targets where target_group_id = $1", [target_group_id.into()]).await
}

/// Lets a registered target drain.
pub async fn update_draining(
    conn: &mut Conn,
    target_group_id: &str,
    target_id: &str,
    port: u64,
    until: Timestamp,
) -> Result<bool> {
    // pk_targets
    let rows = conn
        .execute(
            "update targets
             set draining_until = $4
             where target_group_id = $1 and target_id = $2 and port = $3 and draining_until is null",
            [target_group_id.into(), target_id.into(), port.into(), until.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Removes one, if it drains.
pub async fn delete_draining(conn: &mut Conn, target_group_id: &str, target_id: &str, port: u64) -> Result<bool> {
    // pk_targets
    let rows = conn
        .execute(
            "delete from targets
             where target_group_id = $1 and target_id = $2 and port = $3 and draining_until is not null",
            [target_group_id.into(), target_id.into(), port.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Removes all of a target group.
pub async fn delete_all(conn: &mut Conn, target_group_id: &str) -> Result<u64> {
    // pk_targets
    conn.execute("delete from targets where target_group_id = $1", [target_group_id.into()]).await
}
