//! Blobs that are complete: finding, reading, mounting and deleting them. Uploads are in [`crate::uploads`].

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

pub use ::blobs::Handover;
use ::blobs::ReadStream;
pub use store::blobs::BlobRow;
use store::unlinked_blobs;
use types::{Digest, RepoName};

use crate::authn::scanner;
use crate::authz;
use crate::registry::account_settings;
use crate::{Action, Ctx, Error, Permit, Result, garbage, repositories};

/// A mount without a source looks into this many repositories that have the blob.
const MOUNT_CANDIDATES: usize = 16;

/// A blob of the permit's repository. One that exists elsewhere only does not exist here.
pub async fn find(ctx: &Ctx, permit: &Permit, digest: &Digest) -> Result<BlobRow> {
    let mut conn = ctx.app.db.reader().await?;
    let found = store::repository_blobs::find(&mut conn, permit.registry(), permit.repository(), digest).await?;
    let found = found.ok_or_else(|| permit.repository_unknown())?;
    scanner::require_blob(ctx, &mut conn, &found.repository_id, digest).await?;
    found.blob.ok_or_else(|| Error::BlobUnknown(digest.clone()))
}

/// [`find`], for somebody who will not send the blob if it is there: then garbage collection leaves them the time to refer
/// to it.
pub async fn check(ctx: &Ctx, permit: &Permit, digest: &Digest) -> Result<BlobRow> {
    let mut conn = ctx.app.db.reader().await?;
    let found = store::repository_blobs::find(&mut conn, permit.registry(), permit.repository(), digest).await?;
    let found = found.ok_or_else(|| permit.repository_unknown())?;
    scanner::require_blob(ctx, &mut conn, &found.repository_id, digest).await?;
    drop(conn);
    let unknown = || Error::BlobUnknown(digest.clone());
    let blob = found.blob.ok_or_else(unknown)?;
    let stale = garbage::stale(&ctx.app, permit.registry());
    let in_view = found.review_since.is_some_and(|since| since < stale);
    if in_view && garbage::vouch(&ctx.app, &found.repository_id, &[digest], stale).await?.is_empty() {
        return Err(unknown());
    }
    Ok(blob)
}

/// The bytes of a blob in a range that lies within it. With the [`Handover`] of a connection they must be sent on that
/// connection, and nowhere else.
pub async fn read(
    ctx: &Ctx,
    permit: &Permit,
    blob: &BlobRow,
    range: Range<u64>,
    handover: Option<&Handover>,
) -> Result<ReadStream> {
    permit.require(Action::GetDownloadUrlForLayer)?;
    match ctx.app.blobs.read(&blob.object_key.parse()?, range, handover).await {
        Ok(stream) => Ok(stream),
        Err(::blobs::Error::NotFound { key }) => {
            // A row without bytes must not happen. To the client it is as if the blob were not there: it pushes again.
            tracing::error!(blob.digest = %blob.digest, %key, "the object of a blob is missing; run wharf fsck --repair");
            Err(Error::BlobUnknown(blob.digest.clone()))
        }
        Err(error) => Err(error.into()),
    }
}

/// An address from which the bytes can be fetched directly, if the store has such addresses.
pub async fn signed_url(ctx: &Ctx, permit: &Permit, blob: &BlobRow) -> Result<Option<String>> {
    /// Lazy-pulling clients keep an address for minutes.
    const TTL: Duration = Duration::from_secs(20 * 60);
    permit.require(Action::GetDownloadUrlForLayer)?;
    Ok(ctx.app.blobs.signed_url(&blob.object_key.parse()?, TTL).await?)
}

/// Makes a blob of another repository visible in the permit's, if the caller may read it there. `from` absent: from
/// any repository. False if that cannot be done, whatever the reason: the caller then uploads, and learns nothing.
pub async fn mount(ctx: &Ctx, permit: &Permit, digest: &Digest, from: Option<&RepoName>) -> Result<bool> {
    permit.require(Action::InitiateLayerUpload)?;
    ctx.app.blobs.require_space()?;
    let mut conn = ctx.app.db.reader().await?;
    if !account_settings::mounts_blobs(&mut conn, permit.registry()).await? {
        return Ok(false);
    }
    let candidates = match from {
        Some(from) => vec![from.clone()],
        None => {
            store::repository_blobs::list_repositories(&mut conn, permit.registry(), digest, MOUNT_CANDIDATES).await?
        }
    };
    let readable = |name: &&RepoName| authz::authorize(ctx, &[Action::GetDownloadUrlForLayer], name).is_ok();
    let Some(source) = candidates.iter().find(readable) else {
        return Ok(false);
    };
    let Some(source) = store::repositories::find(&mut conn, permit.registry(), source).await? else {
        return Ok(false);
    };
    drop(conn);
    let target = repositories::target(ctx, permit).await?;
    let brings_rules = target.brings_rules();
    let permit = permit.clone();
    let (digest, now, app) = (digest.clone(), ctx.app.now(), Arc::clone(&ctx.app));
    let mounted = ctx
        .app
        .db
        .write(move |conn| {
            Box::pin(async move {
                // The repository before the blob, as where blobs are pushed.
                let created = target.create(conn, &app).await?;
                let id = &created.row.repository_id;
                if !store::repositories::lock_live(conn, id).await? {
                    return Err(permit.repository_unknown());
                }
                // Held until the end, so that nobody removes it in between. Without it nothing stays, the repository neither.
                if store::repository_blobs::lock(conn, &source.repository_id, &[&digest]).await?.is_empty() {
                    return Err(Error::BlobUnknown(digest));
                }
                store::repository_blobs::insert(conn, id, &digest, now).await?;
                garbage::await_reference(conn, id, &[&digest], now).await?;
                created.finish(conn, &app).await
            })
        })
        .await;
    match mounted {
        Err(Error::BlobUnknown(_)) => return Ok(false),
        mounted => mounted?,
    }
    repositories::obey(&ctx.app, brings_rules).await;
    Ok(true)
}

/// Makes a blob invisible in the permit's repository, unless a manifest there refers to it.
pub async fn delete(ctx: &Ctx, permit: &Permit, digest: &Digest) -> Result<()> {
    permit.require(Action::BatchDeleteImage)?;
    if !ctx.app.config.delete_enabled {
        return Err(Error::DeleteDisabled);
    }
    let (permit, digest) = (permit.clone(), digest.clone());
    ctx.app
        .db
        .write(move |conn| {
            Box::pin(async move {
                let repository = repositories::find(conn, &permit).await?;
                let id = &repository.repository_id;
                if !store::repository_blobs::lock_for_delete(conn, id, &digest).await? {
                    return Err(Error::BlobUnknown(digest));
                }
                if let Some(parent) = store::edges::find_parent_of_blob(conn, id, &digest).await? {
                    return Err(Error::Referenced { what: "blob", parent });
                }
                store::repository_blobs::delete(conn, id, &digest).await?;
                Ok(unlinked_blobs::insert(conn, &[&digest]).await?)
            })
        })
        .await
}
