//! Table `repository_blobs`: in which repositories a blob is visible.

use std::collections::BTreeMap;

use types::{Digest, MediaType, RegistryId, RepoName, Timestamp};

use crate::blobs::BlobRow;
use crate::conn::Lock;
use crate::value::list as text_list;
use crate::{Conn, Result};

/// What a repository knows of a digest.
#[derive(Debug, Clone)]
pub struct FoundBlob {
    /// The repository, which exists.
    pub repository_id: String,
    /// The blob, if it is visible there.
    pub blob: Option<BlobRow>,
    /// Since when garbage collection has it in view, if it has.
    pub review_since: Option<Timestamp>,
}

/// Looks a blob up in a repository. `None` if the repository does not exist.
pub async fn find(
    conn: &mut Conn,
    registry: &RegistryId,
    name: &RepoName,
    digest: &Digest,
) -> Result<Option<FoundBlob>> {
    // uq_repositories_name, pk_repository_blobs, pk_blobs, pk_blob_reviews
    conn.optional(
        "select repository.repository_id, blob.object_key, coalesce(blob.size, 0), review.since
         from repositories repository
         left join repository_blobs link
             on link.repository_id = repository.repository_id and link.digest = $4
         left join blobs blob
             on blob.digest = link.digest and blob.state = 'live'
         left join blob_reviews review
             on review.repository_id = link.repository_id and review.digest = link.digest
         where repository.account_id = $1 and repository.region = $2 and repository.name = $3",
        [(&registry.account).into(), (&registry.region).into(), name.into(), digest.into()],
        |row| {
            let repository_id = row.text(0)?;
            let object_key = row.optional_text(1)?;
            let size = row.size(2)?;
            let blob = object_key.map(|object_key| BlobRow { digest: digest.clone(), object_key, size });
            Ok(FoundBlob { repository_id, blob, review_since: row.optional_time(3)? })
        },
    )
    .await
}

/// A blob that a repository has, as an image may have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// Which.
    pub digest: Digest,
    /// In bytes.
    pub size: u64,
    /// Whether manifests refer to it, and all of them are archived.
    pub archived: bool,
    /// What one of those manifests calls its media type, or the first that did.
    pub media_type: Option<MediaType>,
    /// Since when garbage collection has it in view, if it has.
    pub review_since: Option<Timestamp>,
}

/// Layers of a repository.
#[derive(Debug, Clone)]
pub struct FoundLayers {
    /// The repository, which exists.
    pub repository_id: String,
    /// Those that are visible there.
    pub layers: Vec<Layer>,
}

/// Looks layers up in a repository. `None` if the repository does not exist. However many manifests refer to a layer, at most one
/// of them is looked at, and that only for layers that were pushed before [`update_media_types`] was there.
pub async fn list_layers(
    conn: &mut Conn,
    registry: &RegistryId,
    name: &RepoName,
    digests: &[&Digest],
) -> Result<Option<FoundLayers>> {
    // uq_repositories_name, pk_repository_blobs, pk_blobs, pk_blob_reviews, ix_edges_child, ix_edges_archived. With a list of kinds
    // Postgres would read all that refer to a layer, to find out whether it is archived, and with `exists` all that are archived.
    // Where none is, `= 1` must be false: after a null the rest would be asked as well.
    let rows = conn
        .all(
            "select repository.repository_id, blob.digest, coalesce(blob.size, 0), review.since,
                 coalesce(link.media_type, (
                     select edge.media_type
                     from edges edge
                     where edge.repository_id = link.repository_id and edge.child_digest = link.digest
                       and edge.kind in ('config', 'layer')
                     limit 1
                 )),
                 cast(case when coalesce((
                     select 1
                     from edges edge
                     where edge.repository_id = link.repository_id and edge.child_digest = link.digest
                       and edge.kind in ('config', 'layer') and edge.archived = 1
                     limit 1
                 ), 0) = 1 and not exists (
                     select 1
                     from edges edge
                     where edge.repository_id = link.repository_id and edge.child_digest = link.digest
                       and edge.kind = 'layer' and edge.archived = 0
                 ) and not exists (
                     select 1
                     from edges edge
                     where edge.repository_id = link.repository_id and edge.child_digest = link.digest
                       and edge.kind = 'config' and edge.archived = 0
                 ) then 1 else 0 end as bigint)
             from repositories repository
             left join json_each($4) asked on true
             left join repository_blobs link
                 on link.repository_id = repository.repository_id and link.digest = asked.value
             left join blobs blob
                 on blob.digest = link.digest and blob.state = 'live'
             left join blob_reviews review
                 on review.repository_id = link.repository_id and review.digest = link.digest
             where repository.account_id = $1 and repository.region = $2 and repository.name = $3",
            [
                (&registry.account).into(),
                (&registry.region).into(),
                name.into(),
                text_list(digests.iter().map(|digest| digest.as_str())),
            ],
            |row| {
                let layer = match row.optional_parsed(1, "digest")? {
                    Some(digest) => Some(Layer {
                        digest,
                        size: row.size(2)?,
                        review_since: row.optional_time(3)?,
                        media_type: row.optional_parsed(4, "media_type")?,
                        archived: row.integer(5)? != 0,
                    }),
                    None => None,
                };
                Ok((row.text(0)?, layer))
            },
        )
        .await?;
    let repository_id = rows.first().map(|(repository_id, _)| repository_id.clone());
    let layers = rows.into_iter().filter_map(|(_, layer)| layer).collect();
    Ok(repository_id.map(|repository_id| FoundLayers { repository_id, layers }))
}

