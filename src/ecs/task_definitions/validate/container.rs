//! One container by itself.

use std::net::IpAddr;

use super::super::container::ContainerDefinition;
use super::super::definition::{Definition, NetworkMode};
use super::{MOST_MEMORY, health, linux, one_of, refuse, refuse_setting, repeated, secrets};
use crate::arns;
use crate::error::Result;

/// The least memory that the engine gives a container, in MiB.
const LEAST_MEMORY: i64 = 6;

/// The longest wait, in seconds, that means something.
const LONGEST_WAIT: i64 = 86_400;

const ULIMITS: &[&str] = &[
    "core",
    "cpu",
    "data",
    "fsize",
    "locks",
    "memlock",
    "msgqueue",
    "nice",
    "nofile",
    "nproc",
    "rss",
    "rtprio",
    "rttime",
    "sigpending",
    "stack",
];

/// The drivers that ECS knows.
const LOG_DRIVERS: &[&str] =
    &["json-file", "syslog", "journald", "gelf", "fluentd", "awslogs", "splunk", "awsfirelens"];

pub(super) fn check(definition: &Definition, container: &ContainerDefinition) -> Result<()> {
    let name = container.name.as_str();
    if name.is_empty() {
        return refuse("Container.name should not be null or empty.");
    }
    if !arns::is_name(name) {
        return refuse("Container.name contains invalid characters.");
    }
    if container.image.is_empty() {
        return refuse("Container.image should not be null or empty.");
    }
    let legal = |byte: u8| byte.is_ascii_graphic();
    if container.image.len() > 1024 || !container.image.bytes().all(legal) {
        return refuse("Container.image contains invalid characters.");
    }
    check_size(definition, container)?;
    check_network(definition, container)?;
    check_log(definition, container)?;
    check_restart(container)?;
    check_resources(definition, container)?;
    health::check(container)?;
    linux::check(definition, container)?;
    secrets::check(definition, container)?;
    one_of("versionConsistency", container.version_consistency.as_deref(), &["enabled", "disabled"])?;
    for (member, seconds) in [("startTimeout", container.start_timeout), ("stopTimeout", container.stop_timeout)] {
        if seconds.is_some_and(|seconds| !(0..=LONGEST_WAIT).contains(&seconds)) {
            return refuse_setting(name, &format!("'{member}' must be between 0 and {LONGEST_WAIT} seconds."));
        }
    }
    Ok(())
}

pub(super) fn check_size(definition: &Definition, container: &ContainerDefinition) -> Result<()> {
    let ContainerDefinition { name, cpu, memory, memory_reservation, .. } = container;
    if !(0..=*super::CPU.end()).contains(cpu) {
        return refuse_setting(name, "'cpu' must be between 0 and 196608.");
    }
    for (member, size) in [("memory", memory), ("memoryReservation", memory_reservation)] {
        if size.is_some_and(|size| !(LEAST_MEMORY..=MOST_MEMORY).contains(&size)) {
            return refuse_setting(name, &format!("'{member}' must be at least {LEAST_MEMORY} MiB."));
        }
    }
    if memory.is_none() && memory_reservation.is_none() && definition.memory.is_none() {
        return refuse_setting(name, "At least one of 'memory' or 'memoryReservation' must be specified.");
    }
    if let (Some(memory), Some(reservation)) = (memory, memory_reservation)
        && memory <= reservation
    {
        return refuse_setting(name, "The 'memory' value must be greater than 'memoryReservation' value.");
    }
    Ok(())
}

/// What does not go with a network of the task's own, and the texts that become files and flags of the engine.
fn check_network(definition: &Definition, container: &ContainerDefinition) -> Result<()> {
    let mode = definition.network_mode();
    let given = |list: &Option<Vec<String>>| list.iter().flatten().next().is_some();
    let name = &container.name;
    if mode == NetworkMode::Awsvpc {
        let member = if container.hostname.is_some() {
            Some("hostname")
        } else if given(&container.dns_servers) {
            Some("dnsServers")
        } else if given(&container.dns_search_domains) {
            Some("dnsSearchDomains")
        } else if container.extra_hosts.iter().flatten().next().is_some() {
            Some("extraHosts")
        } else if container.disable_networking == Some(true) {
            Some("disableNetworking")
        } else {
            None
        };
        if let Some(member) = member {
            return refuse(format!("{member} is not supported when networkMode=awsvpc."));
        }
    }
    if given(&container.links) && mode != NetworkMode::Bridge {
        let mode = definition.network_mode.as_deref().unwrap_or_default();
        return refuse(format!("Links are not supported when networkMode={mode}."));
    }
    let is_host = |host: &str| {
        (1..=255).contains(&host.len())
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
    };
    if container.hostname.as_deref().is_some_and(|host| !is_host(host)) {
        return refuse_setting(name, "'hostname' is not a host name.");
    }
    for server in container.dns_servers.iter().flatten() {
        if server.parse::<IpAddr>().is_err() {
            return refuse_setting(name, "'dnsServers' must be IP addresses.");
        }
    }
    if container.dns_search_domains.iter().flatten().any(|domain| !is_host(domain)) {
        return refuse_setting(name, "'dnsSearchDomains' must be host names.");
    }
    for entry in container.extra_hosts.iter().flatten() {
        if !is_host(&entry.hostname) || entry.ip_address.parse::<IpAddr>().is_err() {
            return refuse_setting(name, "'extraHosts' must be host names with IP addresses.");
        }
    }
    Ok(())
}

