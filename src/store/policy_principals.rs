//! Table `policy_principals`.

use crate::value::list as texts;
use crate::{Conn, Result};

/// Sets whom the policy of an owner names, in place of those before.
pub async fn replace(conn: &mut Conn, owner_kind: &str, owner_id: &str, principal_ids: &[String]) -> Result<()> {
    delete(conn, owner_kind, owner_id).await?;
    if principal_ids.is_empty() {
        return Ok(());
    }
    conn.execute(
        "insert into policy_principals (principal_id, owner_kind, owner_id)
         select value, $2, $3
         from json_each($1)
         where true
         on conflict do nothing",
        [texts(principal_ids.iter().map(String::as_str)), owner_kind.into(), owner_id.into()],
    )
    .await?;
    Ok(())
}

/// Forgets whom the policy of an owner named.
pub async fn delete(conn: &mut Conn, owner_kind: &str, owner_id: &str) -> Result<()> {
    // ix_policy_principals_owner
    conn.execute(
        "delete from policy_principals
         where owner_kind = $1 and owner_id = $2",
        [owner_kind.into(), owner_id.into()],
    )
    .await?;
    Ok(())
}

/// The owners of the policies that name a principal: kind and id.
pub async fn list_owners(conn: &mut Conn, principal_id: &str) -> Result<Vec<(String, String)>> {
    // pk_policy_principals
    conn.all(
        "select owner_kind, owner_id
         from policy_principals
         where principal_id = $1",
        [principal_id.into()],
        |row| Ok((row.text(0)?, row.text(1)?)),
    )
    .await
}

/// Forgets in which policies a principal was named.
pub async fn delete_principal(conn: &mut Conn, principal_id: &str) -> Result<()> {
    // pk_policy_principals
    conn.execute("delete from policy_principals where principal_id = $1", [principal_id.into()]).await?;
    Ok(())
}
