//! Table `replications`: images that are replicated to other registries, and how far that is.

use types::{Digest, RegistryId, RepoName, Timestamp};

use crate::row::Row;
use crate::{Conn, Result};

/// An image on its way to a registry.
#[derive(Debug, Clone)]
pub struct ReplicationRow {
    /// The image.
    pub digest: Digest,
    /// Where to.
    pub destination: RegistryId,
    /// IN_PROGRESS, COMPLETE, FAILED or DELETING.
    pub status: String,
    /// Why it failed, if it did.
    pub failure_code: Option<String>,
    /// Counts the pushes that asked for it.
    pub requested: i64,
}

fn read(row: &Row) -> Result<ReplicationRow> {
    Ok(ReplicationRow {
        digest: row.parsed(0, "digest")?,
        destination: RegistryId { account: row.parsed(1, "account_id")?, region: row.parsed(2, "region")? },
        status: row.text(3)?,
        failure_code: row.optional_text(4)?,
        requested: row.integer(5)?,
    })
}

/// Asks for an image to be replicated, or to be deleted where it was replicated to.
pub async fn upsert(
    conn: &mut Conn,
    repository_id: &str,
    digest: &Digest,
    destination: &RegistryId,
    status: &str,
    now: Timestamp,
) -> Result<()> {
    conn.execute(
        "insert into replications (repository_id, digest, account_id, region, status, requested, updated_at)
         values ($1, $2, $3, $4, $5, 1, $6)
         on conflict (repository_id, digest, account_id, region) do update
         set status = excluded.status, failure_code = null, requested = replications.requested + 1,
             updated_at = excluded.updated_at",
        [
            repository_id.into(),
            digest.into(),
            (&destination.account).into(),
            (&destination.region).into(),
            status.into(),
            now.into(),
        ],
    )
    .await?;
    Ok(())
}

/// What is asked for of a repository at a destination, in the order in which it was asked, at most `limit`.
pub async fn list_open(
    conn: &mut Conn,
    repository_id: &str,
    destination: &RegistryId,
    limit: usize,
) -> Result<Vec<ReplicationRow>> {
    // ix_replications_destination
    conn.all(
        "select digest, account_id, region, status, failure_code, requested
         from replications
         where repository_id = $1 and account_id = $2 and region = $3 and status in ('IN_PROGRESS', 'DELETING')
         order by updated_at
         limit $4",
        [repository_id.into(), (&destination.account).into(), (&destination.region).into(), limit.into()],
        read,
    )
    .await
}

/// Destinations at which something is asked for of a repository.
pub async fn list_open_destinations(conn: &mut Conn, repository_id: &str) -> Result<Vec<RegistryId>> {
    // ix_replications_destination
    conn.all(
        "select distinct account_id, region
         from replications
         where repository_id = $1 and status in ('IN_PROGRESS', 'DELETING')",
        [repository_id.into()],
        |row| Ok(RegistryId { account: row.parsed(0, "account_id")?, region: row.parsed(1, "region")? }),
    )
    .await
}

/// Another repository of the registry that has a blob and of which something was replicated to a destination, so that the
/// blob may be there. Some are looked at.
pub async fn find_mount(
    conn: &mut Conn,
    registry: &RegistryId,
    repository_id: &str,
    digest: &Digest,
    destination: &RegistryId,
) -> Result<Option<RepoName>> {
    // ix_repository_blobs_digest, pk_repositories, pk_replications
    conn.optional(
        "select repository.name
         from (select repository_id from repository_blobs where digest = $1 limit 64) link
         join repositories repository on repository.repository_id = link.repository_id
         where link.repository_id <> $2 and repository.account_id = $3 and repository.region = $4
           and exists (
               select 1
               from replications replication
               where replication.repository_id = link.repository_id and replication.account_id = $5
                 and replication.region = $6 and replication.status = 'COMPLETE'
           )
         limit 1",
        [
            digest.into(),
            repository_id.into(),
            (&registry.account).into(),
            (&registry.region).into(),
            (&destination.account).into(),
            (&destination.region).into(),
        ],
        |row| row.parsed(0, "name"),
    )
    .await
}

/// Where an image is replicated to.
pub async fn list_of_image(conn: &mut Conn, repository_id: &str, digest: &Digest) -> Result<Vec<ReplicationRow>> {
    // pk_replications
    conn.all(
        "select digest, account_id, region, status, failure_code, requested
         from replications
         where repository_id = $1 and digest = $2 and status <> 'DELETING'
         order by account_id, region",
        [repository_id.into(), digest.into()],
        read,
    )
    .await
}

/// Notes how a replication ended, unless it was asked for again meanwhile.
pub async fn update_ended(
    conn: &mut Conn,
    repository_id: &str,
    row: &ReplicationRow,
    status: &str,
    failure_code: Option<&str>,
    now: Timestamp,
) -> Result<bool> {
    let rows = conn
        .execute(
            "update replications
             set status = $6, failure_code = $7, updated_at = $8
             where repository_id = $1 and digest = $2 and account_id = $3 and region = $4 and requested = $5",
            [
                repository_id.into(),
                (&row.digest).into(),
                (&row.destination.account).into(),
                (&row.destination.region).into(),
                row.requested.into(),
                status.into(),
                failure_code.into(),
                now.into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Puts a replication behind the others that are open, unless it was asked for again meanwhile.
pub async fn update_postponed(
    conn: &mut Conn,
    repository_id: &str,
    row: &ReplicationRow,
    now: Timestamp,
) -> Result<bool> {
    let rows = conn
        .execute(
            "update replications
             set updated_at = $6
             where repository_id = $1 and digest = $2 and account_id = $3 and region = $4 and requested = $5",
            [
                repository_id.into(),
                (&row.digest).into(),
                (&row.destination.account).into(),
                (&row.destination.region).into(),
                row.requested.into(),
                now.into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Forgets a replication, unless it was asked for again meanwhile.
pub async fn delete(conn: &mut Conn, repository_id: &str, row: &ReplicationRow) -> Result<u64> {
    conn.execute(
        "delete from replications
         where repository_id = $1 and digest = $2 and account_id = $3 and region = $4 and requested = $5",
        [
            repository_id.into(),
            (&row.digest).into(),
            (&row.destination.account).into(),
            (&row.destination.region).into(),
            row.requested.into(),
        ],
    )
    .await
}

/// Forgets where an image was replicated to, but for what is to be deleted there.
pub async fn delete_of_image(conn: &mut Conn, repository_id: &str, digest: &Digest) -> Result<u64> {
    // pk_replications
    conn.execute(
        "delete from replications
         where repository_id = $1 and digest = $2 and status <> 'DELETING'",
        [repository_id.into(), digest.into()],
    )
    .await
}

/// Forgets replications of a repository, at most `limit`.
pub async fn delete_some(conn: &mut Conn, repository_id: &str, limit: usize) -> Result<u64> {
    // pk_replications
    conn.execute(
        "delete from replications
         where repository_id = $1
           and digest in (
               select digest from replications where repository_id = $1 order by digest limit $2
           )",
        [repository_id.into(), limit.into()],
    )
    .await
}
