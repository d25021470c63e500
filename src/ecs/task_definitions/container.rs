//! A container of a task definition, as on the wire. What it may say is checked in `validate`; a member that ECS does not
//! know is forgotten.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html>
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ContainerDefinition {
    pub(crate) name: String,
    pub(crate) image: String,
    pub(crate) repository_credentials: Option<RepositoryCredentials>,
    /// CPU units.
    pub(crate) cpu: i64,
    /// MiB: more of it ends the container.
    pub(crate) memory: Option<i64>,
    /// MiB that are kept for it.
    pub(crate) memory_reservation: Option<i64>,
    pub(crate) links: Option<Vec<String>>,
    pub(crate) port_mappings: Vec<PortMapping>,
    /// Always there once normalized.
    pub(crate) essential: Option<bool>,
    pub(crate) restart_policy: Option<RestartPolicy>,
    pub(crate) entry_point: Option<Vec<String>>,
    pub(crate) command: Option<Vec<String>>,
    pub(crate) environment: Vec<KeyValuePair>,
    pub(crate) environment_files: Option<Vec<EnvironmentFile>>,
    pub(crate) mount_points: Vec<MountPoint>,
    pub(crate) volumes_from: Vec<VolumeFrom>,
    pub(crate) linux_parameters: Option<LinuxParameters>,
    pub(crate) secrets: Option<Vec<Secret>>,
    pub(crate) depends_on: Option<Vec<ContainerDependency>>,
    pub(crate) start_timeout: Option<i64>,
    pub(crate) stop_timeout: Option<i64>,
    pub(crate) version_consistency: Option<String>,
    pub(crate) hostname: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) working_directory: Option<String>,
    pub(crate) disable_networking: Option<bool>,
    pub(crate) privileged: Option<bool>,
    pub(crate) readonly_root_filesystem: Option<bool>,
    pub(crate) dns_servers: Option<Vec<String>>,
    pub(crate) dns_search_domains: Option<Vec<String>>,
    pub(crate) extra_hosts: Option<Vec<HostEntry>>,
    pub(crate) docker_security_options: Option<Vec<String>>,
    pub(crate) interactive: Option<bool>,
    pub(crate) pseudo_terminal: Option<bool>,
    pub(crate) docker_labels: Option<BTreeMap<String, String>>,
    pub(crate) ulimits: Option<Vec<Ulimit>>,
    pub(crate) log_configuration: Option<LogConfiguration>,
    pub(crate) health_check: Option<HealthCheck>,
    pub(crate) system_controls: Vec<SystemControl>,
    pub(crate) resource_requirements: Option<Vec<ResourceRequirement>>,
    pub(crate) firelens_configuration: Option<FirelensConfiguration>,
    pub(crate) credential_specs: Option<Vec<String>>,
}

impl ContainerDefinition {
    /// Whether the task ends with it.
    pub(crate) fn is_essential(&self) -> bool {
        self.essential != Some(false)
    }

    /// Whether it has a health. `NONE` is no check: it turns that of the image off.
    pub(crate) fn is_checked(&self) -> bool {
        self.health_check.as_ref().is_some_and(|health| health.command != ["NONE"])
    }

    /// MiB that placement counts: what is kept for it if it says so, else its limit.
    pub(crate) fn reserved_memory(&self) -> i64 {
        self.memory_reservation.or(self.memory).unwrap_or(0)
    }

    /// The containers that it waits for.
    pub(crate) fn dependencies(&self) -> &[ContainerDependency] {
        self.depends_on.as_deref().unwrap_or_default()
    }

    /// The containers that it is linked to, without their aliases.
    pub(crate) fn linked(&self) -> impl Iterator<Item = &str> {
        let links = self.links.as_deref().unwrap_or_default();
        links.iter().map(|link| link.split_once(':').map_or(link.as_str(), |(name, _)| name))
    }

    /// Its secrets.
    pub(crate) fn secrets(&self) -> &[Secret] {
        self.secrets.as_deref().unwrap_or_default()
    }

    /// Its files of environment variables.
    pub(crate) fn environment_files(&self) -> &[EnvironmentFile] {
        self.environment_files.as_deref().unwrap_or_default()
    }

