//! Table `tags`: where each tag points now, and where it pointed before.

use types::{Digest, Tag, Timestamp};

use crate::conn::Lock;
use crate::value::list as text_list;
use crate::{Conn, Error, Result};

/// More than there are connections that could move one tag at the same time.
const ROUNDS: usize = 1000;

/// Where a tag points now.
pub async fn find(conn: &mut Conn, repository_id: &str, tag: &Tag) -> Result<Option<Digest>> {
    // uq_tags_live
    conn.optional(
        "select manifest_digest
         from tags
         where repository_id = $1 and name = $2 and ended_at is null",
        [repository_id.into(), tag.into()],
        |row| row.parsed(0, "manifest_digest"),
    )
    .await
}

/// Adds a tag that does not exist yet. False if it does.
pub async fn insert(
    conn: &mut Conn,
    tag_id: &str,
    repository_id: &str,
    tag: &Tag,
    digest: &Digest,
    now: Timestamp,
) -> Result<bool> {
    let rows = conn
        .execute(
            "insert into tags (tag_id, repository_id, name, manifest_digest, created_at)
             values ($1, $2, $3, $4, $5)
             on conflict (repository_id, name) where ended_at is null do nothing",
            [tag_id.into(), repository_id.into(), tag.into(), digest.into(), now.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Where a tag points now, held so that nobody moves it before the transaction ends.
pub async fn lock(conn: &mut Conn, repository_id: &str, tag: &Tag) -> Result<Option<Digest>> {
    // uq_tags_live
    let found = conn
        .all_locked(
            "select manifest_digest
             from tags
             where repository_id = $1 and name = $2 and ended_at is null",
            Lock::Update,
            [repository_id.into(), tag.into()],
            |row| row.parsed(0, "manifest_digest"),
        )
        .await?;
    Ok(found.into_iter().next())
}

/// Holds tags, in the order in which a push sets them, and says where each points, as far as they exist.
pub async fn lock_all(conn: &mut Conn, repository_id: &str, tags: &[&Tag]) -> Result<Vec<(Tag, Digest)>> {
    // uq_tags_live
    conn.all_locked(
        "select name, manifest_digest
         from tags
         where ended_at is null and (repository_id, name) in (select distinct $1, value from json_each($2))
         order by name",
        Lock::Update,
        [repository_id.into(), text_list(tags.iter().map(|tag| tag.as_str()))],
        |row| Ok((row.parsed(0, "name")?, row.parsed(1, "manifest_digest")?)),
    )
    .await
}

/// Points a tag to a manifest, whether or not it exists; what it pointed to before goes into its history. False if it
/// points there already.
pub async fn upsert(
    conn: &mut Conn,
    tag_id: &str,
    repository_id: &str,
    tag: &Tag,
    digest: &Digest,
    now: Timestamp,
) -> Result<bool> {
    // On Postgres somebody else may set the tag before us; then what they set is ended in the next round. Whoever loses a
    // round lost it to one that then commits, so there are no more rounds than transactions on this tag at once.
    for _ in 0..ROUNDS {
        conn.execute(
            "update tags
             set ended_at = $4
             where repository_id = $1 and name = $2 and ended_at is null and manifest_digest <> $3",
            [repository_id.into(), tag.into(), digest.into(), now.into()],
        )
        .await?;
        if insert(conn, tag_id, repository_id, tag, digest, now).await? {
            return Ok(true);
        }
        if find(conn, repository_id, tag).await?.as_ref() == Some(digest) {
            return Ok(false);
        }
    }
    Err(Error::Conflict("the tag is being moved by others".to_owned()))
}

/// Ends a tag. Returns what it pointed to, or none if it does not exist.
pub async fn delete(conn: &mut Conn, repository_id: &str, tag: &Tag, now: Timestamp) -> Result<Option<Digest>> {
    conn.optional(
        "update tags
         set ended_at = $3
         where repository_id = $1 and name = $2 and ended_at is null
         returning manifest_digest",
        [repository_id.into(), tag.into(), now.into()],
        |row| row.parsed(0, "manifest_digest"),
    )
    .await
}

/// Ends every tag of a manifest. How many there were.
pub async fn delete_of_manifest(conn: &mut Conn, repository_id: &str, digest: &Digest, now: Timestamp) -> Result<u64> {
    // ix_tags_manifest. Held in the order in which a push sets its tags, by name, or the two could wait for each other. Asked for
    // just that, SQLite reads all tags of the repository, which an index has by name.
    conn.all_locked(
        "select name
         from tags
         where repository_id = $1 and manifest_digest = $2 and ended_at is null
         order by manifest_digest || name",
        Lock::Update,
        [repository_id.into(), digest.into()],
        |_| Ok(()),
    )
    .await?;
    conn.execute(
        "update tags
         set ended_at = $3
         where repository_id = $1 and manifest_digest = $2 and ended_at is null",
        [repository_id.into(), digest.into(), now.into()],
    )
    .await
}

/// Tags after `after`, by bytes, at most `limit`.
pub async fn list(conn: &mut Conn, repository_id: &str, after: &str, limit: usize) -> Result<Vec<String>> {
    // uq_tags_live
    conn.all(
        "select name
         from tags
         where repository_id = $1 and ended_at is null and name > $2
         order by name
         limit $3",
        [repository_id.into(), after.into(), limit.into()],
        |row| row.text(0),
    )
    .await
}

/// Tags after `after` with what they point to, by bytes, at most `limit`.
pub async fn list_with_digests(
    conn: &mut Conn,
    repository_id: &str,
    after: &str,
    limit: usize,
) -> Result<Vec<(Tag, Digest)>> {
    // uq_tags_live
    conn.all(
        "select name, manifest_digest
         from tags
         where repository_id = $1 and ended_at is null and name > $2
         order by name
         limit $3",
        [repository_id.into(), after.into(), limit.into()],
        |row| Ok((row.parsed(0, "name")?, row.parsed(1, "manifest_digest")?)),
    )
    .await
}

/// Where each of these tags points now, as far as they exist.
pub async fn list_targets(conn: &mut Conn, repository_id: &str, tags: &[&Tag]) -> Result<Vec<(Tag, Digest)>> {
    // uq_tags_live
    conn.all(
        "select name, manifest_digest
         from tags
         where ended_at is null and (repository_id, name) in (select distinct $1, value from json_each($2))",
        [repository_id.into(), text_list(tags.iter().map(|tag| tag.as_str()))],
        |row| Ok((row.parsed(0, "name")?, row.parsed(1, "manifest_digest")?)),
    )
    .await
}

/// The tags of these manifests, by the bytes of their names.
pub async fn list_of_manifests(
    conn: &mut Conn,
    repository_id: &str,
    digests: &[&Digest],
) -> Result<Vec<(Digest, Tag)>> {
    // ix_tags_manifest
    let mut tags: Vec<(Digest, Tag)> = conn
        .all(
            "select manifest_digest, name
             from tags
             where ended_at is null and (repository_id, manifest_digest) in (select distinct $1, value from json_each($2))",
            [repository_id.into(), text_list(digests.iter().map(|digest| digest.as_str()))],
            |row| Ok((row.parsed(0, "manifest_digest")?, row.parsed(1, "name")?)),
        )
        .await?;
    // Asked for the order, SQLite reads all tags of the repository, which an index has by name.
    tags.sort_by(|(_, one), (_, other)| one.cmp(other));
    Ok(tags)
}

/// Which of these manifests have a tag.
pub async fn list_tagged(conn: &mut Conn, repository_id: &str, digests: &[&Digest]) -> Result<Vec<Digest>> {
    // ix_tags_manifest
    conn.all(
        "select distinct manifest_digest
         from tags
         where ended_at is null and (repository_id, manifest_digest) in (select distinct $1, value from json_each($2))",
        [repository_id.into(), text_list(digests.iter().map(|digest| digest.as_str()))],
        |row| row.parsed(0, "manifest_digest"),
    )
    .await
}

/// How many tags a manifest has, counting no further than `limit`.
pub async fn count_of_manifest(conn: &mut Conn, repository_id: &str, digest: &Digest, limit: u64) -> Result<u64> {
    // ix_tags_manifest
    let counted = conn
        .optional(
            "select count(*)
             from (
                 select name
                 from tags
                 where repository_id = $1 and manifest_digest = $2 and ended_at is null
                 limit $3
             ) counted",
            [repository_id.into(), digest.into(), limit.into()],
            |row| row.size(0),
        )
        .await?;
    Ok(counted.unwrap_or_default())
}

/// Forgets at most `limit` tags of a repository, of any manifest, those of the past once there are no others. How many there were.
pub async fn delete_some(conn: &mut Conn, repository_id: &str, limit: usize) -> Result<u64> {
    // uq_tags_live. Those in use in the order in which pushes and deletions hold them, or the two could wait for each other.
    let live: Vec<Tag> = conn
        .all_locked(
            "select name
             from tags
             where repository_id = $1 and ended_at is null
             order by name
             limit $2",
            Lock::Update,
            [repository_id.into(), limit.into()],
            |row| row.parsed(0, "name"),
        )
        .await?;
    if !live.is_empty() {
        return conn
            .execute(
                "delete from tags
                 where ended_at is null and (repository_id, name) in (select distinct $1, value from json_each($2))",
                [repository_id.into(), text_list(live.iter().map(|tag| tag.as_str()))],
            )
            .await;
    }
    // ix_tags_ended. Nobody holds any of these.
    conn.execute(
        "delete from tags
         where tag_id in (
             select tag_id from tags where repository_id = $1 order by ended_at limit $2
         )",
        [repository_id.into(), limit.into()],
    )
    .await
}

/// A tag of the past.
#[derive(Debug, Clone)]
pub struct EndedTagRow {
    /// Its name.
    pub tag: Tag,
    /// Where it pointed.
    pub digest: Digest,
    /// Until when.
    pub ended_at: Timestamp,
}

/// Where a tag pointed before, since `since`, the latest first, at most `limit`.
pub async fn list_ended(
    conn: &mut Conn,
    repository_id: &str,
    tag: &Tag,
    since: Timestamp,
    limit: usize,
) -> Result<Vec<EndedTagRow>> {
    // ix_tags_ended
    conn.all(
        "select name, manifest_digest, ended_at
         from tags
         where repository_id = $1 and ended_at >= $3 and name = $2
         order by ended_at desc
         limit $4",
        [repository_id.into(), tag.into(), since.into(), limit.into()],
        |row| {
            Ok(EndedTagRow {
                tag: row.parsed(0, "name")?,
                digest: row.parsed(1, "manifest_digest")?,
                ended_at: row.time(2)?,
            })
        },
    )
    .await
}

/// Tags that ended together with a manifest, when it was deleted.
pub async fn list_ended_with(
    conn: &mut Conn,
    repository_id: &str,
    digest: &Digest,
    ended_at: Timestamp,
) -> Result<Vec<Tag>> {
    // ix_tags_ended
    conn.all(
        "select name
         from tags
         where repository_id = $1 and ended_at = $3 and manifest_digest = $2
         order by name",
        [repository_id.into(), digest.into(), ended_at.into()],
        |row| row.parsed(0, "name"),
    )
    .await
}

/// Forgets tags that ended before `before`, at most `limit`. How many there were.
pub async fn delete_ended(conn: &mut Conn, before: Timestamp, limit: usize) -> Result<u64> {
    // ix_tags_ended_at
    conn.execute(
        "delete from tags
         where tag_id in (
             select tag_id from tags where ended_at < $1 order by ended_at limit $2
         )",
        [before.into(), limit.into()],
    )
    .await
}
