//! Tasks to run and tasks to stop.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::list::bounded;
use crate::{Attachment, Container, ElasticNetworkInterface, IamRoleCredentials, Volume};

/// Control plane to agent: tasks to run, and tasks to stop. A task is stopped by the same task with `desiredStatus`
/// STOPPED under a higher sequence number. Answered with [`crate::AckRequest`], and with one
/// [`crate::IamRoleCredentialsAckRequest`] for each set of credentials in it. It is sent again until it is acknowledged,
/// so an agent has to expect a task that it knows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PayloadMessage {
    /// The ARN of the container instance.
    pub container_instance_arn: String,
    /// The ARN of the cluster.
    pub cluster_arn: String,
    /// The tasks.
    #[serde(deserialize_with = "bounded::<_, _, 1_000>")]
    pub tasks: Vec<Task>,
    /// When it was made, in milliseconds since 1970.
    pub generated_at: i64,
    /// What the answer names.
    pub message_id: String,
    /// Its place in the sequence of payloads and manifests of the instance.
    pub seq_num: i64,
    /// Not used; Amazon's control plane sends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<i64>,
}

/// A task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Task {
    /// Its ARN.
    pub arn: String,
    /// The ARN of its cluster, if it is another than that of the instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_cluster_arn: Option<String>,
    /// The family of its definition.
    pub family: String,
    /// The revision of its definition, as text.
    pub version: String,
    /// `RUNNING` or `STOPPED`.
    pub desired_status: String,
    /// A JSON text, `{}` if nothing is overridden. What a container overrides is in [`Container::overrides`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overrides: Option<String>,
    /// vCPUs of the whole task; none if it has no limit of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<f64>,
    /// MiB of the whole task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<i64>,
    /// `bridge`, `host`, `none`, `awsvpc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_mode: Option<String>,
    /// `host` or `task`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid_mode: Option<String>,
    /// `host`, `task` or `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipc_mode: Option<String>,
    /// `EC2`, `FARGATE`, `EXTERNAL`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_type: Option<String>,
    /// The service that it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_name: Option<String>,
    /// `family:F` or `service:S`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The availability zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The account of its definition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_definition_account_id: Option<String>,
    /// Its containers.
    #[serde(deserialize_with = "bounded::<_, _, 100>")]
    pub containers: Vec<Container>,
    /// Its volumes.
    #[serde(deserialize_with = "bounded::<_, _, 100>", skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<Volume>,
    /// What its containers act with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_credentials: Option<IamRoleCredentials>,
    /// What the agent acts with on its behalf.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_role_credentials: Option<IamRoleCredentials>,
    /// Its interfaces, in network mode `awsvpc`.
    #[serde(deserialize_with = "bounded::<_, _, 10>", skip_serializing_if = "Vec::is_empty")]
    pub elastic_network_interfaces: Vec<ElasticNetworkInterface>,
    /// GPUs and accelerators.
    #[serde(deserialize_with = "bounded::<_, _, 100>", skip_serializing_if = "Vec::is_empty")]
    pub associations: Vec<Association>,
    /// What is attached to it.
    #[serde(deserialize_with = "bounded::<_, _, 100>", skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// A mesh proxy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy_configuration: Option<ProxyConfiguration>,
}

/// A device of the host that containers may use.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Association {
    /// Its name.
    pub name: String,
    /// `gpu` or `elastic-inference`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What containers are told of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<EncodedString>,
    /// The containers that have it.
    #[serde(deserialize_with = "bounded::<_, _, 100>")]
    pub containers: Vec<String>,
}

/// Text, perhaps in base64.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EncodedString {
    /// The text.
    pub value: String,
    /// `identity` or `base64`.
    pub encoding: String,
}

/// A proxy container through which the task's traffic goes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProxyConfiguration {
    /// `APPMESH`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Which container it is.
    pub container_name: String,
    /// Its settings.
    pub properties: BTreeMap<String, String>,
}
