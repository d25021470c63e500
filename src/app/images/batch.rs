//! Pulling several manifests in one call.

use std::collections::HashMap;
use std::sync::Arc;

use types::Digest;

use super::id::{self, Failure, ImageId};
use super::{Image, load, note_pull};
use crate::{Action, Ctx, Permit, Result, repositories};

/// The manifests that ids name, each with why not if not, in the order of the ids.
pub async fn get_many(
    ctx: &Ctx,
    permit: &Permit,
    ids: &[ImageId],
) -> Result<Vec<std::result::Result<Arc<Image>, Failure>>> {
    permit.require(Action::BatchGetImage)?;
    let mut conn = ctx.app.db.reader().await?;
    let repository = repositories::find(&mut conn, permit).await?;
    let mut loaded: HashMap<Digest, Arc<Image>> = HashMap::new();
    let mut found = Vec::with_capacity(ids.len());
    for resolved in id::resolve(&mut conn, &repository.repository_id, ids).await? {
        let image = match resolved {
            Ok(digest) => match loaded.get(&digest) {
                Some(image) => Ok(Arc::clone(image)),
                None => match load(ctx, &mut conn, &repository.repository_id, digest).await? {
                    Some(image) => {
                        loaded.insert(image.digest.clone(), Arc::clone(&image));
                        Ok(image)
                    }
                    None => Err(Failure::ImageNotFound),
                },
            },
            Err(failure) => Err(failure),
        };
        found.push(image);
    }
    Ok(found)
}

/// Like [`get_many`], and counts as a pull of each of them.
pub async fn pull_many(
    ctx: &Ctx,
    permit: &Permit,
    ids: &[ImageId],
) -> Result<Vec<std::result::Result<Arc<Image>, Failure>>> {
    let found = get_many(ctx, permit, ids).await?;
    for image in found.iter().flatten() {
        note_pull(ctx, permit.registry(), image);
    }
    Ok(found)
}
