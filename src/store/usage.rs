//! How much repositories hold, over the tables of manifests and blobs. These read everything that a repository has: they
//! are for background work and for operators.

use types::RegistryId;

use crate::{Conn, Result};

/// What a repository holds, in bytes where nothing else is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RepositoryUsage {
    /// How many manifests there are.
    pub images: u64,
    /// Every image by itself: its manifest, config and layers. What clients would fetch that want all.
    pub logical: u64,
    /// Every blob once, and all manifests.
    pub deduplicated: u64,
    /// Blobs that no other repository has, and all manifests: what would be freed with the repository.
    pub own: u64,
}

/// What a repository holds.
pub async fn measure(conn: &mut Conn, repository_id: &str) -> Result<RepositoryUsage> {
    let usage = |row: &crate::row::Row| {
        let (manifests, blobs, own) = (row.size(1)?, row.size(3)?, row.size(4)?);
        Ok(RepositoryUsage {
            images: row.size(0)?,
            logical: manifests + row.size(2)?,
            deduplicated: manifests + blobs,
            own: manifests + own,
        })
    };
    // pk_manifests, pk_repository_blobs, pk_blobs, ix_repository_blobs_digest. The size of an index is that of its largest
    // image, which counts by itself.
    let found = conn
        .optional(
            "select cast(images.count as bigint), cast(images.bytes as bigint), cast(images.content as bigint),
                 cast(held.bytes as bigint), cast(held.own as bigint)
             from (
                 select count(*) as count, coalesce(sum(size), 0) as bytes,
                     coalesce(sum(case when exists (
                         select 1
                         from edges edge
                         where edge.repository_id = manifests.repository_id
                           and edge.parent_digest = manifests.digest
                           and edge.kind = 'child'
                     ) then 0 else image_size end), 0) as content
                 from manifests
                 where repository_id = $1
             ) images
             cross join (
                 select coalesce(sum(blob.size), 0) as bytes,
                     coalesce(sum(case when exists (
                         select 1
                         from repository_blobs other
                         where other.digest = link.digest and other.repository_id <> link.repository_id
                     ) then 0 else blob.size end), 0) as own
                 from repository_blobs link
                 join blobs blob on blob.digest = link.digest and blob.state = 'live'
                 where link.repository_id = $1
             ) held",
            [repository_id.into()],
            usage,
        )
        .await?;
    Ok(found.unwrap_or_default())
}

/// The bytes of the blobs that a registry has, each once.
pub async fn measure_registry(conn: &mut Conn, registry: &RegistryId) -> Result<u64> {
    crate::conn::count(
        conn,
        "select cast(coalesce(sum(size), 0) as bigint)
         from blobs
         where state = 'live'
           and exists (
               select 1
               from repository_blobs link
               join repositories repository on repository.repository_id = link.repository_id
               where link.digest = blobs.digest and repository.account_id = $1 and repository.region = $2
                 and repository.deleted_at is null
           )",
        [(&registry.account).into(), (&registry.region).into()],
    )
    .await
}

/// The bytes of all blobs of the installation.
pub async fn measure_store(conn: &mut Conn) -> Result<u64> {
    crate::conn::count(
        conn,
        "select cast(coalesce(sum(size), 0) as bigint)
         from blobs
         where state = 'live'",
        [],
    )
    .await
}
