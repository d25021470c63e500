//! Table `load_balancing_tags`: tags of load balancers, target groups, listeners and rules.

use crate::value::list as texts;
use crate::{Conn, Result};

/// Sets a tag, replacing one of the same key.
pub async fn upsert(conn: &mut Conn, resource_id: &str, key: &str, value: &str) -> Result<()> {
    conn.execute(
        "insert into load_balancing_tags (resource_id, tag_key, tag_value)
         values ($1, $2, $3)
         on conflict (resource_id, tag_key) do update
         set tag_value = excluded.tag_value",
        [resource_id.into(), key.into(), value.into()],
    )
    .await?;
    Ok(())
}

/// Resources with their tags: id, key, value.
pub async fn list(conn: &mut Conn, resource_ids: &[&str]) -> Result<Vec<(String, String, String)>> {
    // pk_load_balancing_tags
    conn.all(
        "select resource_id, tag_key, tag_value
         from load_balancing_tags
         where resource_id in (select value from json_each($1))
         order by resource_id, tag_key",
        [texts(resource_ids.iter().copied())],
        |row| Ok((row.text(0)?, row.text(1)?, row.text(2)?)),
    )
    .await
}

/// Removes tags by their keys.
pub async fn delete(conn: &mut Conn, resource_id: &str, keys: &[String]) -> Result<u64> {
    // pk_load_balancing_tags
    conn.execute(
        "delete from load_balancing_tags
         where resource_id = $1 and tag_key in (select value from json_each($2))",
        [resource_id.into(), texts(keys.iter().map(String::as_str))],
    )
    .await
}

/// Removes all tags of a resource.
pub async fn delete_all(conn: &mut Conn, resource_id: &str) -> Result<u64> {
    conn.execute("delete from load_balancing_tags where resource_id = $1", [resource_id.into()]).await
}
