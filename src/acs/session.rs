//! What keeps a session going and what ends it: heartbeats, acknowledgements, complaints.

use serde::{Deserialize, Serialize};

/// Control plane to agent, about once a minute on ACS and on TCS: silence for longer makes the agent dial again. On ACS it
/// is answered with [`HeartbeatAckRequest`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HeartbeatMessage {
    /// Whether the control plane is well.
    pub healthy: bool,
    /// What the answer names. Telemetry heartbeats have none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message_id: String,
}

/// Agent to control plane: a heartbeat arrived.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HeartbeatAckRequest {
    /// The id of the heartbeat.
    pub message_id: String,
}

/// Agent to control plane: a payload, a manifest or an attachment was taken.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AckRequest {
    /// The ARN of the cluster.
    pub cluster: String,
    /// The ARN of the container instance.
    pub container_instance: String,
    /// The id of the message that was taken.
    pub message_id: String,
}

/// Agent to control plane: an update of the agent was refused. Amazon's agent answers [`PerformUpdateMessage`] so when it
/// does not update itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NackRequest {
    /// The ARN of the cluster.
    pub cluster: String,
    /// The ARN of the container instance.
    pub container_instance: String,
    /// The id of the message that was refused.
    pub message_id: String,
    /// Why.
    pub reason: String,
}

/// Control plane to agent: the connection is about to be closed, dial again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CloseMessage {
    /// Why.
    pub message: String,
}

/// Control plane to agent: something that the agent sent was wrong.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ErrorMessage {
    /// What.
    pub message: String,
}

/// The body of an exception that ends a session (`InactiveInstanceException` and its like), and of the acknowledgements of
/// telemetry: a text.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Complaint {
    /// What there is to say.
    pub message: String,
}

/// Control plane to agent: replace yourself, by `PerformUpdateMessage`, or fetch the new version, by `StageUpdateMessage`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PerformUpdateMessage {
    /// The ARN of the container instance.
    pub container_instance_arn: String,
    /// The ARN of the cluster.
    pub cluster_arn: String,
    /// The new version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_info: Option<UpdateInfo>,
    /// What the answer names.
    pub message_id: String,
}

/// Where a new version of the agent is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UpdateInfo {
    /// Where it is.
    pub location: String,
    /// Its SHA-256.
    pub signature: String,
}
