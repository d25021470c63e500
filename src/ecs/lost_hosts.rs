//! Hosts that are gone: when an agent has been away for too long, its tasks count as lost, so that services start them
//! elsewhere. Should the host come back, its agent is told that those tasks are not wanted any more.
//!
//! While no process of ours runs, or none reaches the database, nobody can note that an agent is there, and agents are not to
//! blame for it. So when nobody has looked for a while, all of them get their time anew.

use std::time::Duration;

use app::App;
use store::{Conn, Pending, clusters, container_instances, jobs};
use types::Timestamp;

use crate::container_instances::ContainerInstance;
use crate::error::{Error, Result};
use crate::tasks::lose_all;

/// The kind of the job.
pub const JOB: &str = "give up lost hosts";

/// How often.
pub const EVERY: Duration = Duration::from_secs(5);

/// How long nobody may have looked until that counts as having been away: half of the time that agents have, since those who
/// dial ever more rarely come back after as long again, but longer than it takes until another process goes on with the job.
const AWAY: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(60));

/// How many hosts are looked at in one go.
const AT_ONCE: usize = 20;

/// Ends the tasks of hosts that are gone.
pub async fn give_up(app: &App) -> app::Result<()> {
    let now = app.now();
    let timeout = app.config().host_timeout;
    let looked_at = jobs::find_last_run(&mut app.db().reader().await?, JOB, "").await?;
    let away = (timeout / 2).clamp(AWAY.0, AWAY.1);
    if looked_at.is_none_or(|looked_at| looked_at.after(away) < now) {
        let excused = app.db().write_in_background(move |conn| {
            Box::pin(async move { Ok(container_instances::update_excused(conn, now).await?) })
                as Pending<'_, u64, Error>
        });
        let excused = excused.await.map_err(Error::unheard)?;
        if excused > 0 {
            tracing::info!(
                hosts = excused,
                "nobody has looked after hosts for a while; their agents have their time anew"
            );
        }
        return Ok(());
    }
    let before = now.before(timeout);
    let lost = container_instances::list_lost(&mut app.db().reader().await?, before, AT_ONCE).await?;
    // One that cannot be given up is in the way of no other.
    let mut failed = None;
    for instance in lost {
        tracing::warn!(instance = instance.instance_id, "the agent of a host is gone, and its tasks count as lost");
        let (id, cluster_id) = (instance.instance_id, instance.cluster_id);
        let done = app.db().write_in_background(move |conn| {
            Box::pin(lose_tasks(conn, cluster_id, id, before, now)) as Pending<'_, (), Error>
        });
        if let Err(error) = done.await.map_err(Error::unheard) {
            failed = Some(error);
        }
    }
    failed.map_or(Ok(()), Err)
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
