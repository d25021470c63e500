//! Table `resource_tags`: tags of repositories as AWS resources. The tags of images are in [`crate::tags`].

use types::{RegistryId, RepoName};

use crate::value::list as text_list;
use crate::{Conn, Result};

/// A resource tag with the repository that has it.
#[derive(Debug, Clone)]
pub struct ResourceTagRow {
    /// Whose repository, and where.
    pub registry: RegistryId,
    /// Which repository.
    pub name: RepoName,
    /// The tag's key.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// Sets a tag of a repository, replacing one of the same key.
pub async fn upsert(conn: &mut Conn, repository_id: &str, key: &str, value: &str) -> Result<()> {
    conn.execute(
        "insert into resource_tags (repository_id, tag_key, tag_value)
         values ($1, $2, $3)
         on conflict (repository_id, tag_key) do update
         set tag_value = excluded.tag_value",
        [repository_id.into(), key.into(), value.into()],
    )
    .await?;
    Ok(())
}

/// Removes tags by their keys. How many there were.
pub async fn delete(conn: &mut Conn, repository_id: &str, keys: &[String]) -> Result<u64> {
    conn.execute(
        "delete from resource_tags
         where repository_id = $1 and tag_key in (select value from json_each($2))",
        [repository_id.into(), text_list(keys.iter().map(String::as_str))],
    )
    .await
}

/// Removes all tags of a repository. How many there were.
pub async fn delete_all(conn: &mut Conn, repository_id: &str) -> Result<u64> {
    conn.execute("delete from resource_tags where repository_id = $1", [repository_id.into()]).await
}

/// The tags of a repository by their keys; there are never many.
pub async fn list(conn: &mut Conn, repository_id: &str) -> Result<Vec<(String, String)>> {
    // pk_resource_tags
    conn.all(
        "select tag_key, tag_value
         from resource_tags
         where repository_id = $1
         order by tag_key",
        [repository_id.into()],
        |row| Ok((row.text(0)?, row.text(1)?)),
    )
    .await
}

/// All tags of all repositories, for the copy of the authorization data in memory.
pub async fn list_all(conn: &mut Conn) -> Result<Vec<ResourceTagRow>> {
    conn.all(
        "select repository.account_id, repository.region, repository.name, tag.tag_key, tag.tag_value
         from resource_tags tag
         join repositories repository on repository.repository_id = tag.repository_id
         where repository.deleted_at is null",
        [],
        |row| {
            Ok(ResourceTagRow {
                registry: RegistryId { account: row.parsed(0, "account_id")?, region: row.parsed(1, "region")? },
                name: row.parsed(2, "name")?,
                key: row.text(3)?,
                value: row.text(4)?,
            })
        },
    )
    .await
}
