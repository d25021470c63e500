//! Table `ecs_tags`: the tags of clusters, task definitions, services, tasks and container instances.

use types::RegistryId;

use crate::value::list as list_of;
use crate::{Conn, Result};

/// Sets a tag of a resource.
pub async fn upsert(conn: &mut Conn, registry: &RegistryId, resource: &str, key: &str, value: &str) -> Result<()> {
    conn.execute(
        "insert into ecs_tags (account_id, region, resource, key, value)
         values ($1, $2, $3, $4, $5)
         on conflict (account_id, region, resource, key) do update
         set value = excluded.value",
        [(&registry.account).into(), (&registry.region).into(), resource.into(), key.into(), value.into()],
    )
    .await?;
    Ok(())
}

/// The tags of a resource, by their keys.
pub async fn list(conn: &mut Conn, registry: &RegistryId, resource: &str) -> Result<Vec<(String, String)>> {
    // pk_ecs_tags
    conn.all(
        "select key, value
         from ecs_tags
         where account_id = $1 and region = $2 and resource = $3
         order by key",
        [(&registry.account).into(), (&registry.region).into(), resource.into()],
        |row| Ok((row.text(0)?, row.text(1)?)),
    )
    .await
}

/// The values of a tag of some resources, by these.
pub async fn list_of_key(
    conn: &mut Conn,
    registry: &RegistryId,
    resources: &[String],
    key: &str,
) -> Result<Vec<(String, String)>> {
    // pk_ecs_tags
    conn.all(
        "select resource, value
         from ecs_tags
         where account_id = $1 and region = $2 and resource in (select value from json_each($3)) and key = $4",
        [
            (&registry.account).into(),
            (&registry.region).into(),
            list_of(resources.iter().map(String::as_str)),
            key.into(),
        ],
        |row| Ok((row.text(0)?, row.text(1)?)),
    )
    .await
}

/// Removes a tag of a resource.
pub async fn delete(conn: &mut Conn, registry: &RegistryId, resource: &str, key: &str) -> Result<bool> {
    let rows = conn
        .execute(
            "delete from ecs_tags
             where account_id = $1 and region = $2 and resource = $3 and key = $4",
            [(&registry.account).into(), (&registry.region).into(), resource.into(), key.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Removes all tags of a resource.
pub async fn delete_all(conn: &mut Conn, registry: &RegistryId, resource: &str) -> Result<()> {
    conn.execute(
        "delete from ecs_tags
         where account_id = $1 and region = $2 and resource = $3",
        [(&registry.account).into(), (&registry.region).into(), resource.into()],
    )
    .await?;
    Ok(())
}
