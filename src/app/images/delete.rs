//! Deleting images: by digest with all tags, or tag by tag. What an index lists cannot be deleted before the index.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use store::{Conn, edges, manifests, tags};
use types::{Digest, Tag, Timestamp};

use super::Sender;
use super::id::{self, Failure, ImageId, Named};
use crate::events::{self, ImageAction, ImageEvent};
use crate::garbage::Remains;
use crate::repositories::RepositoryRow;
use crate::{Action, App, Ctx, Error, Permit, Result, replication, repositories};

/// How often tags may move before they are held. Whoever moves one of them commits, so this ends.
const ROUNDS: usize = 20;

/// Deletes a manifest with all its tags, unless an index lists it.
pub async fn delete(ctx: &Ctx, permit: &Permit, digest: &Digest, sender: Sender) -> Result<()> {
    permit.require(Action::BatchDeleteImage)?;
    sender.authorize(ctx, permit)?;
    if !ctx.app.config.delete_enabled {
        return Err(Error::DeleteDisabled);
    }
    let (permit, digest, now) = (permit.clone(), digest.clone(), ctx.app.now());
    let undo_window = ctx.app.config.undo_window;
    let app = Arc::clone(&ctx.app);
    let (repository_id, digest) = ctx
        .app
        .db
        .write(move |conn| {
            Box::pin(async move {
                let repository = repositories::find(conn, &permit).await?;
                let id = repository.repository_id.clone();
                if !manifests::lock_for_delete(conn, &id, &digest).await? {
                    return Err(Error::ManifestUnknown(digest.to_string()));
                }
                if let Some(parent) = edges::find_parent_of_manifest(conn, &id, &digest).await? {
                    return Err(Error::Referenced { what: "manifest", parent });
                }
                let mut remains = Remains::default();
                remove(conn, &mut remains, &id, &digest, undo_window, now).await?;
                remains.put_down(conn, &id, now).await?;
                tell(conn, &app, &repository, &digest, None, false).await?;
                replication::note_delete(conn, &app, &repository, &digest, sender == Sender::Client).await?;
                Ok((id, digest))
            })
        })
        .await?;
    ctx.app.images.forget(&repository_id, &digest);
    Ok(())
}

/// What became of one of several images that were to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removed {
    /// These tags, or an image without one.
    Done(Vec<(Digest, Option<Tag>)>),
    /// Nothing.
    Not(Failure),
}

/// Deletes what ids name. A digest stands for the image with all its tags; a tag for itself, and with the last one goes
/// the image. An index and what it lists may be named together, in any order.
pub async fn delete_many(ctx: &Ctx, permit: &Permit, ids: &[ImageId]) -> Result<Vec<Removed>> {
    permit.require(Action::BatchDeleteImage)?;
    if !ctx.app.config.delete_enabled {
        return Err(Error::DeleteDisabled);
    }
    for _ in 0..ROUNDS {
        if let Some(outcome) = delete_held(&ctx.app, permit, ids).await? {
            return Ok(outcome);
        }
    }
    Err(store::Error::Conflict("the tags are being moved by others".to_owned()).into())
}

/// [`delete_many`]. None if a tag moved before it was held; then nothing is done.
async fn delete_held(app: &Arc<App>, permit: &Permit, ids: &[ImageId]) -> Result<Option<Vec<Removed>>> {
    let (permit, ids, now, own) = (permit.clone(), ids.to_vec(), app.now(), Arc::clone(app));
    let (repository_id, gone, outcome) = app
        .db
        .write(move |conn| {
            Box::pin(async move {
                let repository = repositories::find(conn, &permit).await?;
                let mut work = Work {
                    conn,
                    repository_id: repository.repository_id.clone(),
                    now,
                    undo_window: own.config.undo_window,
                    held: BTreeSet::new(),
                    tags: BTreeMap::new(),
                    gone: Vec::new(),
                    ended: Vec::new(),
                    remains: Remains::default(),
                };
                let outcome = match work.hold(&ids).await? {
                    true => Some(work.run(&ids).await?),
                    false => None,
                };
                work.remains.put_down(work.conn, &work.repository_id, now).await?;
                for digest in &work.gone {
                    tell(work.conn, &own, &repository, digest, None, false).await?;
                    replication::note_delete(work.conn, &own, &repository, digest, true).await?;
                }
                for (digest, tag) in &work.ended {
                    tell(work.conn, &own, &repository, digest, Some(tag), false).await?;
                }
                Ok::<_, Error>((work.repository_id, work.gone, outcome))
            })
        })
        .await?;
    for digest in &gone {
        app.images.forget(&repository_id, digest);
    }
    Ok(outcome)
}

