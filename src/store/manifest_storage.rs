//! Table `manifests`: which of them are archived, and since when.

use types::{Digest, StorageClass, Timestamp};

use crate::row::Row;
use crate::value::list as text_list;
use crate::{Conn, Result};

/// Where a manifest is, and when it came there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Storage {
    /// Where it is.
    pub class: StorageClass,
    /// When it was archived last.
    pub archived_at: Option<Timestamp>,
    /// When it was restored from the archive last.
    pub activated_at: Option<Timestamp>,
}

/// From three columns that follow one another.
pub(crate) fn read(row: &Row, first: usize) -> Result<Storage> {
    Ok(Storage {
        class: row.parsed(first, "storage_class")?,
        archived_at: row.optional_time(first + 1)?,
        activated_at: row.optional_time(first + 2)?,
    })
}

/// Which of these manifests are archived.
pub async fn list_archived(conn: &mut Conn, repository_id: &str, digests: &[&Digest]) -> Result<Vec<Digest>> {
    if digests.is_empty() {
        return Ok(Vec::new());
    }
    // ix_manifests_archived
    conn.all(
        "select digest
         from manifests
         where (repository_id, digest) in (select distinct $1, value from json_each($2)) and storage_class = 'ARCHIVE'",
        [repository_id.into(), text_list(digests.iter().map(|digest| digest.as_str()))],
        |row| row.parsed(0, "digest"),
    )
    .await
}

/// How many manifests of a repository are not archived, counting no further than `limit`.
pub async fn count_active(conn: &mut Conn, repository_id: &str, limit: u64) -> Result<u64> {
    // pk_manifests
    crate::conn::count(
        conn,
        "select count(*)
         from (
             select digest
             from manifests
             where repository_id = $1 and storage_class = 'STANDARD'
             order by digest
             limit $2
         ) counted",
        [repository_id.into(), limit.into()],
    )
    .await
}

/// Moves those of these manifests to a class that are in the other one. Gives them back.
pub async fn update_class(
    conn: &mut Conn,
    repository_id: &str,
    digests: &[&Digest],
    to: StorageClass,
    now: Timestamp,
) -> Result<Vec<Digest>> {
    if digests.is_empty() {
        return Ok(Vec::new());
    }
    let list = text_list(digests.iter().map(|digest| digest.as_str()));
    // pk_manifests
    let sql = match to {
        StorageClass::Archive => {
            "update manifests
             set storage_class = 'ARCHIVE', archived_at = $3
             where (repository_id, digest) in (select distinct $1, value from json_each($2)) and storage_class = 'STANDARD'
             returning digest"
        }
        StorageClass::Standard => {
            "update manifests
             set storage_class = 'STANDARD', activated_at = $3
             where (repository_id, digest) in (select distinct $1, value from json_each($2)) and storage_class = 'ARCHIVE'
             returning digest"
        }
    };
    conn.all(sql, [repository_id.into(), list, now.into()], |row| row.parsed(0, "digest")).await
}

/// Puts a manifest back where it was.
pub async fn update(conn: &mut Conn, repository_id: &str, digest: &Digest, storage: &Storage) -> Result<()> {
    conn.execute(
        "update manifests
         set storage_class = $3, archived_at = $4, activated_at = $5
         where repository_id = $1 and digest = $2",
        [
            repository_id.into(),
            digest.into(),
            storage.class.as_str().into(),
            storage.archived_at.into(),
            storage.activated_at.into(),
        ],
    )
    .await?;
    Ok(())
}
