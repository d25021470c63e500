//! Table `image_uses`: who runs an image at the moment. Whoever starts something from an image of this installation puts it
//! down here before, and takes it away afterwards; lifecycle policies leave the image alone in between.

use types::{Digest, RegistryId, RepoName, Timestamp};

use crate::conn::Lock;
use crate::value::list as text_list;
use crate::{Conn, Result};

/// An image, as whoever runs it knows it.
#[derive(Debug, Clone, Copy)]
pub struct UsedImage<'u> {
    /// Whose, and where.
    pub registry: &'u RegistryId,
    /// In which repository.
    pub repository: &'u RepoName,
    /// As it was pulled: of an index, or of an image.
    pub digest: &'u Digest,
}

/// Who runs an image.
#[derive(Debug, Clone, Copy)]
pub struct User<'u> {
    /// What it is: `task`.
    pub kind: &'u str,
    /// Which one: its ARN.
    pub id: &'u str,
}

/// Notes that somebody runs an image. False if this installation does not have it (any more); then there is nothing to
/// note. Whoever deletes the image by a policy at that moment either sees this, or has deleted it before.
pub async fn insert(conn: &mut Conn, image: UsedImage<'_>, user: User<'_>, now: Timestamp) -> Result<bool> {
    // uq_repositories_name, pk_manifests
    let held = conn
        .all_locked(
            "select manifest.repository_id
             from manifests manifest
             where manifest.digest = $4
               and manifest.repository_id = (
                   select repository.repository_id
                   from repositories repository
                   where repository.account_id = $1 and repository.region = $2 and repository.name = $3
               )",
            Lock::KeyShare,
            [
                (&image.registry.account).into(),
                (&image.registry.region).into(),
                image.repository.into(),
                image.digest.into(),
            ],
            |row| row.text(0),
        )
        .await?;
    let Some(repository_id) = held.first() else {
        return Ok(false);
    };
    conn.execute(
        "insert into image_uses (repository_id, digest, user_kind, user_id, since)
         values ($1, $2, $3, $4, $5)
         on conflict do nothing",
        [repository_id.into(), image.digest.into(), user.kind.into(), user.id.into(), now.into()],
    )
    .await?;
    Ok(true)
}

/// Notes that somebody runs nothing any more. How many images that were.
pub async fn delete(conn: &mut Conn, user: User<'_>) -> Result<u64> {
    // ix_image_uses_user
    conn.execute(
        "delete from image_uses
         where user_kind = $1 and user_id = $2",
        [user.kind.into(), user.id.into()],
    )
    .await
}

/// Which of these images somebody runs: they themselves, or images that they list.
pub async fn list_used(conn: &mut Conn, repository_id: &str, digests: &[&Digest]) -> Result<Vec<Digest>> {
    if digests.is_empty() {
        return Ok(Vec::new());
    }
    // pk_image_uses, pk_edges
    conn.all(
        "select asked.value
         from json_each($2) asked
         where exists (
                 select 1
                 from image_uses used
                 where used.repository_id = $1 and used.digest = asked.value
             )
            or exists (
                 select 1
                 from edges edge
                 join image_uses used
                     on used.repository_id = edge.repository_id and used.digest = edge.child_digest
                 where edge.repository_id = $1 and edge.parent_digest = asked.value and edge.kind = 'child'
             )",
        [repository_id.into(), text_list(digests.iter().map(|digest| digest.as_str()))],
        |row| row.parsed(0, "value"),
    )
    .await
}

/// Images of a repository that somebody runs, by digest after `after`, at most `limit`.
pub async fn list(conn: &mut Conn, repository_id: &str, after: &str, limit: usize) -> Result<Vec<Digest>> {
    // pk_image_uses
    conn.all(
        "select distinct digest
         from image_uses
         where repository_id = $1 and digest > $2
         order by digest
         limit $3",
        [repository_id.into(), after.into(), limit.into()],
        |row| row.parsed(0, "digest"),
    )
    .await
}

/// Forgets who runs what of a repository, at most `limit` of it.
pub async fn delete_some(conn: &mut Conn, repository_id: &str, limit: usize) -> Result<u64> {
    // pk_image_uses
    conn.execute(
        "delete from image_uses
         where repository_id = $1
           and (digest, user_kind, user_id) in (
               select digest, user_kind, user_id
               from image_uses
               where repository_id = $1
               order by digest, user_kind, user_id
               limit $2
           )",
        [repository_id.into(), limit.into()],
    )
    .await
}
