//! What Docker is told of a container, in its own words: `Config` and `HostConfig` of its API, as far as a task definition
//! decides them. Names, networks, mounts and limits of the task as a whole are the agent's affair.

use serde_json::{Map, Value, json};

use super::overrides::ContainerOverride;
use crate::sessions::Session;
use crate::task_definitions::container::{ContainerDefinition, LinuxParameters};

/// The version of Docker's API that this is written for.
pub(crate) const VERSION: &str = "1.21";

/// A second in Docker's unit.
const NANOSECONDS: i64 = 1_000_000_000;

/// `Config`.
pub(crate) fn config(definition: &ContainerDefinition) -> Value {
    let mut config = Map::new();
    let mut set = |name: &str, value: Value| {
        if !value.is_null() {
            config.insert(name.to_owned(), value);
        }
    };
    set("User", json!(definition.user));
    set("WorkingDir", json!(definition.working_directory));
    set("Hostname", json!(definition.hostname));
    set("Labels", json!(definition.docker_labels));
    set("OpenStdin", json!(definition.interactive));
    set("Tty", json!(definition.pseudo_terminal));
    set("NetworkDisabled", json!(definition.disable_networking));
    if let Some(check) = &definition.health_check {
        let seconds = |given: Option<i64>, default: i64| given.unwrap_or(default).saturating_mul(NANOSECONDS);
        set(
            "Healthcheck",
            json!({
                "Test": check.command,
                "Interval": seconds(check.interval, 30),
                "Timeout": seconds(check.timeout, 5),
                "Retries": check.retries.unwrap_or(3),
                "StartPeriod": seconds(check.start_period, 0),
            }),
        );
    }
    Value::Object(config)
}

/// `HostConfig` of a container of a task with this network mode.
pub(crate) fn host_config(
    session: &Session,
    network_mode: &str,
    definition: &ContainerDefinition,
    overrides: &ContainerOverride,
) -> Value {
    let mut host = Map::new();
    // Amazon's agent looks for the mode of the task here and nowhere else. A network of the task's own is the agent's affair.
    if network_mode != "awsvpc" {
        host.insert("NetworkMode".to_owned(), json!(network_mode));
    }
    let mut set = |name: &str, value: Value| {
        if !value.is_null() {
            host.insert(name.to_owned(), value);
        }
    };
    set("Privileged", json!(definition.privileged));
    set("ReadonlyRootfs", json!(definition.readonly_root_filesystem));
    set("Dns", json!(definition.dns_servers));
    set("DnsSearch", json!(definition.dns_search_domains));
    set("SecurityOpt", json!(definition.docker_security_options));
    if let Some(hosts) = &definition.extra_hosts {
        let hosts: Vec<String> = hosts.iter().map(|host| format!("{}:{}", host.hostname, host.ip_address)).collect();
        set("ExtraHosts", json!(hosts));
    }
    if let Some(ulimits) = &definition.ulimits {
        let ulimits = ulimits
            .iter()
            .map(|limit| json!({ "Name": limit.name, "Soft": limit.soft_limit, "Hard": limit.hard_limit }));
        set("Ulimits", ulimits.collect());
    }
    if !definition.system_controls.is_empty() {
        let sysctls = definition.system_controls.iter().map(|one| (one.namespace.clone(), json!(one.value)));
        set("Sysctls", Value::Object(sysctls.collect()));
    }
    let reservation = overrides.memory_reservation.or(definition.memory_reservation);
    set("MemoryReservation", json!(reservation.map(|mib| mib.saturating_mul(1 << 20))));
    if let Some(parameters) = &definition.linux_parameters {
        if let Some(capabilities) = &parameters.capabilities {
            set("CapAdd", json!(capabilities.add));
            set("CapDrop", json!(capabilities.drop));
        }
        set("Init", json!(parameters.init_process_enabled));
        set("ShmSize", json!(parameters.shared_memory_size.map(|mib| mib.saturating_mul(1 << 20))));
        if !parameters.tmpfs.is_empty() {
            let mounts = parameters.tmpfs.iter().map(|mount| {
                let mut options = vec![format!("size={}m", mount.size)];
                options.extend(mount.mount_options.iter().cloned());
                (mount.container_path.clone(), json!(options.join(",")))
            });
            set("Tmpfs", Value::Object(mounts.collect()));
        }
        let (swap, swappiness) = swap(parameters, overrides.memory.or(definition.memory));
        set("MemorySwap", json!(swap));
        set("MemorySwappiness", json!(swappiness));
    }
    if let Some(log) = &definition.log_configuration {
        let mut options = log.options.clone().unwrap_or_default();
        if log.log_driver == "awslogs" {
            // Logs of this installation, unless the definition says otherwise.
            options.entry("awslogs-endpoint".to_owned()).or_insert_with(|| session.call.url());
            options.entry("awslogs-region".to_owned()).or_insert_with(|| session.registry.region.to_string());
        }
        set("LogConfig", json!({ "Type": log.log_driver, "Config": options }));
    }
    Value::Object(host)
}

/// The limit of memory and swap together in bytes, and how eagerly is swapped, of a container with so many MiB.
fn swap(parameters: &LinuxParameters, memory: Option<i64>) -> (Option<i64>, Option<i64>) {
    // Docker knows no limit of swap without one of memory. As on ECS, swappiness means nothing without a limit of swap.
    let Some((swap, memory)) = parameters.max_swap.zip(memory) else {
        return (None, None);
    };
    (Some(memory.saturating_add(swap).saturating_mul(1 << 20)), parameters.swappiness)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swap_is_counted_with_memory_and_swappiness_needs_its_limit() {
        let parameters = |max_swap, swappiness| LinuxParameters { max_swap, swappiness, ..LinuxParameters::default() };
        assert_eq!(swap(&parameters(Some(32), Some(10)), Some(64)), (Some(96 << 20), Some(10)));
        assert_eq!(swap(&parameters(Some(0), None), Some(64)), (Some(64 << 20), None));
        assert_eq!(swap(&parameters(None, Some(10)), Some(64)), (None, None));
        assert_eq!(swap(&parameters(Some(32), Some(10)), None), (None, None));
    }
}
