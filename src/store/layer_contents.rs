//! Table `layer_contents`: what layers hold.

use types::Digest;

use crate::{Conn, Result};

/// What a layer holds, if this version of the program, or one that reads the same, has read it.
pub async fn find(conn: &mut Conn, digest: &Digest, reader_version: u64) -> Result<Option<String>> {
    conn.optional(
        "select document
         from layer_contents
         where digest = $1 and reader_version = $2",
        [digest.into(), reader_version.into()],
        |row| row.text(0),
    )
    .await
}

/// Notes what a layer holds.
pub async fn upsert(conn: &mut Conn, digest: &Digest, reader_version: u64, document: &str) -> Result<()> {
    conn.execute(
        "insert into layer_contents (digest, reader_version, document)
         values ($1, $2, $3)
         on conflict (digest) do update
         set reader_version = excluded.reader_version, document = excluded.document",
        [digest.into(), reader_version.into(), document.into()],
    )
    .await?;
    Ok(())
}

/// Layers after `after` whose bytes are gone, at most `limit`.
pub async fn list_gone(conn: &mut Conn, after: &str, limit: usize) -> Result<Vec<Digest>> {
    // pk_layer_contents, pk_blobs: a walk over the layers that were read.
    conn.all(
        "select digest
         from layer_contents
         where digest > $1 and not exists (select 1 from blobs blob where blob.digest = layer_contents.digest)
         order by digest
         limit $2",
        [after.into(), limit.into()],
        |row| row.parsed(0, "digest"),
    )
    .await
}

/// Forgets a layer.
pub async fn delete(conn: &mut Conn, digest: &Digest) -> Result<bool> {
    let rows = conn
        .execute(
            "delete from layer_contents
             where digest = $1",
            [digest.into()],
        )
        .await?;
    Ok(rows == 1)
}
