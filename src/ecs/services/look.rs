//! Reading how services stand, of many at once: each statement reads a table for all of them. Who reads without holding
//! anything may see a change half: whoever makes it wakes the service, and then it is read anew.

use std::collections::{HashMap, HashSet};

use store::clusters::ClusterRow;
use store::service_tasks::ServiceTaskRow;
use store::services::ServiceRow;
use store::{Conn, clusters, container_instances, ecs_tags, service_deployments, service_tasks, services, tasks};
use types::RegistryId;

use super::deploy_on_push::TAG;
use super::deployments::Deployment;
use super::{Service, resource};
use crate::error::Result;
use crate::tasks::Task;

/// What runs for a service, and what is to run.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// Those that have tasks or are to have some, the newest first.
    pub(super) deployments: Vec<Deployment>,
    /// Its tasks that are not over, by their ids.
    pub(super) tasks: HashMap<String, Task>,
    /// Its tasks that are not accounted for, over or not, by their ids.
    pub(super) known: HashMap<String, ServiceTaskRow>,
    /// Hosts of its cluster that are being drained.
    pub(super) leaving: HashSet<String>,
}

impl Standing {
    /// The ids of tasks that ended since the service was looked at last.
    pub(super) fn ended(&self) -> impl Iterator<Item = &str> {
        self.known.keys().filter(|id| !self.tasks.contains_key(*id)).map(String::as_str)
    }

    pub(super) fn primary(&self) -> Option<&Deployment> {
        self.deployments.iter().find(|deployment| deployment.is_primary())
    }
}

/// A service as it was seen.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) service: Service,
    pub(super) standing: Standing,
    /// Its account and region, if it deploys what is pushed.
    pub(super) deploys_on_push: Option<RegistryId>,
}

/// The services of these ids that are there, by their ids.
pub(super) async fn look(conn: &mut Conn, service_ids: &[&str]) -> Result<HashMap<String, Seen>> {
    let rows = services::list_named(conn, service_ids).await?;
    let mut standing = stand(conn, &rows).await?;
    let clusters = clusters::list_named(conn, &clusters_of(&rows)).await?;
    let wanting = wanting(conn, &rows, &clusters).await?;
    let seen = rows.into_iter().map(|row| {
        let id = row.service_id.clone();
        let standing = standing.remove(&id).unwrap_or_default();
        let wants = row.status == "ACTIVE" && wanting.contains(&id);
        let cluster = clusters.iter().find(|cluster| cluster.cluster_id == row.cluster_id);
        let deploys_on_push = cluster.filter(|_| wants).map(|cluster| cluster.registry.clone());
        (id, Seen { service: Service::read(row), standing, deploys_on_push })
    });
    Ok(seen.collect())
}

/// Those of some services that deploy what is pushed.
async fn wanting(conn: &mut Conn, rows: &[ServiceRow], clusters: &[ClusterRow]) -> Result<HashSet<String>> {
    let mut asked: HashMap<_, HashMap<String, &str>> = HashMap::new();
    for row in rows {
        if let Some(cluster) = clusters.iter().find(|cluster| cluster.cluster_id == row.cluster_id) {
            let named = asked.entry(&cluster.registry).or_default();
            named.insert(resource(&cluster.name, &row.name), &row.service_id);
        }
    }
    let mut wanting = HashSet::new();
    for (registry, named) in asked {
        let resources: Vec<String> = named.keys().cloned().collect();
        for (resource, value) in ecs_tags::list_of_key(conn, registry, &resources, TAG).await? {
            if value.eq_ignore_ascii_case("true") {
                wanting.extend(named.get(&resource).map(|id| (*id).to_owned()));
            }
        }
    }
    Ok(wanting)
}

fn clusters_of(rows: &[ServiceRow]) -> Vec<&str> {
    let ids: HashSet<&str> = rows.iter().map(|row| row.cluster_id.as_str()).collect();
    ids.into_iter().collect()
}

/// How a service stands that the caller holds.
pub(super) async fn stand_one(conn: &mut Conn, service: &Service) -> Result<Standing> {
    let mut found = stand(conn, std::slice::from_ref(&service.row)).await?;
    Ok(found.remove(&service.row.service_id).unwrap_or_default())
}

async fn stand(conn: &mut Conn, rows: &[ServiceRow]) -> Result<HashMap<String, Standing>> {
    let ids: Vec<&str> = rows.iter().map(|row| row.service_id.as_str()).collect();
    let mut standing: HashMap<String, Standing> =
        ids.iter().map(|id| ((*id).to_owned(), Standing::default())).collect();
    if ids.is_empty() {
        return Ok(standing);
    }
    for row in service_deployments::list_shown_of(conn, &ids).await? {
        if let Some(found) = standing.get_mut(&row.service_id) {
            found.deployments.push(Deployment::read(row));
        }
    }
    for row in service_tasks::list(conn, &ids).await? {
        if let Some(found) = standing.get_mut(&row.service_id) {
            found.known.insert(row.task_id.clone(), row);
        }
    }
    for row in tasks::list_of_services(conn, &ids).await? {
        let found = row.service_id.as_ref().and_then(|id| standing.get_mut(id));
        if let Some(found) = found {
            found.tasks.insert(row.task_id.clone(), Task::read(row));
        }
    }
    let leaving = container_instances::list_draining(conn, &clusters_of(rows)).await?;
    if !leaving.is_empty() {
        for found in standing.values_mut() {
            let on = found.tasks.values().filter_map(|task| task.row.instance_id.as_deref());
            let on: HashSet<&str> = on.collect();
            found.leaving = leaving.iter().filter(|id| on.contains(id.as_str())).cloned().collect();
        }
    }
    Ok(standing)
}
