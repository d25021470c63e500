//! A task as answers show it.

use acs::api::NetworkBinding;
use aws::Epoch;
use serde::Serialize;
use serde_json::Value;
use types::{RegistryId, Timestamp};

use crate::arns;
use crate::tags::Tag;
use crate::tasks::{self, Attachment};
use crate::{clusters, container_instances};

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html>
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Task {
    task_arn: String,
    cluster_arn: String,
    task_definition_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    container_instance_arn: Option<String>,
    attachments: Vec<Attachment>,
    attributes: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    availability_zone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    capacity_provider_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connectivity: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connectivity_at: Option<Epoch>,
    containers: Vec<Container>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<String>,
    created_at: Epoch,
    desired_status: String,
    enable_execute_command: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    execution_stopped_at: Option<Epoch>,
    group: String,
    health_status: String,
    last_status: String,
    launch_type: String,
    overrides: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pull_started_at: Option<Epoch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pull_stopped_at: Option<Epoch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<Epoch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped_at: Option<Epoch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopping_at: Option<Epoch>,
    tags: Vec<Tag>,
    version: u64,
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Container.html>
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Container {
    container_arn: String,
    task_arn: String,
    name: String,
    image: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runtime_id: Option<String>,
    last_status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    network_bindings: Vec<NetworkBinding>,
    network_interfaces: Vec<NetworkInterface>,
    health_status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_reservation: Option<String>,
}

/// The interface of a task of network mode `awsvpc`, which its containers share.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct NetworkInterface {
    attachment_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    private_ipv4_address: Option<String>,
}

impl Task {
    pub(crate) fn new(registry: &RegistryId, cluster: &str, task: tasks::Task, tags: Vec<Tag>) -> Self {
        let tasks::Task { row, document, .. } = task;
        let task_arn = tasks::arn(registry, cluster, &row.task_id).to_string();
        let stamp = |micros: Option<i64>| micros.map(Timestamp::from_micros).map(Epoch);
        let unknown = || "UNKNOWN".to_owned();
        let interfaces: Vec<NetworkInterface> = document.attachments.iter().filter_map(interface).collect();
        let containers = document.containers.into_iter().map(|container| Container {
            container_arn: arns::arn(registry, &format!("container/{cluster}/{}/{}", row.task_id, container.id))
                .to_string(),
            task_arn: task_arn.clone(),
            name: container.name,
            image: container.image,
            image_digest: container.image_digest,
            runtime_id: container.runtime_id,
            last_status: container.last_status,
            exit_code: container.exit_code,
            reason: container.reason,
            network_bindings: container.network_bindings,
            network_interfaces: interfaces.clone(),
            health_status: container.health_status.unwrap_or_else(unknown),
            cpu: container.cpu,
            memory: container.memory,
            memory_reservation: container.memory_reservation,
        });
        Self {
            containers: containers.collect(),
            cluster_arn: arns::arn(registry, &clusters::resource(cluster)).to_string(),
            task_definition_arn: arns::arn(registry, &format!("task-definition/{}:{}", row.family, row.revision))
                .to_string(),
            container_instance_arn: row
                .instance_id
                .map(|id| container_instances::arn(registry, cluster, &id).to_string()),
            task_arn,
            attachments: document.attachments,
            attributes: Vec::new(),
            availability_zone: document.availability_zone,
            capacity_provider_name: document.capacity_provider_name,
            connectivity: document.connectivity_at.map(|_| "CONNECTED"),
            connectivity_at: stamp(document.connectivity_at),
            cpu: document.cpu,
            memory: document.memory,
            created_at: row.created_at.into(),
            desired_status: row.desired_status,
            enable_execute_command: document.enable_execute_command,
            execution_stopped_at: stamp(document.execution_stopped_at),
            group: row.group,
            health_status: document.health_status.unwrap_or_else(unknown),
            last_status: row.last_status,
            launch_type: row.launch_type,
            overrides: document.overrides,
            platform_version: document.platform_version,
            pull_started_at: stamp(document.pull_started_at),
            pull_stopped_at: stamp(document.pull_stopped_at),
            started_at: stamp(document.started_at),
            started_by: row.started_by,
            stop_code: document.stop_code,
            stopped_at: row.stopped_at.map(Epoch),
            stopped_reason: document.stopped_reason,
            stopping_at: stamp(document.stopping_at),
            tags,
            version: row.version,
        }
    }
}

impl Task {
    /// As one whose agent is away: nobody knows how it is now.
    pub(crate) fn away(self) -> Self {
        Self { connectivity: self.connectivity.map(|_| "DISCONNECTED"), ..self }
    }
}

fn interface(attachment: &Attachment) -> Option<NetworkInterface> {
    attachment.is_interface().then(|| NetworkInterface {
        attachment_id: attachment.id.clone(),
        private_ipv4_address: attachment
            .details
            .iter()
            .find(|detail| detail.name == "privateIPv4Address")
            .map(|detail| detail.value.clone()),
    })
}
