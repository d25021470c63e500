//! Table `blob_reviews`: blobs of repositories to which perhaps no manifest refers.

use types::{Digest, Timestamp};

use crate::conn::Lock;
use crate::value::list as text_list;
use crate::{Conn, Result};

/// Puts blobs of a repository down for review, or puts their reviews off: somebody relies on them as of `now`.
pub async fn upsert(conn: &mut Conn, repository_id: &str, digests: &[&Digest], now: Timestamp) -> Result<()> {
    if digests.is_empty() {
        return Ok(());
    }
    // In one order everywhere, or two could wait for each other.
    conn.execute(
        "insert into blob_reviews (repository_id, digest, since)
         select $1, value, cast($3 as bigint)
         from json_each($2)
         where true
         order by value
         on conflict (repository_id, digest) do update
         set since = excluded.since
         where blob_reviews.since < excluded.since",
        [repository_id.into(), text_list(digests.iter().map(|digest| digest.as_str())), now.into()],
    )
    .await?;
    Ok(())
}

/// Whether a review of one of these blobs is from before `stale`.
pub async fn any_stale(conn: &mut Conn, repository_id: &str, digests: &[&Digest], stale: Timestamp) -> Result<bool> {
    // pk_blob_reviews
    let found = conn
        .optional(
            "select 1
             from blob_reviews
             where repository_id = $1 and digest in (select value from json_each($2)) and since < $3
             limit 1",
            [repository_id.into(), text_list(digests.iter().map(|digest| digest.as_str())), stale.into()],
            |_| Ok(()),
        )
        .await?;
    Ok(found.is_some())
}

/// Reviews from before `before`, at most `limit`, oldest first, with the blobs of their repositories, held until the
/// transaction ends. What somebody else holds is left for another time.
pub async fn lock_due(conn: &mut Conn, before: Timestamp, limit: usize) -> Result<Vec<(String, Digest)>> {
    // ix_blob_reviews_since, pk_repository_blobs
    conn.all_locked(
        "select review.repository_id, review.digest
         from blob_reviews review
         join repository_blobs link on link.repository_id = review.repository_id and link.digest = review.digest
         where review.since < $1
         order by review.since
         limit $2",
        Lock::UpdateUnlessLocked,
        [before.into(), limit.into()],
        |row| Ok((row.text(0)?, row.parsed(1, "digest")?)),
    )
    .await
}

/// Removes reviews of blobs of a repository.
pub async fn delete(conn: &mut Conn, repository_id: &str, digests: &[&Digest]) -> Result<u64> {
    conn.execute(
        "delete from blob_reviews
         where repository_id = $1 and digest in (select value from json_each($2))",
        [repository_id.into(), text_list(digests.iter().map(|digest| digest.as_str()))],
    )
    .await
}

/// Removes reviews from before `before` of blobs that are not in their repositories any more, at most `limit`.
pub async fn delete_void(conn: &mut Conn, before: Timestamp, limit: usize) -> Result<u64> {
    // ix_blob_reviews_since, pk_repository_blobs. A review that somebody puts off at the moment stays.
    conn.execute(
        "delete from blob_reviews
         where since < $1
           and exists (
             select 1
             from (
                 select review.repository_id, review.digest
                 from blob_reviews review
                 where review.since < $1
                   and not exists (
                       select 1
                       from repository_blobs link
                       where link.repository_id = review.repository_id and link.digest = review.digest
                   )
                 order by review.since
                 limit $2
             ) void
             where void.repository_id = blob_reviews.repository_id and void.digest = blob_reviews.digest
         )",
        [before.into(), limit.into()],
    )
    .await
}

/// Puts reviews from before `stale` off: somebody is told that the blobs are there.
pub async fn update_stale(
    conn: &mut Conn,
    repository_id: &str,
    digests: &[&Digest],
    now: Timestamp,
    stale: Timestamp,
) -> Result<u64> {
    let list = || text_list(digests.iter().map(|digest| digest.as_str()));
    // In one order everywhere, or two could wait for each other.
    conn.all_locked(
        "select digest
         from blob_reviews
         where repository_id = $1 and digest in (select value from json_each($2)) and since < $3
         order by digest",
        Lock::Update,
        [repository_id.into(), list(), stale.into()],
        |_| Ok(()),
    )
    .await?;
    conn.execute(
        "update blob_reviews
         set since = $3
         where repository_id = $1 and digest in (select value from json_each($2)) and since < $4",
        [repository_id.into(), list(), now.into(), stale.into()],
    )
    .await
}
