//! Which target groups the tasks of a deployment belong to. Registering them there, and hearing whether they are healthy,
//! is for whoever knows load balancers.

use store::tasks::TaskRow;
use store::{Conn, service_deployments};

use super::decide::model::Target as TargetState;
use super::deployments::Deployment;
use super::revision::Revision;
use crate::error::Result;

/// Where a task of a service is to be registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) target_group_arn: String,
    pub(crate) container_name: String,
    pub(crate) container_port: u16,
}

/// Where each task of a revision is to be registered once it runs, and deregistered before it is stopped.
pub(crate) fn of(revision: &Revision) -> Vec<Target> {
    let targets = revision.load_balancers.iter().filter_map(|balancer| {
        Some(Target {
            target_group_arn: balancer.target_group_arn.clone()?,
            container_name: balancer.container_name.clone()?,
            container_port: balancer.container_port.and_then(|port| u16::try_from(port).ok())?,
        })
    });
    targets.collect()
}

/// Where a task is to be registered: nowhere if it belongs to no service.
#[expect(dead_code, reason = "whoever registers tasks with load balancers asks")]
pub(crate) async fn of_task(conn: &mut Conn, task: &TaskRow) -> Result<Vec<Target>> {
    let id = task.deployment_id.as_deref().and_then(|name| name.strip_prefix("ecs-svc/"));
    let row = match id {
        Some(id) => service_deployments::find(conn, id).await?,
        None => None,
    };
    Ok(row.map(|row| of(&Deployment::read(row).document.revision)).unwrap_or_default())
}

/// What target groups say of a task that is in these. Nothing registers tasks yet, so none of them is watched, and such a
/// task counts like one without a load balancer.
pub(crate) fn health(_targets: &[Target], _task_id: &str) -> TargetState {
    TargetState::Unbalanced
}
