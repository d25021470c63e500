//! Which tasks of a service placement would take away when there are too many: the mirror of its strategies.

use app::App;
use store::Conn;

use super::decide::model::Task;
use super::deployments::Deployment;
use super::{Service, configuration};
use crate::clusters::Cluster;
use crate::error::Result;
use crate::placement::{self, Strategy};
use crate::task_definitions;
use crate::tasks::start::Hosts;

/// More are not ranked at once.
const MOST: usize = 100;

/// Ranks the tasks of the primary deployment that are too many. Without any, nothing is read.
pub(super) async fn rank(
    conn: &mut Conn,
    app: &App,
    cluster: &Cluster,
    service: &Service,
    primary: &Deployment,
    desired: usize,
    tasks: &mut [Task],
) -> Result<()> {
    let (id, now) = (&primary.row.deployment_id, app.now());
    let own = |task: &Task| &task.deployment == id && !task.stopping;
    let surplus = tasks.iter().filter(|task| own(task)).count().saturating_sub(desired).min(MOST);
    if surplus == 0 {
        return Ok(());
    }
    let revision = &primary.document.revision;
    let registry = &cluster.row.registry;
    let found = task_definitions::find_revision(conn, registry, &revision.family, revision.revision).await?;
    let demand = found.map(|found| found.definition.demand()).unwrap_or_default();
    let mut strategies = configuration::strategies(&service.document.placement_strategy)?;
    if strategies.is_empty() {
        strategies = Strategy::of_services();
    }
    let group = format!("service:{}", service.row.name);
    let mut hosts = Hosts::read(conn, cluster, now, &group, &[]).await?.all().to_vec();
    let random = usize::from_str_radix(&app.new_uuid()[..8], 16).unwrap_or_default();
    let is_protected = |task: &Task| task.protected_until.is_some_and(|until| until > now);
    // A task whose host takes no new ones goes with those that have none.
    let (mut left, mut on): (Vec<usize>, Vec<Option<usize>>) = tasks
        .iter()
        .enumerate()
        .filter(|(_, task)| own(task) && !is_protected(task))
        .map(|(index, task)| (index, hosts.iter().position(|host| Some(&host.id) == task.host.as_ref())))
        .unzip();
    for rank in 0..surplus {
        let Some(first) = placement::first_to_stop(&hosts, &on, &group, &strategies, &mut |of| random % of) else {
            break;
        };
        if let Some(host) = on.remove(first) {
            hosts[host].remove(&demand, &group);
        }
        tasks[left.remove(first)].rank = Some(rank);
    }
    Ok(())
}
