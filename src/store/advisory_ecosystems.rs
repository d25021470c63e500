//! Table `advisory_ecosystems`: of what there are advisories.

use types::Timestamp;

use crate::{Conn, Result};

/// Notes that advisories of an ecosystem were imported.
pub async fn upsert(conn: &mut Conn, ecosystem: &str, now: Timestamp) -> Result<()> {
    conn.execute(
        "insert into advisory_ecosystems (ecosystem, imported_at)
         values ($1, $2)
         on conflict (ecosystem) do update
         set imported_at = excluded.imported_at",
        [ecosystem.into(), now.into()],
    )
    .await?;
    Ok(())
}

/// All of them with the time of the last import: some dozens.
pub async fn list(conn: &mut Conn) -> Result<Vec<(String, Timestamp)>> {
    conn.all(
        "select ecosystem, imported_at
         from advisory_ecosystems
         order by ecosystem",
        [],
        |row| Ok((row.text(0)?, row.time(1)?)),
    )
    .await
}
