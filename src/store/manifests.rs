//! Table `manifests`.

use types::{Digest, MediaType, RegistryId, RepoName, StorageClass, Tag, Timestamp};

use crate::conn::Lock;
use crate::manifest_storage::{self, Storage};
use crate::row::Row;
use crate::value::list as text_list;
use crate::{Conn, Result};

/// A manifest with its bytes.
#[derive(Debug, Clone)]
pub struct ManifestRow {
    /// In which repository.
    pub repository_id: String,
    /// As its pusher named it.
    pub digest: Digest,
    /// As its pusher sent it, without parameters.
    pub media_type: MediaType,
    /// Of the document, else the media type of its config; none for a plain index.
    pub artifact_type: Option<String>,
    /// What it is about; may be absent from the repository.
    pub subject: Option<Digest>,
    /// JSON object of the document's annotations.
    pub annotations: Option<String>,
    /// Bytes of the config and the layers; of an index, of the largest image in it.
    pub image_size: u64,
    /// When it was pushed first.
    pub pushed_at: Timestamp,
    /// Exactly as received.
    pub bytes: Vec<u8>,
}

/// What is known of a manifest without reading it.
#[derive(Debug, Clone)]
pub struct DescribedRow {
    /// As its pusher named it.
    pub digest: Digest,
    /// As its pusher sent it.
    pub media_type: MediaType,
    /// See [`ManifestRow::artifact_type`].
    pub artifact_type: Option<String>,
    /// See [`ManifestRow::subject`].
    pub subject: Option<Digest>,
    /// Its bytes.
    pub size: u64,
    /// See [`ManifestRow::image_size`].
    pub image_size: u64,
    /// When it was pushed first.
    pub pushed_at: Timestamp,
    /// The last pull that was recorded.
    pub pulled_at: Option<Timestamp>,
    /// Where it is.
    pub storage: Storage,
}

fn described(row: &Row) -> Result<DescribedRow> {
    Ok(DescribedRow {
        digest: row.parsed(0, "digest")?,
        media_type: row.parsed(1, "media_type")?,
        artifact_type: row.optional_text(2)?,
        subject: row.optional_parsed(3, "subject_digest")?,
        size: row.size(10)?,
        image_size: row.size(4)?,
        pushed_at: row.time(5)?,
        pulled_at: row.optional_time(6)?,
        storage: manifest_storage::read(row, 7)?,
    })
}

/// What a repository knows of a reference.
#[derive(Debug, Clone)]
pub struct FoundManifest {
    /// The repository, which exists.
    pub repository_id: String,
    /// The digest of the manifest, if there is one.
    pub digest: Option<Digest>,
    /// What it is called. The same bytes may be called otherwise once they were deleted and pushed again.
    pub media_type: Option<String>,
    /// Its bytes; 0 if there is none.
    pub size: u64,
    /// Whether that is archived.
    pub archived: bool,
}

/// A manifest as a list of referrers shows it.
#[derive(Debug, Clone)]
pub struct ReferrerRow {
    /// Of the referring manifest.
    pub digest: Digest,
    /// Of the referring manifest.
    pub media_type: MediaType,
    /// Bytes of the referring manifest.
    pub size: u64,
    /// See [`ManifestRow::artifact_type`].
    pub artifact_type: Option<String>,
    /// JSON object; see [`LISTED_WHOLE`].
    pub annotations: Option<String>,
    /// Where the referring manifest is.
    pub class: StorageClass,
}

/// Of larger manifests a list of referrers does not have the annotations, so that there is a bound to what it holds.
pub const LISTED_WHOLE: u64 = 16 << 10;

/// What a tag points to. `None` if the repository does not exist.
pub async fn find_by_tag(
    conn: &mut Conn,
    registry: &RegistryId,
    name: &RepoName,
    tag: &Tag,
) -> Result<Option<FoundManifest>> {
    // uq_repositories_name, uq_tags_live, pk_manifests
    conn.optional(
        "select repository.repository_id, tag.manifest_digest, coalesce(manifest.storage_class, 'STANDARD'),
             manifest.media_type, coalesce(manifest.size, 0)
         from repositories repository
         left join tags tag
             on tag.repository_id = repository.repository_id and tag.name = $4 and tag.ended_at is null
         left join manifests manifest
             on manifest.repository_id = tag.repository_id and manifest.digest = tag.manifest_digest
         where repository.account_id = $1 and repository.region = $2 and repository.name = $3",
        [(&registry.account).into(), (&registry.region).into(), name.into(), tag.into()],
        found,
    )
    .await
}