/// A blob of a repository by the repository's id, with whose and which it is.
pub async fn find_by_id(
    conn: &mut Conn,
    repository_id: &str,
    digest: &Digest,
) -> Result<Option<(RegistryId, RepoName, BlobRow)>> {
    // pk_repositories, pk_repository_blobs, pk_blobs
    conn.optional(
        "select repository.account_id, repository.region, repository.name, blob.object_key, blob.size
         from repositories repository
         join repository_blobs link on link.repository_id = repository.repository_id and link.digest = $2
         join blobs blob on blob.digest = link.digest and blob.state = 'live'
         where repository.repository_id = $1 and repository.deleted_at is null",
        [repository_id.into(), digest.into()],
        |row| {
            let registry = RegistryId { account: row.parsed(0, "account_id")?, region: row.parsed(1, "region")? };
            let blob = BlobRow { digest: digest.clone(), object_key: row.text(3)?, size: row.size(4)? };
            Ok((registry, row.parsed(2, "name")?, blob))
        },
    )
    .await
}

/// Which of these digests are visible in a repository, with the sizes of their blobs.
pub async fn list_existing(conn: &mut Conn, repository_id: &str, digests: &[&Digest]) -> Result<Vec<(Digest, u64)>> {
    // pk_repository_blobs, pk_blobs
    conn.all(
        "select link.digest, blob.size
         from repository_blobs link
         join blobs blob on blob.digest = link.digest and blob.state = 'live'
         where (link.repository_id, link.digest) in (select distinct $1, value from json_each($2))",
        [repository_id.into(), text_list(digests.iter().map(|digest| digest.as_str()))],
        |row| Ok((row.parsed(0, "digest")?, row.size(1)?)),
    )
    .await
}

/// Makes at most `limit` blobs invisible in a repository, and gives them back.
pub async fn delete_some(conn: &mut Conn, repository_id: &str, limit: usize) -> Result<Vec<Digest>> {
    // pk_repository_blobs
    conn.all(
        "delete from repository_blobs
         where repository_id = $1
           and digest in (
               select digest from repository_blobs where repository_id = $1 order by digest limit $2
           )
         returning digest",
        [repository_id.into(), limit.into()],
        |row| row.parsed(0, "digest"),
    )
    .await
}

/// Makes those of these blobs invisible in a repository to which no manifest refers, and none that can be restored. They
/// are held already. Gives them back.
pub async fn delete_unneeded(conn: &mut Conn, repository_id: &str, digests: &[&Digest]) -> Result<Vec<Digest>> {
    // ix_edges_child, pk_deleted_references
    conn.all(
        "delete from repository_blobs
         where (repository_id, digest) in (select distinct $1, value from json_each($2))
           and not exists (
               select 1
               from edges edge
               where edge.repository_id = repository_blobs.repository_id
                 and edge.child_digest = repository_blobs.digest
                 and edge.kind in ('config', 'layer')
           )
           and not exists (
               select 1
               from deleted_references kept
               where kept.repository_id = repository_blobs.repository_id
                 and kept.child_digest = repository_blobs.digest
           )
         returning digest",
        [repository_id.into(), text_list(digests.iter().map(|digest| digest.as_str()))],
        |row| row.parsed(0, "digest"),
    )
    .await
}

