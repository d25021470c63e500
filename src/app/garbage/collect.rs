//! The stations of garbage collection, a batch at a time. Each is safe beside itself and beside everything else, whichever
//! process runs it: what somebody holds is left for another time, and nothing here waits for anybody.
//!
//! Only one transaction waits for the disk: the one that puts objects down for removal. With it the ones before it are
//! kept, and what comes after it may be done again.

use std::collections::BTreeMap;
use std::time::Duration;

use ::blobs::Key;
use store::{
    Commit, Pending, blob_reviews, blobs, deleted_manifests, removals, repository_blobs, tags, unlinked_blobs,
};
use types::{Digest, Timestamp};

use super::pace::Pace;
use super::{OBJECT_GRACE, delay};
use crate::{App, Error, Result};

/// An object that could not be removed is left alone for so long.
const STUCK: Duration = Duration::from_secs(3600);
/// If so many objects cannot be removed and none can, it is the store that is in trouble.
const HOPELESS: usize = 3;

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Collected {
    /// Deleted manifests that cannot be restored any more.
    pub manifests: u64,
    /// Blobs that were looked at.
    pub reviewed: u64,
    /// Blobs that a repository let go of.
    pub unlinked: u64,
    /// Blobs that no repository had any more.
    pub blobs: u64,
    /// The bytes of those.
    pub bytes: u64,
    /// Objects that were removed from the store.
    pub objects: u64,
}

/// Runs all stations until nothing is left of what was there to do when it began. `delay` takes the place of those that are set.
pub async fn run(app: &App, delay: Option<Duration>) -> Result<Collected> {
    let (mut all, mut pace) = (Collected::default(), Pace::new(app).await?);
    while forget(app, &mut pace, &mut all).await? {}
    // Every push puts reviews down: a run that took those of its own time would have no end.
    let begun = app.now();
    let mut registry = next_registry(app, None).await?;
    while let Some(name) = registry {
        let delay = delay.unwrap_or_else(|| delay::of_named(app, &name));
        while let_go(app, &name, begun.before(delay), &mut pace, &mut all).await? {}
        registry = next_registry(app, Some(&name)).await?;
    }
    while free(app, delay.unwrap_or(app.config().gc_delay), &mut pace, &mut all).await? {}
    while remove(app, &mut pace, &mut all).await? {}
    Ok(all)
}

/// Forgets manifests that can no longer be restored, and the history of tags from that long ago. Whether there may be
/// more.
async fn forget(app: &App, pace: &mut Pace, done: &mut Collected) -> Result<bool> {
    let batch = pace.next(app).await?;
    let now = app.now();
    let before = now.before(app.config().undo_window);
    let (manifests, history) = app
        .db()
        .write_in_background_with(Commit::Unflushed, move |conn| {
            Box::pin(async move {
                let history = tags::delete_ended(conn, before, batch).await?;
                let due = by_repository(deleted_manifests::lock_before(conn, before, batch).await?);
                let mut manifests = 0;
                for (repository_id, digests) in &due {
                    let digests: Vec<&Digest> = digests.iter().collect();
                    let blobs = deleted_manifests::list_references(conn, repository_id, &digests).await?;
                    manifests += deleted_manifests::delete(conn, repository_id, &digests).await?;
                    // Until now nobody put them off who was told that they are there, for nothing threatened them.
                    let blobs: Vec<&Digest> = blobs.iter().collect();
                    blob_reviews::upsert(conn, repository_id, &blobs, now).await?;
                }
                Ok((manifests, history))
            }) as Pending<'_, (u64, u64), Error>
        })
        .await?;
    done.manifests += manifests;
    Ok(manifests == batch as u64 || history == batch as u64)
}

/// The registry after one that has something to review, as reviews name it.
async fn next_registry(app: &App, after: Option<&str>) -> Result<Option<String>> {
    Ok(blob_reviews::find_next_registry(&mut app.db().reader().await?, after).await?)
}

/// Reviews blobs of a registry that were put down before `before`: a repository lets go of those to which nothing refers.
/// Whether there may be more.
async fn let_go(app: &App, registry: &str, before: Timestamp, pace: &mut Pace, done: &mut Collected) -> Result<bool> {
    let mut due = blob_reviews::list_due(&mut app.db().reader().await?, registry, before, pace.window()).await?;
    due.sort_unstable();
    let reviewed_before = done.reviewed;
    while !due.is_empty() {
        let batch = by_repository(pace.cut(app, &mut due).await?);
        let (reviewed, unlinked) = review(app, batch, before).await?;
        done.reviewed += reviewed;
        done.unlinked += unlinked;
        if reviewed == 0 {
            // Another process was first, or holds them: the rest is looked up anew, or left to it if nothing was done at all.
            break;
        }
    }
    Ok(done.reviewed > reviewed_before)
}

