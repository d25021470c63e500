//! Table `advisories`: what is known of each vulnerability.

use crate::value::list as text_list;
use crate::{Conn, Result};

/// Sets what is known, replacing what was.
pub async fn upsert(conn: &mut Conn, advisory_id: &str, document: &str) -> Result<()> {
    conn.execute(
        "insert into advisories (advisory_id, document)
         values ($1, $2)
         on conflict (advisory_id) do update
         set document = excluded.document",
        [advisory_id.into(), document.into()],
    )
    .await?;
    Ok(())
}

/// The documents of these.
pub async fn find_all(conn: &mut Conn, advisory_ids: &[&str]) -> Result<Vec<(String, String)>> {
    // pk_advisories
    conn.all(
        "select advisory_id, document
         from advisories
         where advisory_id in (select value from json_each($1))",
        [text_list(advisory_ids.iter().copied())],
        |row| Ok((row.text(0)?, row.text(1)?)),
    )
    .await
}

/// Removes one that was taken back.
pub async fn delete(conn: &mut Conn, advisory_id: &str) -> Result<bool> {
    let rows = conn
        .execute(
            "delete from advisories
             where advisory_id = $1",
            [advisory_id.into()],
        )
        .await?;
    Ok(rows == 1)
}