/// Makes a blob visible in a repository, or makes sure that it stays so until the transaction ends. Returns whether it is
/// new there.
pub async fn insert(conn: &mut Conn, repository_id: &str, digest: &Digest, now: Timestamp) -> Result<bool> {
    loop {
        let rows = conn
            .execute(
                "insert into repository_blobs (repository_id, digest, created_at)
                 values ($1, $2, $3)
                 on conflict do nothing",
                [repository_id.into(), digest.into(), now.into()],
            )
            .await?;
        if rows == 1 {
            return Ok(true);
        }
        // A review may hold the row that was met, and be about to remove it: that is waited for.
        if hold(conn, repository_id, digest, Lock::KeyShare).await? {
            return Ok(false);
        }
    }
}

/// A blob that is visible in a repository, and held there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBlob {
    /// Which.
    pub digest: Digest,
    /// In bytes.
    pub size: u64,
    /// Whether a manifest has said what its media type is.
    pub has_media_type: bool,
}

/// Which of these digests are visible in a repository, held so that nobody removes them before the transaction ends.
pub async fn lock(conn: &mut Conn, repository_id: &str, digests: &[&Digest]) -> Result<Vec<HeldBlob>> {
    conn.all_locked(
        "select link.digest, blob.size, cast(case when link.media_type is null then 0 else 1 end as bigint)
         from repository_blobs link
         join blobs blob on blob.digest = link.digest and blob.state = 'live'
         where (link.repository_id, link.digest) in (select distinct $1, value from json_each($2))
         order by link.digest",
        Lock::KeyShare,
        [repository_id.into(), text_list(digests.iter().map(|digest| digest.as_str()))],
        |row| {
            let has_media_type = row.integer(2)? != 0;
            Ok(HeldBlob { digest: row.parsed(0, "digest")?, size: row.size(1)?, has_media_type })
        },
    )
    .await
}

/// Notes what a manifest calls the media types of blobs, where none has yet. So nobody has to look for a manifest that does.
pub async fn update_media_types(
    conn: &mut Conn,
    repository_id: &str,
    media_types: &[(&Digest, &MediaType)],
) -> Result<()> {
    // pk_repository_blobs. In one order, since others may push the same blobs with other manifests at this moment.
    let unknown: Vec<Digest> = conn
        .all_locked(
            "select digest
             from repository_blobs
             where (repository_id, digest) in (select distinct $1, value from json_each($2)) and media_type is null
             order by digest",
            Lock::NoKeyUpdate,
            [repository_id.into(), text_list(media_types.iter().map(|(digest, _)| digest.as_str()))],
            |row| row.parsed(0, "digest"),
        )
        .await?;
    let mut by_media_type: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (digest, media_type) in media_types.iter().filter(|(digest, _)| unknown.contains(digest)) {
        by_media_type.entry(media_type.as_str()).or_default().push(digest.as_str());
    }
    for (media_type, digests) in by_media_type {
        conn.execute(
            "update repository_blobs
             set media_type = $3
             where (repository_id, digest) in (select distinct $1, value from json_each($2))",
            [repository_id.into(), text_list(digests), media_type.into()],
        )
        .await?;
    }
    Ok(())
}

/// Holds one blob of a repository against manifests that would refer to it. False if it is not visible there.
pub async fn lock_for_delete(conn: &mut Conn, repository_id: &str, digest: &Digest) -> Result<bool> {
    hold(conn, repository_id, digest, Lock::Update).await
}

/// Holds the row of one blob of a repository. False if there is none.
async fn hold(conn: &mut Conn, repository_id: &str, digest: &Digest, lock: Lock) -> Result<bool> {
    // pk_repository_blobs
    let rows = conn
        .all_locked(
            "select digest
             from repository_blobs
             where repository_id = $1 and digest = $2",
            lock,
            [repository_id.into(), digest.into()],
            |_| Ok(()),
        )
        .await?;
    Ok(!rows.is_empty())
}

