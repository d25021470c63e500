//! How an agent says what became of tasks. It calls again until it is heard, so the same change may come twice, and an
//! older one after a newer.

use serde::{Deserialize, Serialize};

use crate::AttachmentProperty;
use crate::list::bounded;

/// `SubmitTaskStateChange`: a task came into a state, with what there is to say of its containers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SubmitTaskStateChangeRequest {
    /// The cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The ARN of the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// `PENDING`, `RUNNING` or `STOPPED`: agents tell no other states.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Why, if it stopped by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Its containers.
    #[serde(deserialize_with = "bounded::<_, _, 100>", skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<ContainerStateChange>,
    /// Its attachments.
    #[serde(deserialize_with = "bounded::<_, _, 100>", skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<AttachmentStateChange>,
    /// Programs of the agent in its containers.
    #[serde(deserialize_with = "bounded::<_, _, 100>", skip_serializing_if = "Vec::is_empty")]
    pub managed_agents: Vec<ManagedAgentStateChange>,
    /// When the first pull began, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_started_at: Option<f64>,
    /// When the last pull ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_stopped_at: Option<f64>,
    /// When the first essential container ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_stopped_at: Option<f64>,
}

/// What became of a container.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerStateChange {
    /// Its name in the definition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_name: Option<String>,
    /// The digest of the image that it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_digest: Option<String>,
    /// Docker's id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_id: Option<String>,
    /// How it ended. Absent if it never ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i64>,
    /// Where its ports are.
    #[serde(deserialize_with = "bounded::<_, _, 200>", skip_serializing_if = "Vec::is_empty")]
    pub network_bindings: Vec<NetworkBinding>,
    /// Why it is not running: `OutOfMemoryError: …`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `PENDING`, `RUNNING` or `STOPPED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

/// Where a port of a container is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkBinding {
    /// The address of the host.
    #[serde(rename = "bindIP", skip_serializing_if = "Option::is_none")]
    pub bind_ip: Option<String>,
    /// The port in the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_port: Option<i64>,
    /// The port of the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_port: Option<i64>,
    /// `tcp` or `udp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// A range instead of a port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_port_range: Option<String>,
    /// Where the range is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_port_range: Option<String>,
}

/// What became of an attachment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AttachmentStateChange {
    /// Its ARN.
    pub attachment_arn: String,
    /// `ATTACHED`.
    pub status: String,
    /// Wharf's agent alone says this, since it makes the interface: `privateIPv4Address`, `macAddress`, `privateDnsName`. Amazon's model lacks
    /// it.
    #[serde(deserialize_with = "bounded::<_, _, 20>", skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<AttachmentProperty>,
}

/// What became of a program of the agent in a container.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ManagedAgentStateChange {
    /// The container.
    pub container_name: String,
    /// `ExecuteCommandAgent`.
    pub managed_agent_name: String,
    /// `PENDING`, `RUNNING` or `STOPPED`.
    pub status: String,
    /// Why it is not running.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// `SubmitContainerStateChange`: one container came into a state. Agents use it for a container that stops while the task
/// runs on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SubmitContainerStateChangeRequest {
    /// The cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The ARN of the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The container's name in the definition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_name: Option<String>,
    /// Docker's id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_id: Option<String>,
    /// `RUNNING` or `STOPPED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i64>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where its ports are.
    #[serde(deserialize_with = "bounded::<_, _, 200>", skip_serializing_if = "Vec::is_empty")]
    pub network_bindings: Vec<NetworkBinding>,
}

/// `SubmitAttachmentStateChanges`: attachments came into a state.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SubmitAttachmentStateChangesRequest {
    /// The cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The attachments.
    #[serde(deserialize_with = "bounded::<_, _, 100>")]
    pub attachments: Vec<AttachmentStateChange>,
}

/// The answer to all of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Acknowledgment {
    /// Any text: agents do not look at it.
    pub acknowledgment: String,
}
