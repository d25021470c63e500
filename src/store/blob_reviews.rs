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
        "insert into blob_reviews (repository_id, digest, since, registry)
         select $1, value, cast($3 as bigint), coalesce((
             select repository.account_id || '/' || repository.region
             from repositories repository
             where repository.repository_id = $1
         ), '')
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

/// The first registry after `after` of which there are reviews, as `account/region`. What belongs to none comes first, as an
/// empty text, after none.
pub async fn find_next_registry(conn: &mut Conn, after: Option<&str>) -> Result<Option<String>> {
    // ix_blob_reviews_since
    let sql = match after {
        None => {
            "select registry
             from blob_reviews
             where registry >= $1
             order by registry
             limit 1"
        }
        Some(_) => {
            "select registry
             from blob_reviews
             where registry > $1
             order by registry
             limit 1"
        }
    };
    conn.optional(sql, [after.unwrap_or_default().into()], |row| row.text(0)).await
}

/// Reviews of a registry from before `before`, at most `limit`, the oldest: of which repository and which blob.
pub async fn list_due(
    conn: &mut Conn,
    registry: &str,
    before: Timestamp,
    limit: usize,
) -> Result<Vec<(String, Digest)>> {
    // ix_blob_reviews_since
    conn.all(
        "select repository_id, digest
         from blob_reviews
         where registry = $1 and since < $2
         order by since
         limit $3",
        [registry.into(), before.into(), limit.into()],
        |row| Ok((row.text(0)?, row.parsed(1, "digest")?)),
    )
    .await
}

/// Those of these reviews that are still from before `before`, held until the transaction ends: nobody puts one off
/// meanwhile. What somebody else holds is left for another time.
pub async fn lock_due(
    conn: &mut Conn,
    repository_id: &str,
    digests: &[&Digest],
    before: Timestamp,
) -> Result<Vec<Digest>> {
    // pk_blob_reviews
    conn.all_locked(
        "select digest
         from blob_reviews
         where (repository_id, digest) in (select distinct $1, value from json_each($2)) and since < $3",
        Lock::UpdateUnlessLocked,
        [repository_id.into(), text_list(digests.iter().map(|digest| digest.as_str())), before.into()],
        |row| row.parsed(0, "digest"),
    )
    .await
}

/// Removes reviews of blobs of a repository.
pub async fn delete(conn: &mut Conn, repository_id: &str, digests: &[&Digest]) -> Result<u64> {
    conn.execute(
        "delete from blob_reviews
         where (repository_id, digest) in (select distinct $1, value from json_each($2))",
        [repository_id.into(), text_list(digests.iter().map(|digest| digest.as_str()))],
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
         where (repository_id, digest) in (select distinct $1, value from json_each($2)) and since < $3
         order by digest",
        Lock::Update,
        [repository_id.into(), list(), stale.into()],
        |_| Ok(()),
    )
    .await?;
    conn.execute(
        "update blob_reviews
         set since = $3
         where (repository_id, digest) in (select distinct $1, value from json_each($2)) and since < $4",
        [repository_id.into(), list(), now.into(), stale.into()],
    )
    .await
}
