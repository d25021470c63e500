//! Pulling several manifests in one call.

use std::collections::HashMap;
use std::sync::Arc;

use store::manifests::{self, DescribedRow};
use types::{Digest, Reference, StorageClass};

use super::id::{self, Failure, ImageId, Named};
use super::{Image, get, load, note_pull};
use crate::scanning::gate;
use crate::{Action, Ctx, Error, Permit, Result, repositories};

/// Manifests that one answer holds, in bytes together.
const MOST: usize = 64 << 20;

/// A manifest, or why there is none.
type Found = std::result::Result<Arc<Image>, Failure>;

/// The manifests that ids name, each with why not if not, in the order of the ids. Counts as a pull of each of them.
pub async fn pull_many(ctx: &Ctx, permit: &Permit, ids: &[ImageId]) -> Result<Vec<Found>> {
    permit.require(Action::BatchGetImage)?;
    let found = match ids {
        // What most calls ask for takes one query.
        [id] => match id.parse() {
            Ok(Named::Tag(tag)) => vec![one(ctx, permit, Reference::Tag(tag)).await?],
            Ok(Named::Digest(digest)) => vec![one(ctx, permit, Reference::Digest(digest)).await?],
            Ok(Named::Both(..)) | Err(_) => several(ctx, permit, ids).await?,
        },
        _ => several(ctx, permit, ids).await?,
    };
    for image in found.iter().flatten() {
        gate::check(ctx, image).await?;
    }
    for image in found.iter().flatten() {
        note_pull(ctx, permit.registry(), image);
    }
    Ok(found)
}

async fn one(ctx: &Ctx, permit: &Permit, reference: Reference) -> Result<Found> {
    match get(ctx, permit, &reference).await {
        Ok(image) => Ok(Ok(image)),
        Err(Error::ManifestUnknown(_)) => Ok(Err(Failure::ImageNotFound)),
        Err(Error::ManifestArchived(_)) => Ok(Err(Failure::ImageInaccessible)),
        Err(error) => Err(error),
    }
}

async fn several(ctx: &Ctx, permit: &Permit, ids: &[ImageId]) -> Result<Vec<Found>> {
    let mut conn = ctx.app.db.reader().await?;
    let repository = repositories::find(&mut conn, permit).await?;
    let mut loaded: HashMap<Digest, Arc<Image>> = HashMap::new();
    let mut found = Vec::with_capacity(ids.len());
    let mut bytes = 0;
    let resolved = id::resolve(&mut conn, &repository.repository_id, ids).await?;
    let digests: Vec<&Digest> = resolved.iter().flatten().collect();
    let described = manifests::list_described(&mut conn, &repository.repository_id, &digests).await?;
    let described: HashMap<Digest, DescribedRow> = described.into_iter().map(|row| (row.digest.clone(), row)).collect();
    for resolved in resolved {
        let image = match resolved {
            Ok(digest) => match (loaded.get(&digest), described.get(&digest)) {
                (Some(image), _) => Ok(Arc::clone(image)),
                (None, None) => Err(Failure::ImageNotFound),
                (None, Some(row)) if row.storage.class != StorageClass::Standard => Err(Failure::ImageInaccessible),
                (None, Some(row)) => {
                    let id = &repository.repository_id;
                    match load(ctx, &mut conn, id, digest, row.media_type.as_str()).await? {
                        Some(image) => {
                            loaded.insert(image.digest.clone(), Arc::clone(&image));
                            Ok(image)
                        }
                        None => Err(Failure::ImageNotFound),
                    }
                }
            },
            Err(failure) => Err(failure),
        };
        bytes += image.as_ref().map_or(0, |image| image.bytes.len());
        if bytes > MOST {
            let reason = format!("The manifests have more than {MOST} bytes together; ask for fewer images at once");
            return Err(Error::LimitExceeded(reason));
        }
        found.push(image);
    }
    Ok(found)
}
