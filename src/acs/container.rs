//! The containers of a task.
//!
//! What Docker understands is in [`DockerConfig`], as Docker's own JSON; the rest is what only an agent can do: order,
//! time-outs, restarts, mounts of the task's volumes, the login for the image.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Sensitive;
use crate::list::bounded;

/// A container of a task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    /// Its name in the definition.
    pub name: String,
    /// The image: a tag, or a digest if the deployment has fixed one.
    pub image: String,
    /// The ARN of the container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_arn: Option<String>,
    /// A JSON text: `{"command": […], "environment": …}` of the overrides of this container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overrides: Option<String>,
    /// What is run; empty: what the image says.
    #[serde(deserialize_with = "bounded::<_, _, 10_000>", skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// What it is run by; empty: what the image says.
    #[serde(deserialize_with = "bounded::<_, _, 10_000>", skip_serializing_if = "Vec::is_empty")]
    pub entry_point: Vec<String>,
    /// Variables. In a task definition they are a list, here they are a map.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, Sensitive>,
    /// Files of variables, in S3.
    #[serde(deserialize_with = "bounded::<_, _, 100>", skip_serializing_if = "Vec::is_empty")]
    pub environment_files: Vec<EnvironmentFile>,
    /// CPU units, 1024 a core.
    pub cpu: i64,
    /// MiB that it must not pass; 0 if there is no such limit.
    pub memory: i64,
    /// Whether the task ends with it.
    pub essential: bool,
    /// `name` or `name:alias` of containers that it finds by name.
    #[serde(deserialize_with = "bounded::<_, _, 100>", skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<String>,
    /// Its ports.
    #[serde(deserialize_with = "bounded::<_, _, 200>", skip_serializing_if = "Vec::is_empty")]
    pub port_mappings: Vec<PortMapping>,
    /// Where the task's volumes are in it.
    #[serde(deserialize_with = "bounded::<_, _, 200>", skip_serializing_if = "Vec::is_empty")]
    pub mount_points: Vec<MountPoint>,
    /// Containers whose mounts it has too.
    #[serde(deserialize_with = "bounded::<_, _, 100>", skip_serializing_if = "Vec::is_empty")]
    pub volumes_from: Vec<VolumeFrom>,
    /// What becomes variables of it, or options of its log driver.
    #[serde(deserialize_with = "bounded::<_, _, 1_000>", skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<Secret>,
    /// What it waits for.
    #[serde(deserialize_with = "bounded::<_, _, 100>", skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<ContainerDependency>,
    /// Seconds until those who wait for it give up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_timeout: Option<i64>,
    /// Seconds between the polite signal and the other one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_timeout: Option<i64>,
    /// Whether it is started again in place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart_policy: Option<RestartPolicy>,
    /// `docker` if the engine checks its health. Without it a HEALTHCHECK of the image is not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check_type: Option<String>,
    /// `ExecutionRole` if the log driver acts with the credentials of the execution role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logs_auth_strategy: Option<String>,
    /// How the image is paid for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registry_authentication: Option<RegistryAuthentication>,
    /// Whether it routes the logs of others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firelens_configuration: Option<FirelensConfiguration>,
    /// What of Linux it needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linux_parameters: Option<LinuxParameters>,
    /// Whether it may do everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privileged: Option<bool>,
    /// Programs of the agent inside it.
    #[serde(deserialize_with = "bounded::<_, _, 10>", skip_serializing_if = "Vec::is_empty")]
    pub managed_agents: Vec<ManagedAgent>,
    /// GPUs.
    #[serde(deserialize_with = "bounded::<_, _, 100>", skip_serializing_if = "Vec::is_empty")]
    pub resource_requirements: Vec<ResourceRequirement>,
    /// What Docker is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub docker_config: Option<DockerConfig>,
}

/// What Docker is told, in its own words.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DockerConfig {
    /// The version of Docker's API that the two texts are written for, `1.21`.
    pub version: String,
    /// JSON of Docker's `Config`: User, WorkingDir, Labels, Healthcheck (times in nanoseconds), Hostname, Tty, ….
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
    /// JSON of Docker's `HostConfig`: LogConfig, NetworkMode, CapAdd, Ulimits, MemoryReservation, ….
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_config: Option<String>,
}

