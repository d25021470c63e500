//! The archive: images that are kept and not given out until somebody restores them, by a call or by pushing them again.
//!
//! Archiving moves no bytes: they are shared with other images, and neither a directory nor every S3 server has a cheaper
//! place for them. What is about an image (signatures) goes with it both ways; what an index lists comes back with it, and
//! is archived only after it. See docs/decisions/0019.

use std::sync::Arc;

use store::manifest_storage::{self, Storage};
use store::manifests::ManifestRow;
use store::{Conn, Pending, edges, manifests, tags};
use types::{Digest, StorageClass, Timestamp};

use super::ImageId;
use crate::manifest::Manifest;
use crate::{Action, App, Ctx, Error, Permit, Result, limits, replication, repositories};

/// Indexes in indexes, and signatures of signatures, are followed so far.
const DEPTH: usize = 8;
/// What is about one image that goes with it. More of it stays where it is.
const FOLLOWERS: usize = 100;

/// Moves an image to a storage class, and gives its digest and its class. One that is there already stays there.
pub async fn update(ctx: &Ctx, permit: &Permit, id: &ImageId, to: &str) -> Result<(Digest, StorageClass)> {
    permit.require(Action::UpdateImageStorageClass)?;
    let to: StorageClass = to.parse().map_err(|_| {
        let constraint = "must satisfy enum value set: [STANDARD, ARCHIVE]".to_owned();
        Error::InvalidParameter { parameter: "targetStorageClass", constraint }
    })?;
    let digest = super::find(ctx, permit, id).await?;
    let (permit, own, wanted, asked) = (permit.clone(), Arc::clone(&ctx.app), digest.clone(), id.clone());
    let (repository_id, followers) = ctx
        .app
        .db
        .write(move |conn| {
            Box::pin(async move {
                let repository = repositories::find(conn, &permit).await?;
                let (id, now) = (&repository.repository_id, own.now());
                // Against indexes that would come to list it.
                if !manifests::lock_for_delete(conn, id, &wanted).await? {
                    let (registry, repository) = (repository.registry, repository.name);
                    return Err(Error::ImageUnknown { registry, repository, id: asked });
                }
                match to {
                    StorageClass::Standard => {
                        if activate(conn, id, wanted.clone(), now).await? {
                            limits::require_image(conn, &own, id).await?;
                            // As on ECR, what is restored is replicated like what is pushed.
                            replication::note_push(conn, &own, &repository, &wanted).await?;
                        }
                        Ok((repository.repository_id, Vec::new()))
                    }
                    StorageClass::Archive => {
                        if !archive(conn, id, &wanted, now).await? {
                            let archived = manifest_storage::list_archived(conn, id, &[&wanted]).await?;
                            if archived.is_empty() {
                                return Err(Error::StorageClassUnsupported);
                            }
                        }
                        let followers = followers(conn, id, &wanted, StorageClass::Standard).await?;
                        Ok((repository.repository_id, followers))
                    }
                }
            }) as Pending<'_, (String, Vec<Digest>), Error>
        })
        .await?;
    archive_followers(&ctx.app, &repository_id, followers).await?;
    Ok((digest, to))
}

/// Archives an image that is held. False if it is archived already, or an index lists it that is not.
pub(super) async fn archive(conn: &mut Conn, repository_id: &str, digest: &Digest, now: Timestamp) -> Result<bool> {
    if edges::find_active_parent_of_manifest(conn, repository_id, digest).await?.is_some() {
        return Ok(false);
    }
    let moved = manifest_storage::update_class(conn, repository_id, &[digest], StorageClass::Archive, now).await?;
    if moved.is_empty() {
        return Ok(false);
    }
    edges::update_archived(conn, repository_id, &[digest], true).await?;
    Ok(true)
}

/// Archives what is about an image that was archived. Each in a transaction of its own, which holds one image only.
async fn archive_followers(app: &Arc<App>, repository_id: &str, first: Vec<Digest>) -> Result<()> {
    let (mut waiting, mut depth) = (first, 0);
    while !waiting.is_empty() && depth < DEPTH {
        let mut next = Vec::new();
        for digest in waiting {
            let (id, now) = (repository_id.to_owned(), app.now());
            let further = app
                .db
                .write(move |conn| {
                    Box::pin(async move {
                        if manifests::lock_for_delete(conn, &id, &digest).await?
                            && archive(conn, &id, &digest, now).await?
                        {
                            return followers(conn, &id, &digest, StorageClass::Standard).await;
                        }
                        Ok(Vec::new())
                    }) as Pending<'_, Vec<Digest>, Error>
                })
                .await?;
            next.extend(further);
        }
        (waiting, depth) = (next, depth + 1);
    }
    Ok(())
}

/// Images without a tag that are about another one, and that are in a class.
async fn followers(conn: &mut Conn, repository_id: &str, subject: &Digest, class: StorageClass) -> Result<Vec<Digest>> {
    let found = manifests::list_referrers(conn, repository_id, subject, None, Some(class), "", FOLLOWERS).await?;
    let digests: Vec<&Digest> = found.iter().map(|row| &row.digest).collect();
    if digests.is_empty() {
        return Ok(Vec::new());
    }
    let tagged = tags::list_tagged(conn, repository_id, &digests).await?;
    Ok(digests.into_iter().filter(|digest| !tagged.contains(digest)).cloned().collect())
}

/// Restores an image with what it lists and what is about it. False if it was not archived, and nothing that it lists.
async fn activate(conn: &mut Conn, repository_id: &str, digest: Digest, now: Timestamp) -> Result<bool> {
    let (mut level, mut any) = (vec![digest], false);
    for _ in 0..DEPTH {
        level.sort();
        level.dedup();
        let digests: Vec<&Digest> = level.iter().collect();
        let moved = manifest_storage::update_class(conn, repository_id, &digests, StorageClass::Standard, now).await?;
        let children = edges::list_children(conn, repository_id, &digests, edges::Kind::Child).await?;
        let mut next: Vec<Digest> = children.into_iter().map(|(_, child)| child).collect();
        if !moved.is_empty() {
            any = true;
            let moved: Vec<&Digest> = moved.iter().collect();
            edges::update_archived(conn, repository_id, &moved, false).await?;
            for subject in moved {
                next.extend(followers(conn, repository_id, subject, StorageClass::Archive).await?);
            }
        }
        if next.is_empty() {
            break;
        }
        level = next;
    }
    Ok(any)
}

/// Somebody pushed an image: if it was there and archived, it is restored, and so is what it lists. Whether that changed
/// anything.
pub(super) async fn activate_pushed(
    conn: &mut Conn,
    row: &ManifestRow,
    manifest: &Manifest,
    new: bool,
) -> Result<bool> {
    if new && manifest.children.is_empty() {
        return Ok(false);
    }
    activate(conn, &row.repository_id, row.digest.clone(), row.pushed_at).await
}

/// Puts an image that was deleted back where it was.
pub(super) async fn put_back(conn: &mut Conn, row: &ManifestRow, storage: &Storage) -> Result<()> {
    if *storage == Storage::default() {
        return Ok(());
    }
    manifest_storage::update(conn, &row.repository_id, &row.digest, storage).await?;
    if storage.class == StorageClass::Archive {
        edges::update_archived(conn, &row.repository_id, &[&row.digest], true).await?;
    }
    Ok(())
}
