//! Deleting a repository: it is gone at once, and its rows follow in batches.
//!
//! A repository may have many more rows than one transaction should remove. So the first transaction takes it out of its
//! registry, where nothing finds it any more and its name is free, and background work removes the rest bit by bit.
//! Whoever adds to a repository makes sure, in the same transaction, that it is still there. Blobs are only unlinked:
//! other repositories may have them, and bytes that nobody has are garbage collection's.

use store::{
    Conn, Pending, cached_tags, deleted_manifests, edges, image_uses, lifecycle_policies, lifecycle_previews,
    manifests, pull_gates, replication_uploads, replications, repository_blobs, resource_tags, stamps, tags,
    unlinked_blobs, uploads,
};
use types::Digest;

use super::RepositoryRow;
use crate::{Action, App, Ctx, Error, Permit, Result, repositories, repository_policies};

/// Rows that one transaction of the background work removes of each kind, at the most.
const BATCH: usize = 200;

/// Deleted repositories that are looked at in one go.
const AT_ONCE: usize = 10;

/// Deletes a repository. One that has images is deleted only by `force`, with all of them.
pub async fn delete(ctx: &Ctx, permit: &Permit, force: bool) -> Result<RepositoryRow> {
    permit.require(Action::DeleteRepository)?;
    if force && !ctx.app.config.delete_enabled {
        return Err(Error::DeleteDisabled);
    }
    let (permit, now) = (permit.clone(), ctx.app.now());
    let row = ctx
        .app
        .db
        .write(move |conn| {
            Box::pin(async move {
                // Waits for pushes that have added something already; those after it find the repository gone.
                let row = repositories::lock(conn, &permit).await?;
                let id = &row.repository_id;
                if !force && manifests::count(conn, id, 1).await? > 0 {
                    return Err(Error::RepositoryNotEmpty { registry: row.registry, repository: row.name });
                }
                store::repositories::update_deleted(conn, id, now).await?;
                // These decide about requests, and the name may be somebody else's in a moment. The policy before the tags, as
                // where a template sets them.
                repository_policies::take(conn, id).await?;
                if resource_tags::delete_all(conn, id).await? > 0 {
                    stamps::update_next(conn, stamps::RESOURCE_TAGS).await?;
                }
                Ok(row)
            }) as Pending<'_, RepositoryRow, Error>
        })
        .await?;
    ctx.app.refresh().await?;
    Ok(row)
}

/// Removes the rows that some deleted repositories left behind. Whether there may be more.
pub async fn remove_deleted(app: &App) -> Result<bool> {
    let mut conn = app.db.reader().await?;
    let deleted = store::repositories::list_deleted(&mut conn, AT_ONCE).await?;
    drop(conn);
    let mut gone = 0;
    for repository_id in &deleted {
        // One that cannot be removed must not keep the others.
        match remove(app, repository_id).await {
            Ok(()) => gone += 1,
            Err(error) => tracing::warn!(repository_id, %error, "a deleted repository could not be removed yet"),
        }
    }
    Ok(gone == AT_ONCE)
}

/// Removes all rows of a deleted repository, in one transaction after another.
async fn remove(app: &App, repository_id: &str) -> Result<()> {
    let now = app.now();
    loop {
        let id = repository_id.to_owned();
        let gone = app
            .db
            .write_in_background(move |conn| {
                Box::pin(async move {
                    // Sessions go by themselves once their time is over, with the bytes that they staged.
                    uploads::update_expired(conn, &id, now).await?;
                    if remove_some(conn, &id).await? > 0 {
                        return Ok(false);
                    }
                    store::repositories::delete(conn, &id).await?;
                    Ok(true)
                }) as Pending<'_, bool, Error>
            })
            .await?;
        if gone {
            return Ok(());
        }
    }
}

/// Removes a batch of rows of a repository, those that refer to others first. How many there were. Somebody who found the
/// repository before it was deleted may still delete images of it: what both want is held in one order.
async fn remove_some(conn: &mut Conn, repository_id: &str) -> Result<u64> {
    let mut removed = tags::delete_some(conn, repository_id, BATCH).await?;
    if removed == 0 {
        let digests = manifests::lock_some_for_delete(conn, repository_id, BATCH).await?;
        let digests: Vec<&Digest> = digests.iter().collect();
        if !digests.is_empty() {
            edges::delete_all(conn, repository_id, &digests).await?;
            removed = manifests::delete_all(conn, repository_id, &digests).await?;
        }
    }
    if removed == 0 {
        removed = replications::delete_some(conn, repository_id, BATCH).await?;
    }
    if removed == 0 {
        let digests = deleted_manifests::list_some(conn, repository_id, BATCH).await?;
        let digests: Vec<&Digest> = digests.iter().collect();
        if !digests.is_empty() {
            removed = deleted_manifests::delete(conn, repository_id, &digests).await?;
        }
    }
    if removed == 0 {
        // Reviews of these find nothing, and end.
        let digests = repository_blobs::delete_some(conn, repository_id, BATCH).await?;
        let digests: Vec<&Digest> = digests.iter().collect();
        unlinked_blobs::insert(conn, &digests).await?;
        removed = digests.len() as u64;
    }
    if removed == 0 {
        removed = image_uses::delete_some(conn, repository_id, BATCH).await?;
    }
    if removed == 0 {
        // What was set in the moment of the deletion.
        removed = cached_tags::delete_some(conn, repository_id, BATCH).await?;
        removed += replication_uploads::delete_of_repository(conn, repository_id).await?;
        removed += resource_tags::delete_all(conn, repository_id).await?;
        removed += u64::from(repository_policies::take(conn, repository_id).await?.is_some());
        removed += u64::from(pull_gates::delete(conn, repository_id).await?);
        removed += u64::from(lifecycle_policies::delete(conn, repository_id).await?.is_some());
        // What previews found is swept on its own.
        removed += u64::from(lifecycle_previews::delete(conn, repository_id).await?);
    }
    Ok(removed)
}
