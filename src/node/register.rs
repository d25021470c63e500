//! Making the host a container instance, and finding where to dial.

use std::time::Duration;

use acs::api::{
    Attribute, DiscoverPollEndpointRequest, DiscoverPollEndpointResponse, RegisterContainerInstanceRequest,
    RegisterContainerInstanceResponse, Resource, VersionInfo,
};

use crate::backoff::Backoff;
use crate::engine::Engine;
use crate::host::Host;
use crate::journal::Instance;
use crate::{Config, Error, Result, confinement};

/// Ports that tasks do not get, as Amazon's agent reserves them: remote login, Docker, the agent.
const RESERVED_PORTS: [&str; 5] = ["22", "2375", "2376", "51678", "51679"];

/// The first and the longest wait between two tries.
const WAITS: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// What the agent can, in the words by which task definitions ask for it.
const CAPABILITIES: &[&str] = &[
    "com.amazonaws.ecs.capability.docker-remote-api.1.17",
    "com.amazonaws.ecs.capability.docker-remote-api.1.18",
    "com.amazonaws.ecs.capability.docker-remote-api.1.19",
    "com.amazonaws.ecs.capability.docker-remote-api.1.20",
    "com.amazonaws.ecs.capability.docker-remote-api.1.21",
    "com.amazonaws.ecs.capability.docker-remote-api.1.22",
    "com.amazonaws.ecs.capability.docker-remote-api.1.23",
    "com.amazonaws.ecs.capability.docker-remote-api.1.24",
    "com.amazonaws.ecs.capability.docker-remote-api.1.25",
    "com.amazonaws.ecs.capability.docker-remote-api.1.29",
    "com.amazonaws.ecs.capability.ecr-auth",
    "com.amazonaws.ecs.capability.logging-driver.awslogs",
    "com.amazonaws.ecs.capability.logging-driver.json-file",
    "com.amazonaws.ecs.capability.logging-driver.none",
    confinement::PRIVILEGED,
    "com.amazonaws.ecs.capability.task-iam-role",
    "com.amazonaws.ecs.capability.task-iam-role-network-host",
    "ecs.capability.container-health-check",
    "ecs.capability.container-ordering",
    "ecs.capability.container-port-range",
    "ecs.capability.container-restart-policy",
    "ecs.capability.docker-plugin.local",
    // By a control plane that reads them.
    "ecs.capability.env-files.s3",
    "ecs.capability.execution-role-awslogs",
    "ecs.capability.execution-role-ecr-pull",
    "ecs.capability.full-sync",
    "ecs.capability.pid-ipc-namespace-sharing",
    "ecs.capability.private-registry-authentication.secretsmanager",
    "ecs.capability.secrets.asm.bootstrap.log-driver",
    "ecs.capability.secrets.asm.environment-variables",
    "ecs.capability.secrets.ssm.bootstrap.log-driver",
    "ecs.capability.secrets.ssm.environment-variables",
    "ecs.capability.task-cpu-mem-limit",
    "ecs.capability.task-eni",
];

/// Log drivers of engines for which task definitions can ask. What containers write for `awslogs` the agent ships itself.
const LOG_DRIVERS: &[&str] = &["fluentd", "gelf", "journald", "splunk", "syslog"];

/// Registers the host, again and again until it is taken. The instance is written down before it is used.
pub(crate) async fn register<E: Engine>(
    host: &Host<E>,
    engine_version: &str,
    log_drivers: &[String],
) -> Result<Instance> {
    let known = host.journal.instance()?.filter(|known| known.cluster == host.config.cluster);
    let mut request = RegisterContainerInstanceRequest {
        cluster: Some(host.config.cluster.clone()),
        container_instance_arn: known.as_ref().map(|known| known.arn.clone()),
        attributes: attributes(&host.config, log_drivers),
        total_resources: resources(&host.config),
        version_info: Some(version(engine_version)),
        client_token: Some(uuid::Uuid::new_v4().to_string()),
        ..RegisterContainerInstanceRequest::default()
    };
    let mut backoff = Backoff::new(WAITS.0, WAITS.1);
    loop {
        let answer: Result<RegisterContainerInstanceResponse> =
            host.control.ecs("RegisterContainerInstance", &request).await;
        match answer {
            Ok(answer) if answer.container_instance.container_instance_arn.is_empty() => {
                return Err(Error::Malformed("an instance without an ARN".to_owned()));
            }
            Ok(answer) => {
                let arn = answer.container_instance.container_instance_arn;
                // Sequence numbers are of one instance.
                let sequence = known.as_ref().filter(|known| known.arn == arn).map_or(0, |known| known.sequence);
                let instance = Instance { cluster: host.config.cluster.clone(), arn, sequence };
                // What is written down already needs no room on a disk that is full.
                if known.as_ref() != Some(&instance) {
                    host.journal.put_instance(&instance)?;
                }
                tracing::info!(instance.arn, "this host is a container instance");
                return Ok(instance);
            }
            // It was deregistered while the agent was away: it becomes a new one.
            Err(Error::Refused { kind, message })
                if request.container_instance_arn.is_some() && kind == "ClientException" =>
            {
                tracing::warn!(message, "the instance of this host is gone; it is registered anew");
                request.container_instance_arn = None;
            }
            Err(error) if error.is_final() => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "this host cannot be registered yet");
                tokio::time::sleep(backoff.next()).await;
            }
        }
    }
}

