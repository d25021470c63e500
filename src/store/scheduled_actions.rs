//! Table `scheduled_actions`: when the limits of services change.

use types::{AccountId, Region, RegistryId, Timestamp};

use crate::row::Row;
use crate::{Conn, Result, value};

/// A scheduled action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduledActionRow {
    /// Whose it is, and where.
    pub registry: RegistryId,
    /// What is scaled.
    pub resource_id: String,
    /// Unique there.
    pub name: String,
    /// Everything else, as JSON.
    pub document: String,
    /// When it is due; none: never again.
    pub next_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

fn read(row: &Row) -> Result<ScheduledActionRow> {
    Ok(ScheduledActionRow {
        registry: RegistryId {
            account: row.parsed::<AccountId>(0, "account_id")?,
            region: row.parsed::<Region>(1, "region")?,
        },
        resource_id: row.text(2)?,
        name: row.text(3)?,
        document: row.text(4)?,
        next_at: row.optional_time(5)?,
        created_at: row.time(6)?,
    })
}

/// Adds one, or replaces what the one of that name says.
pub async fn upsert(conn: &mut Conn, row: &ScheduledActionRow) -> Result<()> {
    // pk_scheduled_actions
    conn.execute(
        "insert into scheduled_actions (account_id, region, resource_id, name, document, next_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (account_id, region, resource_id, name) do update
         set document = excluded.document, next_at = excluded.next_at",
        [
            (&row.registry.account).into(),
            (&row.registry.region).into(),
            (&row.resource_id).into(),
            (&row.name).into(),
            (&row.document).into(),
            row.next_at.into(),
            row.created_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Those behind a resource and a name, by both, at most `limit`.
pub async fn list(
    conn: &mut Conn,
    registry: &RegistryId,
    (resource_id, name): (&str, &str),
    limit: usize,
) -> Result<Vec<ScheduledActionRow>> {
    // pk_scheduled_actions
    conn.all(
        "select account_id, region, resource_id, name, document, next_at, created_at
         from scheduled_actions
         where account_id = $1 and region = $2 and (resource_id, name) > ($3, $4)
         order by resource_id, name
         limit $5",
        [(&registry.account).into(), (&registry.region).into(), resource_id.into(), name.into(), limit.into()],
        read,
    )
    .await
}

/// Those of some names, of whatever resource, after one, at most `limit`.
pub async fn list_named(
    conn: &mut Conn,
    registry: &RegistryId,
    names: &[String],
    (resource_id, name): (&str, &str),
    limit: usize,
) -> Result<Vec<ScheduledActionRow>> {
    // pk_scheduled_actions: it walks the names of the registry's scheduled actions, which are as many as services, not as tasks.
    conn.all(
        "select account_id, region, resource_id, name, document, next_at, created_at
         from scheduled_actions
         where account_id = $1 and region = $2 and (resource_id, name) > ($3, $4)
           and name in (select value from json_each($5))
         order by resource_id, name
         limit $6",
        [
            (&registry.account).into(),
            (&registry.region).into(),
            resource_id.into(),
            name.into(),
            value::list(names.iter().map(String::as_str)),
            limit.into(),
        ],
        read,
    )
    .await
}

/// All of one resource, by name. Their number is limited.
pub async fn list_of(conn: &mut Conn, registry: &RegistryId, resource_id: &str) -> Result<Vec<ScheduledActionRow>> {
    // pk_scheduled_actions
    conn.all(
        "select account_id, region, resource_id, name, document, next_at, created_at
         from scheduled_actions
         where account_id = $1 and region = $2 and resource_id = $3
         order by name",
        [(&registry.account).into(), (&registry.region).into(), resource_id.into()],
        read,
    )
    .await
}

/// Deletes one.
pub async fn delete(conn: &mut Conn, registry: &RegistryId, resource_id: &str, name: &str) -> Result<bool> {
    // pk_scheduled_actions
    let rows = conn
        .execute(
            "delete from scheduled_actions
             where account_id = $1 and region = $2 and resource_id = $3 and name = $4",
            [(&registry.account).into(), (&registry.region).into(), resource_id.into(), name.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Deletes all of one resource.
pub async fn delete_of(conn: &mut Conn, registry: &RegistryId, resource_id: &str) -> Result<()> {
    // pk_scheduled_actions
    conn.execute(
        "delete from scheduled_actions
         where account_id = $1 and region = $2 and resource_id = $3",
        [(&registry.account).into(), (&registry.region).into(), resource_id.into()],
    )
    .await?;
    Ok(())
}

/// Those of all accounts that are due, at most `limit`.
pub async fn list_due(conn: &mut Conn, now: Timestamp, limit: usize) -> Result<Vec<ScheduledActionRow>> {
    // ix_scheduled_actions_next
    conn.all(
        "select account_id, region, resource_id, name, document, next_at, created_at
         from scheduled_actions
         where next_at is not null and next_at <= $1
         order by next_at
         limit $2",
        [now.into(), limit.into()],
        read,
    )
    .await
}