/// Reviews these blobs of repositories: how many were due and are done with, and of how many a repository let go.
async fn review(app: &App, due: BTreeMap<String, Vec<Digest>>, before: Timestamp) -> Result<(u64, u64)> {
    app.db()
        .write_in_background_with(Commit::Unflushed, move |conn| {
            Box::pin(async move {
                let (mut reviewed, mut gone) = (0, Vec::new());
                for (repository_id, digests) in &due {
                    let digests: Vec<&Digest> = digests.iter().collect();
                    let due = blob_reviews::lock_due(conn, repository_id, &digests, before).await?;
                    let mut digests: Vec<&Digest> = due.iter().collect();
                    let held = repository_blobs::lock_for_delete_unless_locked(conn, repository_id, &digests).await?;
                    let there = repository_blobs::list_linked(conn, repository_id, &digests).await?;
                    // What is there and not held is somebody's at the moment.
                    digests.retain(|digest| held.contains(digest) || !there.contains(digest));
                    let held: Vec<&Digest> = held.iter().collect();
                    gone.extend(repository_blobs::delete_unneeded(conn, repository_id, &held).await?);
                    reviewed += blob_reviews::delete(conn, repository_id, &digests).await?;
                }
                let digests: Vec<&Digest> = gone.iter().collect();
                unlinked_blobs::insert(conn, &digests).await?;
                Ok((reviewed, gone.len() as u64))
            }) as Pending<'_, (u64, u64), Error>
        })
        .await
}

/// Frees blobs that no repository has any more: their rows go, and their objects are put down for removal. Whether there
/// may be more.
async fn free(app: &App, delay: Duration, pace: &mut Pace, done: &mut Collected) -> Result<bool> {
    let batch = pace.next(app).await?;
    let not_before = app.now().after(delay.min(OBJECT_GRACE));
    let (struck, count, bytes) = app
        .db()
        .write_in_background(move |conn| {
            Box::pin(async move {
                let unlinked = unlinked_blobs::lock(conn, batch).await?;
                let mut digests: Vec<&Digest> = unlinked.iter().collect();
                let held = blobs::lock_unless_locked(conn, &digests).await?;
                let there = blobs::list_existing(conn, &digests).await?;
                digests.retain(|digest| held.contains(digest) || !there.contains(digest));
                let held: Vec<&Digest> = held.iter().collect();
                let freed = blobs::delete_unlinked(conn, &held).await?;
                let bytes = freed.iter().map(|blob| blob.size).sum();
                let keys: Vec<String> = freed.into_iter().map(|blob| blob.object_key).collect();
                removals::insert(conn, &keys, not_before).await?;
                let struck = unlinked_blobs::delete(conn, &digests).await?;
                Ok((struck, keys.len() as u64, bytes))
            }) as Pending<'_, (u64, u64, u64), Error>
        })
        .await?;
    done.blobs += count;
    done.bytes += bytes;
    Ok(struck == batch as u64)
}

/// Removes objects that no row needs any more: first the objects, then the rows that remember them. Whether there may be
/// more.
async fn remove(app: &App, pace: &mut Pace, done: &mut Collected) -> Result<bool> {
    let mut due = removals::list_due(&mut app.db().reader().await?, app.now(), pace.window()).await?;
    due.sort_unstable();
    let mut progress = false;
    while !due.is_empty() {
        let (needed, due): (Vec<_>, Vec<_>) = pace.cut(app, &mut due).await?.into_iter().partition(|row| row.is_needed);
        let object_keys = |rows: Vec<removals::DueRow>| rows.into_iter().map(|row| row.object_key).collect::<Vec<_>>();
        let (needed, due) = (object_keys(needed), object_keys(due));
        let Objects { gone, stuck, failure } = remove_objects(app, due).await;
        let not_before = app.now().after(STUCK);
        let (removed, kept) = app
            .db()
            .write_in_background_with(Commit::Unflushed, move |conn| {
                Box::pin(async move {
                    let kept = removals::delete_needed(conn, &needed).await?;
                    let put_off = removals::update_not_before(conn, &stuck, not_before).await?;
                    Ok((removals::delete(conn, &gone).await?, kept + put_off))
                }) as Pending<'_, (u64, u64), Error>
            })
            .await?;
        done.objects += removed;
        if let Some(failure) = failure {
            return Err(failure.into());
        }
        if removed + kept == 0 {
            // As above.
            break;
        }
        progress = true;
    }
    Ok(progress)
}

/// What became of objects that were to be removed.
#[derive(Default)]
struct Objects {
    gone: Vec<String>,
    /// Those that could not be removed.
    stuck: Vec<String>,
    /// Why it was given up: it is the store.
    failure: Option<::blobs::Error>,
}

/// Removes objects, all at once or, if that fails, one by one: one that cannot be removed must not keep the others.
async fn remove_objects(app: &App, object_keys: Vec<String>) -> Objects {
    let keys: Vec<Key> = object_keys.iter().filter_map(|key| key.parse().ok()).collect();
    if app.blobs().delete(&keys).await.is_ok() {
        return Objects { gone: object_keys, ..Objects::default() };
    }
    let mut objects = Objects::default();
    for object_key in object_keys {
        let removed = match object_key.parse::<Key>() {
            Ok(key) => app.blobs().delete(&[key]).await,
            Err(_) => Ok(()),
        };
        match removed {
            Ok(()) => objects.gone.push(object_key),
            Err(error) => {
                tracing::warn!(object_key, %error, "an object could not be removed yet");
                objects.stuck.push(object_key);
                if objects.gone.is_empty() && objects.stuck.len() == HOPELESS {
                    objects.failure = Some(error);
                    break;
                }
            }
        }
    }
    objects
}

fn by_repository(rows: Vec<(String, Digest)>) -> BTreeMap<String, Vec<Digest>> {
    let mut grouped: BTreeMap<String, Vec<Digest>> = BTreeMap::new();
    for (repository_id, digest) in rows {
        grouped.entry(repository_id).or_default().push(digest);
    }
    grouped
}