/// Holds those of these blobs of a repository, against manifests that would refer to them, that nobody else holds.
pub async fn lock_for_delete_unless_locked(
    conn: &mut Conn,
    repository_id: &str,
    digests: &[&Digest],
) -> Result<Vec<Digest>> {
    // pk_repository_blobs
    conn.all_locked(
        "select digest
         from repository_blobs
         where (repository_id, digest) in (select distinct $1, value from json_each($2))",
        Lock::UpdateUnlessLocked,
        [repository_id.into(), text_list(digests.iter().map(|digest| digest.as_str()))],
        |row| row.parsed(0, "digest"),
    )
    .await
}

/// Which of these digests are in a repository, whatever the state of their blobs.
pub async fn list_linked(conn: &mut Conn, repository_id: &str, digests: &[&Digest]) -> Result<Vec<Digest>> {
    // pk_repository_blobs
    conn.all(
        "select digest
         from repository_blobs
         where (repository_id, digest) in (select distinct $1, value from json_each($2))",
        [repository_id.into(), text_list(digests.iter().map(|digest| digest.as_str()))],
        |row| row.parsed(0, "digest"),
    )
    .await
}

/// Makes a blob invisible in a repository. The bytes stay for others, and for garbage collection.
pub async fn delete(conn: &mut Conn, repository_id: &str, digest: &Digest) -> Result<bool> {
    let rows = conn
        .execute(
            "delete from repository_blobs
             where repository_id = $1 and digest = $2",
            [repository_id.into(), digest.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Repositories of a registry in which a blob is visible, at most `limit`.
pub async fn list_repositories(
    conn: &mut Conn,
    registry: &RegistryId,
    digest: &Digest,
    limit: usize,
) -> Result<Vec<RepoName>> {
    // ix_repository_blobs_digest
    conn.all(
        "select repository.name
         from repository_blobs link
         join repositories repository on repository.repository_id = link.repository_id
         where link.digest = $3 and repository.account_id = $1 and repository.region = $2
         limit $4",
        [(&registry.account).into(), (&registry.region).into(), digest.into(), limit.into()],
        |row| row.parsed(0, "name"),
    )
    .await
}

/// Which of these blobs are visible in another repository too.
pub async fn list_elsewhere(conn: &mut Conn, repository_id: &str, digests: &[&Digest]) -> Result<Vec<Digest>> {
    // ix_repository_blobs_digest
    conn.all(
        "select asked.value
         from json_each($2) asked
         where exists (
             select 1
             from repository_blobs link
             where link.digest = asked.value and link.repository_id <> $1
         )",
        [repository_id.into(), text_list(digests.iter().map(|digest| digest.as_str()))],
        |row| row.parsed(0, "value"),
    )
    .await
}

/// Links of blobs to repositories in the order of digests, each with the size of its blob, after a blob and a repository;
/// at most `limit`. Those of deleted repositories come without a registry.
pub async fn list_sizes(conn: &mut Conn, after: (&str, &str), limit: usize) -> Result<Vec<LinkSize>> {
    // ix_repository_blobs_digest, pk_blobs, pk_repositories
    conn.all(
        "select link.digest, link.repository_id, repository.account_id, repository.region, blob.size
         from repository_blobs link
         join blobs blob on blob.digest = link.digest and blob.state = 'live'
         join repositories repository on repository.repository_id = link.repository_id
         where (link.digest, link.repository_id) > ($1, $2)
         order by link.digest, link.repository_id
         limit $3",
        [after.0.into(), after.1.into(), limit.into()],
        |row| {
            Ok(LinkSize {
                digest: row.text(0)?,
                repository_id: row.text(1)?,
                account: row.text(2)?,
                region: row.text(3)?,
                size: row.size(4)?,
            })
        },
    )
    .await
}

/// That a repository has a blob, and how large that is. Texts, since there are many of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkSize {
    /// The blob.
    pub digest: String,
    /// The repository.
    pub repository_id: String,
    /// Whose that is.
    pub account: String,
    /// Where; empty once it is deleted.
    pub region: String,
    /// Bytes of the blob.
    pub size: u64,
}
