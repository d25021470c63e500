//! Which target groups the tasks of a deployment belong to. Registering them there, and hearing whether they are healthy,
//! is for whoever knows load balancers.

use super::decide::model::Target as TargetState;
use super::revision::Revision;

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

/// What target groups say of a task that is in these. Nothing registers tasks yet, so none of them is watched, and such a
/// task counts like one without a load balancer.
pub(crate) fn health(_targets: &[Target], _task_id: &str) -> TargetState {
    TargetState::Unbalanced
}
