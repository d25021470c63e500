//! Table `target_groups`.

use types::{RegistryId, Timestamp};

use crate::conn;
use crate::row::Row;
use crate::value::list as texts;
use crate::{Conn, Result};

/// A target group.
#[derive(Debug, Clone)]
pub struct TargetGroupRow {
    /// 16 hexadecimal digits, never used twice.
    pub target_group_id: String,
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

fn read(row: &Row) -> Result<TargetGroupRow> {
    Ok(TargetGroupRow {
        target_group_id: row.text(0)?,
        registry: RegistryId { account: row.parsed(1, "account_id")?, region: row.parsed(2, "region")? },
        name: row.text(3)?,
        settings: row.text(4)?,
        attributes: row.text(5)?,
        created_at: row.time(6)?,
    })
}

/// Adds a target group. False if the name is taken.
pub async fn insert(conn: &mut Conn, row: &TargetGroupRow) -> Result<bool> {
    let rows = conn
        .execute(
            "insert into target_groups (target_group_id, account_id, region, name, settings, attributes, created_at)
             values ($1, $2, $3, $4, $5, $6, $7)
             on conflict do nothing",
            [
                (&row.target_group_id).into(),
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

/// The target group of that id.
pub async fn find(conn: &mut Conn, target_group_id: &str) -> Result<Option<TargetGroupRow>> {
    conn.optional(
        "select target_group_id, account_id, region, name, settings, attributes, created_at
         from target_groups
         where target_group_id = $1",
        [target_group_id.into()],
        read,
    )
    .await
}

/// Those of some names.
pub async fn list_named(conn: &mut Conn, registry: &RegistryId, names: &[&str]) -> Result<Vec<TargetGroupRow>> {
    // uq_target_groups_name
    conn.all(
        "select target_group_id, account_id, region, name, settings, attributes, created_at
         from target_groups
         where account_id = $1 and region = $2 and name in (select value from json_each($3))
         order by name",
        [(&registry.account).into(), (&registry.region).into(), texts(names.iter().copied())],
        read,
    )
    .await
}

/// Those of some ids.
pub async fn list_of(conn: &mut Conn, target_group_ids: &[&str]) -> Result<Vec<TargetGroupRow>> {
    conn.all(
        "select target_group_id, account_id, region, name, settings, attributes, created_at
         from target_groups
         where target_group_id in (select value from json_each($1))
         order by name",
        [texts(target_group_ids.iter().copied())],
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
) -> Result<Vec<TargetGroupRow>> {
    // uq_target_groups_name
    conn.all(
        "select target_group_id, account_id, region, name, settings, attributes, created_at
         from target_groups
         where account_id = $1 and region = $2 and name > $3
         order by name
         limit $4",
        [(&registry.account).into(), (&registry.region).into(), after.into(), limit.into()],
        read,
    )
    .await
}

/// All of them, for those that balance.
pub async fn list_all(conn: &mut Conn) -> Result<Vec<TargetGroupRow>> {
    conn.all(
        "select target_group_id, account_id, region, name, settings, attributes, created_at
         from target_groups
         order by created_at, target_group_id",
        [],
        read,
    )
    .await
}

/// Those that rules of a load balancer forward to and whose names come after `after`, at most `limit`.
pub async fn list_used(
    conn: &mut Conn,
    load_balancer_id: &str,
    after: &str,
    limit: usize,
) -> Result<Vec<TargetGroupRow>> {
    // ix_target_group_uses_load_balancer
    conn.all(
        "select target_group_id, account_id, region, name, settings, attributes, created_at
         from target_groups
         where target_group_id in (select target_group_id from target_group_uses where load_balancer_id = $1)
           and name > $2
         order by name
         limit $3",
        [load_balancer_id.into(), after.into(), limit.into()],
        read,
    )
    .await
}

/// How many a registry has.
pub async fn count(conn: &mut Conn, registry: &RegistryId) -> Result<u64> {
    // uq_target_groups_name
    conn::count(
        conn,
        "select count(*) from target_groups where account_id = $1 and region = $2",
        [(&registry.account).into(), (&registry.region).into()],
    )
    .await
}

/// Changes its attributes.
pub async fn update_attributes(conn: &mut Conn, target_group_id: &str, attributes: &str) -> Result<()> {
    conn.execute(
        "update target_groups set attributes = $2 where target_group_id = $1",
        [target_group_id.into(), attributes.into()],
    )
    .await?;
    Ok(())
}

/// Changes its settings.
pub async fn update_settings(conn: &mut Conn, target_group_id: &str, settings: &str) -> Result<()> {
    conn.execute(
        "update target_groups set settings = $2 where target_group_id = $1",
        [target_group_id.into(), settings.into()],
    )
    .await?;
    Ok(())
}

/// Removes one, which nothing refers to.
pub async fn delete(conn: &mut Conn, target_group_id: &str) -> Result<bool> {
    Ok(conn.execute("delete from target_groups where target_group_id = $1", [target_group_id.into()]).await? == 1)
}
