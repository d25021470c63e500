//! Pulling several manifests in one call.

use std::collections::HashMap;
use std::sync::Arc;

use store::manifests::{self, DescribedRow};
use types::{Digest, Reference, StorageClass};

use super::id::{self, Failure, ImageId, Named};
use super::outgoing::{Room, SMALL};
use super::{Image, Located, load, locate, note_pull};
use crate::scanning::gate;
use crate::{Action, Ctx, Error, Permit, Result, repositories};

/// Manifests that one answer holds, in bytes together.
const MOST: u64 = 64 << 20;

/// How often an answer holds them while it is made: as they are, as text, and in the document that is sent.
const COPIES: u64 = 3;

/// A manifest, or why there is none.
type Found = std::result::Result<Arc<Image>, Failure>;

/// What is in an answer.
#[derive(Debug)]
pub struct Batch {
    /// For each id, in their order.
    pub found: Vec<Found>,
    /// The memory of the answer, to be kept until it was sent.
    pub room: Option<Room>,
}

/// The manifests that ids name, each with why not if not, in the order of the ids. Counts as a pull of each of them.
pub async fn pull_many(ctx: &Ctx, permit: &Permit, ids: &[ImageId]) -> Result<Batch> {
    permit.require(Action::BatchGetImage)?;
    // What most calls ask for takes one query.
    let small = match ids {
        [id] => small(ctx, permit, id).await?,
        _ => None,
    };
    let batch = match small {
        Some(found) => Batch { found: vec![found], room: None },
        None => several(ctx, permit, ids).await?,
    };
    for image in batch.found.iter().flatten() {
        gate::check(ctx, image).await?;
    }
    for image in batch.found.iter().flatten() {
        note_pull(ctx, permit.registry(), image);
    }
    Ok(batch)
}

/// The one manifest that is asked for, if it is a small one and one name says which.
async fn small(ctx: &Ctx, permit: &Permit, id: &ImageId) -> Result<Option<Found>> {
    let reference = match id.parse() {
        Ok(Named::Tag(tag)) => Reference::Tag(tag),
        Ok(Named::Digest(digest)) => Reference::Digest(digest),
        Ok(Named::Both(..)) | Err(_) => return Ok(None),
    };
    let mut conn = ctx.app.db.reader().await?;
    match locate(ctx, &mut conn, permit, &reference).await {
        Ok(located) if located.is_large() => Ok(None),
        Ok(located) => Ok(Some(load(ctx, &mut conn, located).await?.ok_or(Failure::ImageNotFound))),
        Err(Error::ManifestUnknown(_)) => Ok(Some(Err(Failure::ImageNotFound))),
        Err(Error::ManifestArchived(_)) => Ok(Some(Err(Failure::ImageInaccessible))),
        Err(error) => Err(error),
    }
}

async fn several(ctx: &Ctx, permit: &Permit, ids: &[ImageId]) -> Result<Batch> {
    let mut conn = ctx.app.db.reader().await?;
    let repository = repositories::find(&mut conn, permit).await?;
    let repository_id = &repository.repository_id;
    let resolved = id::resolve(&mut conn, repository_id, ids).await?;
    let digests: Vec<&Digest> = resolved.iter().flatten().collect();
    let described = manifests::list_described(&mut conn, repository_id, &digests).await?;
    let described: HashMap<Digest, DescribedRow> = described.into_iter().map(|row| (row.digest.clone(), row)).collect();
    // What is archived is not given out.
    let sent = |digest: &&Digest| described.get(*digest).filter(|row| row.storage.class == StorageClass::Standard);
    let bytes: u64 = digests.iter().filter_map(sent).map(|row| row.size).sum();
    if bytes > MOST {
        let reason = format!("The manifests have more than {MOST} bytes together; ask for fewer images at once");
        return Err(Error::LimitExceeded(reason));
    }
    let mut room = None;
    if bytes > SMALL {
        drop(conn);
        room = Some(ctx.app.outgoing.take(COPIES * bytes).await?);
        conn = ctx.app.db.reader().await?;
    }
    let mut loaded: HashMap<Digest, Arc<Image>> = HashMap::new();
    let mut found = Vec::with_capacity(ids.len());
    for resolved in resolved {
        found.push(match resolved {
            Ok(digest) => match (loaded.get(&digest), described.get(&digest)) {
                (Some(image), _) => Ok(Arc::clone(image)),
                (None, None) => Err(Failure::ImageNotFound),
                (None, Some(row)) if row.storage.class != StorageClass::Standard => Err(Failure::ImageInaccessible),
                (None, Some(row)) => match load(ctx, &mut conn, Located::of(repository_id, row)).await? {
                    Some(image) => {
                        loaded.insert(digest, Arc::clone(&image));
                        Ok(image)
                    }
                    None => Err(Failure::ImageNotFound),
                },
            },
            Err(failure) => Err(failure),
        });
    }
    Ok(Batch { found, room })
}
