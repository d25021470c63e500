//! Forgetting tasks that have been over for about an hour, as ECS does, and hosts that were deregistered so long ago.

use std::time::Duration;

use app::App;
use store::{Conn, Pending, clusters, container_instances, ecs_tags, tasks};
use types::Timestamp;

use crate::error::{Error, Result};

/// How long a task that is over, or a host that is gone, can be described.
const KEPT_FOR: Duration = Duration::from_secs(3600);

/// How many are forgotten in one transaction.
const AT_ONCE: usize = 500;

/// Forgets some. False if there is nothing more to do.
pub async fn forget_stopped(app: &App) -> app::Result<bool> {
    let now = app.now();
    let done = app.db().write_in_background(move |conn| Box::pin(forget(conn, now)) as Pending<'_, bool, Error>);
    done.await.map_err(Error::unheard)
}

async fn forget(conn: &mut Conn, now: Timestamp) -> Result<bool> {
    let gone = tasks::delete_stopped(conn, now.before(KEPT_FOR), AT_ONCE).await?;
    for (task_id, cluster_id) in &gone {
        if let Some(cluster) = clusters::find_by_id(conn, cluster_id).await? {
            let resource = super::resource(&cluster.name, task_id);
            ecs_tags::delete_all(conn, &cluster.registry, &resource).await?;
        }
    }
    let hosts = container_instances::delete_gone(conn, now.before(KEPT_FOR), AT_ONCE).await?;
    Ok(gone.len() == AT_ONCE || hosts == AT_ONCE as u64)
}
