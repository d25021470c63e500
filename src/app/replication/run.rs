//! The job of a repository: one image after the other, to one registry after the other.

use std::sync::Arc;

use policy::{Policies, Principal, Request};
use store::replications::ReplicationRow;
use store::repositories::RepositoryRow;
use store::{Conn, Pending, accounts, edges, manifests, replications, tags};
use types::{Digest, RegistryId, Tag};

use crate::repositories::{self, Target};
use crate::{Action, App, Error, Result, images};

/// Images of one look.
const BATCH: usize = 100;
/// Indexes in indexes are followed so far.
const DEPTH: usize = 8;

/// Replicates what is asked for of a repository.
pub async fn run(app: &Arc<App>, repository_id: &str) -> Result<()> {
    loop {
        let mut conn = app.db().reader().await?;
        let Some(source) = store::repositories::find_by_id(&mut conn, repository_id).await? else {
            return Ok(());
        };
        let open = replications::list_open(&mut conn, repository_id, BATCH).await?;
        drop(conn);
        for row in &open {
            match row.status.as_str() {
                "DELETING" => delete(app, &source, row).await?,
                _ => replicate(app, &source, row).await?,
            }
        }
        if open.len() < BATCH {
            return Ok(());
        }
    }
}

/// Why an image cannot be replicated; what is not told here is tried again.
fn failure_code(error: &Error) -> Option<&'static str> {
    match error {
        Error::Denied(_) => Some("AccessDenied"),
        Error::TagImmutable { .. } => Some("TagImmutable"),
        Error::LimitExceeded(_) => Some("LimitExceeded"),
        Error::RepositoryUnknown { .. } => Some("RepositoryNotFound"),
        Error::Validation(_) => Some("RegistryNotFound"),
        _ => None,
    }
}

async fn replicate(app: &Arc<App>, source: &RepositoryRow, row: &ReplicationRow) -> Result<()> {
    let copied = copy(app, source, row).await;
    let (status, failure_code) = match &copied {
        Ok(()) => ("COMPLETE", None),
        Err(error) => match failure_code(error) {
            Some(code) => ("FAILED", Some(code)),
            None => return copied,
        },
    };
    if let Err(error) = copied {
        let (repository, digest) = (source.name.as_str(), row.digest.as_str());
        tracing::warn!(repository, digest, destination = ?row.destination, %error, "an image was not replicated");
    }
    let (id, row, now) = (source.repository_id.clone(), row.clone(), app.now());
    app.db()
        .write_in_background(move |conn| {
            Box::pin(async move {
                replications::update_ended(conn, &id, &row, status, failure_code, now).await?;
                Ok(())
            }) as Pending<'_, (), Error>
        })
        .await
}

async fn copy(app: &Arc<App>, source: &RepositoryRow, row: &ReplicationRow) -> Result<()> {
    permitted(app, source, &row.destination, &[Action::ReplicateImage])?;
    let mut conn = app.db().reader().await?;
    let exists = accounts::find_created_at(&mut conn, &row.destination.account).await?.is_some();
    if !exists || !app.config().regions.contains(&row.destination.region) {
        return Err(Error::Validation("the destination registry does not exist".to_owned()));
    }
    let target = repositories::replicated(&mut conn, app, &row.destination, &source.name).await?;
    drop(conn);
    if !target.is_stored() {
        permitted(app, source, &row.destination, &[Action::CreateRepository])?;
    }
    let brings_rules = target.brings_rules();
    let (own, source, digest) = (Arc::clone(app), source.clone(), row.digest.clone());
    app.db()
        .write_in_background(move |conn| {
            Box::pin(async move { image(conn, &own, &source, target, &digest).await }) as Pending<'_, (), Error>
        })
        .await?;
    repositories::obey(app, brings_rules).await;
    Ok(())
}

/// Copies an image with what it lists, and its tags. One that is gone by now is not copied.
async fn image(conn: &mut Conn, app: &App, source: &RepositoryRow, target: Target, digest: &Digest) -> Result<()> {
    let from = &source.repository_id;
    if manifests::lock(conn, from, &[digest]).await?.is_empty() {
        return Ok(());
    }
    let names: Vec<Tag> =
        tags::list_of_manifests(conn, from, &[digest]).await?.into_iter().map(|(_, tag)| tag).collect();
    let target = target.create(conn, app).await?;
    // What is listed comes before what lists it.
    let mut order = vec![digest.clone()];
    let mut level = vec![digest.clone()];
    for _ in 0..DEPTH {
        let parents: Vec<&Digest> = level.iter().collect();
        let children = edges::list_children(conn, from, &parents, edges::Kind::Child).await?;
        level = children.into_iter().map(|(_, child)| child).collect();
        if level.is_empty() {
            break;
        }
        order.extend(level.iter().cloned());
    }
    for digest in order.iter().skip(1).rev() {
        images::copy(conn, app, from, &target, digest, &[]).await?;
    }
    images::copy(conn, app, from, &target, digest, &names).await
}

/// Whether a registry lets another do something to it. Those of one account do.
fn permitted(app: &App, source: &RepositoryRow, destination: &RegistryId, actions: &[Action]) -> Result<()> {
    let (from, to) = (source.registry.account.as_str(), destination.account.as_str());
    if from == to {
        return Ok(());
    }
    let snapshot = app.snapshot();
    let policies = snapshot.registries().policy(&destination.account, &destination.region);
    let policies = Policies { resource: policies.map(std::slice::from_ref).unwrap_or_default(), ..Policies::default() };
    let (principal, context) = (Principal::root(from), policy::Context::new());
    let resource = format!("arn:aws:ecr:{}:{to}:repository/{}", destination.region, source.name);
    for action in actions {
        let request =
            Request { principal: &principal, action: action.as_str(), resource: &resource, context: &context };
        let decision = policy::evaluate(&policies, &request, to);
        if let Some(message) = policy::denial_message(&decision, &request) {
            return Err(Error::Denied(message));
        }
    }
    Ok(())
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