/// A file of variables.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvironmentFile {
    /// The ARN of the object.
    pub value: String,
    /// `s3`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// A port of a container and where it is on the host.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PortMapping {
    /// The port in the container.
    pub container_port: i64,
    /// The port of the host; 0: any that is free.
    pub host_port: i64,
    /// A range instead, `8000-8010`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_port_range: Option<String>,
    /// `tcp` or `udp`.
    pub protocol: String,
}

/// Where a volume is in a container.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MountPoint {
    /// The name of the volume.
    pub source_volume: String,
    /// The path in the container.
    pub container_path: String,
    /// Whether it cannot be written.
    pub read_only: bool,
}

/// All mounts of another container.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeFrom {
    /// The container.
    pub source_container: String,
    /// Whether they cannot be written.
    pub read_only: bool,
}

/// A secret that the agent looks up when the task starts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Secret {
    /// The variable.
    pub name: String,
    /// Where the value is: an ARN or the name of a parameter.
    pub value_from: String,
    /// `ssm` or `asm`.
    pub provider: String,
    /// The region of the value.
    pub region: String,
    /// `CONTAINER` or `LOG_DRIVER`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// `ENVIRONMENT_VARIABLE`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// That a container waits for another.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerDependency {
    /// The other.
    pub container_name: String,
    /// `START`, `COMPLETE`, `SUCCESS`, `HEALTHY`.
    pub condition: String,
}

/// That a container is started again in place.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RestartPolicy {
    /// Whether it is.
    pub enabled: bool,
    /// Exit codes after which it is not.
    #[serde(deserialize_with = "bounded::<_, _, 100>", skip_serializing_if = "Vec::is_empty")]
    pub ignored_exit_codes: Vec<i64>,
    /// Seconds that it must have run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restart_attempt_period: Option<i64>,
}

/// How the image is paid for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RegistryAuthentication {
    /// `ecr` or `asm`.
    #[serde(rename = "type")]
    pub kind: String,
    /// For `ecr`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ecr_auth_data: Option<EcrAuthData>,
    /// For `asm`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asm_auth_data: Option<AsmAuthData>,
}

/// The image is in a registry of ECR: the agent calls GetAuthorizationToken.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EcrAuthData {
    /// The account of the registry.
    pub registry_id: String,
    /// Its region.
    pub region: String,
    /// Where GetAuthorizationToken is called; empty: at Amazon.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub endpoint_override: String,
    /// Whether with the credentials of the execution role; else with those of the instance.
    pub use_execution_role: bool,
}

/// The login is a secret of Secrets Manager: a JSON text with `username` and `password`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AsmAuthData {
    /// The ARN of the secret.
    pub credentials_parameter: String,
    /// Its region.
    pub region: String,
}

/// A container that routes the logs of others.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FirelensConfiguration {
    /// `fluentd` or `fluentbit`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its settings.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}

/// What of Linux a container needs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LinuxParameters {
    /// More and fewer rights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<KernelCapabilities>,
    /// Devices of the host.
    #[serde(deserialize_with = "bounded::<_, _, 100>", skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<Device>,
    /// Whether process 1 is one that reaps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init_process_enabled: Option<bool>,
    /// MiB of `/dev/shm`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared_memory_size: Option<i64>,
}

/// Rights of the kernel.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KernelCapabilities {
    /// More than Docker's own.
    #[serde(deserialize_with = "bounded::<_, _, 100>", skip_serializing_if = "Vec::is_empty")]
    pub add: Vec<String>,
    /// Fewer.
    #[serde(deserialize_with = "bounded::<_, _, 100>", skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<String>,
}

/// A device of the host.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Device {
    /// Its path on the host.
    pub host_path: String,
    /// Its path in the container; the same if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_path: Option<String>,
    /// `read`, `write`, `mknod`.
    #[serde(deserialize_with = "bounded::<_, _, 10>", skip_serializing_if = "Vec::is_empty")]
    pub permissions: Vec<String>,
}

/// A program of the agent inside a container.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ManagedAgent {
    /// `ExecuteCommandAgent`.
    pub name: String,
    /// Its settings.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
}

/// A GPU.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceRequirement {
    /// How many, or which.
    pub value: String,
    /// `GPU`.
    #[serde(rename = "type")]
    pub kind: String,
}
