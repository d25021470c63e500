//! A container instance as answers show it.

use std::collections::BTreeSet;

use acs::api::{Attribute, VersionInfo};
use acs::telemetry::InstanceStatus;
use aws::Epoch;
use serde::Serialize;
use serde_json::Value;
use types::{RegistryId, Timestamp};

use crate::container_instances;
use crate::tags::Tag;

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerInstance.html>
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContainerInstance {
    container_instance_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ec2_instance_id: Option<String>,
    version: u64,
    version_info: VersionInfo,
    remaining_resources: Vec<Resource>,
    registered_resources: Vec<Resource>,
    status: String,
    agent_connected: bool,
    running_tasks_count: u64,
    pending_tasks_count: u64,
    attributes: Vec<Attribute>,
    registered_at: Epoch,
    attachments: Vec<Value>,
    tags: Vec<Tag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    health_status: Option<Health>,
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerInstanceHealthStatus.html>
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Health {
    overall_status: &'static str,
    details: Vec<HealthCheck>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HealthCheck {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_updated: Option<Epoch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_status_change: Option<Epoch>,
}

impl Health {
    /// Impaired if anything is; well if everything is.
    fn of(said: &[InstanceStatus]) -> Self {
        let any = |status: &str| said.iter().any(|one| one.status == status);
        let overall_status = match () {
            () if any("IMPAIRED") => "IMPAIRED",
            () if said.is_empty() || any("INSUFFICIENT_DATA") => "INSUFFICIENT_DATA",
            () if any("INITIALIZING") => "INITIALIZING",
            () => "OK",
        };
        let stamp = |seconds: Option<f64>| seconds.map(|it| Epoch(Timestamp::from_micros((it * 1e6) as i64)));
        let details = said.iter().map(|one| HealthCheck {
            kind: one.kind.clone(),
            status: one.status.clone(),
            last_updated: stamp(one.last_updated),
            last_status_change: stamp(one.last_status_change),
        });
        Self { overall_status, details: details.collect() }
    }
}

/// How many tasks a host has.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) running: u64,
    pub(crate) pending: u64,
}

/// A resource, with all numbers as AWS prints them.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    name: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    double_value: f64,
    long_value: i64,
    integer_value: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    string_set_value: Option<Vec<String>>,
}

impl ContainerInstance {
    pub(crate) fn new(
        registry: &RegistryId,
        cluster: &str,
        instance: container_instances::ContainerInstance,
        counts: Counts,
        tags: Vec<Tag>,
        now: Timestamp,
    ) -> Self {
        let agent_connected = instance.is_connected(now);
        let container_instances::ContainerInstance { row, document, used_ports } = instance;
        let taken = |reserved: &BTreeSet<u16>, used: &BTreeSet<u16>| reserved.union(used).map(u16::to_string).collect();
        let own = |reserved: &BTreeSet<u16>| reserved.iter().map(u16::to_string).collect();
        Self {
            container_instance_arn: container_instances::arn(registry, cluster, &row.instance_id).to_string(),
            ec2_instance_id: document.ec2_instance_id,
            version: row.version,
            version_info: document.version_info.unwrap_or_default(),
            remaining_resources: vec![
                number("CPU", document.cpu.saturating_sub(row.used_cpu)),
                number("MEMORY", document.memory.saturating_sub(row.used_memory)),
                set("PORTS", taken(&document.reserved_ports, &used_ports.tcp)),
                set("PORTS_UDP", taken(&document.reserved_udp_ports, &used_ports.udp)),
            ],
            registered_resources: vec![
                number("CPU", document.cpu),
                number("MEMORY", document.memory),
                set("PORTS", own(&document.reserved_ports)),
                set("PORTS_UDP", own(&document.reserved_udp_ports)),
            ],
            status: row.status,
            agent_connected,
            running_tasks_count: counts.running,
            pending_tasks_count: counts.pending,
            attributes: document.attributes,
            registered_at: row.registered_at.into(),
            attachments: Vec::new(),
            tags,
            health_status: None,
        }
    }

    /// With how well it is, by what its agent has said.
    pub(crate) fn with_health(self, said: &[InstanceStatus]) -> Self {
        Self { health_status: Some(Health::of(said)), ..self }
    }
}

fn number(name: &'static str, value: u64) -> Resource {
    let integer_value = i64::try_from(value).unwrap_or(i64::MAX);
    Resource { name, kind: "INTEGER", integer_value, ..Resource::default() }
}

fn set(name: &'static str, values: Vec<String>) -> Resource {
    Resource { name, kind: "STRINGSET", string_set_value: Some(values), ..Resource::default() }
}
