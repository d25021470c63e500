//! How an agent makes its host a container instance and finds the endpoints that it has to dial.

use serde::{Deserialize, Serialize};

use crate::list::bounded;

/// `RegisterContainerInstance`: an agent calls it when it starts. With the ARN that it got the last time it is the same
/// instance again. All attributes that it sends must come back with the same values, or Amazon's agent ends for good.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RegisterContainerInstanceRequest {
    /// The name of the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The ARN that it got the last time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_instance_arn: Option<String>,
    /// What the host is and its engine can.
    #[serde(deserialize_with = "bounded::<_, _, 1_000>")]
    pub attributes: Vec<Attribute>,
    /// CPU, MEMORY, PORTS, PORTS_UDP.
    #[serde(deserialize_with = "bounded::<_, _, 100>")]
    pub total_resources: Vec<Resource>,
    /// Which agent it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_info: Option<VersionInfo>,
    /// GPUs.
    #[serde(deserialize_with = "bounded::<_, _, 100>", skip_serializing_if = "Vec::is_empty")]
    pub platform_devices: Vec<PlatformDevice>,
    /// Tags of the instance.
    #[serde(deserialize_with = "bounded::<_, _, 100>", skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// Says that two calls are one: an agent that did not hear the answer calls again. The public model lacks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_token: Option<String>,
    /// A document of EC2. Agents outside EC2 send none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_identity_document: Option<String>,
    /// Its signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_identity_document_signature: Option<String>,
}

/// The answer: of the instance only what an agent reads.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RegisterContainerInstanceResponse {
    /// The instance.
    pub container_instance: ContainerInstance,
}

/// A container instance, as far as an agent reads it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerInstance {
    /// Its ARN.
    pub container_instance_arn: String,
    /// What was sent, and `ecs.availability-zone`.
    #[serde(deserialize_with = "bounded::<_, _, 1_000>")]
    pub attributes: Vec<Attribute>,
}

/// Something that the host is or its engine can.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Attribute {
    /// `ecs.os-type`, `com.amazonaws.ecs.capability.task-iam-role`, ….
    pub name: String,
    /// Capabilities have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// `container-instance`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_type: Option<String>,
    /// Which one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_id: Option<String>,
}

/// How much of something the host has.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Resource {
    /// `CPU`, `MEMORY`, `PORTS`, `PORTS_UDP`, `GPU`.
    pub name: String,
    /// `INTEGER`, `LONG`, `DOUBLE` or `STRINGSET`: which of the members counts.
    #[serde(rename = "type")]
    pub kind: String,
    /// CPU units, MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integer_value: Option<i64>,
    /// A longer one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub long_value: Option<i64>,
    /// A fraction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub double_value: Option<f64>,
    /// Of ports: those that are taken.
    #[serde(deserialize_with = "bounded::<_, _, 1_000>", skip_serializing_if = "Vec::is_empty")]
    pub string_set_value: Vec<String>,
}

/// Which agent it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VersionInfo {
    /// Its version.
    pub agent_version: String,
    /// The commit that it was built from.
    pub agent_hash: String,
    /// `DockerVersion: 26.1.0`.
    pub docker_version: String,
}

/// A GPU.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PlatformDevice {
    /// Its id.
    pub id: String,
    /// `GPU`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// A tag.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Tag {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// `DiscoverPollEndpoint`: where the websockets are. Agents keep the answer for half a day.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DiscoverPollEndpointRequest {
    /// The ARN of the instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_instance: Option<String>,
    /// The cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Where the host is. The public model lacks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone_id: Option<String>,
}

/// The endpoints. An agent dials `<endpoint>/ws` and `<telemetryEndpoint>/ws`, with ws for http and wss for https.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DiscoverPollEndpointResponse {
    /// Where ACS is.
    pub endpoint: String,
    /// Where TCS is.
    pub telemetry_endpoint: String,
    /// Not offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_connect_endpoint: Option<String>,
}
