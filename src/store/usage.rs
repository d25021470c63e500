//! How much is held, read page by page from the tables of manifests and blobs for background work. What it adds up to is
//! kept in `repository_usage`, `registry_usage` and `store_usage`.

use types::MediaType;

use crate::row::Row;
use crate::{Conn, Result};

/// What somebody holds, in bytes where nothing else is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    /// How many manifests there are.
    pub images: u64,
    /// Every image by itself: its manifest, config and layers. What clients would fetch that want all.
    pub logical: u64,
    /// Every blob once, and all manifests.
    pub deduplicated: u64,
    /// Blobs that nobody else has, and all manifests: what would be freed.
    pub own: u64,
}

impl Held {
    /// From four columns that follow one another.
    pub(crate) fn read(row: &Row, first: usize) -> Result<Self> {
        Ok(Self {
            images: row.size(first)?,
            logical: row.size(first + 1)?,
            deduplicated: row.size(first + 2)?,
            own: row.size(first + 3)?,
        })
    }
}

/// A manifest, and how large it is. Texts, since there are many of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestSize {
    /// In which repository.
    pub repository_id: String,
    /// Its name.
    pub digest: String,
    /// Whose the repository is.
    pub account: String,
    /// Where; empty once it is deleted.
    pub region: String,
    /// Bytes of the manifest.
    pub size: u64,
    /// Bytes of the config and layers. None of an index, whose images count by themselves.
    pub content: u64,
}

/// Repositories by id after one, with whose they are and where; at most `limit`.
pub async fn list_repositories(conn: &mut Conn, after: &str, limit: usize) -> Result<Vec<(String, String, String)>> {
    // pk_repositories
    conn.all(
        "select repository_id, account_id, region
         from repositories
         where repository_id > $1 and deleted_at is null
         order by repository_id
         limit $2",
        [after.into(), limit.into()],
        |row| Ok((row.text(0)?, row.text(1)?, row.text(2)?)),
    )
    .await
}

/// Manifests in the order of repositories and digests after one, at most `limit`.
pub async fn list_manifests(conn: &mut Conn, after: (&str, &str), limit: usize) -> Result<Vec<ManifestSize>> {
    // pk_manifests, pk_repositories
    conn.all(
        "select manifest.repository_id, manifest.digest, repository.account_id, repository.region, manifest.size,
             manifest.image_size, manifest.media_type
         from manifests manifest
         join repositories repository on repository.repository_id = manifest.repository_id
         where (manifest.repository_id, manifest.digest) > ($1, $2)
         order by manifest.repository_id, manifest.digest
         limit $3",
        [after.0.into(), after.1.into(), limit.into()],
        |row| {
            let media_type: MediaType = row.parsed(6, "media_type")?;
            Ok(ManifestSize {
                repository_id: row.text(0)?,
                digest: row.text(1)?,
                account: row.text(2)?,
                region: row.text(3)?,
                size: row.size(4)?,
                content: if media_type.is_index() { 0 } else { row.size(5)? },
            })
        },
    )
    .await
}

/// The digests and sizes of blobs after one, at most `limit`.
pub async fn list_blobs(conn: &mut Conn, after: &str, limit: usize) -> Result<Vec<(String, u64)>> {
    // pk_blobs
    conn.all(
        "select digest, size
         from blobs
         where state = 'live' and digest > $1
         order by digest
         limit $2",
        [after.into(), limit.into()],
        |row| Ok((row.text(0)?, row.size(1)?)),
    )
    .await
}
