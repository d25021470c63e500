//! What a decision about a service is made from, and what it consists of. Values only.

use std::time::Duration;

use types::Timestamp;

/// A service as it stands, with all that runs for it.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    /// Whether it is being deleted: then everything ends.
    pub(crate) draining: bool,
    pub(crate) strategy: Strategy,
    /// How many tasks are wanted. A DAEMON service wants as many as there are hosts.
    pub(crate) desired: usize,
    pub(crate) minimum_healthy_percent: u64,
    pub(crate) maximum_percent: u64,
    /// None: deployments are never given up.
    pub(crate) breaker: Option<Breaker>,
    /// For how long after its start a task may be unhealthy.
    pub(crate) grace: Duration,
    /// The newest first. One is primary.
    pub(crate) deployments: Vec<Deployment>,
    /// The deployment that completed last, other than the primary one.
    pub(crate) last_completed: Option<String>,
    /// Tasks that are not over.
    pub(crate) tasks: Vec<Task>,
    /// Tasks that are over, and were not accounted for.
    pub(crate) ended: Vec<Ended>,
    /// For DAEMON: the hosts that are to have a task, those first that have room for it.
    pub(crate) hosts: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strategy {
    Replica,
    Daemon,
}

/// When a deployment is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Breaker {
    pub(crate) rollback: bool,
    pub(crate) threshold: Threshold,
    /// Whether a task that becomes healthy makes up for all that failed before.
    pub(crate) reset_on_healthy_task: bool,
}

/// How many failures are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Threshold {
    Count(u64),
    /// Percent of the tasks that are wanted, at least 3 and at most 200.
    BoundedPercent(u64),
    UnboundedPercent(u64),
}

impl Threshold {
    pub(crate) fn of(self, desired: usize) -> u64 {
        let percent = |value: u64| (desired as u64).saturating_mul(value).div_ceil(100);
        match self {
            Self::Count(count) => count.max(1),
            Self::BoundedPercent(value) => percent(value).clamp(3, 200),
            Self::UnboundedPercent(value) => percent(value).max(1),
        }
    }
}

/// A deployment that has tasks, or is to have some.
#[derive(Debug, Clone)]
pub(crate) struct Deployment {
    /// `ecs-svc/N`
    pub(crate) id: String,
    pub(crate) primary: bool,
    pub(crate) rollout: Rollout,
    /// That the service goes back to it, because this other one failed.
    pub(crate) instead_of: Option<String>,
    /// Somebody wants it rolled back.
    pub(crate) rollback_requested: bool,
    pub(crate) counters: Counters,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rollout {
    InProgress,
    Completed,
    Failed,
}

/// What is counted of a deployment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    /// Failures that the circuit breaker looks at.
    pub(crate) failures: u64,
    /// All tasks that failed.
    pub(crate) failed_tasks: u64,
    /// How often in a row tasks ended before they ran.
    pub(crate) failed_starts: u32,
    /// When the last of them was noticed.
    pub(crate) failed_at: Option<Timestamp>,
    /// Until then nothing is started.
    pub(crate) retry_at: Option<Timestamp>,
    /// Whether the last attempt to place a task found no host.
    pub(crate) unplaceable: bool,
}

/// A task that is not over.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    pub(crate) id: String,
    pub(crate) deployment: String,
    /// Since when it is RUNNING.
    pub(crate) running_since: Option<Timestamp>,
    /// It was told to stop.
    pub(crate) stopping: bool,
    pub(crate) health: Health,
    pub(crate) target: Target,
    pub(crate) protected_until: Option<Timestamp>,
    pub(crate) host: Option<String>,
    /// Its host is being drained.
    pub(crate) host_leaving: bool,
    /// It was seen healthy before.
    pub(crate) was_healthy: bool,
    /// Its place among those that placement would take away, if there are too many.
    pub(crate) rank: Option<usize>,
}

/// What the checks of its containers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    /// It has none.
    Unchecked,
    Unknown,
    Healthy,
    Unhealthy,
}

/// What load balancers say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// It is in no target group.
    Unbalanced,
    Initial,
    Healthy,
    Unhealthy(FailedTarget),
}

/// A target of a task whose checks fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FailedTarget {
    /// The ARN of its target group.
    pub(crate) group: String,
    /// The port that it has there.
    pub(crate) port: u16,
    /// What the target group says about it.
    pub(crate) why: String,
}

/// A task that is over.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    pub(crate) task: String,
    pub(crate) deployment: String,
    pub(crate) cause: Cause,
    /// It was seen healthy before.
    pub(crate) was_healthy: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// It never ran.
    FailedToStart,
    /// It ran, and ended by itself.
    Exited,
    /// It was stopped because it was unhealthy.
    Unhealthy,
    /// Somebody stopped it, or its host is gone.
    Asked,
}

/// A step. Each leaves a state from which everything can be decided anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// Notes what was counted.
    Count {
        deployment: String,
        counters: Counters,
    },
    /// A task that is over was accounted for.
    Forget {
        task: String,
    },
    /// A task was seen healthy.
    Healthy {
        task: String,
    },
    Stop {
        task: String,
        reason: Reason,
    },
    /// On that host, for DAEMON.
    Start {
        deployment: String,
        host: Option<String>,
    },
    /// The primary deployment is all there is.
    Complete {
        deployment: String,
    },
    /// The primary deployment is given up. `requested`: because somebody wanted it.
    Fail {
        deployment: String,
        requested: bool,
    },
    /// Another deployment is primary again. `requested`: because somebody wanted it.
    RollBack {
        from: String,
        to: String,
        requested: bool,
    },
    /// A deployment is no longer shown.
    Retire {
        deployment: String,
    },
    /// The deleted service is gone.
    Deactivate,
}

/// Why a task is stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Too many, or replaced by this deployment.
    Scaling(String),
    ContainerHealth,
    TargetHealth(FailedTarget),
}

/// What stands while it stands, and is told once: a reason to write an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Condition {
    Steady,
    /// The percentages allow neither a stop nor a start.
    Stuck,
    /// Tasks fail to start again and again.
    Inconsistent,
    Unplaceable,
}

/// What is to be done now.
#[derive(Debug, Clone, Default)]
pub(crate) struct Decision {
    pub(crate) actions: Vec<Action>,
    pub(crate) conditions: Vec<Condition>,
    /// When to decide again if nothing happens before.
    pub(crate) look_at: Option<Timestamp>,
}

impl Decision {
    /// Wants to decide again at a time, if that is sooner.
    pub(crate) fn look(&mut self, at: Timestamp) {
        self.look_at = Some(self.look_at.map_or(at, |sooner| sooner.min(at)));
    }
}

/// Times that an operator, or a test, can change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    /// How long a task without any check must run until it counts as healthy.
    pub(crate) settle: Duration,
    /// The pause after the first failed start. It doubles each time.
    pub(crate) first_pause: Duration,
    /// The longest pause.
    pub(crate) longest_pause: Duration,
    /// How soon a host is looked for again when there was none.
    pub(crate) place_again: Duration,
    /// How many tasks one decision starts.
    pub(crate) starts: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            settle: Duration::from_secs(40),
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(15 * 60),
            place_again: Duration::from_secs(15),
            starts: 10,
        }
    }
}
