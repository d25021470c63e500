//! Hosts that are gone: when an agent has been away for too long, its tasks count as lost, so that services start them
//! elsewhere. Should the host come back, its agent is told that those tasks are not wanted any more.

use app::App;
use store::{Conn, Pending, clusters, container_instances};
use types::Timestamp;

use crate::container_instances::ContainerInstance;
use crate::error::{Error, Result};
use crate::tasks::lose_all;

/// How many hosts are looked at in one go.
const AT_ONCE: usize = 20;

/// Ends the tasks of hosts that are gone.
pub async fn give_up(app: &App) -> app::Result<()> {
    let now = app.now();
    let before = now.before(app.config().host_timeout);
    let lost = container_instances::list_lost(&mut app.db().reader().await?, before, AT_ONCE).await?;
    for instance in lost {
        tracing::warn!(instance = instance.instance_id, "the agent of a host is gone, and its tasks count as lost");
        let (id, cluster_id) = (instance.instance_id, instance.cluster_id);
        let done = app.db().write_in_background(move |conn| {
            Box::pin(lose_tasks(conn, cluster_id, id, before, now)) as Pending<'_, (), Error>
        });
        done.await.map_err(Error::unheard)?;
    }
    Ok(())
}

async fn lose_tasks(conn: &mut Conn, cluster_id: String, id: String, before: Timestamp, now: Timestamp) -> Result<()> {
    clusters::lock_by_id(conn, &cluster_id).await?;
    let instance = container_instances::find(conn, &id).await?;
    // It may have come back in between.
    let Some(instance) = instance.filter(|instance| instance.connected_until < before) else {
        return Ok(());
    };
    let name = ContainerInstance::read(instance).event_name();
    // ECS's words, by which tools know that the task itself did nothing wrong.
    lose_all(conn, &id, &format!("Host EC2 (instance {name}) terminated."), now).await
}
