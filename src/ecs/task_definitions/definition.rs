//! What a task definition says, as on the wire: what was registered, with defaults filled in, and what follows from it.
//! Name, revision, status and times are beside it, in [`super::TaskDefinition`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::container::{ContainerDefinition, KeyValuePair};

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskDefinition.html>
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Definition {
    pub(crate) container_definitions: Vec<ContainerDefinition>,
    pub(crate) task_role_arn: Option<String>,
    pub(crate) execution_role_arn: Option<String>,
    /// Always there once normalized.
    pub(crate) network_mode: Option<String>,
    pub(crate) volumes: Vec<Volume>,
    pub(crate) placement_constraints: Vec<PlacementConstraint>,
    pub(crate) requires_compatibilities: Option<Vec<String>>,
    /// CPU units of the task, in digits once normalized.
    pub(crate) cpu: Option<String>,
    /// MiB of the task, in digits once normalized.
    pub(crate) memory: Option<String>,
    pub(crate) pid_mode: Option<String>,
    pub(crate) ipc_mode: Option<String>,
    pub(crate) proxy_configuration: Option<ProxyConfiguration>,
    pub(crate) inference_accelerators: Option<Vec<InferenceAccelerator>>,
    pub(crate) ephemeral_storage: Option<EphemeralStorage>,
    pub(crate) runtime_platform: Option<RuntimePlatform>,
    pub(crate) enable_fault_injection: Option<bool>,
    pub(crate) trusted_execution_configuration: Option<Value>,
    /// The launch types that it can run as. Derived: what a client sends is not looked at.
    pub(crate) compatibilities: Vec<String>,
    /// What a host must be able to do. Derived, too.
    pub(crate) requires_attributes: Vec<Attribute>,
}

impl Definition {
    /// How its containers are connected.
    pub(crate) fn network_mode(&self) -> NetworkMode {
        match self.network_mode.as_deref() {
            Some("awsvpc") => NetworkMode::Awsvpc,
            Some("host") => NetworkMode::Host,
            Some("none") => NetworkMode::None,
            _ => NetworkMode::Bridge,
        }
    }

    /// CPU units of the task, if it says.
    pub(crate) fn task_cpu(&self) -> Option<i64> {
        self.cpu.as_deref().and_then(|cpu| cpu.parse().ok())
    }

    /// MiB of the task, if it says.
    pub(crate) fn task_memory(&self) -> Option<i64> {
        self.memory.as_deref().and_then(|memory| memory.parse().ok())
    }

    /// Whether whoever registered it wants to run it as that launch type.
    pub(crate) fn requires(&self, compatibility: &str) -> bool {
        self.requires_compatibilities.iter().flatten().any(|wanted| wanted == compatibility)
    }

    /// Whether it can run as that launch type.
    pub(crate) fn is_compatible(&self, launch_type: &str) -> bool {
        self.compatibilities.iter().any(|possible| possible == launch_type)
    }

    /// The container of that name.
    pub(crate) fn container(&self, name: &str) -> Option<&ContainerDefinition> {
        self.container_definitions.iter().find(|container| container.name == name)
    }

    /// As JSON, without the members that it does not have: AWS omits them, and clients refuse null.
    pub(crate) fn to_json(&self) -> serde_json::Result<Value> {
        let mut value = serde_json::to_value(self)?;
        prune(&mut value);
        Ok(value)
    }
}

fn prune(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(prune);
        }
        Value::Array(elements) => elements.iter_mut().for_each(prune),
        _ => {}
    }
}

/// How the containers of a task are connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NetworkMode {
    /// By a bridge of the engine, with ports of the host.
    Bridge,
    /// As processes of the host are.
    Host,
    /// By an address of the task's own.
    Awsvpc,
    /// Not at all.
    None,
}

/// A volume that containers mount.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Volume {
    pub(crate) name: String,
    pub(crate) host: Option<HostVolumeProperties>,
    pub(crate) docker_volume_configuration: Option<DockerVolumeConfiguration>,
    pub(crate) efs_volume_configuration: Option<EfsVolumeConfiguration>,
    pub(crate) fsx_windows_file_server_volume_configuration: Option<FsxVolumeConfiguration>,
    #[serde(rename = "s3filesVolumeConfiguration")]
    pub(crate) s3_files_volume_configuration: Option<Value>,
    pub(crate) configured_at_launch: Option<bool>,
}

/// A directory of the host.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct HostVolumeProperties {
    /// An empty directory of the task if it does not say.
    pub(crate) source_path: Option<String>,
}

/// A volume of the engine.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct DockerVolumeConfiguration {
    /// `task` or `shared`; always there once normalized.
    pub(crate) scope: Option<String>,
    pub(crate) autoprovision: Option<bool>,
    /// `local` if it does not say.
    pub(crate) driver: Option<String>,
    pub(crate) driver_opts: Option<BTreeMap<String, String>>,
    pub(crate) labels: Option<BTreeMap<String, String>>,
}

/// A file system of Amazon EFS.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct EfsVolumeConfiguration {
    pub(crate) file_system_id: String,
    pub(crate) root_directory: Option<String>,
    pub(crate) transit_encryption: Option<String>,
    pub(crate) transit_encryption_port: Option<i64>,
    pub(crate) authorization_config: Option<EfsAuthorizationConfig>,
}

/// How a task shows what it may do in EFS.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct EfsAuthorizationConfig {
    pub(crate) access_point_id: Option<String>,
    pub(crate) iam: Option<String>,
}

/// A file system of Amazon FSx.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct FsxVolumeConfiguration {
    pub(crate) file_system_id: String,
    pub(crate) root_directory: String,
    pub(crate) authorization_config: Option<FsxAuthorizationConfig>,
}

/// How a task logs in to FSx.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct FsxAuthorizationConfig {
    pub(crate) credentials_parameter: String,
    pub(crate) domain: String,
}

/// Which hosts it may be placed on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct PlacementConstraint {
    pub(crate) r#type: String,
    pub(crate) expression: Option<String>,
}

/// The proxy that its traffic goes through.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ProxyConfiguration {
    pub(crate) r#type: Option<String>,
    pub(crate) container_name: String,
    pub(crate) properties: Vec<KeyValuePair>,
}

/// A device of Amazon Elastic Inference.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct InferenceAccelerator {
    pub(crate) device_name: String,
    pub(crate) device_type: String,
}

/// The disk of a Fargate task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct EphemeralStorage {
    #[serde(rename = "sizeInGiB")]
    pub(crate) size_in_gib: i64,
}

/// What it was built for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RuntimePlatform {
    pub(crate) cpu_architecture: Option<String>,
    pub(crate) operating_system_family: Option<String>,
}

/// What a host has, or must have.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Attribute {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
}
