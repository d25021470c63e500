//! Table `log_groups`: groups of log streams. What is deleted stays out of sight until its rows are gone.

use types::{RegistryId, Timestamp};

use crate::conn::Lock;
use crate::row::Row;
use crate::{Conn, Result};

/// A group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogGroupRow {
    /// Names it for good.
    pub log_group_id: String,
    /// Whose it is, and where.
    pub registry: RegistryId,
    /// As its clients name it.
    pub name: String,
    /// For how many days events are kept; none: for ever.
    pub retention_days: Option<u64>,
    /// A JSON object.
    pub tags: String,
    /// Bytes of events, as far as background work has counted them.
    pub stored_bytes: u64,
    /// When it was made.
    pub created_at: Timestamp,
}

fn read(row: &Row) -> Result<LogGroupRow> {
    Ok(LogGroupRow {
        log_group_id: row.text(0)?,
        registry: RegistryId { account: row.parsed(1, "account_id")?, region: row.parsed(2, "region")? },
        name: row.text(3)?,
        retention_days: row.optional_size(4)?,
        tags: row.text(5)?,
        stored_bytes: row.size(6)?,
        created_at: row.time(7)?,
    })
}

/// Adds a group. False if there is one with this name.
pub async fn insert(conn: &mut Conn, row: &LogGroupRow) -> Result<bool> {
    let rows = conn
        .execute(
            "insert into log_groups (log_group_id, account_id, region, name, retention_days, tags, stored_bytes, created_at)
             values ($1, $2, $3, $4, null, $5, 0, $6)
             on conflict do nothing",
            [
                (&row.log_group_id).into(),
                (&row.registry.account).into(),
                (&row.registry.region).into(),
                (&row.name).into(),
                (&row.tags).into(),
                row.created_at.into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// A group by its name.
pub async fn find(conn: &mut Conn, registry: &RegistryId, name: &str) -> Result<Option<LogGroupRow>> {
    // uq_log_groups_name
    conn.optional(
        "select log_group_id, account_id, region, name, retention_days, tags, stored_bytes, created_at
         from log_groups
         where account_id = $1 and region = $2 and name = $3 and deleted_at is null",
        [(&registry.account).into(), (&registry.region).into(), name.into()],
        read,
    )
    .await
}

/// A group by its name, held until the transaction ends.
pub async fn lock(conn: &mut Conn, registry: &RegistryId, name: &str) -> Result<Option<LogGroupRow>> {
    // uq_log_groups_name
    let found = conn
        .all_locked(
            "select log_group_id, account_id, region, name, retention_days, tags, stored_bytes, created_at
             from log_groups
             where account_id = $1 and region = $2 and name = $3 and deleted_at is null",
            Lock::NoKeyUpdate,
            [(&registry.account).into(), (&registry.region).into(), name.into()],
            read,
        )
        .await?;
    Ok(found.into_iter().next())
}

/// Groups after `after` whose names are at least `from` and less than `to`, by name, at most `limit`.
pub async fn list(
    conn: &mut Conn,
    registry: &RegistryId,
    after: &str,
    (from, to): (&str, &str),
    limit: usize,
) -> Result<Vec<LogGroupRow>> {
    // uq_log_groups_name
    conn.all(
        "select log_group_id, account_id, region, name, retention_days, tags, stored_bytes, created_at
         from log_groups
         where account_id = $1 and region = $2 and name > $3 and name >= $4 and name < $5 and deleted_at is null
         order by name
         limit $6",
        [(&registry.account).into(), (&registry.region).into(), after.into(), from.into(), to.into(), limit.into()],
        read,
    )
    .await
}

/// Sets for how many days events are kept. False if there is no such group.
pub async fn update_retention(conn: &mut Conn, registry: &RegistryId, name: &str, days: Option<u16>) -> Result<bool> {
    // uq_log_groups_name
    let rows = conn
        .execute(
            "update log_groups
             set retention_days = $4
             where account_id = $1 and region = $2 and name = $3 and deleted_at is null",
            [(&registry.account).into(), (&registry.region).into(), name.into(), days.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Replaces the tags of a group.
pub async fn update_tags(conn: &mut Conn, log_group_id: &str, tags: &str) -> Result<()> {
    conn.execute("update log_groups set tags = $2 where log_group_id = $1", [log_group_id.into(), tags.into()]).await?;
    Ok(())
}

/// Counts bytes that have come or, if it is negative, gone.
pub async fn update_stored(conn: &mut Conn, log_group_id: &str, change: i64) -> Result<()> {
    conn.execute(
        "update log_groups
         set stored_bytes = case when stored_bytes + $2 < 0 then 0 else stored_bytes + $2 end
         where log_group_id = $1",
        [log_group_id.into(), change.into()],
    )
    .await?;
    Ok(())
}

/// Takes a group out of sight. False if there is no such group.
pub async fn update_deleted(conn: &mut Conn, registry: &RegistryId, name: &str, now: Timestamp) -> Result<bool> {
    // uq_log_groups_name
    let rows = conn
        .execute(
            "update log_groups
             set deleted_at = $4
             where account_id = $1 and region = $2 and name = $3 and deleted_at is null",
            [(&registry.account).into(), (&registry.region).into(), name.into(), now.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Ids of groups that are out of sight, at most `limit`.
pub async fn list_deleted(conn: &mut Conn, limit: usize) -> Result<Vec<String>> {
    // ix_log_groups_deleted
    conn.all(
        "select log_group_id
         from log_groups
         where deleted_at is not null
         order by deleted_at
         limit $1",
        [limit.into()],
        |row| row.text(0),
    )
    .await
}

/// Groups after `after` whose events are not kept for ever, with for how many days they are, by id, at most `limit`.
pub async fn list_with_retention(conn: &mut Conn, after: &str, limit: usize) -> Result<Vec<(String, u64)>> {
    // ix_log_groups_retention
    conn.all(
        "select log_group_id, retention_days
         from log_groups
         where retention_days is not null and log_group_id > $1
         order by log_group_id
         limit $2",
        [after.into(), limit.into()],
        |row| Ok((row.text(0)?, row.size(1)?)),
    )
    .await
}

/// Deletes a group that has no streams any more.
pub async fn delete(conn: &mut Conn, log_group_id: &str) -> Result<bool> {
    Ok(conn.execute("delete from log_groups where log_group_id = $1", [log_group_id.into()]).await? == 1)
}
