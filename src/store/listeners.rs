//! Table `listeners`: where load balancers listen.

use types::Timestamp;

use crate::conn;
use crate::row::Row;
use crate::value::list as texts;
use crate::{Conn, Result};

/// A listener.
#[derive(Debug, Clone)]
pub struct ListenerRow {
    /// 16 hexadecimal digits, never used twice.
    pub listener_id: String,
    /// Whose it is.
    pub load_balancer_id: String,
    /// Unique there.
    pub port: u64,
    /// JSON.
    pub settings: String,
    /// When its port or settings were changed.
    pub updated_at: Timestamp,
}

fn read(row: &Row) -> Result<ListenerRow> {
    Ok(ListenerRow {
        listener_id: row.text(0)?,
        load_balancer_id: row.text(1)?,
        port: row.size(2)?,
        settings: row.text(3)?,
        updated_at: row.time(4)?,
    })
}

/// Adds a listener. False if the load balancer listens on that port already.
pub async fn insert(conn: &mut Conn, row: &ListenerRow) -> Result<bool> {
    let rows = conn
        .execute(
            "insert into listeners (listener_id, load_balancer_id, port, settings, updated_at)
             values ($1, $2, $3, $4, $5)
             on conflict do nothing",
            [
                (&row.listener_id).into(),
                (&row.load_balancer_id).into(),
                row.port.into(),
                (&row.settings).into(),
                row.updated_at.into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// The listener of that id.
pub async fn find(conn: &mut Conn, listener_id: &str) -> Result<Option<ListenerRow>> {
    conn.optional(
        "select listener_id, load_balancer_id, port, settings, updated_at
         from listeners
         where listener_id = $1",
        [listener_id.into()],
        read,
    )
    .await
}

/// The listener of a load balancer on that port.
pub async fn find_on(conn: &mut Conn, load_balancer_id: &str, port: u64) -> Result<Option<ListenerRow>> {
    // uq_listeners_port
    conn.optional(
        "select listener_id, load_balancer_id, port, settings, updated_at
         from listeners
         where load_balancer_id = $1 and port = $2",
        [load_balancer_id.into(), port.into()],
        read,
    )
    .await
}

/// Those of some ids.
pub async fn list_of(conn: &mut Conn, listener_ids: &[&str]) -> Result<Vec<ListenerRow>> {
    conn.all(
        "select listener_id, load_balancer_id, port, settings, updated_at
         from listeners
         where listener_id in (select value from json_each($1))
         order by listener_id",
        [texts(listener_ids.iter().copied())],
        read,
    )
    .await
}

/// Those of some load balancers.
pub async fn list_of_load_balancers(conn: &mut Conn, load_balancer_ids: &[&str]) -> Result<Vec<ListenerRow>> {
    // uq_listeners_port
    conn.all(
        "select listener_id, load_balancer_id, port, settings, updated_at
         from listeners
         where load_balancer_id in (select value from json_each($1))
         order by load_balancer_id, port",
        [texts(load_balancer_ids.iter().copied())],
        read,
    )
    .await
}

/// Those of a load balancer on ports above `after`, at most `limit`.
pub async fn list_page(conn: &mut Conn, load_balancer_id: &str, after: u64, limit: usize) -> Result<Vec<ListenerRow>> {
    // uq_listeners_port
    conn.all(
        "select listener_id, load_balancer_id, port, settings, updated_at
         from listeners
         where load_balancer_id = $1 and port > $2
         order by port
         limit $3",
        [load_balancer_id.into(), after.into(), limit.into()],
        read,
    )
    .await
}

/// All of them, for those that balance.
pub async fn list_all(conn: &mut Conn) -> Result<Vec<ListenerRow>> {
    conn.all("select listener_id, load_balancer_id, port, settings, updated_at from listeners", [], read).await
}

/// How many a load balancer has.
pub async fn count(conn: &mut Conn, load_balancer_id: &str) -> Result<u64> {
    // uq_listeners_port
    conn::count(conn, "select count(*) from listeners where load_balancer_id = $1", [load_balancer_id.into()]).await
}

/// Changes port and settings. False if another listener of the load balancer has the port.
pub async fn update(conn: &mut Conn, row: &ListenerRow) -> Result<bool> {
    // uq_listeners_port
    let rows = conn
        .execute(
            "update listeners
             set port = $3, settings = $4, updated_at = $5
             where listener_id = $1
               and not exists (
                   select 1
                   from listeners other
                   where other.load_balancer_id = $2 and other.port = $3 and other.listener_id <> $1
               )",
            [
                (&row.listener_id).into(),
                (&row.load_balancer_id).into(),
                row.port.into(),
                (&row.settings).into(),
                row.updated_at.into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Removes one, whose rules are gone.
pub async fn delete(conn: &mut Conn, listener_id: &str) -> Result<bool> {
    Ok(conn.execute("delete from listeners where listener_id = $1", [listener_id.into()]).await? == 1)
}
