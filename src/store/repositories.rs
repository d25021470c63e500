//! Table `repositories`.

use types::{RegistryId, RepoName, TagFilter, TagMutability, Timestamp};

use crate::row::Row;
use crate::{Conn, Error, Result};

/// A repository.
#[derive(Debug, Clone)]
pub struct RepositoryRow {
    /// Opaque and stable; what other tables refer to.
    pub repository_id: String,
    /// Whose, and where.
    pub registry: RegistryId,
    /// Unique in the registry.
    pub name: RepoName,
    /// Whether its tags may move.
    pub tag_mutability: TagMutability,
    /// When it was made.
    pub created_at: Timestamp,
}

fn read(row: &Row) -> Result<RepositoryRow> {
    let damaged = |reason: String| Error::Damaged { column: "tag_filters", reason };
    let filters: Vec<String> = serde_json::from_str(&row.text(5)?).map_err(|error| damaged(error.to_string()))?;
    let filters: std::result::Result<Vec<TagFilter>, _> = filters.iter().map(|filter| filter.parse()).collect();
    let tag_mutability = filters
        .and_then(|filters| TagMutability::new(&row.text(4).unwrap_or_default(), filters))
        .map_err(|error| damaged(error.to_string()))?;
    Ok(RepositoryRow {
        repository_id: row.text(0)?,
        registry: RegistryId { account: row.parsed(1, "account_id")?, region: row.parsed(2, "region")? },
        name: row.parsed(3, "name")?,
        tag_mutability,
        created_at: row.time(6)?,
    })
}

/// The repository of that name.
pub async fn find(conn: &mut Conn, registry: &RegistryId, name: &RepoName) -> Result<Option<RepositoryRow>> {
    // uq_repositories_name
    conn.optional(
        "select repository_id, account_id, region, name, tag_mutability, tag_filters, created_at
         from repositories
         where account_id = $1 and region = $2 and name = $3",
        [(&registry.account).into(), (&registry.region).into(), name.into()],
        read,
    )
    .await
}

/// Adds a repository. False if the name is taken.
pub async fn insert(conn: &mut Conn, row: &RepositoryRow) -> Result<bool> {
    let rows = conn
        .execute(
            "insert into repositories
                 (repository_id, account_id, region, name, tag_mutability, tag_filters, created_at)
             values ($1, $2, $3, $4, $5, $6, $7)
             on conflict do nothing",
            [
                (&row.repository_id).into(),
                (&row.registry.account).into(),
                (&row.registry.region).into(),
                (&row.name).into(),
                row.tag_mutability.mode().into(),
                filters(&row.tag_mutability).into(),
                row.created_at.into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Changes whether tags may move. False if the repository is gone.
pub async fn update_tag_mutability(conn: &mut Conn, repository_id: &str, to: &TagMutability) -> Result<bool> {
    let rows = conn
        .execute(
            "update repositories
             set tag_mutability = $2, tag_filters = $3
             where repository_id = $1",
            [repository_id.into(), to.mode().into(), filters(to).into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Names after `after`, by bytes, at most `limit`.
pub async fn list_names(conn: &mut Conn, registry: &RegistryId, after: &str, limit: usize) -> Result<Vec<RepoName>> {
    // uq_repositories_name
    conn.all(
        "select name
         from repositories
         where account_id = $1 and region = $2 and name > $3
         order by name
         limit $4",
        [(&registry.account).into(), (&registry.region).into(), after.into(), limit.into()],
        |row| row.parsed(0, "name"),
    )
    .await
}

fn filters(mutability: &TagMutability) -> String {
    let filters: Vec<&str> = mutability.filters().iter().map(TagFilter::as_str).collect();
    serde_json::to_string(&filters).expect("a list of strings is always JSON")
}
