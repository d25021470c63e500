//! Table `secret_stages`: the names by which versions of a secret are asked for.

use crate::value::list;
use crate::{Conn, Result};

/// The version that a stage of a secret is attached to.
pub async fn find(conn: &mut Conn, secret_id: &str, stage: &str) -> Result<Option<String>> {
    // pk_secret_stages
    conn.optional(
        "select version_id
         from secret_stages
         where secret_id = $1 and stage = $2",
        [secret_id.into(), stage.into()],
        |row| row.text(0),
    )
    .await
}

/// The stages of a secret, by name, with their versions. There are few.
pub async fn list_of(conn: &mut Conn, secret_id: &str) -> Result<Vec<(String, String)>> {
    // pk_secret_stages
    conn.all(
        "select stage, version_id
         from secret_stages
         where secret_id = $1
         order by stage",
        [secret_id.into()],
        |row| Ok((row.text(0)?, row.text(1)?)),
    )
    .await
}

/// The stages of several secrets: secret, stage and version.
pub async fn list_of_all<'s>(
    conn: &mut Conn,
    secret_ids: impl IntoIterator<Item = &'s str>,
) -> Result<Vec<(String, String, String)>> {
    // pk_secret_stages
    conn.all(
        "select secret_id, stage, version_id
         from secret_stages
         where secret_id in (select value from json_each($1))",
        [list(secret_ids)],
        |row| Ok((row.text(0)?, row.text(1)?, row.text(2)?)),
    )
    .await
}

/// Attaches a stage to a version, away from where it was.
pub async fn upsert(conn: &mut Conn, secret_id: &str, stage: &str, version_id: &str) -> Result<()> {
    // pk_secret_stages
    conn.execute(
        "insert into secret_stages (secret_id, stage, version_id)
         values ($1, $2, $3)
         on conflict (secret_id, stage) do update
         set version_id = excluded.version_id",
        [secret_id.into(), stage.into(), version_id.into()],
    )
    .await?;
    Ok(())
}

/// Takes a stage away. Whether it was there.
pub async fn delete(conn: &mut Conn, secret_id: &str, stage: &str) -> Result<bool> {
    // pk_secret_stages
    let rows = conn
        .execute("delete from secret_stages where secret_id = $1 and stage = $2", [secret_id.into(), stage.into()])
        .await?;
    Ok(rows == 1)
}

/// Takes all stages of a secret away.
pub async fn delete_of(conn: &mut Conn, secret_id: &str) -> Result<u64> {
    // pk_secret_stages
    conn.execute("delete from secret_stages where secret_id = $1", [secret_id.into()]).await
}
