//! Tables `task_definitions` and `task_definition_families`. A family counts the revisions that it gave and keeps how many
//! have which status, so that families are listed without looking at revisions.

use types::{RegistryId, Timestamp};

use crate::row::Row;
use crate::{Conn, Result};

/// A revision of a family.
#[derive(Debug, Clone)]
pub struct TaskDefinitionRow {
    /// The account and the region.
    pub registry: RegistryId,
    /// The name.
    pub family: String,
    /// Its number, from 1.
    pub revision: u64,
    /// `ACTIVE`, `INACTIVE` or `DELETE_IN_PROGRESS`.
    pub status: String,
    /// The definition, as JSON.
    pub document: String,
    /// The ARN of who registered it.
    pub registered_by: String,
    /// When that was.
    pub registered_at: Timestamp,
    /// When it became inactive.
    pub deregistered_at: Option<Timestamp>,
    /// When its deletion was asked for.
    pub delete_requested_at: Option<Timestamp>,
}

fn read(row: &Row) -> Result<TaskDefinitionRow> {
    Ok(TaskDefinitionRow {
        registry: RegistryId { account: row.parsed(0, "account_id")?, region: row.parsed(1, "region")? },
        family: row.text(2)?,
        revision: row.size(3)?,
        status: row.text(4)?,
        document: row.text(5)?,
        registered_by: row.text(6)?,
        registered_at: row.time(7)?,
        deregistered_at: row.optional_time(8)?,
        delete_requested_at: row.optional_time(9)?,
    })
}

/// Adds an active revision to a family, which is made if there is none, and tells its number. That of `definition` does
/// not matter.
pub async fn insert(conn: &mut Conn, definition: &TaskDefinitionRow) -> Result<u64> {
    let revision = conn
        .optional(
            "insert into task_definition_families (account_id, region, family, last_revision, active, inactive)
             values ($1, $2, $3, 1, 1, 0)
             on conflict (account_id, region, family) do update
             set last_revision = task_definition_families.last_revision + 1, active = task_definition_families.active + 1
             returning last_revision",
            [
                (&definition.registry.account).into(),
                (&definition.registry.region).into(),
                (&definition.family).into(),
            ],
            |row| row.size(0),
        )
        .await?
        .unwrap_or(1);
    conn.execute(
        "insert into task_definitions (account_id, region, family, revision, status, document, registered_by,
                                       registered_at)
         values ($1, $2, $3, $4, 'ACTIVE', $5, $6, $7)",
        [
            (&definition.registry.account).into(),
            (&definition.registry.region).into(),
            (&definition.family).into(),
            revision.into(),
            (&definition.document).into(),
            (&definition.registered_by).into(),
            definition.registered_at.into(),
        ],
    )
    .await?;
    Ok(revision)
}

/// A revision, whatever its status.
pub async fn find(
    conn: &mut Conn,
    registry: &RegistryId,
    family: &str,
    revision: u64,
) -> Result<Option<TaskDefinitionRow>> {
    // pk_task_definitions
    conn.optional(
        "select account_id, region, family, revision, status, document, registered_by, registered_at, deregistered_at,
                delete_requested_at
         from task_definitions
         where account_id = $1 and region = $2 and family = $3 and revision = $4",
        [(&registry.account).into(), (&registry.region).into(), family.into(), revision.into()],
        read,
    )
    .await
}

/// The newest active revision of a family.
pub async fn find_newest(conn: &mut Conn, registry: &RegistryId, family: &str) -> Result<Option<TaskDefinitionRow>> {
    // ix_task_definitions_status
    conn.optional(
        "select account_id, region, family, revision, status, document, registered_by, registered_at, deregistered_at,
                delete_requested_at
         from task_definitions
         where account_id = $1 and region = $2 and family = $3 and status = 'ACTIVE'
         order by revision desc
         limit 1",
        [(&registry.account).into(), (&registry.region).into(), family.into()],
        read,
    )
    .await
}

/// Which revisions are listed, and in which order.
#[derive(Debug, Clone, Copy)]
pub struct Filter<'f> {
    /// `ACTIVE`, `INACTIVE` or `DELETE_IN_PROGRESS`.
    pub status: &'f str,
    /// Those of a family alone.
    pub family: Option<&'f str>,
    /// From the last name and the highest number downward.
    pub descending: bool,
}

/// Family and number of revisions, sorted by both, at most `limit`. They come after `after` in their order.
pub async fn list(
    conn: &mut Conn,
    registry: &RegistryId,
    filter: Filter<'_>,
    after: Option<(&str, u64)>,
    limit: usize,
) -> Result<Vec<(String, u64)>> {
    // Without a beginning: before, or behind, everything that a name can be.
    let outermost = if filter.descending { ("~", i64::MAX as u64) } else { ("", 0) };
    let (after_family, after_revision) = after.unwrap_or(outermost);
    // ix_task_definitions_status, all of them
    let sql = match (filter.family.is_some(), filter.descending) {
        (false, false) => {
            "select family, revision
             from task_definitions
             where account_id = $1 and region = $2 and status = $3 and (family, revision) > ($4, $5)
             order by family, revision
             limit $6"
        }
        (false, true) => {
            "select family, revision
             from task_definitions
             where account_id = $1 and region = $2 and status = $3 and (family, revision) < ($4, $5)
             order by family desc, revision desc
             limit $6"
        }
        (true, false) => {
            "select family, revision
             from task_definitions
             where account_id = $1 and region = $2 and status = $3 and family = $4 and revision > $5
             order by revision
             limit $6"
        }
        (true, true) => {
            "select family, revision
             from task_definitions
             where account_id = $1 and region = $2 and status = $3 and family = $4 and revision < $5
             order by revision desc
             limit $6"
        }
    };
    conn.all(
        sql,
        [
            (&registry.account).into(),
            (&registry.region).into(),
            filter.status.into(),
            filter.family.unwrap_or(after_family).into(),
            after_revision.into(),
            limit.into(),
        ],
        |row| Ok((row.text(0)?, row.size(1)?)),
    )
    .await
}

