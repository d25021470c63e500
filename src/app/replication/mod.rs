//! Replication: what is pushed to a registry is copied to others by its replication configuration.
//!
//! A push writes down where its image is to go, in its own transaction, and a job does it: so nothing that was acknowledged
//! is forgotten, and no push waits for it. All registries of an installation share its blobs, so a copy is made of rows, in
//! one transaction an image: a registry has an image whole or not at all. Copies are not pushes, so they go nowhere from
//! there.

mod run;

use std::collections::BTreeSet;

use store::repositories::RepositoryRow;
use store::{Conn, jobs, replications};
use types::{Digest, RegistryId};

pub use self::run::run;
use crate::registry::replication::{self, ReplicationRule};
use crate::{App, Result};

/// The kind of job that replicates what was pushed to a repository, which is its subject.
pub const JOB: &str = "replicate";

/// An image was pushed, or a tag of it was set.
pub(crate) async fn note_push(conn: &mut Conn, app: &App, repository: &RepositoryRow, digest: &Digest) -> Result<()> {
    note(conn, app, repository, digest, "IN_PROGRESS", |_| true).await
}

/// An image was deleted.
pub(crate) async fn note_delete(conn: &mut Conn, app: &App, repository: &RepositoryRow, digest: &Digest) -> Result<()> {
    let replicated = |rule: &ReplicationRule| rule.delete_replication.as_ref().is_some_and(|delete| delete.enabled);
    note(conn, app, repository, digest, "DELETING", replicated).await?;
    replications::delete_of_image(conn, &repository.repository_id, digest).await?;
    Ok(())
}

async fn note(
    conn: &mut Conn,
    app: &App,
    repository: &RepositoryRow,
    digest: &Digest,
    status: &str,
    rules: impl Fn(&ReplicationRule) -> bool,
) -> Result<()> {
    let Some(configuration) = replication::of(conn, &repository.registry).await? else {
        return Ok(());
    };
    let matching = configuration.rules.iter().filter(|rule| rules(rule) && rule.is_about(&repository.name));
    let destinations: BTreeSet<RegistryId> =
        matching.flat_map(|rule| &rule.destinations).filter_map(|destination| destination.registry()).collect();
    if destinations.is_empty() {
        return Ok(());
    }
    let (id, now) = (&repository.repository_id, app.now());
    for destination in &destinations {
        replications::upsert(conn, id, digest, destination, status, now).await?;
    }
    Ok(jobs::upsert(conn, &app.new_id(), JOB, id, now).await?)
}
