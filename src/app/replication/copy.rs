//! The job of a repository and a destination of this installation: one image after the other is copied, row by row. What
//! goes elsewhere is handed on.

use std::sync::Arc;

use store::replications::ReplicationRow;
use store::repositories::RepositoryRow;
use store::{Conn, Pending, jobs, manifests, replications, tags};
use types::{Digest, RegistryId, Tag};

use super::{BATCH, JOB, JOB_ELSEWHERE, end, ending, family, is_here, parse, permitted, postpone, subject, targets};
use crate::repositories::{self, Target};
use crate::{Action, App, Error, Result, images};

/// Replicates what is asked for of a repository at a destination.
pub async fn run(app: &Arc<App>, job: &str) -> Result<()> {
    let (repository_id, destination) = parse(job);
    let Some(destination) = destination else {
        return spread(app, repository_id).await;
    };
    loop {
        let mut conn = app.db().reader().await?;
        let Some(source) = store::repositories::find_by_id(&mut conn, repository_id).await? else {
            return Ok(());
        };
        let target = store::replication_targets::find(&mut conn, &source.registry.account, &destination).await?;
        if target.is_some() {
            drop(conn);
            return hand_on(app, repository_id, &ending(&destination, &source.registry.account)).await;
        }
        let open = replications::list_open(&mut conn, repository_id, &destination, BATCH).await?;
        drop(conn);
        let mut failed = None;
        for row in &open {
            let outcome = match row.status.as_str() {
                "DELETING" => delete(app, &source, row).await,
                _ => replicate(app, &source, row).await,
            };
            if let Err(error) = outcome {
                // It may be about this image alone. If it is the database, nothing more can be noted either.
                tracing::warn!(repository = source.name.as_str(), digest = %row.digest, %error, "an image could not be replicated now");
                postpone(app, &source, row).await?;
                failed = Some(error);
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        if open.len() < BATCH {
            return Ok(());
        }
    }
}

/// A job of an older release was about all destinations.
async fn spread(app: &Arc<App>, repository_id: &str) -> Result<()> {
    let (own, id, now) = (Arc::clone(app), repository_id.to_owned(), app.now());
    app.db()
        .write_in_background(move |conn| {
            Box::pin(async move {
                for destination in replications::list_open_destinations(conn, &id).await? {
                    jobs::upsert(conn, &own.new_id(), JOB, &subject(&id, &destination), now).await?;
                }
                Ok(())
            }) as Pending<'_, (), Error>
        })
        .await
}

async fn hand_on(app: &Arc<App>, repository_id: &str, ending: &str) -> Result<()> {
    let (id, job, now) = (app.new_id(), format!("{repository_id}{ending}"), app.now());
    app.db()
        .write_in_background(move |conn| {
            Box::pin(async move { Ok(jobs::upsert(conn, &id, JOB_ELSEWHERE, &job, now).await?) })
                as Pending<'_, (), Error>
        })
        .await
}

/// Why an image cannot be replicated; what is not told here is tried again.
fn failure_code(error: &Error) -> Option<&'static str> {
    match error {
        Error::Denied(_) => Some("AccessDenied"),
        Error::TagImmutable { .. } => Some("TagImmutable"),
        Error::LimitExceeded(_) => Some("LimitExceeded"),
        Error::RepositoryUnknown { .. } => Some("RepositoryNotFound"),
        Error::Validation(_) => Some(targets::UNKNOWN),
        _ => None,
    }
}

async fn replicate(app: &Arc<App>, source: &RepositoryRow, row: &ReplicationRow) -> Result<()> {
    let outcome = match copy(app, source, row).await {
        Ok(tags) => Ok(tags),
        Err(error) => {
            let Some(code) = failure_code(&error) else {
                return Err(error);
            };
            let (repository, digest) = (source.name.as_str(), row.digest.as_str());
            tracing::warn!(repository, digest, destination = ?row.destination, %error, "an image was not replicated");
            Err(code.to_owned())
        }
    };
    let listener = if is_here(app, &row.destination) { &row.destination } else { &source.registry };
    end(app, source, row, listener, outcome).await
}

/// Copies an image, and says with which tags.
async fn copy(app: &Arc<App>, source: &RepositoryRow, row: &ReplicationRow) -> Result<Vec<Tag>> {
    permitted(app, source, &row.destination, &[Action::ReplicateImage])?;
    if !is_here(app, &row.destination) {
        return Err(Error::Validation("the destination registry does not exist".to_owned()));
    }
    let target = target(app, source, &row.destination).await?;
    let brings_rules = target.brings_rules();
    let (own, source, digest) = (Arc::clone(app), source.clone(), row.digest.clone());
    let tags = app
        .db()
        .write_in_background(move |conn| {
            Box::pin(async move { image(conn, &own, &source, target, &digest).await }) as Pending<'_, Vec<Tag>, Error>
        })
        .await?;
    repositories::obey(app, brings_rules).await;
    Ok(tags)
}

async fn target(app: &App, source: &RepositoryRow, destination: &RegistryId) -> Result<Target> {
    let mut conn = app.db().reader().await?;
    let target = repositories::replicated(&mut conn, app, destination, &source.name).await?;
    if !target.is_stored() {
        permitted(app, source, destination, &[Action::CreateRepository])?;
    }
    Ok(target)
}

/// Copies an image with what it lists, and its tags. One that is gone by now is not copied.
async fn image(
    conn: &mut Conn,
    app: &App,
    source: &RepositoryRow,
    target: Target,
    digest: &Digest,
) -> Result<Vec<Tag>> {
    let from = &source.repository_id;
    let members = family(conn, from, digest).await?;
    // All at once here and there, in the order in which deletions hold them.
    let held: Vec<&Digest> = members.iter().collect();
    if !manifests::lock(conn, from, &held).await?.contains(digest) {
        return Ok(Vec::new());
    }
    let names: Vec<Tag> =
        tags::list_of_manifests(conn, from, &[digest]).await?.into_iter().map(|(_, tag)| tag).collect();
    let created = target.create(conn, app).await?;
    // Held before anything in it, as pushes do.
    if !store::repositories::lock_live(conn, &created.row.repository_id).await? {
        return Err(repositories::unknown(&created.row.registry, &created.row.name));
    }
    manifests::lock(conn, &created.row.repository_id, &held).await?;
    for member in &members {
        let names: &[Tag] = if member == digest { &names } else { &[] };
        images::copy(conn, app, from, &created.row, member, names).await?;
    }
    created.finish(conn, app).await?;
    Ok(names)
}

/// Deletes an image where it was replicated to, unless an index there lists it.
async fn delete(app: &Arc<App>, source: &RepositoryRow, row: &ReplicationRow) -> Result<()> {
    let allowed = permitted(app, source, &row.destination, &[Action::ReplicateImage]).is_ok();
    let (own, source, row) = (Arc::clone(app), source.clone(), row.clone());
    app.db()
        .write_in_background(move |conn| {
            Box::pin(async move {
                if allowed && let Some(target) = store::repositories::find(conn, &row.destination, &source.name).await?
                {
                    images::delete_copy(conn, &own, &target, &row.digest).await?;
                }
                replications::delete(conn, &source.repository_id, &row).await?;
                Ok(())
            }) as Pending<'_, (), Error>
        })
        .await
}