fn check_log(definition: &Definition, container: &ContainerDefinition) -> Result<()> {
    if let Some(firelens) = &container.firelens_configuration {
        one_of("firelensConfiguration.type", Some(&firelens.r#type), &["fluentd", "fluentbit"])?;
    }
    let routers = definition.container_definitions.iter().filter(|one| one.firelens_configuration.is_some());
    let routers = routers.count();
    if routers > 1 {
        return refuse("Only one container of a task definition can have a firelensConfiguration.");
    }
    let Some(log) = &container.log_configuration else {
        return Ok(());
    };
    one_of("logDriver", Some(&log.log_driver), LOG_DRIVERS)?;
    let option = |name: &str| log.options.as_ref().and_then(|options| options.get(name));
    if log.log_driver == "awslogs" {
        let needed = ["awslogs-group", "awslogs-region"];
        let missing: Vec<&str> = needed.into_iter().filter(|name| option(name).is_none_or(String::is_empty)).collect();
        if !missing.is_empty() {
            return refuse(format!("Log driver awslogs requires options: {}", missing.join(", ")));
        }
    }
    if log.log_driver == "awsfirelens" && routers == 0 {
        return refuse("Log driver awsfirelens requires a container with a firelensConfiguration.");
    }
    Ok(())
}

fn check_restart(container: &ContainerDefinition) -> Result<()> {
    let Some(policy) = &container.restart_policy else {
        return Ok(());
    };
    let name = &container.name;
    if policy.ignored_exit_codes.iter().flatten().count() > 50 {
        return refuse_setting(name, "'restartPolicy.ignoredExitCodes' can have at most 50 elements.");
    }
    if policy.restart_attempt_period.is_some_and(|seconds| !(60..=1800).contains(&seconds)) {
        return refuse_setting(name, "'restartPolicy.restartAttemptPeriod' must be between 60 and 1800 seconds.");
    }
    Ok(())
}

fn check_resources(definition: &Definition, container: &ContainerDefinition) -> Result<()> {
    let name = &container.name;
    let ulimits = container.ulimits.as_deref().unwrap_or_default();
    for ulimit in ulimits {
        one_of("ulimits.name", Some(&ulimit.name), ULIMITS)?;
        let (soft, hard) = (ulimit.soft_limit, ulimit.hard_limit);
        // -1 is unlimited.
        if soft < -1 || hard < -1 || hard != -1 && (soft == -1 || soft > hard) {
            return refuse_setting(name, &format!("The limits of ulimit '{}' are invalid.", ulimit.name));
        }
    }
    if let Some(twice) = repeated(ulimits.iter().map(|ulimit| ulimit.name.as_str())) {
        return refuse_setting(name, &format!("Duplicate ulimit '{twice}'."));
    }
    for requirement in container.resource_requirements.iter().flatten() {
        one_of(
            "resourceRequirements.type",
            Some(&requirement.r#type),
            &["GPU", "InferenceAccelerator", "NeuronDevice"],
        )?;
        let is_count = requirement.value.parse::<u16>().is_ok_and(|count| count > 0);
        if requirement.r#type == "GPU" && !is_count {
            return refuse_setting(name, "The number of GPUs must be a positive number.");
        }
        let mut accelerators = definition.inference_accelerators.iter().flatten();
        if requirement.r#type == "InferenceAccelerator" && !accelerators.any(|one| one.device_name == requirement.value)
        {
            return refuse_setting(name, "The inference accelerator is not one of the task definition.");
        }
    }
    for (key, value) in container.docker_labels.iter().flatten() {
        if key.is_empty() || key.contains('\0') || value.contains('\0') {
            return refuse_setting(name, "'dockerLabels' must have keys.");
        }
        // The agent finds its containers by these.
        if key.starts_with("com.amazonaws.ecs.") {
            return refuse_setting(name, "'dockerLabels' cannot have keys that begin with com.amazonaws.ecs.");
        }
    }
    Ok(())
}
