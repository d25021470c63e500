//! Table `repositories`.
//!
//! A repository that is deleted keeps its row until its other rows are gone, under a region and a name that nothing
//! looks for.

use types::{Encryption, RegistryId, RepoName, TagFilter, TagMutability, Timestamp};

use crate::conn::Lock;
use crate::row::Row;
use crate::value::list as text_list;
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
    /// How it is said to be encrypted.
    pub encryption: Encryption,
    /// Whether images are to be scanned when they are pushed.
    pub scan_on_push: bool,
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
    let encryption = Encryption::new(&row.text(6)?, row.optional_text(7)?)
        .map_err(|error| Error::Damaged { column: "encryption_type", reason: error.to_string() })?;
    Ok(RepositoryRow {
        repository_id: row.text(0)?,
        registry: RegistryId { account: row.parsed(1, "account_id")?, region: row.parsed(2, "region")? },
        name: row.parsed(3, "name")?,
        tag_mutability,
        encryption,
        scan_on_push: row.integer(8)? != 0,
        created_at: row.time(9)?,
    })
}

/// The repository of that name.
pub async fn find(conn: &mut Conn, registry: &RegistryId, name: &RepoName) -> Result<Option<RepositoryRow>> {
    // uq_repositories_name
    conn.optional(
        "select repository_id, account_id, region, name, tag_mutability, tag_filters, encryption_type, kms_key,
                scan_on_push, created_at
         from repositories
         where account_id = $1 and region = $2 and name = $3",
        [(&registry.account).into(), (&registry.region).into(), name.into()],
        read,
    )
    .await
}

/// The repository of that id, unless it is deleted.
pub async fn find_by_id(conn: &mut Conn, repository_id: &str) -> Result<Option<RepositoryRow>> {
    // pk_repositories
    conn.optional(
        "select repository_id, account_id, region, name, tag_mutability, tag_filters, encryption_type, kms_key,
                scan_on_push, created_at
         from repositories
         where repository_id = $1 and deleted_at is null",
        [repository_id.into()],
        read,
    )
    .await
}

/// The repository of that name, held so that nobody else changes it, deletes it or adds to it before the transaction
/// ends.
pub async fn lock(conn: &mut Conn, registry: &RegistryId, name: &RepoName) -> Result<Option<RepositoryRow>> {
    // uq_repositories_name
    let found = conn
        .all_locked(
            "select repository_id, account_id, region, name, tag_mutability, tag_filters, encryption_type, kms_key,
                    scan_on_push, created_at
             from repositories
             where account_id = $1 and region = $2 and name = $3",
            Lock::Update,
            [(&registry.account).into(), (&registry.region).into(), name.into()],
            read,
        )
        .await?;
    Ok(found.into_iter().next())
}

/// Holds a repository so that nobody deletes it before the transaction ends. False if it is deleted already.
pub async fn lock_live(conn: &mut Conn, repository_id: &str) -> Result<bool> {
    let found = conn
        .all_locked(
            "select repository_id
             from repositories
             where repository_id = $1 and deleted_at is null",
            Lock::KeyShare,
            [repository_id.into()],
            |_| Ok(()),
        )
        .await?;
    Ok(!found.is_empty())
}

/// Adds a repository. False if the name is taken.
pub async fn insert(conn: &mut Conn, row: &RepositoryRow) -> Result<bool> {
    let rows = conn
        .execute(
            "insert into repositories
                 (repository_id, account_id, region, name, tag_mutability, tag_filters, encryption_type, kms_key,
                  scan_on_push, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             on conflict do nothing",
            [
                (&row.repository_id).into(),
                (&row.registry.account).into(),
                (&row.registry.region).into(),
                (&row.name).into(),
                row.tag_mutability.mode().into(),
                filters(&row.tag_mutability).into(),
                row.encryption.kind().into(),
                row.encryption.key().into(),
                i64::from(row.scan_on_push).into(),
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
             where repository_id = $1 and deleted_at is null",
            [repository_id.into(), to.mode().into(), filters(to).into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Changes whether images are to be scanned when they are pushed. False if the repository is gone.
pub async fn update_scan_on_push(conn: &mut Conn, repository_id: &str, to: bool) -> Result<bool> {
    let rows = conn
        .execute(
            "update repositories
             set scan_on_push = $2
             where repository_id = $1 and deleted_at is null",
            [repository_id.into(), i64::from(to).into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Takes a repository out of its registry: nothing finds it any more, and its name is free.
pub async fn update_deleted(conn: &mut Conn, repository_id: &str, now: Timestamp) -> Result<bool> {
    let rows = conn
        .execute(
            "update repositories
             set region = '', name = repository_id, deleted_at = $2
             where repository_id = $1 and deleted_at is null",
            [repository_id.into(), now.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Repositories that are deleted and whose rows are not all gone yet, oldest first, at most `limit`.
pub async fn list_deleted(conn: &mut Conn, limit: usize) -> Result<Vec<String>> {
    // ix_repositories_deleted
    conn.all(
        "select repository_id
         from repositories
         where deleted_at is not null
         order by deleted_at
         limit $1",
        [limit.into()],
        |row| row.text(0),
    )
    .await
}

/// Removes the row of a repository that is deleted, once nothing refers to it.
pub async fn delete(conn: &mut Conn, repository_id: &str) -> Result<bool> {
    let rows = conn
        .execute(
            "delete from repositories
             where repository_id = $1 and deleted_at is not null",
            [repository_id.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// How many repositories a registry has, counting no further than `limit`.
pub async fn count(conn: &mut Conn, registry: &RegistryId, limit: u64) -> Result<u64> {
    // uq_repositories_name
    let counted = conn
        .optional(
            "select count(*)
             from (
                 select name
                 from repositories
                 where account_id = $1 and region = $2
                 order by name
                 limit $3
             ) counted",
            [(&registry.account).into(), (&registry.region).into(), limit.into()],
            |row| row.size(0),
        )
        .await?;
    Ok(counted.unwrap_or_default())
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

/// Repositories whose names are after `after`, by bytes, at most `limit`.
pub async fn list(conn: &mut Conn, registry: &RegistryId, after: &str, limit: usize) -> Result<Vec<RepositoryRow>> {
    // uq_repositories_name
    conn.all(
        "select repository_id, account_id, region, name, tag_mutability, tag_filters, encryption_type, kms_key,
                scan_on_push, created_at
         from repositories
         where account_id = $1 and region = $2 and name > $3
         order by name
         limit $4",
        [(&registry.account).into(), (&registry.region).into(), after.into(), limit.into()],
        read,
    )
    .await
}

/// Repositories of these names, as far as they exist.
pub async fn list_named(conn: &mut Conn, registry: &RegistryId, names: &[&RepoName]) -> Result<Vec<RepositoryRow>> {
    // uq_repositories_name
    conn.all(
        "select repository_id, account_id, region, name, tag_mutability, tag_filters, encryption_type, kms_key,
                scan_on_push, created_at
         from repositories
         where account_id = $1 and region = $2 and name in (select value from json_each($3))",
        [(&registry.account).into(), (&registry.region).into(), text_list(names.iter().map(|name| name.as_str()))],
        read,
    )
    .await
}

fn filters(mutability: &TagMutability) -> String {
    let filters: Vec<&str> = mutability.filters().iter().map(TagFilter::as_str).collect();
    serde_json::to_string(&filters).expect("a list of strings is always JSON")
}
