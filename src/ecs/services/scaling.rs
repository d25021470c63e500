//! How many tasks of a service are wanted, for whoever decides it in the name of no client: automatic scaling.

use store::{Conn, clusters, service_deployments, services};
use types::{RegistryId, Timestamp};

use super::{Service, deployments, wake};
use crate::arns;

/// The most tasks that a service may want, whoever asks for them.
pub const MOST_TASKS: u64 = 5000;

/// A service that can be scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scalable {
    /// How many tasks are wanted.
    pub desired_count: u64,
    /// Whether it is on its way from one definition to the next.
    pub is_deploying: bool,
}

/// The service of that name, unless it is gone, or has as many tasks as there are hosts.
pub async fn find(
    conn: &mut Conn,
    registry: &RegistryId,
    cluster: &str,
    name: &str,
) -> store::Result<Option<Scalable>> {
    let Some(cluster) = clusters::find(conn, registry, cluster).await?.filter(|row| row.status == "ACTIVE") else {
        return Ok(None);
    };
    let Some(row) = services::find(conn, &cluster.cluster_id, name).await? else {
        return Ok(None);
    };
    let service = Service::read(row);
    if !service.is_active() || service.row.strategy != "REPLICA" {
        return Ok(None);
    }
    let shown = service_deployments::list_shown(conn, &service.row.service_id).await?;
    let mut shown = shown.into_iter().map(deployments::Deployment::read);
    let is_deploying = shown.any(|one| !one.is_primary() || one.row.rollout == "IN_PROGRESS");
    Ok(Some(Scalable { desired_count: service.row.desired_count, is_deploying }))
}

/// Wants another number of tasks, if it is still the number that was seen. The reconciler does the rest.
pub async fn set(
    conn: &mut Conn,
    registry: &RegistryId,
    (cluster, name): (&str, &str),
    (seen, wanted): (u64, u64),
    now: Timestamp,
) -> app::Result<bool> {
    // In the order of all that changes services: the cluster first.
    let Some(cluster) = clusters::lock(conn, registry, cluster).await?.filter(|row| row.status == "ACTIVE") else {
        return Ok(false);
    };
    let Some(row) = services::find(conn, &cluster.cluster_id, name).await? else {
        return Ok(false);
    };
    let Some(row) = services::lock(conn, &row.service_id).await? else {
        return Ok(false);
    };
    let mut service = Service::read(row);
    if !service.is_active() || service.row.strategy != "REPLICA" || service.row.desired_count != seen {
        return Ok(false);
    }
    service.row.desired_count = wanted;
    service.save(conn).await.map_err(crate::Error::unheard)?;
    wake(conn, &service.row.service_id, now).await.map_err(crate::Error::unheard)?;
    Ok(true)
}

/// The names of cluster and service in `service/CLUSTER/SERVICE`.
pub fn names(resource_id: &str) -> Option<(&str, &str)> {
    let (cluster, name) = resource_id.strip_prefix("service/")?.split_once('/')?;
    (arns::is_name(cluster) && arns::is_name(name)).then_some((cluster, name))
}
