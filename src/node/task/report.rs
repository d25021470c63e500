//! What the control plane is told of a task.

use acs::AttachmentProperty;
use acs::api::{
    AttachmentStateChange, ContainerStateChange, NetworkBinding, SubmitContainerStateChangeRequest,
    SubmitTaskStateChangeRequest,
};
use serde::{Deserialize, Serialize};

use super::{Container, Phase, Task, ports};

/// A state that is told. A task goes through them in this order and may leave some out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Status {
    /// Nothing is told.
    #[default]
    None,
    /// It is being got ready.
    Pending,
    /// All of its containers run or have run.
    Running,
    /// All of its containers have ended.
    Stopped,
}

impl Status {
    /// Its name in the protocol.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Stopped => "STOPPED",
        }
    }
}

impl Task {
    /// How the task is.
    pub fn status(&self) -> Status {
        if self.has_ended() {
            return Status::Stopped;
        }
        let up = |container: &Container| container.has_run() || container.phase == Phase::Stopped;
        let any = self.containers.iter().any(|container| container.phase == Phase::Running && !container.is_pause());
        match any && self.containers.iter().all(up) {
            true => Status::Running,
            false if self.pull_started_at.is_some() => Status::Pending,
            false => Status::None,
        }
    }

    /// What is to be told next, if the control plane does not know it.
    pub fn report(&self, cluster: &str) -> Option<(Status, SubmitTaskStateChangeRequest)> {
        let status = self.status();
        (status > self.reported).then(|| (status, self.change(cluster, status)))
    }

    fn change(&self, cluster: &str, status: Status) -> SubmitTaskStateChangeRequest {
        let seconds = |micros: Option<i64>| micros.map(seconds);
        SubmitTaskStateChangeRequest {
            cluster: Some(cluster.to_owned()),
            task: Some(self.arn().to_owned()),
            status: Some(status.name().to_owned()),
            reason: self.reason.clone().filter(|_| status == Status::Stopped),
            containers: self.visible().map(|container| self.container_change(container)).collect(),
            pull_started_at: seconds(self.pull_started_at),
            pull_stopped_at: seconds(self.pull_stopped_at),
            execution_stopped_at: seconds(self.execution_stopped_at),
            attachments: self.attachments(),
            ..SubmitTaskStateChangeRequest::default()
        }
    }

    /// What the interface of the task has become, once the container that holds its network runs.
    fn attachments(&self) -> Vec<AttachmentStateChange> {
        let address = self.containers.first().filter(|first| first.is_pause()).and_then(|pause| pause.address.as_ref());
        let (Some(address), Some(interface)) = (address, self.wanted.elastic_network_interfaces.first()) else {
            return Vec::new();
        };
        let detail = |name: &str, value: &str| AttachmentProperty { name: name.to_owned(), value: value.to_owned() };
        vec![AttachmentStateChange {
            attachment_arn: interface.attachment_arn.clone(),
            status: "ATTACHED".to_owned(),
            details: vec![
                detail("privateIPv4Address", &address.ip),
                detail("macAddress", &address.mac),
                detail("privateDnsName", &self.dns_name()),
            ],
        }]
    }

    /// A container that ended while the task goes on, if the control plane does not know it.
    pub fn container_report(&self, cluster: &str) -> Option<(String, SubmitContainerStateChangeRequest)> {
        if self.reported != Status::Running || self.status() != Status::Running {
            return None;
        }
        let container =
            self.visible().find(|container| container.phase == Phase::Stopped && !container.end_reported)?;
        let change = self.container_change(container);
        let request = SubmitContainerStateChangeRequest {
            cluster: Some(cluster.to_owned()),
            task: Some(self.arn().to_owned()),
            container_name: change.container_name,
            runtime_id: change.runtime_id,
            status: change.status,
            exit_code: change.exit_code,
            reason: change.reason,
            network_bindings: change.network_bindings,
        };
        Some((container.name.clone(), request))
    }

    /// The control plane has taken a state, and what was said of the containers with it.
    pub fn taken(&mut self, status: Status, request: &SubmitTaskStateChangeRequest) {
        self.reported = self.reported.max(status);
        for change in request.containers.iter().filter(|change| change.status.as_deref() == Some("STOPPED")) {
            if let Some(name) = &change.container_name {
                self.container_taken(name);
            }
        }
    }

    /// The control plane has taken that a container ended.
    pub fn container_taken(&mut self, name: &str) {
        if let Some(container) = self.containers.iter_mut().find(|container| container.name == name) {
            container.end_reported = true;
        }
    }

    /// The containers of the definition.
    pub fn visible(&self) -> impl Iterator<Item = &Container> {
        self.containers.iter().filter(|container| !container.is_pause())
    }

    fn container_change(&self, container: &Container) -> ContainerStateChange {
        let status = match container.phase {
            Phase::Running | Phase::Stopping => Status::Running,
            Phase::Stopped => Status::Stopped,
            _ => Status::Pending,
        };
        ContainerStateChange {
            container_name: Some(container.name.clone()),
            image_digest: container.image_digest.clone(),
            runtime_id: container.runtime_id.clone(),
            exit_code: container.exit_code.filter(|_| container.phase == Phase::Stopped),
            network_bindings: self.bindings(container),
            reason: container.reason.clone(),
            status: Some(status.name().to_owned()),
        }
    }

    /// Where the ports of a container are. In a network of the task's own they are where the task is.
    fn bindings(&self, container: &Container) -> Vec<NetworkBinding> {
        if container.phase == Phase::Stopped && !container.has_run() {
            return Vec::new();
        }
        let Some(definition) = self.wanted.containers.iter().find(|definition| definition.name == container.name)
        else {
            return Vec::new();
        };
        let at = match self.wanted.network_mode.as_deref() {
            Some("awsvpc") => self.containers.first().and_then(|pause| pause.address.as_ref()).map(|at| at.ip.clone()),
            Some("host") => Some("0.0.0.0".to_owned()),
            _ => return ports::bound(definition, &container.bindings),
        };
        let Some(at) = at else { return Vec::new() };
        ports::unmapped(definition, &at)
    }
}

/// Seconds since 1970, as AWS writes times.
pub(crate) fn seconds(micros: i64) -> f64 {
    let millis = micros / 1_000;
    #[expect(clippy::cast_precision_loss, reason = "milliseconds fit into 53 bits for 285,000 years")]
    let millis = millis as f64;
    millis / 1_000.0
}
