//! Table `upload_parts`: parts of a multipart upload that the store has accepted.

use crate::{Conn, Result};

/// Records parts from number `first` on, replacing what an abandoned request left there.
pub async fn upsert(conn: &mut Conn, upload_id: &str, first: usize, parts: &[String]) -> Result<()> {
    for (number, part) in (first..).zip(parts) {
        conn.execute(
            "insert into upload_parts (upload_id, number, part)
             values ($1, $2, $3)
             on conflict (upload_id, number) do update set part = excluded.part",
            [upload_id.into(), number.into(), part.into()],
        )
        .await?;
    }
    Ok(())
}

/// All parts in their order.
pub async fn list(conn: &mut Conn, upload_id: &str) -> Result<Vec<String>> {
    conn.all(
        "select part
         from upload_parts
         where upload_id = $1
         order by number",
        [upload_id.into()],
        |row| row.text(0),
    )
    .await
}

/// Forgets all parts of an upload.
pub async fn delete(conn: &mut Conn, upload_id: &str) -> Result<u64> {
    conn.execute("delete from upload_parts where upload_id = $1", [upload_id.into()]).await
}
