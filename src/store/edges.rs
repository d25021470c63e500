//! Table `edges`: what a manifest refers to.

use types::{Digest, MediaType};

use crate::value::list as text_list;
use crate::{Conn, Result};

/// How a manifest refers to something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The config of an image.
    Config,
    /// A layer of an image, or a child of an index that is no manifest.
    Layer,
    /// A manifest in an index.
    Child,
    /// What the manifest is about.
    Subject,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Layer => "layer",
            Self::Child => "child",
            Self::Subject => "subject",
        }
    }
}

/// Something that a manifest refers to, and what it calls its media type. Those of manifests are known of themselves.
pub type Child<'c> = (&'c Digest, Option<&'c MediaType>);

/// Adds all edges of one kind of a manifest, in one statement.
pub async fn insert(
    conn: &mut Conn,
    repository_id: &str,
    parent: &Digest,
    kind: Kind,
    children: &[Child<'_>],
) -> Result<()> {
    if children.is_empty() {
        return Ok(());
    }
    // A list has one column: the longest digest (sha512) has 135 characters, and what comes after 136 is the media type.
    let packed: Vec<String> = children
        .iter()
        .map(|(digest, media_type)| format!("{:136}{}", digest.as_str(), media_type.map_or("", MediaType::as_str)))
        .collect();
    conn.execute(
        "insert into edges (repository_id, parent_digest, kind, child_digest, media_type)
         select $1, $2, $3, rtrim(substr(value, 1, 136)), nullif(substr(value, 137), '')
         from json_each($4)
         where true
         on conflict do nothing",
        [repository_id.into(), parent.into(), kind.as_str().into(), text_list(packed.iter().map(String::as_str))],
    )
    .await?;
    Ok(())
}

/// Removes all edges of a manifest.
pub async fn delete(conn: &mut Conn, repository_id: &str, parent: &Digest) -> Result<u64> {
    conn.execute(
        "delete from edges
         where repository_id = $1 and parent_digest = $2",
        [repository_id.into(), parent.into()],
    )
    .await
}

/// Removes all edges of several manifests.
pub async fn delete_all(conn: &mut Conn, repository_id: &str, parents: &[&Digest]) -> Result<u64> {
    // pk_edges
    conn.execute(
        "delete from edges
         where (repository_id, parent_digest) in (select distinct $1, value from json_each($2))",
        [repository_id.into(), text_list(parents.iter().map(|digest| digest.as_str()))],
    )
    .await
}

/// The children of one kind of several manifests, each with its parent.
pub async fn list_children(
    conn: &mut Conn,
    repository_id: &str,
    parents: &[&Digest],
    kind: Kind,
) -> Result<Vec<(Digest, Digest)>> {
    if parents.is_empty() {
        return Ok(Vec::new());
    }
    // pk_edges
    conn.all(
        "select parent_digest, child_digest
         from edges
         where (repository_id, parent_digest) in (select distinct $1, value from json_each($2)) and kind = $3",
        [repository_id.into(), text_list(parents.iter().map(|digest| digest.as_str())), kind.as_str().into()],
        |row| Ok((row.parsed(0, "parent_digest")?, row.parsed(1, "child_digest")?)),
    )
    .await
}

/// A manifest that has `child` as config or layer, if there is one.
pub async fn find_parent_of_blob(conn: &mut Conn, repository_id: &str, child: &Digest) -> Result<Option<Digest>> {
    // ix_edges_child, which SQLite takes when all of its columns are asked about; each edge is archived (1) or not (0). Else it takes
    // the key, which has all that is wanted, and reads all of the repository there.
    conn.optional(
        "select parent_digest
         from edges
         where repository_id = $1 and child_digest = $2 and kind in ('config', 'layer') and archived >= 0
         limit 1",
        [repository_id.into(), child.into()],
        |row| row.parsed(0, "parent_digest"),
    )
    .await
}

/// An index that lists `child`, if there is one.
pub async fn find_parent_of_manifest(conn: &mut Conn, repository_id: &str, child: &Digest) -> Result<Option<Digest>> {
    // ix_edges_child; `archived >= 0` as above
    conn.optional(
        "select parent_digest
         from edges
         where repository_id = $1 and child_digest = $2 and kind = 'child' and archived >= 0
         limit 1",
        [repository_id.into(), child.into()],
        |row| row.parsed(0, "parent_digest"),
    )
    .await
}

/// An index that is not archived and lists `child`, if there is one.
pub async fn find_active_parent_of_manifest(
    conn: &mut Conn,
    repository_id: &str,
    child: &Digest,
) -> Result<Option<Digest>> {
    // ix_edges_child
    conn.optional(
        "select parent_digest
         from edges
         where repository_id = $1 and child_digest = $2 and kind = 'child' and archived = 0
         limit 1",
        [repository_id.into(), child.into()],
        |row| row.parsed(0, "parent_digest"),
    )
    .await
}

/// Whether only archived manifests refer to a blob. `None` if no manifest does.
pub async fn is_blob_archived(conn: &mut Conn, repository_id: &str, blob: &Digest) -> Result<Option<bool>> {
    // ix_edges_child; Postgres finds an archived one among all that refer to the blob by one kind only
    conn.optional(
        "select cast(case when exists (
             select 1
             from edges edge
             where edge.repository_id = $1 and edge.child_digest = $2 and edge.kind = 'layer' and edge.archived = 0
         ) or exists (
             select 1
             from edges edge
             where edge.repository_id = $1 and edge.child_digest = $2 and edge.kind = 'config' and edge.archived = 0
         ) then 0 else 1 end as bigint)
         from edges
         where repository_id = $1 and child_digest = $2 and kind in ('config', 'layer')
         limit 1",
        [repository_id.into(), blob.into()],
        |row| Ok(row.integer(0)? != 0),
    )
    .await
}

/// Notes whether manifests that refer to something are archived.
pub async fn update_archived(conn: &mut Conn, repository_id: &str, parents: &[&Digest], archived: bool) -> Result<u64> {
    // pk_edges
    conn.execute(
        "update edges
         set archived = $3
         where (repository_id, parent_digest) in (select distinct $1, value from json_each($2))",
        [repository_id.into(), text_list(parents.iter().map(|digest| digest.as_str())), i64::from(archived).into()],
    )
    .await
}

/// How many references of manifests to each of these blobs there are. Those without any are left out.
pub async fn count_of_blobs(conn: &mut Conn, repository_id: &str, blobs: &[&Digest]) -> Result<Vec<(Digest, u64)>> {
    // ix_edges_child
    conn.all(
        "select child_digest, cast(count(*) as bigint)
         from edges
         where (repository_id, child_digest) in (select distinct $1, value from json_each($2)) and kind in ('config', 'layer')
         group by child_digest",
        [repository_id.into(), text_list(blobs.iter().map(|digest| digest.as_str()))],
        |row| Ok((row.parsed(0, "child_digest")?, row.size(1)?)),
    )
    .await
}
