//! Table `load_balancers`.

use types::{RegistryId, Timestamp};

use crate::conn;
use crate::row::Row;
use crate::value::list as texts;
use crate::{Conn, Result};

/// A load balancer.
#[derive(Debug, Clone)]
pub struct LoadBalancerRow {
    /// 16 hexadecimal digits, never used twice.
    pub load_balancer_id: String,
    /// Whose it is, and where.
    pub registry: RegistryId,
    /// Unique there.
    pub name: String,
    /// JSON.
    pub settings: String,
    /// JSON.
    pub attributes: String,
    /// When it was made.
    pub created_at: Timestamp,
}

fn read(row: &Row) -> Result<LoadBalancerRow> {
    Ok(LoadBalancerRow {
        load_balancer_id: row.text(0)?,
        registry: RegistryId { account: row.parsed(1, "account_id")?, region: row.parsed(2, "region")? },
        name: row.text(3)?,
        settings: row.text(4)?,
        attributes: row.text(5)?,
        created_at: row.time(6)?,
    })
}

/// Adds a load balancer. False if the name is taken.
pub async fn insert(conn: &mut Conn, row: &LoadBalancerRow) -> Result<bool> {
    let rows = conn
        .execute(
            "insert into load_balancers (load_balancer_id, account_id, region, name, settings, attributes, created_at)
             values ($1, $2, $3, $4, $5, $6, $7)
             on conflict do nothing",
            [
                (&row.load_balancer_id).into(),
                (&row.registry.account).into(),
                (&row.registry.region).into(),
                (&row.name).into(),
                (&row.settings).into(),
                (&row.attributes).into(),
                row.created_at.into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// The load balancer of that id.
pub async fn find(conn: &mut Conn, load_balancer_id: &str) -> Result<Option<LoadBalancerRow>> {
    conn.optional(
        "select load_balancer_id, account_id, region, name, settings, attributes, created_at
         from load_balancers
         where load_balancer_id = $1",
        [load_balancer_id.into()],
        read,
    )
    .await
}

/// Those of some names.
pub async fn list_named(conn: &mut Conn, registry: &RegistryId, names: &[&str]) -> Result<Vec<LoadBalancerRow>> {
    // uq_load_balancers_name
    conn.all(
        "select load_balancer_id, account_id, region, name, settings, attributes, created_at
         from load_balancers
         where account_id = $1 and region = $2 and name in (select value from json_each($3))
         order by name",
        [(&registry.account).into(), (&registry.region).into(), texts(names.iter().copied())],
        read,
    )
    .await
}

/// Those of some ids.
pub async fn list_of(conn: &mut Conn, load_balancer_ids: &[&str]) -> Result<Vec<LoadBalancerRow>> {
    conn.all(
        "select load_balancer_id, account_id, region, name, settings, attributes, created_at
         from load_balancers
         where load_balancer_id in (select value from json_each($1))
         order by name",
        [texts(load_balancer_ids.iter().copied())],
        read,
    )
    .await
}

/// Those whose names come after `after`, by bytes, at most `limit`.
pub async fn list_page(
    conn: &mut Conn,
    registry: &RegistryId,
    after: &str,
    limit: usize,
) -> Result<Vec<LoadBalancerRow>> {
    // uq_load_balancers_name
    conn.all(
        "select load_balancer_id, account_id, region, name, settings, attributes, created_at
         from load_balancers
         where account_id = $1 and region = $2 and name > $3
         order by name
         limit $4",
        [(&registry.account).into(), (&registry.region).into(), after.into(), limit.into()],
        read,
    )
    .await
}

/// All of them, for those that balance.
pub async fn list_all(conn: &mut Conn) -> Result<Vec<LoadBalancerRow>> {
    conn.all(
        "select load_balancer_id, account_id, region, name, settings, attributes, created_at
         from load_balancers
         order by created_at, load_balancer_id",
        [],
        read,
    )
    .await
}

/// How many a registry has.
pub async fn count(conn: &mut Conn, registry: &RegistryId) -> Result<u64> {
    // uq_load_balancers_name
    conn::count(
        conn,
        "select count(*) from load_balancers where account_id = $1 and region = $2",
        [(&registry.account).into(), (&registry.region).into()],
    )
    .await
}

/// Changes its attributes.
pub async fn update_attributes(conn: &mut Conn, load_balancer_id: &str, attributes: &str) -> Result<()> {
    conn.execute(
        "update load_balancers set attributes = $2 where load_balancer_id = $1",
        [load_balancer_id.into(), attributes.into()],
    )
    .await?;
    Ok(())
}

/// Changes its settings.
pub async fn update_settings(conn: &mut Conn, load_balancer_id: &str, settings: &str) -> Result<()> {
    conn.execute(
        "update load_balancers set settings = $2 where load_balancer_id = $1",
        [load_balancer_id.into(), settings.into()],
    )
    .await?;
    Ok(())
}

/// Removes one, whose listeners are gone.
pub async fn delete(conn: &mut Conn, load_balancer_id: &str) -> Result<bool> {
    Ok(conn.execute("delete from load_balancers where load_balancer_id = $1", [load_balancer_id.into()]).await? == 1)
}
