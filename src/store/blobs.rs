//! Table `blobs`: which object holds the bytes of a digest.

use types::{Digest, Timestamp};

use crate::conn::Lock;
use crate::row::Row;
use crate::value::list;
use crate::{Conn, Error, Result};

/// A blob that is complete and durable.
#[derive(Debug, Clone)]
pub struct BlobRow {
    /// As its pusher named it.
    pub digest: Digest,
    /// Where its bytes are; opaque.
    pub object_key: String,
    /// In bytes.
    pub size: u64,
}

fn read(row: &Row) -> Result<BlobRow> {
    Ok(BlobRow { digest: row.parsed(0, "digest")?, object_key: row.text(1)?, size: row.size(2)? })
}

/// Records where the bytes of a digest are. Of several pushers of one digest the first decides; the returned key is
/// the one that counts, so that the others know that theirs is not needed. A blob whose object was found missing is
/// given the new object.
pub async fn insert(conn: &mut Conn, blob: &BlobRow, now: Timestamp) -> Result<String> {
    let rows = conn
        .execute(
            "insert into blobs (digest, object_key, size, state, created_at)
             values ($1, $2, $3, 'live', $4)
             on conflict (digest) do update
             set object_key = excluded.object_key, size = excluded.size, state = 'live', created_at = excluded.created_at
             where blobs.state = 'missing'",
            [(&blob.digest).into(), (&blob.object_key).into(), blob.size.into(), now.into()],
        )
        .await?;
    if rows == 1 {
        return Ok(blob.object_key.clone());
    }
    // The statement above holds the row that it met until the transaction ends, so it is still there.
    conn.optional("select object_key from blobs where digest = $1", [(&blob.digest).into()], |row| row.text(0))
        .await?
        .ok_or_else(|| Error::Conflict("the blob was removed in this moment".to_owned()))
}

/// Marks blobs whose objects are gone: they count as absent until somebody pushes them again.
pub async fn update_missing(conn: &mut Conn, object_key: &str) -> Result<bool> {
    Ok(conn.execute("update blobs set state = 'missing' where object_key = $1", [object_key.into()]).await? == 1)
}

/// Holds those of these blobs, against repositories that would come to have them, that nobody else holds.
pub async fn lock_unless_locked(conn: &mut Conn, digests: &[&Digest]) -> Result<Vec<Digest>> {
    // pk_blobs
    conn.all_locked(
        "select digest
         from blobs
         where digest in (select value from json_each($1))",
        Lock::UpdateUnlessLocked,
        [list(digests.iter().map(|digest| digest.as_str()))],
        |row| row.parsed(0, "digest"),
    )
    .await
}

/// Which of these digests have a row.
pub async fn list_existing(conn: &mut Conn, digests: &[&Digest]) -> Result<Vec<Digest>> {
    // pk_blobs
    conn.all(
        "select digest
         from blobs
         where digest in (select value from json_each($1))",
        [list(digests.iter().map(|digest| digest.as_str()))],
        |row| row.parsed(0, "digest"),
    )
    .await
}

/// Removes those of these blobs that no repository has. They are held already. Gives them back.
pub async fn delete_unlinked(conn: &mut Conn, digests: &[&Digest]) -> Result<Vec<BlobRow>> {
    // ix_repository_blobs_digest
    conn.all(
        "delete from blobs
         where digest in (select value from json_each($1))
           and not exists (select 1 from repository_blobs link where link.digest = blobs.digest)
         returning digest, object_key, size",
        [list(digests.iter().map(|digest| digest.as_str()))],
        read,
    )
    .await
}

/// Blobs by object key after `after`, at most `limit`, missing ones left out.
pub async fn list_by_object_key(conn: &mut Conn, after: &str, limit: usize) -> Result<Vec<BlobRow>> {
    // uq_blobs_object_key
    conn.all(
        "select digest, object_key, size
         from blobs
         where object_key > $1 and state = 'live'
         order by object_key
         limit $2",
        [after.into(), limit.into()],
        read,
    )
    .await
}

/// Which of these object keys are those of blobs, missing ones left out.
pub async fn list_live_object_keys(conn: &mut Conn, keys: &[&str]) -> Result<Vec<String>> {
    // uq_blobs_object_key
    conn.all(
        "select object_key
         from blobs
         where object_key in (select value from json_each($1)) and state = 'live'",
        [list(keys.iter().copied())],
        |row| row.text(0),
    )
    .await
}

/// Which of these object keys some row speaks for: a blob, an upload under way, or a removal that is due before `until`.
pub async fn list_known_object_keys(conn: &mut Conn, keys: &[&str], until: Timestamp) -> Result<Vec<String>> {
    conn.all(
        "select object_key from blobs where object_key in (select value from json_each($1))
         union
         select object_key from uploads where object_key in (select value from json_each($1))
         union
         select tail_key from uploads where tail_key in (select value from json_each($1))
         union
         select object_key from removals where object_key in (select value from json_each($1)) and not_before < $2",
        [list(keys.iter().copied()), until.into()],
        |row| row.text(0),
    )
    .await
}
