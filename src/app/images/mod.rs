//! Images and indexes: pulling them by tag or digest. How they are pushed, listed and deleted is in the modules below.

mod batch;
mod delete;
mod describe;
mod expire;
mod id;
mod list;
mod outgoing;
mod put;
pub mod reference;
pub mod storage_class;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use moka::sync::Cache;
use store::manifests::{DescribedRow, FoundManifest};
use store::{Conn, manifests};
use types::{Digest, MediaType, Reference, RegistryId, StorageClass};

pub use self::batch::{Batch, pull_many};
pub(crate) use self::delete::delete_copy;
pub use self::delete::{Removed, delete, delete_many};
pub use self::describe::{ImageDetail, Storage, describe, describe_page};
pub(crate) use self::expire::{Candidate, take};
pub use self::id::{Failure, ImageId, is_digest};
pub(crate) use self::id::{find, resolve};
pub use self::list::{Listed, list};
pub(crate) use self::outgoing::Outgoing;
pub use self::outgoing::Room;
pub use self::put::{Condition, Push, Pushed, Sender, put};
pub(crate) use self::put::{Origin, admit, copy, put_back};
use crate::authn::scanner;
use crate::{Action, Ctx, Error, Permit, Result};

/// A manifest as it is served.
#[derive(Debug, Clone)]
pub struct Image {
    /// In which repository.
    pub(crate) repository_id: Arc<str>,
    /// As its pusher named it.
    pub digest: Digest,
    /// As its pusher sent it.
    pub media_type: MediaType,
    /// Exactly as received.
    pub bytes: Bytes,
}

/// Which images a list shows, by whether they have tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tagged {
    /// All.
    #[default]
    Any,
    /// Those that have a tag.
    Tagged,
    /// Those that have none.
    Untagged,
    /// None at all: a state was asked for that no image is in.
    Neither,
}

/// Which images a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// By whether they have tags.
    pub tagged: Tagged,
    /// By where they are; none: wherever.
    pub class: Option<StorageClass>,
}

impl Shown {
    fn of_class(self, class: StorageClass) -> bool {
        self.class.is_none_or(|wanted| wanted == class)
    }
}

impl Tagged {
    fn shows(self, tagged: bool) -> bool {
        match self {
            Self::Any => true,
            Self::Tagged => tagged,
            Self::Untagged => !tagged,
            Self::Neither => false,
        }
    }
}

/// Manifests that were served or pushed lately. Their bytes are immutable; whether one is still in a repository, and what it
/// is called there, is asked of the database each time, so a deleted one is never served from here.
pub(crate) struct ImageCache(Cache<(Arc<str>, Digest), Arc<Image>>);

impl ImageCache {
    pub(crate) fn new() -> Self {
        Self(
            Cache::builder()
                .max_capacity(64 << 20)
                .weigher(|_, image: &Arc<Image>| u32::try_from(image.bytes.len() + 512).unwrap_or(u32::MAX))
                .time_to_idle(Duration::from_secs(600))
                .build(),
        )
    }

    fn keep(&self, image: Arc<Image>) {
        self.0.insert((Arc::clone(&image.repository_id), image.digest.clone()), image);
    }

    fn forget(&self, repository_id: &str, digest: &Digest) {
        self.0.invalidate(&(Arc::from(repository_id), digest.clone()));
    }
}

/// A manifest that a repository has, without its bytes.
struct Located {
    repository_id: String,
    digest: Digest,
    media_type: String,
    size: u64,
}

impl Located {
    fn of(repository_id: &str, row: &DescribedRow) -> Self {
        Self {
            repository_id: repository_id.to_owned(),
            digest: row.digest.clone(),
            media_type: row.media_type.to_string(),
            size: row.size,
        }
    }

    fn is_large(&self) -> bool {
        self.size > outgoing::SMALL
    }
}

/// The manifest that a reference names. A large one has its memory from a budget, for as long as somebody has its bytes.
pub async fn get(ctx: &Ctx, permit: &Permit, reference: &Reference) -> Result<Arc<Image>> {
    permit.require(Action::BatchGetImage)?;
    let mut conn = ctx.app.db.reader().await?;
    let located = locate(ctx, &mut conn, permit, reference).await?;
    let unknown = || Error::ManifestUnknown(reference.to_string());
    if !located.is_large() {
        return load(ctx, &mut conn, located).await?.ok_or_else(unknown);
    }
    drop(conn);
    let room = ctx.app.outgoing.take(located.size).await?;
    let mut conn = ctx.app.db.reader().await?;
    let image = load(ctx, &mut conn, located).await?.ok_or_else(unknown)?;
    Ok(Arc::new(Image { bytes: room.hold(image.bytes.clone()), ..Image::clone(&image) }))
}

async fn locate(ctx: &Ctx, conn: &mut Conn, permit: &Permit, reference: &Reference) -> Result<Located> {
    let (registry, name) = (permit.registry(), permit.repository());
    let found = match reference {
        Reference::Tag(tag) => manifests::find_by_tag(conn, registry, name, tag).await?,
        Reference::Digest(digest) => manifests::find_by_digest(conn, registry, name, digest).await?,
    };
    let FoundManifest { repository_id, digest, media_type, size, archived } =
        found.ok_or_else(|| permit.repository_unknown())?;
    let unknown = || Error::ManifestUnknown(reference.to_string());
    let digest = digest.ok_or_else(unknown)?;
    if archived {
        return Err(Error::ManifestArchived(reference.to_string()));
    }
    scanner::require_image(ctx, &digest)?;
    Ok(Located { repository_id, digest, media_type: media_type.ok_or_else(unknown)?, size })
}

/// Notes that an image of a registry was pulled, unless pulls of the caller do not count there. Those of scanners never do. The time is recorded some
/// seconds later.
pub fn note_pull(ctx: &Ctx, registry: &RegistryId, image: &Image) {
    let scanner = ctx.identity.scanned_image().is_some();
    if !scanner && ctx.app.snapshot().registries().counts_pull(registry, &ctx.identity.principal) {
        ctx.app.pulls.note(image);
    }
}

/// A manifest that the repository had a moment ago under this media type, from memory or from its row.
async fn load(ctx: &Ctx, conn: &mut Conn, located: Located) -> Result<Option<Arc<Image>>> {
    let key = (Arc::from(located.repository_id), located.digest);
    if let Some(image) = ctx.app.images.0.get(&key).filter(|image| image.media_type.as_str() == located.media_type) {
        return Ok(Some(image));
    }
    let Some(row) = manifests::find(conn, &key.0, &key.1).await? else {
        return Ok(None);
    };
    let image = Arc::new(Image {
        repository_id: key.0,
        digest: row.digest,
        media_type: row.media_type,
        bytes: row.bytes.into(),
    });
    ctx.app.images.keep(Arc::clone(&image));
    Ok(Some(image))
}