/// Where the websockets are.
pub(crate) async fn discover<E: Engine>(host: &Host<E>, instance: &str) -> Result<DiscoverPollEndpointResponse> {
    let request = DiscoverPollEndpointRequest {
        container_instance: Some(instance.to_owned()),
        cluster: Some(host.config.cluster.clone()),
        zone_id: None,
    };
    let found: DiscoverPollEndpointResponse = host.control.ecs("DiscoverPollEndpoint", &request).await?;
    if found.endpoint.is_empty() {
        return Err(Error::Malformed("no endpoint to dial".to_owned()));
    }
    Ok(found)
}

/// Which agent this is.
pub(crate) fn version(engine: &str) -> VersionInfo {
    VersionInfo {
        agent_version: env!("CARGO_PKG_VERSION").to_owned(),
        agent_hash: "wharf".to_owned(),
        docker_version: format!("DockerVersion: {engine}"),
    }
}

/// The ARN of the cluster of an instance, which is told its own alone: `…:container-instance/CLUSTER/ID`.
pub(crate) fn cluster_arn(instance: &str, name: &str) -> String {
    match instance.split_once(":container-instance/") {
        Some((before, _)) => format!("{before}:cluster/{name}"),
        None => name.to_owned(),
    }
}

fn attributes(config: &Config, log_drivers: &[String]) -> Vec<Attribute> {
    let architecture = match std::env::consts::ARCH {
        "aarch64" => "arm64",
        other => other,
    };
    let capability = |name: &&str| Attribute { name: (*name).to_owned(), ..Attribute::default() };
    let valued = |name: &str, value: &str| Attribute {
        name: name.to_owned(),
        value: Some(value.to_owned()),
        ..Attribute::default()
    };
    let given = |name: &&&str| !config.confine_tasks || **name != confinement::PRIVILEGED;
    let mut attributes: Vec<Attribute> = CAPABILITIES.iter().filter(given).map(capability).collect();
    for driver in LOG_DRIVERS.iter().filter(|known| log_drivers.iter().any(|driver| driver == *known)) {
        let name = format!("com.amazonaws.ecs.capability.logging-driver.{driver}");
        attributes.push(Attribute { name, ..Attribute::default() });
    }
    attributes.push(valued("ecs.os-type", "linux"));
    attributes.push(valued("ecs.os-family", "LINUX"));
    attributes.push(valued("ecs.cpu-architecture", architecture));
    attributes.extend(config.attributes.iter().map(|(name, value)| valued(name, value)));
    attributes
}

fn resources(config: &Config) -> Vec<Resource> {
    let memory = memory_mib().unwrap_or(512) - config.reserved_memory;
    let integer = |name: &str, value: i64| Resource {
        name: name.to_owned(),
        kind: "INTEGER".to_owned(),
        integer_value: Some(value.max(0)),
        ..Resource::default()
    };
    let ports = |name: &str, ports: &[&str]| Resource {
        name: name.to_owned(),
        kind: "STRINGSET".to_owned(),
        string_set_value: ports.iter().map(|port| (*port).to_owned()).collect(),
        ..Resource::default()
    };
    vec![
        integer("CPU", cpu_units(config)),
        integer("MEMORY", memory),
        ports("PORTS", &RESERVED_PORTS),
        ports("PORTS_UDP", &[]),
    ]
}

/// The CPU units that tasks get, 1024 a core.
pub(crate) fn cpu_units(config: &Config) -> i64 {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    i64::try_from(cores).unwrap_or(1).saturating_mul(1024) - config.reserved_cpu
}

/// MiB of the host's memory.
fn memory_mib() -> Option<i64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_memory() {
        assert!(memory_mib().unwrap() > 0);
    }

    #[test]
    fn an_instance_names_its_cluster() {
        let instance = "arn:aws:ecs:us-east-1:000000000000:container-instance/c/00";
        assert_eq!(cluster_arn(instance, "c"), "arn:aws:ecs:us-east-1:000000000000:cluster/c");
    }
}
