//! Online garbage collection: bytes that nobody needs are freed beside running pushes.
//!
//! Nothing is ever searched for. Whoever makes a blob perhaps unneeded, or has it without referring to it yet, puts it
//! down for review in the same transaction. After a delay the review looks whether a manifest refers to the blob by now,
//! while it holds the row that a push would hold: so either the push sees the blob gone, or the review sees the reference.
//! Rows go first, bytes after them.
//!
//! A blob passes three stations: the repository lets go of it (its link goes), then the registry, once no repository has
//! it (its row goes), then the store (its object goes). Manifests that were deleted keep their blobs while they can be
//! restored.

mod collect;
pub mod delay;
mod pace;
mod restore;

use std::collections::BTreeSet;
use std::time::Duration;

use store::{Conn, blob_reviews, deleted_manifests, edges, repository_blobs};
use types::{Digest, RegistryId, Timestamp};

pub use self::collect::{Collected, run};
pub use self::restore::{Restored, deleted, restore};
use crate::{App, Result};

/// An address of an object that was given to a client is good for so long; and reads that have begun come to their end.
const OBJECT_GRACE: Duration = Duration::from_secs(30 * 60);

/// Somebody brought blobs into a repository, and has as long as the delay to refer to them.
pub(crate) async fn await_reference(
    conn: &mut Conn,
    repository_id: &str,
    digests: &[&Digest],
    now: Timestamp,
) -> Result<()> {
    Ok(blob_reviews::upsert(conn, repository_id, digests, now).await?)
}

/// What the deletion of manifests leaves behind, collected so that one transaction puts it down at once and in order.
#[derive(Debug, Default)]
pub(crate) struct Remains {
    blobs: BTreeSet<Digest>,
}

impl Remains {
    /// A manifest is about to be deleted: it is kept for as long as it can be restored, or its blobs are put down.
    pub(crate) async fn add(
        &mut self,
        conn: &mut Conn,
        repository_id: &str,
        manifest: &Digest,
        undo_window: Duration,
        now: Timestamp,
    ) -> Result<()> {
        if undo_window > Duration::ZERO {
            return Ok(deleted_manifests::insert(conn, repository_id, manifest, now).await?);
        }
        for kind in [edges::Kind::Config, edges::Kind::Layer] {
            let children = edges::list_children(conn, repository_id, &[manifest], kind).await?;
            self.blobs.extend(children.into_iter().map(|(_, blob)| blob));
        }
        Ok(())
    }

    /// Puts everything down for review.
    pub(crate) async fn put_down(self, conn: &mut Conn, repository_id: &str, now: Timestamp) -> Result<()> {
        let blobs: Vec<&Digest> = self.blobs.iter().collect();
        Ok(blob_reviews::upsert(conn, repository_id, &blobs, now).await?)
    }
}

/// Since when a review may be known to somebody who is told that a registry has the blob. What is older is put off first,
/// so that there is at least half the delay to refer to the blob.
pub(crate) fn stale(app: &App, registry: &RegistryId) -> Timestamp {
    app.now().before(delay::of(app, registry) / 2)
}

/// Somebody is about to be told that a repository has these blobs, and will not send them. Gives back those that it still
/// has, and puts their reviews off that are from before `stale`.
pub(crate) async fn vouch(
    app: &App,
    repository_id: &str,
    digests: &[&Digest],
    stale: Timestamp,
) -> Result<Vec<Digest>> {
    let (id, now) = (repository_id.to_owned(), app.now());
    let digests: Vec<Digest> = digests.iter().map(|digest| (*digest).clone()).collect();
    app.db()
        .write(move |conn| {
            Box::pin(async move {
                let digests: Vec<&Digest> = digests.iter().collect();
                // A review that is under way holds them: then they are gone once we get here.
                let there = repository_blobs::lock(conn, &id, &digests).await?;
                let there: Vec<Digest> = there.into_iter().map(|blob| blob.digest).collect();
                let held: Vec<&Digest> = there.iter().collect();
                blob_reviews::update_stale(conn, &id, &held, now, stale).await?;
                Ok(there)
            }) as store::Pending<'_, Vec<Digest>, crate::Error>
        })
        .await
}
