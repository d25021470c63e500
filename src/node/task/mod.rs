//! A task on this host: what is wanted, and how far each container is.
//!
//! Everything here is a value and a function of values: [`Task::step`] says what is to be done next, what came of it is
//! told to `Task::pulled`, `created`, `seen` and their like, and [`Task::status`] says what the control plane is told. No
//! clock, no engine, no network. A task is written down whole, so that an agent that starts again goes on with it.

pub mod body;
mod container;
mod dependency;
mod manifest;
mod outcome;
mod ports;
mod report;
mod step;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use acs::Task as Wanted;
use serde::{Deserialize, Serialize};

pub use container::{Container, Phase};
pub use manifest::check;
pub use ports::Range;
pub use report::Status;
pub(crate) use report::seconds;
pub use step::Action;

/// The name of the container that holds the network of an `awsvpc` task, as Amazon's agent calls it.
pub const PAUSE: &str = "~internal~ecs~pause";

/// Labels by which containers are found again.
pub mod label {
    /// The name of the cluster.
    pub const CLUSTER: &str = "com.amazonaws.ecs.cluster";
    /// The name of the container in the definition.
    pub const CONTAINER: &str = "com.amazonaws.ecs.container-name";
    /// The ARN of the task.
    pub const TASK: &str = "com.amazonaws.ecs.task-arn";
    /// The family of the definition.
    pub const FAMILY: &str = "com.amazonaws.ecs.task-definition-family";
    /// The revision of the definition.
    pub const REVISION: &str = "com.amazonaws.ecs.task-definition-version";
}

/// A task on this host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// What the control plane said. Credentials are not in it: they are never written down.
    pub wanted: Wanted,
    /// The containers, in the order of the definition; that which holds the network comes first.
    pub containers: Vec<Container>,
    /// Whether it is to end, because the control plane says so.
    pub stop: bool,
    /// Why it ends, if it ends by itself.
    pub reason: Option<String>,
    /// Which credentials its containers act with.
    pub credentials_id: Option<String>,
    /// Which credentials the agent acts with for it.
    pub execution_credentials_id: Option<String>,
    /// When the first pull began, in microseconds since 1970.
    pub pull_started_at: Option<i64>,
    /// When the last pull ended.
    pub pull_stopped_at: Option<i64>,
    /// When the first essential container ended.
    pub execution_stopped_at: Option<i64>,
    /// When all had ended.
    pub stopped_at: Option<i64>,
    /// The last state that the control plane has taken.
    pub reported: Status,
}

impl Task {
    /// A task of which nothing is done yet.
    pub fn new(mut wanted: Wanted) -> Self {
        let credentials_id = wanted.role_credentials.take().map(|credentials| credentials.credentials_id);
        let execution_credentials_id =
            wanted.execution_role_credentials.take().map(|credentials| credentials.credentials_id);
        let pause = (wanted.network_mode.as_deref() == Some("awsvpc")).then(Container::pause);
        let containers = pause.into_iter().chain(wanted.containers.iter().map(Container::new)).collect();
        let stop = wanted.desired_status == "STOPPED";
        Self {
            wanted,
            containers,
            stop,
            reason: None,
            credentials_id,
            execution_credentials_id,
            pull_started_at: None,
            pull_stopped_at: None,
            execution_stopped_at: None,
            stopped_at: None,
            reported: Status::None,
        }
    }

    /// A task that cannot be run: it ends before it begins.
    pub fn refused(wanted: Wanted, reason: String) -> Self {
        let mut task = Self::new(wanted);
        task.reason = Some(reason);
        for container in &mut task.containers {
            container.phase = Phase::Stopped;
        }
        task
    }

    /// Its ARN.
    pub fn arn(&self) -> &str {
        &self.wanted.arn
    }

    /// The last part of its ARN.
    pub fn id(&self) -> &str {
        self.wanted.arn.rsplit('/').next().unwrap_or_default()
    }

    /// Whether it ends or has ended.
    pub fn ends(&self) -> bool {
        self.stop || self.reason.is_some()
    }

    /// Whether all of its containers have ended.
    pub fn has_ended(&self) -> bool {
        self.containers.iter().all(|container| container.phase == Phase::Stopped)
    }

    /// Whether its containers share the network of the first.
    pub fn has_own_network(&self) -> bool {
        self.containers.first().is_some_and(Container::is_pause)
    }

    /// What the definition says of a container; nothing for the one that the agent adds.
    pub fn definition(&self, index: usize) -> Option<&acs::Container> {
        let name = &self.containers.get(index)?.name;
        self.wanted.containers.iter().find(|container| container.name == *name)
    }

    /// Which container has this name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.containers.iter().position(|container| container.name == name)
    }
}
