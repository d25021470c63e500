//! Table `balancers`: the processes that balance, and when each was seen last.

use types::Timestamp;

use crate::{Conn, Result};

/// Notes that one is there.
pub async fn upsert(conn: &mut Conn, balancer_id: &str, now: Timestamp) -> Result<()> {
    conn.execute(
        "insert into balancers (balancer_id, seen_at)
         values ($1, $2)
         on conflict (balancer_id) do update
         set seen_at = excluded.seen_at",
        [balancer_id.into(), now.into()],
    )
    .await?;
    Ok(())
}

/// Those that were seen after `since`.
pub async fn list(conn: &mut Conn, since: Timestamp) -> Result<Vec<String>> {
    // ix_balancers_seen
    conn.all("select balancer_id from balancers where seen_at > $1 order by seen_at", [since.into()], |row| row.text(0))
        .await
}

/// Those that were seen last before `before`, at most `limit`.
pub async fn list_gone(conn: &mut Conn, before: Timestamp, limit: usize) -> Result<Vec<String>> {
    // ix_balancers_seen
    conn.all(
        "select balancer_id from balancers where seen_at < $1 order by seen_at limit $2",
        [before.into(), limit.into()],
        |row| row.text(0),
    )
    .await
}

/// Removes one.
pub async fn delete(conn: &mut Conn, balancer_id: &str) -> Result<bool> {
    Ok(conn.execute("delete from balancers where balancer_id = $1", [balancer_id.into()]).await? == 1)
}