/// Whether a repository has a manifest. `None` if the repository does not exist.
pub async fn find_by_digest(
    conn: &mut Conn,
    registry: &RegistryId,
    name: &RepoName,
    digest: &Digest,
) -> Result<Option<FoundManifest>> {
    // uq_repositories_name, pk_manifests
    conn.optional(
        "select repository.repository_id, manifest.digest, coalesce(manifest.storage_class, 'STANDARD'),
             manifest.media_type, coalesce(manifest.size, 0)
         from repositories repository
         left join manifests manifest
             on manifest.repository_id = repository.repository_id and manifest.digest = $4
         where repository.account_id = $1 and repository.region = $2 and repository.name = $3",
        [(&registry.account).into(), (&registry.region).into(), name.into(), digest.into()],
        found,
    )
    .await
}

fn found(row: &Row) -> Result<FoundManifest> {
    let archived = row.text(2)? != StorageClass::Standard.as_str();
    Ok(FoundManifest {
        repository_id: row.text(0)?,
        digest: row.optional_parsed(1, "digest")?,
        media_type: row.optional_text(3)?,
        size: row.size(4)?,
        archived,
    })
}

/// A manifest with its bytes.
pub async fn find(conn: &mut Conn, repository_id: &str, digest: &Digest) -> Result<Option<ManifestRow>> {
    conn.optional(
        "select media_type, artifact_type, subject_digest, annotations, image_size, pushed_at, bytes
         from manifests
         where repository_id = $1 and digest = $2",
        [repository_id.into(), digest.into()],
        |row| {
            Ok(ManifestRow {
                repository_id: repository_id.to_owned(),
                digest: digest.clone(),
                media_type: row.parsed(0, "media_type")?,
                artifact_type: row.optional_text(1)?,
                subject: row.optional_parsed(2, "subject_digest")?,
                annotations: row.optional_text(3)?,
                image_size: row.size(4)?,
                pushed_at: row.time(5)?,
                bytes: row.bytes(6)?,
            })
        },
    )
    .await
}

