//! What is attached to a task or an instance from outside: network interfaces and volumes of EC2. The control plane of
//! Wharf sends none of the messages, and its agent acknowledges and ignores them; the interfaces of a task are data that
//! Amazon's agent wants in a task of network mode `awsvpc`.

use serde::{Deserialize, Serialize};

use crate::list::bounded;

/// Control plane to agent: an interface for a task is on its way.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AttachTaskNetworkInterfacesMessage {
    /// The ARN of the container instance.
    pub container_instance_arn: String,
    /// The ARN of the cluster.
    pub cluster_arn: String,
    /// The task.
    pub task_arn: String,
    /// Its cluster.
    pub task_cluster_arn: String,
    /// When it was made, in milliseconds since 1970.
    pub generated_at: i64,
    /// What the answer names.
    pub message_id: String,
    /// How long to wait for the interface.
    pub wait_timeout_ms: i64,
    /// The interfaces.
    #[serde(deserialize_with = "bounded::<_, _, 100>")]
    pub elastic_network_interfaces: Vec<ElasticNetworkInterface>,
}

/// Control plane to agent: an interface that belongs to no single task is on its way.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AttachInstanceNetworkInterfacesMessage {
    /// The ARN of the container instance.
    pub container_instance_arn: String,
    /// The ARN of the cluster.
    pub cluster_arn: String,
    /// When it was made, in milliseconds since 1970.
    pub generated_at: i64,
    /// What the answer names.
    pub message_id: String,
    /// How long to wait for the interface.
    pub wait_timeout_ms: i64,
    /// The interfaces.
    #[serde(deserialize_with = "bounded::<_, _, 100>")]
    pub elastic_network_interfaces: Vec<ElasticNetworkInterface>,
}

/// Control plane to agent: confirm that an attachment is there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfirmAttachmentMessage {
    /// The ARN of the container instance.
    pub container_instance_arn: String,
    /// The ARN of the cluster.
    pub cluster_arn: String,
    /// The task.
    pub task_arn: String,
    /// Its cluster.
    pub task_cluster_arn: String,
    /// When it was made, in milliseconds since 1970.
    pub generated_at: i64,
    /// What the answer names.
    pub message_id: String,
    /// How long to wait for it.
    pub wait_timeout_ms: i64,
    /// What is attached.
    pub attachment: Attachment,
}

/// Something that is attached.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Attachment {
    /// Its ARN.
    pub attachment_arn: String,
    /// `amazonebs`, `servicebus`, ….
    pub attachment_type: String,
    /// What there is to know of it.
    #[serde(deserialize_with = "bounded::<_, _, 100>")]
    pub attachment_properties: Vec<AttachmentProperty>,
}

/// A name and its value.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AttachmentProperty {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// A network interface of a task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ElasticNetworkInterface {
    /// Its name in the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The ARN of the attachment.
    pub attachment_arn: String,
    /// The id of the interface, `eni-…`.
    pub ec2_id: String,
    /// Which one of the task it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<i64>,
    /// Its hardware address.
    pub mac_address: String,
    /// `default`, or how it shares the interface of the instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface_association_protocol: Option<String>,
    /// Its addresses.
    #[serde(deserialize_with = "bounded::<_, _, 100>", skip_serializing_if = "Vec::is_empty")]
    pub ipv4_addresses: Vec<Ipv4Address>,
    /// Its addresses of version 6.
    #[serde(deserialize_with = "bounded::<_, _, 100>", skip_serializing_if = "Vec::is_empty")]
    pub ipv6_addresses: Vec<Ipv6Address>,
    /// Domains that short names are looked up in.
    #[serde(deserialize_with = "bounded::<_, _, 100>", skip_serializing_if = "Vec::is_empty")]
    pub domain_name: Vec<String>,
    /// The name servers of the task.
    #[serde(deserialize_with = "bounded::<_, _, 100>", skip_serializing_if = "Vec::is_empty")]
    pub domain_name_servers: Vec<String>,
    /// The name of the interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_dns_name: Option<String>,
    /// The gateway with the length of the prefix, `10.0.0.1/24`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet_gateway_ipv4_address: Option<String>,
}

/// An address of an interface.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Ipv4Address {
    /// The address.
    pub private_address: String,
    /// Whether it is the first.
    pub primary: bool,
}

/// An address of version 6.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Ipv6Address {
    /// The address.
    pub address: String,
    /// Whether it is the first.
    pub primary: bool,
}
