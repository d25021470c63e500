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
         select distinct value
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

/// Blobs that are put down, at most `limit`, held so that nobody puts one down meanwhile. Those that somebody else holds are
/// left for another time.
pub async fn lock(conn: &mut Conn, limit: usize) -> Result<Vec<Digest>> {
    // pk_unlinked_blobs
    conn.all_locked(
        "select digest
         from unlinked_blobs
         where digest > ''
         order by digest
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