/// Adds a manifest. False if it is there already.
pub async fn insert(conn: &mut Conn, row: &ManifestRow) -> Result<bool> {
    let rows = conn
        .execute(
            "insert into manifests
                 (repository_id, digest, media_type, artifact_type, subject_digest, annotations, size, image_size,
                  pushed_at, bytes)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             on conflict do nothing",
            [
                (&row.repository_id).into(),
                (&row.digest).into(),
                (&row.media_type).into(),
                row.artifact_type.clone().into(),
                row.subject.as_ref().into(),
                row.annotations.clone().into(),
                row.bytes.len().into(),
                row.image_size.into(),
                row.pushed_at.into(),
                row.bytes.as_slice().into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Which of these manifests a repository has, held so that nobody removes them before the transaction ends.
pub async fn lock(conn: &mut Conn, repository_id: &str, digests: &[&Digest]) -> Result<Vec<Digest>> {
    conn.all_locked(
        "select digest
         from manifests
         where (repository_id, digest) in (select distinct $1, value from json_each($2))
         order by digest",
        Lock::KeyShare,
        [repository_id.into(), text_list(digests.iter().map(|digest| digest.as_str()))],
        |row| row.parsed(0, "digest"),
    )
    .await
}

/// Holds one manifest against tags and indexes that would refer to it. False if the repository does not have it.
pub async fn lock_for_delete(conn: &mut Conn, repository_id: &str, digest: &Digest) -> Result<bool> {
    let rows = conn
        .all_locked(
            "select digest
             from manifests
             where repository_id = $1 and digest = $2",
            Lock::Update,
            [repository_id.into(), digest.into()],
            |_| Ok(()),
        )
        .await?;
    Ok(!rows.is_empty())
}

/// Holds several manifests like [`lock_for_delete`]. Returns those that the repository has.
pub async fn lock_all_for_delete(conn: &mut Conn, repository_id: &str, digests: &[&Digest]) -> Result<Vec<Digest>> {
    // pk_manifests
    conn.all_locked(
        "select digest
         from manifests
         where (repository_id, digest) in (select distinct $1, value from json_each($2))
         order by digest",
        Lock::Update,
        [repository_id.into(), text_list(digests.iter().map(|digest| digest.as_str()))],
        |row| row.parsed(0, "digest"),
    )
    .await
}

/// Removes a manifest, whose edges are gone already.
pub async fn delete(conn: &mut Conn, repository_id: &str, digest: &Digest) -> Result<bool> {
    let rows = conn
        .execute(
            "delete from manifests
             where repository_id = $1 and digest = $2",
            [repository_id.into(), digest.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Which of these manifests a repository has.
pub async fn list_existing(conn: &mut Conn, repository_id: &str, digests: &[&Digest]) -> Result<Vec<Digest>> {
    // pk_manifests
    conn.all(
        "select digest
         from manifests
         where (repository_id, digest) in (select distinct $1, value from json_each($2))",
        [repository_id.into(), text_list(digests.iter().map(|digest| digest.as_str()))],
        |row| row.parsed(0, "digest"),
    )
    .await
}

/// What is known of these manifests, as far as a repository has them.
pub async fn list_described(conn: &mut Conn, repository_id: &str, digests: &[&Digest]) -> Result<Vec<DescribedRow>> {
    // pk_manifests
    conn.all(
        "select digest, media_type, artifact_type, subject_digest, image_size, pushed_at, pulled_at,
             storage_class, archived_at, activated_at, size
         from manifests
         where (repository_id, digest) in (select distinct $1, value from json_each($2))",
        [repository_id.into(), text_list(digests.iter().map(|digest| digest.as_str()))],
        described,
    )
    .await
}

/// Manifests in the order in which they were pushed, after the one that was pushed at that time with that digest, at
/// most `limit`.
pub async fn list_pushed(
    conn: &mut Conn,
    repository_id: &str,
    after: (Timestamp, &str),
    limit: usize,
) -> Result<Vec<DescribedRow>> {
    // ix_manifests_pushed
    conn.all(
        "select digest, media_type, artifact_type, subject_digest, image_size, pushed_at, pulled_at,
             storage_class, archived_at, activated_at, size
         from manifests
         where repository_id = $1 and (pushed_at, digest) > ($2, $3)
         order by pushed_at, digest
         limit $4",
        [repository_id.into(), after.0.into(), after.1.into(), limit.into()],
        described,
    )
    .await
}

/// The largest of these manifests by the size of its image; 0 if the repository has none of them.
pub async fn find_largest(conn: &mut Conn, repository_id: &str, digests: &[&Digest]) -> Result<u64> {
    // pk_manifests
    let largest = conn
        .optional(
            "select coalesce(max(image_size), 0)
             from manifests
             where (repository_id, digest) in (select distinct $1, value from json_each($2))",
            [repository_id.into(), text_list(digests.iter().map(|digest| digest.as_str()))],
            |row| row.size(0),
        )
        .await?;
    Ok(largest.unwrap_or_default())
}

/// How many manifests a repository has, counting no further than `limit`.
pub async fn count(conn: &mut Conn, repository_id: &str, limit: u64) -> Result<u64> {
    // pk_manifests
    let counted = conn
        .optional(
            "select count(*)
             from (
                 select digest
                 from manifests
                 where repository_id = $1
                 order by digest
                 limit $2
             ) counted",
            [repository_id.into(), limit.into()],
            |row| row.size(0),
        )
        .await?;
    Ok(counted.unwrap_or_default())
}

/// Records a pull of each of these manifests that a repository still has, unless one since `fresh` is recorded.
pub async fn update_pulled(
    conn: &mut Conn,
    repository_id: &str,
    digests: &[&Digest],
    now: Timestamp,
    fresh: Timestamp,
) -> Result<u64> {
    let list = || text_list(digests.iter().map(|digest| digest.as_str()));
    // Held in the order in which deletes hold them, or the two could wait for each other.
    conn.all_locked(
        "select digest
         from manifests
         where (repository_id, digest) in (select distinct $1, value from json_each($2))
         order by digest",
        Lock::NoKeyUpdate,
        [repository_id.into(), list()],
        |_| Ok(()),
    )
    .await?;
    conn.execute(
        "update manifests
         set pulled_at = $3
         where (repository_id, digest) in (select distinct $1, value from json_each($2))
           and (pulled_at is null or pulled_at < $4)",
        [repository_id.into(), list(), now.into(), fresh.into()],
    )
    .await
}

/// Holds manifests of a repository like [`lock_all_for_delete`], at most `limit`, and returns their digests.
pub async fn lock_some_for_delete(conn: &mut Conn, repository_id: &str, limit: usize) -> Result<Vec<Digest>> {
    // pk_manifests
    conn.all_locked(
        "select digest
         from manifests
         where repository_id = $1
         order by digest
         limit $2",
        Lock::Update,
        [repository_id.into(), limit.into()],
        |row| row.parsed(0, "digest"),
    )
    .await
}

/// Removes manifests, whose edges are gone already. How many there were.
pub async fn delete_all(conn: &mut Conn, repository_id: &str, digests: &[&Digest]) -> Result<u64> {
    conn.execute(
        "delete from manifests
         where (repository_id, digest) in (select distinct $1, value from json_each($2))",
        [repository_id.into(), text_list(digests.iter().map(|digest| digest.as_str()))],
    )
    .await
}

/// Manifests whose subject is `subject`, by digest after `after`, at most `limit`; of one artifact type and one storage
/// class, if given. Annotations can be as large as manifests: those of manifests larger than [`LISTED_WHOLE`] are left out.
pub async fn list_referrers(
    conn: &mut Conn,
    repository_id: &str,
    subject: &Digest,
    artifact_type: Option<&str>,
    class: Option<StorageClass>,
    after: &str,
    limit: usize,
) -> Result<Vec<ReferrerRow>> {
    // No manifest has it, and Postgres takes it in no text.
    if artifact_type.is_some_and(|kind| kind.contains('\0')) {
        return Ok(Vec::new());
    }
    let class = class.map(StorageClass::as_str).unwrap_or_default();
    let read = |row: &Row| {
        Ok(ReferrerRow {
            digest: row.parsed(0, "digest")?,
            media_type: row.parsed(1, "media_type")?,
            size: row.size(2)?,
            artifact_type: row.optional_text(3)?,
            annotations: row.optional_text(4)?,
            class: row.parsed(5, "storage_class")?,
        })
    };
    match artifact_type {
        // ix_manifests_subject
        None => {
            conn.all(
                "select digest, media_type, size, artifact_type, case when size <= $6 then annotations end,
                     storage_class
                 from manifests
                 where repository_id = $1 and subject_digest = $2 and digest > $3
                   and ($4 = '' or storage_class = $4)
                 order by digest
                 limit $5",
                [repository_id.into(), subject.into(), after.into(), class.into(), limit.into(), LISTED_WHOLE.into()],
                read,
            )
            .await
        }
        // ix_manifests_subject_type
        Some(artifact_type) => {
            conn.all(
                "select digest, media_type, size, artifact_type, case when size <= $7 then annotations end,
                     storage_class
                 from manifests
                 where repository_id = $1 and subject_digest = $2 and artifact_type = $3 and digest > $4
                   and ($5 = '' or storage_class = $5)
                 order by digest
                 limit $6",
                [
                    repository_id.into(),
                    subject.into(),
                    artifact_type.into(),
                    after.into(),
                    class.into(),
                    limit.into(),
                    LISTED_WHOLE.into(),
                ],
                read,
            )
            .await
        }
    }
}

/// The annotations of a manifest, as a JSON object, if it has any.
pub async fn find_annotations(conn: &mut Conn, repository_id: &str, digest: &Digest) -> Result<Option<String>> {
    // pk_manifests
    let found = conn
        .optional(
            "select annotations
             from manifests
             where repository_id = $1 and digest = $2",
            [repository_id.into(), digest.into()],
            |row| row.optional_text(0),
        )
        .await?;
    Ok(found.flatten())
}