/// Which families are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Families {
    /// Those that have an active revision.
    Active,
    /// Those that have inactive revisions only.
    Inactive,
    /// Both.
    All,
}

/// Families whose names begin with `prefix` and come after `after`, by bytes, at most `limit`.
pub async fn list_families(
    conn: &mut Conn,
    registry: &RegistryId,
    which: Families,
    prefix: &str,
    after: &str,
    limit: usize,
) -> Result<Vec<String>> {
    // One bound, so that a page is found at once. The hyphen is the least character that a name can have.
    let begun = !after.is_empty() && after >= prefix;
    let first = if begun { format!("{after}-") } else { prefix.to_owned() };
    let sql = match which {
        // ix_task_definition_families_active
        Families::Active => {
            "select family
             from task_definition_families
             where account_id = $1 and region = $2 and family >= $3 and family < $4 and active > 0
             order by family
             limit $5"
        }
        // ix_task_definition_families_inactive
        Families::Inactive => {
            "select family
             from task_definition_families
             where account_id = $1 and region = $2 and family >= $3 and family < $4
               and active = 0 and inactive > 0
             order by family
             limit $5"
        }
        // pk_task_definition_families
        Families::All => {
            "select family
             from task_definition_families
             where account_id = $1 and region = $2 and family >= $3 and family < $4
               and active + inactive > 0
             order by family
             limit $5"
        }
    };
    conn.all(
        sql,
        [
            (&registry.account).into(),
            (&registry.region).into(),
            first.into(),
            // Behind every name with the prefix: no name has this character.
            format!("{prefix}~").into(),
            limit.into(),
        ],
        |row| row.text(0),
    )
    .await
}

/// Makes an active revision inactive. False if it is not active.
pub async fn update_inactive(
    conn: &mut Conn,
    registry: &RegistryId,
    family: &str,
    revision: u64,
    now: Timestamp,
) -> Result<bool> {
    let rows = conn
        .execute(
            "update task_definitions
             set status = 'INACTIVE', deregistered_at = $5
             where account_id = $1 and region = $2 and family = $3 and revision = $4 and status = 'ACTIVE'",
            [(&registry.account).into(), (&registry.region).into(), family.into(), revision.into(), now.into()],
        )
        .await?;
    if rows == 1 {
        update_counts(conn, registry, family, -1, 1).await?;
    }
    Ok(rows == 1)
}

/// Puts an inactive revision down for deletion. False if it is not inactive.
pub async fn update_deleting(
    conn: &mut Conn,
    registry: &RegistryId,
    family: &str,
    revision: u64,
    now: Timestamp,
) -> Result<bool> {
    let rows = conn
        .execute(
            "update task_definitions
             set status = 'DELETE_IN_PROGRESS', delete_requested_at = $5
             where account_id = $1 and region = $2 and family = $3 and revision = $4 and status = 'INACTIVE'",
            [(&registry.account).into(), (&registry.region).into(), family.into(), revision.into(), now.into()],
        )
        .await?;
    if rows == 1 {
        update_counts(conn, registry, family, 0, -1).await?;
    }
    Ok(rows == 1)
}

/// Revisions that are put down for deletion since before a time, after one, at most `limit`.
pub async fn list_deleting(
    conn: &mut Conn,
    before: Timestamp,
    after: Option<&TaskDefinitionRow>,
    limit: usize,
) -> Result<Vec<TaskDefinitionRow>> {
    let registry = after.map(|after| &after.registry);
    // ix_task_definitions_deleting
    conn.all(
        "select account_id, region, family, revision, status, document, registered_by, registered_at, deregistered_at,
                delete_requested_at
         from task_definitions
         where status = 'DELETE_IN_PROGRESS'
           and delete_requested_at < $1
           and (account_id, region, family, revision) > ($2, $3, $4, $5)
         order by account_id, region, family, revision
         limit $6",
        [
            before.into(),
            registry.map(|registry| registry.account.as_str()).unwrap_or_default().into(),
            registry.map(|registry| registry.region.as_str()).unwrap_or_default().into(),
            after.map(|after| after.family.as_str()).unwrap_or_default().into(),
            after.map(|after| after.revision).unwrap_or_default().into(),
            limit.into(),
        ],
        read,
    )
    .await
}

/// Deletes a revision that was put down for it.
pub async fn delete(conn: &mut Conn, registry: &RegistryId, family: &str, revision: u64) -> Result<bool> {
    // pk_task_definitions
    let rows = conn
        .execute(
            "delete from task_definitions
             where account_id = $1 and region = $2 and family = $3 and revision = $4
               and status = 'DELETE_IN_PROGRESS'",
            [(&registry.account).into(), (&registry.region).into(), family.into(), revision.into()],
        )
        .await?;
    Ok(rows == 1)
}

async fn update_counts(conn: &mut Conn, registry: &RegistryId, family: &str, active: i64, inactive: i64) -> Result<()> {
    conn.execute(
        "update task_definition_families
         set active = active + $4, inactive = inactive + $5
         where account_id = $1 and region = $2 and family = $3",
        [(&registry.account).into(), (&registry.region).into(), family.into(), active.into(), inactive.into()],
    )
    .await?;
    Ok(())
}
