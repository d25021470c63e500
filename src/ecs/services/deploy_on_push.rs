//! Deploying what is pushed: a service with the tag `wharf:deploy-on-push` = `true` gets a new deployment when a tag of one
//! of its images means another image than when its last deployment began.
//!
//! Nothing is done when an image is pushed: such services look for themselves, every few seconds. So a push is as fast as
//! ever, and none is missed.

use std::sync::Arc;

use app::App;
use app::images::reference;
use store::{Conn, Pending, clusters, service_deployments, services};

use super::deployments::{self, Deployment};
use super::{Service, create, resource, update};
use crate::clusters::Cluster;
use crate::error::{Error, Result};
use crate::{tags, task_definitions};

/// The tag of a service that wants it.
const TAG: &str = "wharf:deploy-on-push";

/// Begins a new deployment if an image was pushed. True if the service wants that at all, and so must be looked at again.
pub(super) async fn look(app: &Arc<App>, service_id: &str) -> Result<bool> {
    let mut conn = app.db().reader().await?;
    let Some(service) = services::find_by_id(&mut conn, service_id).await?.map(Service::read) else {
        return Ok(false);
    };
    let Some(cluster) = clusters::find_by_id(&mut conn, &service.row.cluster_id).await?.map(Cluster::read) else {
        return Ok(false);
    };
    if !service.is_active() || !wants(&mut conn, &cluster, &service).await? {
        return Ok(false);
    }
    let Some(outdated) = outdated(&mut conn, app, &service).await? else {
        return Ok(true);
    };
    drop(conn);
    tracing::info!(service = service.row.name, "an image of a service was pushed, and is deployed");
    let (own, service_id) = (Arc::clone(app), service_id.to_owned());
    let deployed = app.db().write_in_background(move |conn| {
        Box::pin(async move { deploy(conn, &own, &service_id, &outdated).await }) as Pending<'_, (), Error>
    });
    deployed.await?;
    Ok(true)
}

async fn wants(conn: &mut Conn, cluster: &Cluster, service: &Service) -> Result<bool> {
    let resource = resource(&cluster.row.name, &service.row.name);
    let tags = tags::list(conn, &cluster.row.registry, &resource).await?;
    Ok(tags.iter().any(|tag| tag.key == TAG && tag.value.eq_ignore_ascii_case("true")))
}

/// The id of the deployment that the service is at, if tags of its images mean something else by now.
async fn outdated(conn: &mut Conn, app: &App, service: &Service) -> Result<Option<String>> {
    let shown = service_deployments::list_shown(conn, &service.row.service_id).await?;
    let primary = shown.into_iter().map(Deployment::read).find(Deployment::is_primary);
    let Some(primary) = primary else {
        return Ok(None);
    };
    for image in primary.document.container_images.iter().flatten() {
        let Some(known) = &image.image_digest else {
            continue;
        };
        let named = reference::parse(app.config(), &service.document.host, &image.image);
        let means = match named {
            Some(named) => named.digest(conn).await?,
            None => None,
        };
        if means.is_some_and(|means| means.as_str() != known) {
            return Ok(Some(primary.row.deployment_id));
        }
    }
    Ok(None)
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