    /// Its log driver, if it names one.
    pub(crate) fn log_driver(&self) -> Option<&str> {
        self.log_configuration.as_ref().map(|log| log.log_driver.as_str())
    }
}

/// The secret with the login of another registry.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RepositoryCredentials {
    pub(crate) credentials_parameter: String,
}

/// A port of a container and where it is reached.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PortMapping {
    pub(crate) container_port: Option<i64>,
    pub(crate) host_port: Option<i64>,
    /// `tcp` or `udp`; always there once normalized.
    pub(crate) protocol: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) app_protocol: Option<String>,
    pub(crate) container_port_range: Option<String>,
}

/// When a container is started again in its place.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RestartPolicy {
    pub(crate) enabled: bool,
    pub(crate) ignored_exit_codes: Option<Vec<i64>>,
    /// Seconds that it must have run; 300 if it does not say.
    pub(crate) restart_attempt_period: Option<i64>,
}

/// An environment variable, or a property of a proxy.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct KeyValuePair {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// A file of environment variables, by its ARN in S3.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct EnvironmentFile {
    pub(crate) value: String,
    pub(crate) r#type: String,
}

/// Where a volume of the task is seen in the container.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct MountPoint {
    pub(crate) source_volume: String,
    pub(crate) container_path: String,
    pub(crate) read_only: Option<bool>,
}

/// The volumes of another container of the task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct VolumeFrom {
    pub(crate) source_container: String,
    pub(crate) read_only: Option<bool>,
}

/// What only Linux has.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct LinuxParameters {
    pub(crate) capabilities: Option<KernelCapabilities>,
    pub(crate) devices: Vec<Device>,
    pub(crate) init_process_enabled: Option<bool>,
    /// MiB.
    pub(crate) shared_memory_size: Option<i64>,
    pub(crate) tmpfs: Vec<Tmpfs>,
    /// MiB.
    pub(crate) max_swap: Option<i64>,
    pub(crate) swappiness: Option<i64>,
}

/// Capabilities over or under those that containers have.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct KernelCapabilities {
    pub(crate) add: Vec<String>,
    pub(crate) drop: Vec<String>,
}

/// A device of the host.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Device {
    pub(crate) host_path: String,
    pub(crate) container_path: Option<String>,
    pub(crate) permissions: Vec<String>,
}

/// A file system in memory.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Tmpfs {
    pub(crate) container_path: String,
    /// MiB.
    pub(crate) size: i64,
    pub(crate) mount_options: Vec<String>,
}

/// A secret that becomes an environment variable or an option of a log driver.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Secret {
    pub(crate) name: String,
    /// Where it is, not what it is.
    pub(crate) value_from: String,
}

/// What a container waits for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ContainerDependency {
    pub(crate) container_name: String,
    /// `START`, `COMPLETE`, `SUCCESS` or `HEALTHY`.
    pub(crate) condition: String,
}

/// A line of `/etc/hosts`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct HostEntry {
    pub(crate) hostname: String,
    pub(crate) ip_address: String,
}

/// A limit of processes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Ulimit {
    pub(crate) name: String,
    pub(crate) soft_limit: i64,
    pub(crate) hard_limit: i64,
}

/// Where its output goes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct LogConfiguration {
    pub(crate) log_driver: String,
    pub(crate) options: Option<BTreeMap<String, String>>,
    pub(crate) secret_options: Option<Vec<Secret>>,
}

/// How the engine finds out whether a container is well.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct HealthCheck {
    pub(crate) command: Vec<String>,
    /// Seconds; always there once normalized, like the two that follow.
    pub(crate) interval: Option<i64>,
    /// Seconds.
    pub(crate) timeout: Option<i64>,
    pub(crate) retries: Option<i64>,
    /// Seconds; none if it does not say.
    pub(crate) start_period: Option<i64>,
}

/// A parameter of the kernel.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct SystemControl {
    pub(crate) namespace: String,
    pub(crate) value: String,
}

/// A GPU or the like.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ResourceRequirement {
    pub(crate) value: String,
    pub(crate) r#type: String,
    pub(crate) sharing_strategy: Option<Value>,
}

/// The log router of its task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct FirelensConfiguration {
    pub(crate) r#type: String,
    pub(crate) options: Option<BTreeMap<String, String>>,
}
