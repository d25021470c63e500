//! What an agent publishes on the second websocket: metrics, health, the state of the instance.

use serde::{Deserialize, Serialize};

use crate::list::bounded;

/// Agent to control plane, each 20 seconds: what the containers used. With many tasks it is several messages, of at most
/// ten tasks each; the last one says `fin`. Answered with `AckPublishMetric`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PublishMetricsRequest {
    /// Whose they are.
    pub metadata: MetricsMetadata,
    /// The tasks.
    #[serde(deserialize_with = "bounded::<_, _, 10>", skip_serializing_if = "Vec::is_empty")]
    pub task_metrics: Vec<TaskMetric>,
    /// The disks of the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_metrics: Option<InstanceMetrics>,
    /// When, in seconds since 1970.
    pub timestamp: f64,
}

/// Whose metrics they are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MetricsMetadata {
    /// The ARN of the cluster.
    pub cluster: String,
    /// The ARN of the container instance.
    pub container_instance: String,
    /// The same in all messages of one round.
    pub message_id: String,
    /// Whether the instance has no task.
    pub idle: bool,
    /// Whether it is the last of the round.
    pub fin: bool,
}

/// What a task used.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskMetric {
    /// The task.
    pub task_arn: String,
    /// Its cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_arn: Option<String>,
    /// The family of its definition.
    pub task_definition_family: String,
    /// The revision of its definition.
    pub task_definition_version: String,
    /// Its containers.
    #[serde(deserialize_with = "bounded::<_, _, 100>")]
    pub container_metrics: Vec<ContainerMetric>,
}

/// What a container used.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerMetric {
    /// The ARN of the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_arn: Option<String>,
    /// Its name.
    pub container_name: String,
    /// Percent of all that the host has registered: 100 are all of its cores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_stats_set: Option<StatsSet>,
    /// MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_stats_set: Option<StatsSet>,
    /// What went through its interfaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_stats_set: Option<NetworkStatsSet>,
    /// What it read and wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_stats_set: Option<StorageStatsSet>,
    /// How often it was started again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart_stats_set: Option<RestartStatsSet>,
}

/// Samples of one figure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatsSet {
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// How many.
    pub sample_count: i64,
    /// All together.
    pub sum: f64,
}

/// Samples of a counter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LongStatsSet {
    /// The least.
    pub min: u64,
    /// The greatest.
    pub max: u64,
    /// How many.
    pub sample_count: u64,
    /// All together.
    pub sum: u64,
    /// What does not fit into a signed 64 bit number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overflow_sum: Option<u64>,
}

/// What went through interfaces.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkStatsSet {
    /// Bytes that came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rx_bytes: Option<LongStatsSet>,
    /// Bytes that went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tx_bytes: Option<LongStatsSet>,
    /// Packets that came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rx_packets: Option<LongStatsSet>,
    /// Packets that went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tx_packets: Option<LongStatsSet>,
    /// Bytes that came, a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rx_bytes_per_second: Option<StatsSet>,
    /// Bytes that went, a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tx_bytes_per_second: Option<StatsSet>,
}

/// What a container read and wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StorageStatsSet {
    /// Bytes read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_size_bytes: Option<LongStatsSet>,
    /// Bytes written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write_size_bytes: Option<LongStatsSet>,
}

/// How often a container was started again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RestartStatsSet {
    /// Since the last message.
    pub restart_count: i64,
}

/// The disks of the host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InstanceMetrics {
    /// How full they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage: Option<InstanceStorageMetrics>,
}

/// How full the disks of the host are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct InstanceStorageMetrics {
    /// Percent of the disk of the system.
    #[serde(rename = "OSFilesystem", skip_serializing_if = "Option::is_none")]
    pub os_filesystem: Option<f64>,
    /// Percent of the disk of the data.
    #[serde(rename = "DataFilesystem", skip_serializing_if = "Option::is_none")]
    pub data_filesystem: Option<f64>,
}

/// Agent to control plane, each 20 seconds if a container has a health check: what they say. Answered with
/// `AckPublishHealth`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PublishHealthRequest {
    /// Whose it is.
    pub metadata: HealthMetadata,
    /// The tasks.
    #[serde(deserialize_with = "bounded::<_, _, 100>")]
    pub tasks: Vec<TaskHealth>,
    /// When, in seconds since 1970.
    pub timestamp: f64,
}

/// Whose health it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HealthMetadata {
    /// The ARN of the cluster.
    pub cluster: String,
    /// The ARN of the container instance.
    pub container_instance: String,
    /// The same in all messages of one round.
    pub message_id: String,
    /// Whether it is the last of the round.
    pub fin: bool,
}

/// The health of a task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskHealth {
    /// The task.
    pub task_arn: String,
    /// Its cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_arn: Option<String>,
    /// The family of its definition.
    pub task_definition_family: String,
    /// The revision of its definition.
    pub task_definition_version: String,
    /// Its containers that have a check.
    #[serde(deserialize_with = "bounded::<_, _, 100>")]
    pub containers: Vec<ContainerHealth>,
}

/// The health of a container.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerHealth {
    /// Its name.
    pub container_name: String,
    /// `HEALTHY`, `UNHEALTHY`, `UNKNOWN`.
    pub health_status: String,
    /// Since when, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_since: Option<f64>,
    /// What the check printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_message: Option<String>,
}

/// Agent to control plane: whether the host is well. Answered with `AckPublishInstanceStatus`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PublishInstanceStatusRequest {
    /// Whose it is.
    pub metadata: InstanceStatusMetadata,
    /// What was looked at.
    #[serde(deserialize_with = "bounded::<_, _, 100>")]
    pub statuses: Vec<InstanceStatus>,
    /// When, in seconds since 1970.
    pub timestamp: f64,
}

/// Whose state it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InstanceStatusMetadata {
    /// The ARN of the cluster.
    pub cluster: String,
    /// The ARN of the container instance.
    pub container_instance: String,
    /// What the answer names.
    pub request_id: String,
}

/// Something of the host that was looked at.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InstanceStatus {
    /// `CONTAINER_RUNTIME`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `OK`, `IMPAIRED`, `INSUFFICIENT_DATA`, `INITIALIZING`.
    pub status: String,
    /// When it was looked at, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<f64>,
    /// Since when it is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_status_change: Option<f64>,
}
