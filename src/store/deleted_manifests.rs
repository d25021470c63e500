//! Tables `deleted_manifests` and `deleted_references`: manifests that were deleted and can be restored for a while, and
//! the blobs that are kept for them.

use types::{Digest, MediaType, Timestamp};

use crate::conn::Lock;
use crate::manifest_storage::{self, Storage};
use crate::value::list as text_list;
use crate::{Conn, Result};

/// A manifest that was deleted.
#[derive(Debug, Clone)]
pub struct DeletedManifestRow {
    /// As its pusher named it.
    pub digest: Digest,
    /// As its pusher sent it.
    pub media_type: MediaType,
    /// Exactly as received.
    pub bytes: Vec<u8>,
    /// When it was pushed.
    pub pushed_at: Timestamp,
    /// When it was deleted.
    pub deleted_at: Timestamp,
    /// Where it was.
    pub storage: Storage,
}

/// Keeps a manifest that is about to be deleted, and the blobs to which it refers.
pub async fn insert(conn: &mut Conn, repository_id: &str, digest: &Digest, now: Timestamp) -> Result<()> {
    conn.execute(
        "insert into deleted_manifests
             (repository_id, digest, media_type, bytes, pushed_at, deleted_at, storage_class, archived_at, activated_at)
         select repository_id, digest, media_type, bytes, pushed_at, cast($3 as bigint),
             storage_class, archived_at, activated_at
         from manifests
         where repository_id = $1 and digest = $2
         on conflict (repository_id, digest) do update
         set pushed_at = excluded.pushed_at, deleted_at = excluded.deleted_at, storage_class = excluded.storage_class,
             archived_at = excluded.archived_at, activated_at = excluded.activated_at",
        [repository_id.into(), digest.into(), now.into()],
    )
    .await?;
    // pk_edges. A blob may be there twice, as a config and as a layer. Asked for `distinct` rows, SQLite reads all of the repository in
    // the order of another index.
    conn.execute(
        "insert into deleted_references (repository_id, child_digest, parent_digest)
         select repository_id, child_digest, parent_digest
         from edges
         where repository_id = $1 and parent_digest = $2 and kind in ('config', 'layer')
         on conflict do nothing",
        [repository_id.into(), digest.into()],
    )
    .await?;
    Ok(())
}

/// A manifest of a repository that was deleted since `since`.
pub async fn find(
    conn: &mut Conn,
    repository_id: &str,
    digest: &Digest,
    since: Timestamp,
) -> Result<Option<DeletedManifestRow>> {
    // pk_deleted_manifests
    conn.optional(
        "select digest, media_type, bytes, pushed_at, deleted_at, storage_class, archived_at, activated_at
         from deleted_manifests
         where repository_id = $1 and digest = $2 and deleted_at >= $3",
        [repository_id.into(), digest.into(), since.into()],
        |row| {
            Ok(DeletedManifestRow {
                digest: row.parsed(0, "digest")?,
                media_type: row.parsed(1, "media_type")?,
                bytes: row.bytes(2)?,
                pushed_at: row.time(3)?,
                deleted_at: row.time(4)?,
                storage: manifest_storage::read(row, 5)?,
            })
        },
    )
    .await
}

/// Manifests of a repository that were deleted since `since`, by digest after `after`, at most `limit`; each with when.
pub async fn list(
    conn: &mut Conn,
    repository_id: &str,
    since: Timestamp,
    after: &str,
    limit: usize,
) -> Result<Vec<(Digest, Timestamp)>> {
    // pk_deleted_manifests
    conn.all(
        "select digest, deleted_at
         from deleted_manifests
         where repository_id = $1 and digest > $3 and deleted_at >= $2
         order by digest
         limit $4",
        [repository_id.into(), since.into(), after.into(), limit.into()],
        |row| Ok((row.parsed(0, "digest")?, row.time(1)?)),
    )
    .await
}

/// Manifests that were deleted before `before`, at most `limit`, held so that nobody deletes one of them once more or
/// restores it meanwhile. Those that somebody else holds are left for another time.
pub async fn lock_before(conn: &mut Conn, before: Timestamp, limit: usize) -> Result<Vec<(String, Digest)>> {
    // ix_deleted_manifests_deleted_at
    conn.all_locked(
        "select repository_id, digest
         from deleted_manifests
         where deleted_at < $1
         order by deleted_at
         limit $2",
        Lock::UpdateUnlessLocked,
        [before.into(), limit.into()],
        |row| Ok((row.text(0)?, row.parsed(1, "digest")?)),
    )
    .await
}

/// The blobs that are kept for deleted manifests of a repository.
pub async fn list_references(conn: &mut Conn, repository_id: &str, digests: &[&Digest]) -> Result<Vec<Digest>> {
    // ix_deleted_references_parent
    conn.all(
        "select distinct child_digest
         from deleted_references
         where (repository_id, parent_digest) in (select distinct $1, value from json_each($2))",
        [repository_id.into(), text_list(digests.iter().map(|digest| digest.as_str()))],
        |row| row.parsed(0, "child_digest"),
    )
    .await
}

/// Deleted manifests of a repository, at most `limit`.
pub async fn list_some(conn: &mut Conn, repository_id: &str, limit: usize) -> Result<Vec<Digest>> {
    // pk_deleted_manifests
    conn.all(
        "select digest
         from deleted_manifests
         where repository_id = $1
         order by digest
         limit $2",
        [repository_id.into(), limit.into()],
        |row| row.parsed(0, "digest"),
    )
    .await
}

/// Forgets deleted manifests of a repository, and that blobs are kept for them. In the order in which they are put down, or
/// two could wait for each other.
pub async fn delete(conn: &mut Conn, repository_id: &str, digests: &[&Digest]) -> Result<u64> {
    let list = || text_list(digests.iter().map(|digest| digest.as_str()));
    let rows = conn
        .execute(
            "delete from deleted_manifests
             where (repository_id, digest) in (select distinct $1, value from json_each($2))",
            [repository_id.into(), list()],
        )
        .await?;
    // ix_deleted_references_parent
    conn.execute(
        "delete from deleted_references
         where (repository_id, parent_digest) in (select distinct $1, value from json_each($2))",
        [repository_id.into(), list()],
    )
    .await?;
    Ok(rows)
}
