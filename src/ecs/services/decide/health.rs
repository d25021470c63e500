//! What a task is worth: whether it counts against the bounds of its service.

use types::Timestamp;

use super::model::{Health, Reason, Settings, Snapshot, Target, Task};

/// How a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// It runs, a check failed, and its time of grace is over.
    Unhealthy,
    /// It does not run yet.
    Pending,
    /// It runs, and nobody knows yet how it does.
    Settling,
    /// It runs, and all checks that it has pass.
    Healthy,
}

/// How a task stands, and when that changes though nothing happens.
pub(crate) fn state(
    service: &Snapshot,
    task: &Task,
    settings: &Settings,
    now: Timestamp,
) -> (State, Option<Timestamp>) {
    let Some(since) = task.running_since else {
        return (State::Pending, None);
    };
    if reason(task).is_some() {
        let over = since.after(service.grace);
        return if over <= now { (State::Unhealthy, None) } else { (State::Settling, Some(over)) };
    }
    match (task.health, &task.target) {
        (Health::Unchecked, Target::Unbalanced) => {
            let settled = since.after(settings.settle);
            if settled <= now { (State::Healthy, None) } else { (State::Settling, Some(settled)) }
        }
        (Health::Unchecked | Health::Healthy, Target::Unbalanced | Target::Healthy) => (State::Healthy, None),
        _ => (State::Settling, None),
    }
}

/// Why a task is to be replaced, if a check failed.
pub(crate) fn reason(task: &Task) -> Option<Reason> {
    if task.health == Health::Unhealthy {
        return Some(Reason::ContainerHealth);
    }
    match &task.target {
        Target::Unhealthy(failed) => Some(Reason::TargetHealth(failed.clone())),
        Target::Unbalanced | Target::Initial | Target::Healthy => None,
    }
}
