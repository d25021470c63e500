//! Table `iam_tags`: the tags of users, roles, managed policies and identity providers.

use crate::conn;
use crate::row::Row;
use crate::value::list as texts;
use crate::{Conn, Result};

/// A tag.
#[derive(Debug, Clone)]
pub struct IamTagRow {
    /// Id of the user, role or policy, or ARN of the identity provider.
    pub resource_id: String,
    /// The key in lower case, which is unique there.
    pub folded_key: String,
    /// The key as it was sent.
    pub key: String,
    /// The value.
    pub value: String,
}

fn read(row: &Row) -> Result<IamTagRow> {
    Ok(IamTagRow { resource_id: row.text(0)?, folded_key: row.text(1)?, key: row.text(2)?, value: row.text(3)? })
}

/// Sets a tag, replacing one whose key differs at most by case.
pub async fn upsert(conn: &mut Conn, tag: &IamTagRow) -> Result<()> {
    conn.execute(
        "insert into iam_tags (resource_id, folded_key, key, value)
         values ($1, $2, $3, $4)
         on conflict (resource_id, folded_key) do update set key = excluded.key, value = excluded.value",
        [(&tag.resource_id).into(), (&tag.folded_key).into(), (&tag.key).into(), (&tag.value).into()],
    )
    .await?;
    Ok(())
}

/// All tags, for the copy of the authorization data in memory.
pub async fn list(conn: &mut Conn) -> Result<Vec<IamTagRow>> {
    conn.all("select resource_id, folded_key, key, value from iam_tags", [], read).await
}

/// The tags of several resources, in the order of their keys.
pub async fn list_of(conn: &mut Conn, resource_ids: &[&str]) -> Result<Vec<IamTagRow>> {
    // pk_iam_tags
    conn.all(
        "select resource_id, folded_key, key, value
         from iam_tags
         where resource_id in (select value from json_each($1))
         order by folded_key",
        [texts(resource_ids.iter().copied())],
        read,
    )
    .await
}

/// The tags of a resource after a key, at most `limit`.
pub async fn list_page(conn: &mut Conn, resource_id: &str, after: &str, limit: usize) -> Result<Vec<IamTagRow>> {
    // pk_iam_tags
    conn.all(
        "select resource_id, folded_key, key, value
         from iam_tags
         where resource_id = $1 and folded_key > $2
         order by folded_key
         limit $3",
        [resource_id.into(), after.into(), limit.into()],
        read,
    )
    .await
}

/// How many tags a resource has.
pub async fn count(conn: &mut Conn, resource_id: &str) -> Result<u64> {
    conn::count(conn, "select count(*) from iam_tags where resource_id = $1", [resource_id.into()]).await
}

/// Removes tags by their keys in lower case.
pub async fn delete(conn: &mut Conn, resource_id: &str, folded_keys: &[&str]) -> Result<u64> {
    conn.execute(
        "delete from iam_tags
         where resource_id = $1 and folded_key in (select value from json_each($2))",
        [resource_id.into(), texts(folded_keys.iter().copied())],
    )
    .await
}

/// Removes all tags of a resource.
pub async fn delete_of(conn: &mut Conn, resource_id: &str) -> Result<u64> {
    conn.execute("delete from iam_tags where resource_id = $1", [resource_id.into()]).await
}
