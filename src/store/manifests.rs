//! Table `manifests`.

use types::{Digest, MediaType, RegistryId, RepoName, Tag, Timestamp};

use crate::conn::Lock;
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
    /// When it was pushed first.
    pub pushed_at: Timestamp,
    /// Exactly as received.
    pub bytes: Vec<u8>,
}

/// What a repository knows of a reference.
#[derive(Debug, Clone)]
pub struct FoundManifest {
    /// The repository, which exists.
    pub repository_id: String,
    /// The digest of the manifest, if there is one.
    pub digest: Option<Digest>,
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
    /// JSON object.
    pub annotations: Option<String>,
}

/// What a tag points to. `None` if the repository does not exist.
pub async fn find_by_tag(
    conn: &mut Conn,
    registry: &RegistryId,
    name: &RepoName,
    tag: &Tag,
) -> Result<Option<FoundManifest>> {
    // uq_repositories_name, uq_tags_live
    conn.optional(
        "select repository.repository_id, tag.manifest_digest
         from repositories repository
         left join tags tag
             on tag.repository_id = repository.repository_id and tag.name = $4 and tag.ended_at is null
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
        "select repository.repository_id, manifest.digest
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
    let repository_id = row.text(0)?;
    let digest = match row.optional_text(1)? {
        Some(_) => Some(row.parsed(1, "digest")?),
        None => None,
    };
    Ok(FoundManifest { repository_id, digest })
}

/// A manifest with its bytes.
pub async fn find(conn: &mut Conn, repository_id: &str, digest: &Digest) -> Result<Option<ManifestRow>> {
    conn.optional(
        "select media_type, artifact_type, subject_digest, annotations, pushed_at, bytes
         from manifests
         where repository_id = $1 and digest = $2",
        [repository_id.into(), digest.into()],
        |row| {
            Ok(ManifestRow {
                repository_id: repository_id.to_owned(),
                digest: digest.clone(),
                media_type: row.parsed(0, "media_type")?,
                artifact_type: row.optional_text(1)?,
                subject: match row.optional_text(2)? {
                    Some(_) => Some(row.parsed(2, "subject_digest")?),
                    None => None,
                },
                annotations: row.optional_text(3)?,
                pushed_at: row.time(4)?,
                bytes: row.bytes(5)?,
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
                 (repository_id, digest, media_type, artifact_type, subject_digest, annotations, size, pushed_at, bytes)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             on conflict do nothing",
            [
                (&row.repository_id).into(),
                (&row.digest).into(),
                (&row.media_type).into(),
                row.artifact_type.clone().into(),
                row.subject.as_ref().into(),
                row.annotations.clone().into(),
                row.bytes.len().into(),
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
         where repository_id = $1 and digest in (select value from json_each($2))
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

/// Manifests whose subject is `subject`, by digest after `after`, at most `limit`; of one artifact type if given.
pub async fn list_referrers(
    conn: &mut Conn,
    repository_id: &str,
    subject: &Digest,
    artifact_type: Option<&str>,
    after: &str,
    limit: usize,
) -> Result<Vec<ReferrerRow>> {
    let read = |row: &Row| {
        Ok(ReferrerRow {
            digest: row.parsed(0, "digest")?,
            media_type: row.parsed(1, "media_type")?,
            size: row.size(2)?,
            artifact_type: row.optional_text(3)?,
            annotations: row.optional_text(4)?,
        })
    };
    match artifact_type {
        // ix_manifests_subject
        None => {
            conn.all(
                "select digest, media_type, size, artifact_type, annotations
                 from manifests
                 where repository_id = $1 and subject_digest = $2 and digest > $3
                 order by digest
                 limit $4",
                [repository_id.into(), subject.into(), after.into(), limit.into()],
                read,
            )
            .await
        }
        // ix_manifests_subject_type
        Some(artifact_type) => {
            conn.all(
                "select digest, media_type, size, artifact_type, annotations
                 from manifests
                 where repository_id = $1 and subject_digest = $2 and artifact_type = $3 and digest > $4
                 order by digest
                 limit $5",
                [repository_id.into(), subject.into(), artifact_type.into(), after.into(), limit.into()],
                read,
            )
            .await
        }
    }
}
