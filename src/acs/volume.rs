//! The volumes of a task.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A volume that the mount points of containers name. Kinds that only EC2 has (EFS, EBS, FSx) are not decoded: they are
/// known by their `type`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Volume {
    /// Its name.
    pub name: String,
    /// `host` or `docker`; also `efs`, `ebs`, `fsxWindowsFileServer`.
    #[serde(rename = "type", skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// For `host`: a folder of the host. Without a path it is a scratch folder that lives as long as the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<HostVolume>,
    /// For `docker`: a volume of the engine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub docker_volume_configuration: Option<DockerVolumeConfiguration>,
}

/// A folder of the host.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HostVolume {
    /// Which; empty for a scratch folder.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub source_path: String,
}

/// A volume of the engine.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DockerVolumeConfiguration {
    /// `task`: it goes with the task. `shared`: it stays.
    pub scope: String,
    /// Whether a shared volume that is not there is made.
    pub autoprovision: bool,
    /// The driver; empty for the engine's own.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub driver: String,
    /// What the driver is told.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub driver_opts: BTreeMap<String, String>,
    /// Labels of the volume.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}
