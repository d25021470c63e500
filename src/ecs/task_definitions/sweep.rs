//! Deleting the revisions that are put down for it, once nothing uses them any more: no task that is not over, and no
//! deployment that has tasks, is to have some, or is what its service would go back to.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use app::App;
use store::task_definitions::TaskDefinitionRow;
use store::{Conn, Pending, clusters, service_deployments, services, task_definitions, tasks};
use types::RegistryId;

use crate::error::{Error, Result};
use crate::services::deployments::Deployment;

/// The kind of the job, of which there is one.
pub const SWEEP: &str = "delete task definitions";

/// How often it is looked whether what is used still is.
pub const EVERY: Duration = Duration::from_secs(15);

/// Who found a revision active before it was put down has written by then what uses it.
pub(super) const GRACE: Duration = Duration::from_secs(3);

/// How many are looked at in one go.
const AT_ONCE: usize = 100;

type Revision = (RegistryId, String, u64);

/// Deletes what can be deleted. Whether something is left.
pub async fn sweep(app: &App) -> app::Result<bool> {
    let before = app.now().before(GRACE);
    let mut left = false;
    let mut used: Option<HashSet<Revision>> = None;
    let mut after: Option<TaskDefinitionRow> = None;
    loop {
        let mut conn = app.db().reader().await?;
        let page = task_definitions::list_deleting(&mut conn, before, after.as_ref(), AT_ONCE).await?;
        drop(conn);
        let Some(last) = page.last().cloned() else {
            return Ok(left);
        };
        // Nothing begins to use a revision that cannot be named any more, so one look at the services is enough.
        let used = match &used {
            Some(used) => used,
            None => used.insert(used_by_services(app).await.map_err(Error::unheard)?),
        };
        for row in page {
            let revision = (row.registry, row.family, row.revision);
            if used.contains(&revision) {
                left = true;
                continue;
            }
            let gone =
                app.db().write_in_background(move |conn| Box::pin(delete(conn, revision)) as Pending<'_, bool, Error>);
            left |= !gone.await.map_err(Error::unheard)?;
        }
        after = Some(last);
    }
}

/// Whether it is gone.
async fn delete(conn: &mut Conn, (registry, family, revision): Revision) -> Result<bool> {
    if tasks::use_definition(conn, &registry, &family, revision).await? {
        return Ok(false);
    }
    task_definitions::delete(conn, &registry, &family, revision).await?;
    Ok(true)
}

/// What all services have or could go back to.
async fn used_by_services(app: &App) -> Result<HashSet<Revision>> {
    let mut used = HashSet::new();
    let mut after = String::new();
    loop {
        let mut conn = app.db().reader().await?;
        let page = services::list_everywhere(&mut conn, &after, AT_ONCE).await?;
        let ids: Vec<&str> = page.iter().map(|(id, _)| id.as_str()).collect();
        let Some(last) = ids.last() else {
            return Ok(used);
        };
        let needed = service_deployments::list_needed(&mut conn, &ids).await?;
        let cluster_ids: HashSet<&str> = page.iter().map(|(_, cluster_id)| cluster_id.as_str()).collect();
        let cluster_ids: Vec<&str> = cluster_ids.into_iter().collect();
        let clusters = clusters::list_named(&mut conn, &cluster_ids).await?;
        let registries: HashMap<&str, &RegistryId> =
            clusters.iter().map(|cluster| (cluster.cluster_id.as_str(), &cluster.registry)).collect();
        let of: HashMap<&str, &str> = page.iter().map(|(id, cluster_id)| (id.as_str(), cluster_id.as_str())).collect();
        for row in needed {
            let registry = of.get(row.service_id.as_str()).and_then(|cluster_id| registries.get(cluster_id)).copied();
            let revision = Deployment::read(row).document.revision;
            used.extend(registry.map(|registry| (registry.clone(), revision.family, revision.revision)));
        }
        after = (*last).to_owned();
    }
}