/// Deletes an image that was replicated to a repository, unless it is gone or an index lists it.
pub(crate) async fn delete_copy(conn: &mut Conn, app: &App, repository: &RepositoryRow, digest: &Digest) -> Result<()> {
    let (id, now) = (&repository.repository_id, app.now());
    if !manifests::lock_for_delete(conn, id, digest).await?
        || edges::find_parent_of_manifest(conn, id, digest).await?.is_some()
    {
        return Ok(());
    }
    let mut remains = Remains::default();
    remove(conn, &mut remains, id, digest, app.config.undo_window, now).await?;
    remains.put_down(conn, id, now).await?;
    tell(conn, app, repository, digest, None, false).await
}

/// One transaction that deletes images.
struct Work<'c> {
    conn: &'c mut Conn,
    repository_id: String,
    now: Timestamp,
    undo_window: Duration,
    /// Manifests that exist and that nobody can come to refer to.
    held: BTreeSet<Digest>,
    /// Where the tags point that are named, and all tags of what is held. Nobody moves them.
    tags: BTreeMap<Tag, Digest>,
    /// Manifests that were deleted.
    gone: Vec<Digest>,
    /// Tags that ended while their images stay.
    ended: Vec<(Digest, Tag)>,
    remains: Remains,
}

impl Work<'_> {
    /// Holds everything that there is to hold: all manifests in one order, then all tags in one order, as pushes do it, or two
    /// could wait for each other. False if a tag has moved to an image that is not held.
    async fn hold(&mut self, ids: &[ImageId]) -> Result<bool> {
        let resolved = id::resolve(self.conn, &self.repository_id, ids).await?;
        let wanted: BTreeSet<&Digest> = resolved.iter().flatten().collect();
        let wanted: Vec<&Digest> = wanted.into_iter().collect();
        let mut tags = BTreeSet::new();
        if !wanted.is_empty() {
            let held = manifests::lock_all_for_delete(self.conn, &self.repository_id, &wanted).await?;
            let digests: Vec<&Digest> = held.iter().collect();
            let theirs = tags::list_of_manifests(self.conn, &self.repository_id, &digests).await?;
            tags.extend(theirs.into_iter().map(|(_, tag)| tag));
            self.held.extend(held);
        }
        let named: Vec<(Tag, Option<Digest>)> = ids
            .iter()
            .filter_map(|id| match id.parse() {
                Ok(Named::Tag(tag)) => Some((tag, None)),
                Ok(Named::Both(tag, digest)) => Some((tag, Some(digest))),
                _ => None,
            })
            .collect();
        tags.extend(named.iter().map(|(tag, _)| tag.clone()));
        if !tags.is_empty() {
            let tags: Vec<&Tag> = tags.iter().collect();
            self.tags.extend(tags::lock_all(self.conn, &self.repository_id, &tags).await?);
        }
        Ok(named.iter().all(|(tag, expected)| {
            let digest =
                self.tags.get(tag).filter(|digest| expected.as_ref().is_none_or(|expected| expected == *digest));
            digest.is_none_or(|digest| self.held.contains(digest))
        }))
    }

    async fn run(&mut self, ids: &[ImageId]) -> Result<Vec<Removed>> {
        let mut outcome: BTreeMap<usize, Removed> = BTreeMap::new();
        let mut waiting: Vec<usize> = (0..ids.len()).collect();
        // What an index listed can go once the index is gone.
        loop {
            let before = waiting.len();
            let mut referenced = Vec::new();
            for at in waiting {
                match self.attempt(&ids[at]).await? {
                    Removed::Not(Failure::ImageReferencedByManifestList) => referenced.push(at),
                    done => _ = outcome.insert(at, done),
                }
            }
            waiting = referenced;
            if waiting.is_empty() || waiting.len() == before {
                break;
            }
        }
        outcome.extend(waiting.into_iter().map(|at| (at, Removed::Not(Failure::ImageReferencedByManifestList))));
        Ok(outcome.into_values().collect())
    }

    async fn attempt(&mut self, id: &ImageId) -> Result<Removed> {
        match id.parse() {
            Ok(Named::Digest(digest)) => self.image(digest).await,
            Ok(Named::Tag(tag)) => self.tag(tag, None).await,
            Ok(Named::Both(tag, digest)) => self.tag(tag, Some(digest)).await,
            Err(failure) => Ok(Removed::Not(failure)),
        }
    }

    async fn image(&mut self, digest: Digest) -> Result<Removed> {
        if !self.held.contains(&digest) {
            return Ok(Removed::Not(Failure::ImageNotFound));
        }
        if edges::find_parent_of_manifest(self.conn, &self.repository_id, &digest).await?.is_some() {
            return Ok(Removed::Not(Failure::ImageReferencedByManifestList));
        }
        let names = tags::list_of_manifests(self.conn, &self.repository_id, &[&digest]).await?;
        self.remove(&digest).await?;
        let mut done: Vec<(Digest, Option<Tag>)> = names.into_iter().map(|(digest, tag)| (digest, Some(tag))).collect();
        if done.is_empty() {
            done.push((digest, None));
        }
        Ok(Removed::Done(done))
    }

    async fn tag(&mut self, tag: Tag, expected: Option<Digest>) -> Result<Removed> {
        let Some(digest) = self.tags.get(&tag).cloned() else {
            return Ok(Removed::Not(Failure::ImageNotFound));
        };
        if expected.is_some_and(|expected| expected != digest) {
            return Ok(Removed::Not(Failure::ImageTagDoesNotMatchDigest));
        }
        if tags::count_of_manifest(self.conn, &self.repository_id, &digest, 2).await? == 1 {
            if edges::find_parent_of_manifest(self.conn, &self.repository_id, &digest).await?.is_some() {
                return Ok(Removed::Not(Failure::ImageReferencedByManifestList));
            }
            self.remove(&digest).await?;
        } else {
            tags::delete(self.conn, &self.repository_id, &tag, self.now).await?;
            self.tags.remove(&tag);
            self.ended.push((digest.clone(), tag.clone()));
        }
        Ok(Removed::Done(vec![(digest, Some(tag))]))
    }

    async fn remove(&mut self, digest: &Digest) -> Result<()> {
        remove(self.conn, &mut self.remains, &self.repository_id, digest, self.undo_window, self.now).await?;
        self.held.remove(digest);
        self.tags.retain(|_, of| of != digest);
        self.gone.push(digest.clone());
        Ok(())
    }
}

/// Tells of an image that is gone, or of a tag of one.
pub(super) async fn tell(
    conn: &mut Conn,
    app: &App,
    repository: &RepositoryRow,
    digest: &Digest,
    tag: Option<&Tag>,
    by_lifecycle: bool,
) -> Result<()> {
    let event = ImageEvent { tag, by_lifecycle, ..ImageEvent::new(ImageAction::Delete, repository, digest) };
    events::emit(conn, app, &event).await
}

/// Removes a manifest that is held, with its tags and edges. What it leaves behind is added to `remains`.
pub(super) async fn remove(
    conn: &mut Conn,
    remains: &mut Remains,
    repository_id: &str,
    digest: &Digest,
    undo_window: Duration,
    now: Timestamp,
) -> Result<()> {
    remains.add(conn, repository_id, digest, undo_window, now).await?;
    tags::delete_of_manifest(conn, repository_id, digest, now).await?;
    edges::delete(conn, repository_id, digest).await?;
    manifests::delete(conn, repository_id, digest).await?;
    Ok(())
}
