//! Table `unlinked_blobs`: blobs that perhaps no repository has any more.

use types::Digest;

use crate::conn::Lock;
use crate::value::list as text_list;
use crate::{Conn, Result};

/// Puts blobs down of which a repository was just relieved.
pub async fn insert(conn: &mut Conn, digests: &[&Digest]) -> Result<()> {
    if digests.is_empty() {
        return Ok(());
    }
    // In one order everywhere, or two could wait for each other. Whoever strikes one off at the moment did not see that
    // this repository has let go of it: the update waits until they are done, and then the row is new.
    conn.execute(
        "insert into unlinked_blobs (digest)
         select value
         from json_each($1)
         where true
         order by value
         on conflict (digest) do update
         set digest = excluded.digest",
        [text_list(digests.iter().map(|digest| digest.as_str()))],
    )
    .await?;
    Ok(())
}

/// Blobs that are put down, at most `limit`, held against repositories that would come to have them. Those that
/// somebody else holds are left for another time.
pub async fn lock(conn: &mut Conn, limit: usize) -> Result<Vec<Digest>> {
    // pk_blobs
    conn.all_locked(
        "select blob.digest
         from unlinked_blobs unlinked
         join blobs blob on blob.digest = unlinked.digest
         order by blob.digest
         limit $1",
        Lock::UpdateUnlessLocked,
        [limit.into()],
        |row| row.parsed(0, "digest"),
    )
    .await
}

/// Strikes blobs off.
pub async fn delete(conn: &mut Conn, digests: &[&Digest]) -> Result<u64> {
    conn.execute(
        "delete from unlinked_blobs
         where digest in (select value from json_each($1))",
        [text_list(digests.iter().map(|digest| digest.as_str()))],
    )
    .await
}

/// Strikes blobs off that do not exist any more, at most `limit`.
pub async fn delete_void(conn: &mut Conn, limit: usize) -> Result<u64> {
    // pk_blobs
    let void: Vec<Digest> = conn
        .all_locked(
            "select digest
             from unlinked_blobs
             where not exists (select 1 from blobs blob where blob.digest = unlinked_blobs.digest)
             order by digest
             limit $1",
            Lock::UpdateUnlessLocked,
            [limit.into()],
            |row| row.parsed(0, "digest"),
        )
        .await?;
    // Somebody may have pushed one again before it was held.
    conn.execute(
        "delete from unlinked_blobs
         where digest in (select value from json_each($1))
           and not exists (select 1 from blobs blob where blob.digest = unlinked_blobs.digest)",
        [text_list(void.iter().map(|digest| digest.as_str()))],
    )
    .await
}
