//! Undoing deletions: images that were deleted, by whomever, and tags that were moved or ended.

use std::sync::Arc;

use store::{Conn, Pending, deleted_manifests, manifests, tags};
use types::{Digest, Reference, RegistryId, RepoName, Tag, Timestamp};

use crate::manifest::Manifest;
use crate::{App, Error, Result, cache, images, repositories};

/// Indexes in indexes are followed so far.
const DEPTH: usize = 8;

/// What came back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restored {
    /// Images that were deleted.
    pub images: Vec<Digest>,
    /// Tags, with what they point to now.
    pub tags: Vec<(Tag, Digest)>,
}

/// Images of a repository that can be restored, after the one of a digest, each with when it was deleted; at most `limit`.
pub async fn deleted(
    app: &App,
    registry: &RegistryId,
    name: &RepoName,
    after: &str,
    limit: usize,
) -> Result<Vec<(Digest, Timestamp)>> {
    let mut conn = app.db().reader().await?;
    let id = find(&mut conn, registry, name).await?;
    Ok(deleted_manifests::list(&mut conn, &id, since(app), after, limit).await?)
}

/// Restores what a reference named: an image with the tags that ended with it, or a tag as it was before it was last moved
/// or ended.
pub async fn restore(
    app: &Arc<App>,
    registry: &RegistryId,
    name: &RepoName,
    reference: &Reference,
) -> Result<Restored> {
    let (registry, name, reference) = (registry.clone(), name.clone(), reference.clone());
    let own = Arc::clone(app);
    // What came from another registry may have come in part.
    let sparse = app.config().sparse_indexes || cache::is_cached(app, &registry, &name);
    app.db()
        .write(move |conn| {
            Box::pin(async move {
                let repository_id = find(conn, &registry, &name).await?;
                let since = since(&own);
                let mut work = Work { conn, repository_id, app: &own, since, sparse, done: Restored::default() };
                match &reference {
                    Reference::Digest(digest) => {
                        if !work.image(digest, 0).await? {
                            return Err(Error::ManifestUnknown(reference.to_string()));
                        }
                    }
                    Reference::Tag(tag) => work.tag(tag).await?,
                }
                Ok(work.done)
            }) as Pending<'_, Restored, Error>
        })
        .await
}

fn since(app: &App) -> Timestamp {
    app.now().before(app.config().undo_window)
}

async fn find(conn: &mut Conn, registry: &RegistryId, name: &RepoName) -> Result<String> {
    let found = store::repositories::find(conn, registry, name).await?;
    let found = found.ok_or_else(|| repositories::unknown(registry, name))?;
    if !store::repositories::lock_live(conn, &found.repository_id).await? {
        return Err(repositories::unknown(registry, name));
    }
    Ok(found.repository_id)
}

struct Work<'c> {
    conn: &'c mut Conn,
    repository_id: String,
    app: &'c App,
    since: Timestamp,
    /// Whether images are put back that are not whole.
    sparse: bool,
    done: Restored,
}

impl Work<'_> {
    /// Puts an image back with what it lists, and the tags that ended with it unless they point elsewhere by now. False if
    /// it was not deleted, or too long ago.
    async fn image(&mut self, digest: &Digest, depth: usize) -> Result<bool> {
        let id = self.repository_id.clone();
        let Some(deleted) = deleted_manifests::find(self.conn, &id, digest, self.since).await? else {
            return Ok(false);
        };
        let manifest = Manifest::parse(&deleted.bytes, Some(&deleted.media_type))?;
        if depth < DEPTH {
            for child in &manifest.children {
                Box::pin(self.image(child, depth + 1)).await?;
            }
        }
        let deleted_at = deleted.deleted_at;
        images::put_back(self.conn, &id, deleted, self.sparse).await?;
        deleted_manifests::delete(self.conn, &id, &[digest]).await?;
        self.done.images.push(digest.clone());
        for tag in tags::list_ended_with(self.conn, &id, digest, deleted_at).await? {
            if tags::insert(self.conn, &self.app.new_id(), &id, &tag, digest, self.app.now()).await? {
                self.done.tags.push((tag, digest.clone()));
            }
        }
        Ok(true)
    }

    /// Points a tag to where it pointed before.
    async fn tag(&mut self, tag: &Tag) -> Result<()> {
        let id = self.repository_id.clone();
        let current = tags::lock(self.conn, &id, tag).await?;
        let unknown = || Error::ManifestUnknown(tag.to_string());
        let history = tags::list_ended(self.conn, &id, tag, self.since, 100).await?;
        let before = history.into_iter().map(|ended| ended.digest).find(|digest| Some(digest) != current.as_ref());
        let before = before.ok_or_else(unknown)?;
        if manifests::lock(self.conn, &id, &[&before]).await?.is_empty() && !self.image(&before, 0).await? {
            return Err(unknown());
        }
        if tags::upsert(self.conn, &self.app.new_id(), &id, tag, &before, self.app.now()).await? {
            self.done.tags.push((tag.clone(), before));
        }
        Ok(())
    }
}
