//! Table `cached_tags`: tags that came from another registry.

use types::{Digest, Tag, Timestamp};

use crate::{Conn, Result};

/// What another registry said of a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedTagRow {
    /// Where it points there.
    pub digest: Digest,
    /// When that was said last.
    pub checked_at: Timestamp,
}

/// What another registry said of a tag; none if the tag is this registry's own.
pub async fn find(conn: &mut Conn, repository_id: &str, tag: &Tag) -> Result<Option<CachedTagRow>> {
    // pk_cached_tags
    conn.optional(
        "select digest, checked_at
         from cached_tags
         where repository_id = $1 and name = $2",
        [repository_id.into(), tag.into()],
        |row| Ok(CachedTagRow { digest: row.parsed(0, "digest")?, checked_at: row.time(1)? }),
    )
    .await
}

/// Another registry has said where a tag points.
pub async fn upsert(conn: &mut Conn, repository_id: &str, tag: &Tag, digest: &Digest, now: Timestamp) -> Result<()> {
    conn.execute(
        "insert into cached_tags (repository_id, name, digest, checked_at)
         values ($1, $2, $3, $4)
         on conflict (repository_id, name) do update
         set digest = excluded.digest, checked_at = excluded.checked_at",
        [repository_id.into(), tag.into(), digest.into(), now.into()],
    )
    .await?;
    Ok(())
}

/// Another registry has said that a tag is still where it was, or nothing that changes it.
pub async fn update_checked(conn: &mut Conn, repository_id: &str, tag: &Tag, now: Timestamp) -> Result<()> {
    // pk_cached_tags
    conn.execute(
        "update cached_tags
         set checked_at = $3
         where repository_id = $1 and name = $2",
        [repository_id.into(), tag.into(), now.into()],
    )
    .await?;
    Ok(())
}

/// Forgets at most `limit` tags of a repository. How many there were.
pub async fn delete_some(conn: &mut Conn, repository_id: &str, limit: usize) -> Result<u64> {
    // pk_cached_tags
    conn.execute(
        "delete from cached_tags
         where repository_id = $1
           and name in (select name from cached_tags where repository_id = $1 order by name limit $2)",
        [repository_id.into(), limit.into()],
    )
    .await
}
