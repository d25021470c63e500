//! Table `replication_backfill_items`: the images of backfills, each with each of its tags.

use types::{Digest, RegistryId, RepoName};

use crate::row::Row;
use crate::{Conn, Result};

/// An image of a backfill, with one of its tags.
#[derive(Debug, Clone)]
pub struct BackfillItemRow {
    /// The repository's name when it was collected.
    pub repository: RepoName,
    /// The image.
    pub digest: Digest,
    /// The tag; empty if it has none.
    pub tag: String,
    /// The repository.
    pub repository_id: String,
    /// WAITING or QUEUED; at the end COMPLETE or FAILED.
    pub status: String,
    /// Why it failed, if it did.
    pub failure_code: Option<String>,
}

fn read(row: &Row) -> Result<BackfillItemRow> {
    Ok(BackfillItemRow {
        repository: row.parsed(0, "repository_name")?,
        digest: row.parsed(1, "digest")?,
        tag: row.text(2)?,
        repository_id: row.text(3)?,
        status: row.text(4)?,
        failure_code: row.optional_text(5)?,
    })
}

/// Adds an image. False if it is there.
pub async fn insert(
    conn: &mut Conn,
    backfill_id: &str,
    repository_id: &str,
    repository: &RepoName,
    digest: &Digest,
    tag: &str,
) -> Result<bool> {
    let rows = conn
        .execute(
            "insert into replication_backfill_items
                 (backfill_id, repository_name, digest, tag, repository_id, status)
             values ($1, $2, $3, $4, $5, 'WAITING')
             on conflict (backfill_id, repository_name, digest, tag) do nothing",
            [backfill_id.into(), repository.into(), digest.into(), tag.into(), repository_id.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Images of a status after the one of that repository, digest and tag, at most `limit`.
pub async fn list(
    conn: &mut Conn,
    backfill_id: &str,
    status: &str,
    after: (&str, &str, &str),
    limit: usize,
) -> Result<Vec<BackfillItemRow>> {
    // ix_replication_backfill_items_status
    conn.all(
        "select repository_name, digest, tag, repository_id, status, failure_code
         from replication_backfill_items
         where backfill_id = $1 and status = $2 and (repository_name, digest, tag) > ($3, $4, $5)
         order by repository_name, digest, tag
         limit $6",
        [backfill_id.into(), status.into(), after.0.into(), after.1.into(), after.2.into(), limit.into()],
        read,
    )
    .await
}

/// Images that were queued, each with how its replication stands if there is one: status and failure. At most `limit`.
pub async fn list_queued(
    conn: &mut Conn,
    backfill_id: &str,
    destination: &RegistryId,
    limit: usize,
) -> Result<Vec<(BackfillItemRow, Option<(String, Option<String>)>)>> {
    // ix_replication_backfill_items_status, pk_replications
    conn.all(
        "select item.repository_name, item.digest, item.tag, item.repository_id, item.status, item.failure_code,
             replication.status, replication.failure_code
         from replication_backfill_items item
         left join replications replication
             on replication.repository_id = item.repository_id and replication.digest = item.digest
             and replication.account_id = $2 and replication.region = $3
         where item.backfill_id = $1 and item.status = 'QUEUED'
         order by item.repository_name, item.digest, item.tag
         limit $4",
        [backfill_id.into(), (&destination.account).into(), (&destination.region).into(), limit.into()],
        |row| {
            let code = row.optional_text(7)?;
            Ok((read(row)?, row.optional_text(6)?.map(|status| (status, code))))
        },
    )
    .await
}

/// Notes how an image stands.
pub async fn update_status(
    conn: &mut Conn,
    backfill_id: &str,
    item: &BackfillItemRow,
    status: &str,
    failure_code: Option<&str>,
) -> Result<()> {
    conn.execute(
        "update replication_backfill_items
         set status = $5, failure_code = $6
         where backfill_id = $1 and repository_name = $2 and digest = $3 and tag = $4",
        [
            backfill_id.into(),
            (&item.repository).into(),
            (&item.digest).into(),
            (&item.tag).into(),
            status.into(),
            failure_code.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Removes images of a backfill, at most `limit`.
pub async fn delete_some(conn: &mut Conn, backfill_id: &str, limit: usize) -> Result<u64> {
    // pk_replication_backfill_items
    conn.execute(
        "delete from replication_backfill_items
         where backfill_id = $1
           and (repository_name, digest, tag) in (
               select repository_name, digest, tag
               from replication_backfill_items
               where backfill_id = $1
               order by repository_name, digest, tag
               limit $2
           )",
        [backfill_id.into(), limit.into()],
    )
    .await
}
