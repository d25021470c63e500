//! Table `pull_gates`: repositories whose images are not given out while they have findings.

use types::Timestamp;

use crate::{Conn, Result};

/// The gate of a repository.
pub async fn find(conn: &mut Conn, repository_id: &str) -> Result<Option<String>> {
    conn.optional(
        "select document
         from pull_gates
         where repository_id = $1",
        [repository_id.into()],
        |row| row.text(0),
    )
    .await
}

/// All gates, for a copy in memory: the repositories that have one are few.
pub async fn list_all(conn: &mut Conn) -> Result<Vec<(String, String)>> {
    conn.all(
        "select repository_id, document
         from pull_gates",
        [],
        |row| Ok((row.text(0)?, row.text(1)?)),
    )
    .await
}

/// Sets the gate of a repository.
pub async fn upsert(conn: &mut Conn, repository_id: &str, document: &str, now: Timestamp) -> Result<()> {
    conn.execute(
        "insert into pull_gates (repository_id, document, updated_at)
         values ($1, $2, $3)
         on conflict (repository_id) do update
         set document = excluded.document, updated_at = excluded.updated_at",
        [repository_id.into(), document.into(), now.into()],
    )
    .await?;
    Ok(())
}

/// Removes the gate of a repository.
pub async fn delete(conn: &mut Conn, repository_id: &str) -> Result<bool> {
    let rows = conn
        .execute(
            "delete from pull_gates
             where repository_id = $1",
            [repository_id.into()],
        )
        .await?;
    Ok(rows == 1)
}
