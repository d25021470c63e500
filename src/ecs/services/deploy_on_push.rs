//! Deploying what is pushed: a service with the tag `wharf:deploy-on-push` = `true` gets a new deployment when a tag of one
//! of its images means another image than when its last deployment began.
//!
//! Nothing is done when an image is pushed: such services look for themselves, every few seconds. So a push is as fast as
//! ever, and none is missed.

use std::sync::Arc;

use app::App;
use app::images::reference;
use store::service_deployments::Filter;
use store::{Conn, Pending, clusters, service_deployments, services};
use types::{RegistryId, Timestamp};

use super::deployments::{ContainerImage, Deployment};
use super::look::Seen;
use super::{Service, create, deployments, images, update};
use crate::clusters::Cluster;
use crate::error::{Error, Result};
use crate::task_definitions;

/// The tag of a service that wants it.
pub(super) const TAG: &str = "wharf:deploy-on-push";

/// Begins a new deployment of a service that wants it, if an image was pushed. Whether it did.
pub(super) async fn deploy_what_was_pushed(app: &Arc<App>, seen: &Seen) -> Result<bool> {
    let Some(outdated) = outdated(&mut app.db().reader().await?, app, seen).await? else {
        return Ok(false);
    };
    tracing::info!(service = seen.service.row.name, "an image of a service was pushed, and is deployed");
    let (own, service_id) = (Arc::clone(app), seen.service.row.service_id.clone());
    let deployed = app.db().write_in_background(move |conn| {
        Box::pin(async move { deploy(conn, &own, &service_id, &outdated).await }) as Pending<'_, (), Error>
    });
    deployed.await?;
    Ok(true)
}

/// The id of the deployment that the service is at, if tags of its images mean something else by now.
async fn outdated(conn: &mut Conn, app: &App, seen: &Seen) -> Result<Option<String>> {
    let (Some(primary), Some(registry)) = (seen.standing.primary(), &seen.deploys_on_push) else {
        return Ok(None);
    };
    for image in primary.document.container_images.iter().flatten() {
        let Some(named) = reference::of_account(app, &registry.account, &seen.service.document.host, &image.image)
        else {
            continue;
        };
        let Some(means) = named.digest(conn).await? else {
            continue;
        };
        let outdated = match &image.image_digest {
            Some(known) => means.as_str() != known,
            // It meant nothing when the deployment began, unless nobody wants to know.
            None => is_fixed(conn, registry, primary, image).await?,
        };
        if outdated && !was_tried(conn, primary, image, means.as_str()).await? {
            return Ok(Some(primary.row.deployment_id.clone()));
        }
    }
    Ok(None)
}

/// Whether the newest deployment of the service has run that image in the same way, and the service went back from it to the
/// one that it is at: what was given up is not tried again until something else is pushed.
async fn was_tried(conn: &mut Conn, primary: &Deployment, image: &ContainerImage, digest: &str) -> Result<bool> {
    let (service_id, ever) = (&primary.row.service_id, Timestamp::from_micros(i64::MAX));
    let any = Filter { outcomes: &[], created_after: Timestamp::from_micros(0), created_before: ever };
    let newest = service_deployments::list(conn, service_id, any, (ever, ""), 1).await?.pop().map(Deployment::read);
    let Some(newest) = newest.filter(|newest| newest.row.deployment_id != primary.row.deployment_id) else {
        return Ok(false);
    };
    let (given_up, stays) = (&newest.document.revision, &primary.document.revision);
    let same_way = (&given_up.family, given_up.revision) == (&stays.family, stays.revision);
    let is_it = |other: &ContainerImage| {
        other.container_name == image.container_name && other.image_digest.as_deref() == Some(digest)
    };
    Ok(same_way && newest.document.container_images.iter().flatten().any(is_it))
}

/// Whether the digest of an image is kept for the whole deployment.
async fn is_fixed(
    conn: &mut Conn,
    registry: &RegistryId,
    primary: &Deployment,
    image: &ContainerImage,
) -> Result<bool> {
    let revision = &primary.document.revision;
    let found = task_definitions::find_revision(conn, registry, &revision.family, revision.revision).await?;
    Ok(found.is_some_and(|definition| images::is_fixed(&definition, image)))
}

/// The same revision again, whose images are looked up anew.
async fn deploy(conn: &mut Conn, app: &App, service_id: &str, outdated: &str) -> Result<()> {
    let Some(row) = services::find_by_id(conn, service_id).await? else {
        return Ok(());
    };
    let Some(cluster) = clusters::lock_by_id(conn, &row.cluster_id).await?.map(Cluster::read) else {
        return Ok(());
    };
    let Some(mut service) = services::lock(conn, service_id).await?.map(Service::read) else {
        return Ok(());
    };
    let primary = update::primary(conn, &service).await?;
    if !service.is_active() || primary.row.deployment_id != outdated {
        return Ok(());
    }
    let revision = primary.document.revision;
    let (registry, family, number) = (&cluster.row.registry, &revision.family, revision.revision);
    let Some(definition) = task_definitions::find_revision(conn, registry, family, number).await? else {
        return Ok(());
    };
    let id = deployments::new_id(&app.new_uuid());
    deployments::insert(conn, &service, id, revision, create::checks_health(&definition), app.now()).await?;
    service.save(conn).await
}
