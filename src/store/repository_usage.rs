//! Table `repository_usage`: how much each repository held when it was measured last.

use types::{RegistryId, RepoName, Timestamp};

use crate::usage::Held;
use crate::value::list as text_list;
use crate::{Conn, Result};

/// What a repository held.
#[derive(Debug, Clone)]
pub struct RepositoryUsageRow {
    /// Which repository.
    pub repository_id: String,
    /// How much.
    pub held: Held,
    /// When it was measured.
    pub measured_at: Timestamp,
}

/// Notes what repositories hold; of those that are gone meanwhile, nothing.
pub async fn upsert(conn: &mut Conn, rows: &[RepositoryUsageRow]) -> Result<()> {
    for row in rows {
        conn.execute(
            "insert into repository_usage
                 (repository_id, images, logical_bytes, deduplicated_bytes, own_bytes, measured_at)
             select repository_id, cast($2 as bigint), cast($3 as bigint), cast($4 as bigint), cast($5 as bigint),
                 cast($6 as bigint)
             from repositories
             where repository_id = $1 and deleted_at is null
             on conflict (repository_id) do update
             set images = excluded.images, logical_bytes = excluded.logical_bytes,
                 deduplicated_bytes = excluded.deduplicated_bytes, own_bytes = excluded.own_bytes,
                 measured_at = excluded.measured_at",
            [
                (&row.repository_id).into(),
                row.held.images.into(),
                row.held.logical.into(),
                row.held.deduplicated.into(),
                row.held.own.into(),
                row.measured_at.into(),
            ],
        )
        .await?;
    }
    Ok(())
}

/// Repositories of a registry by name after `after`, at most `limit`, each with what it held, if it was measured.
pub async fn list(
    conn: &mut Conn,
    registry: &RegistryId,
    after: &str,
    limit: usize,
) -> Result<Vec<(RepoName, Option<(Held, Timestamp)>)>> {
    // uq_repositories_name, pk_repository_usage
    conn.all(
        "select repository.name, usage.images, usage.logical_bytes, usage.deduplicated_bytes, usage.own_bytes,
             usage.measured_at
         from repositories repository
         left join repository_usage usage on usage.repository_id = repository.repository_id
         where repository.account_id = $1 and repository.region = $2 and repository.name > $3
         order by repository.name
         limit $4",
        [(&registry.account).into(), (&registry.region).into(), after.into(), limit.into()],
        |row| {
            let held = match row.optional_time(5)? {
                Some(measured_at) => Some((Held::read(row, 1)?, measured_at)),
                None => None,
            };
            Ok((row.parsed(0, "name")?, held))
        },
    )
    .await
}

/// Forgets what repositories held that are gone, among those after `after`; looks at `limit` at most, and gives the last of
/// them.
pub async fn delete_gone(conn: &mut Conn, after: &str, limit: usize) -> Result<Option<String>> {
    // pk_repository_usage
    let page = conn
        .all(
            "select repository_id
             from repository_usage
             where repository_id > $1
             order by repository_id
             limit $2",
            [after.into(), limit.into()],
            |row| row.text(0),
        )
        .await?;
    // pk_repositories
    conn.execute(
        "delete from repository_usage
         where repository_id in (select value from json_each($1))
           and not exists (
               select 1
               from repositories repository
               where repository.repository_id = repository_usage.repository_id and repository.deleted_at is null
           )",
        [text_list(page.iter().map(String::as_str))],
    )
    .await?;
    Ok(page.into_iter().last())
}
