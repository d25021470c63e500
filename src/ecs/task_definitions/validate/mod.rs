//! Whether a normalized definition can be. The texts are ECS's where they are known. What only some launch types cannot do
//! is in `compatibilities`.

mod container;
mod health;
mod linux;
mod order;
mod ports;
mod secrets;
mod volumes;

use std::collections::HashSet;

use super::compatibilities;
use super::definition::{Definition, NetworkMode};
use crate::error::{Error, Result};
use crate::placement::Constraint;

/// How many containers a task may have.
const MOST_CONTAINERS: usize = 10;

/// How many placement constraints a definition may have.
const MOST_CONSTRAINTS: usize = 10;

/// The largest document, in bytes.
const LARGEST: usize = 64 << 10;

/// CPU units of a task on a host.
const CPU: std::ops::RangeInclusive<i64> = 128..=196_608;

/// MiB; more than any host has would be placed nowhere, and sums must not overflow.
const MOST_MEMORY: i64 = 1 << 30;

/// A definition that cannot be, as ECS says it.
fn refuse<T>(message: impl Into<String>) -> Result<T> {
    Err(Error::Client(message.into()))
}

/// The refusal of a setting of a container.
fn refuse_setting<T>(container: &str, message: &str) -> Result<T> {
    refuse(format!("Invalid setting for container '{container}'. {message}"))
}

/// A member that has to be one of a few words.
fn one_of(member: &str, given: Option<&str>, words: &[&str]) -> Result<()> {
    match given {
        Some(other) if !words.contains(&other) => {
            let shown: String = other.chars().take(64).collect();
            refuse(format!("Invalid value '{shown}' for {member}. Valid values are: {}.", words.join(", ")))
        }
        _ => Ok(()),
    }
}

/// The first that is there a second time.
fn repeated<T: Eq + std::hash::Hash + Copy>(all: impl IntoIterator<Item = T>) -> Option<T> {
    let mut seen = HashSet::new();
    all.into_iter().find(|one| !seen.insert(*one))
}

/// Checks all of it.
pub(crate) fn check(definition: &Definition) -> Result<()> {
    check_task(definition)?;
    let containers = &definition.container_definitions;
    if containers.is_empty() {
        return refuse("Container list cannot be empty.");
    }
    if containers.len() > MOST_CONTAINERS {
        return refuse(format!("Too many containers. A task definition can have at most {MOST_CONTAINERS}."));
    }
    for one in containers {
        container::check(definition, one)?;
    }
    if let Some(name) = repeated(containers.iter().map(|one| one.name.as_str())) {
        return refuse(format!("Container names must be unique. '{name}' is used more than once."));
    }
    if !containers.iter().any(|one| one.is_essential()) {
        return refuse("A task definition must have at least one essential container.");
    }
    check_sizes(definition)?;
    volumes::check(definition)?;
    ports::check(definition)?;
    order::check(definition)?;
    check_proxy(definition)?;
    for wanted in definition.requires_compatibilities.iter().flatten() {
        compatibilities::check(definition, wanted).or_else(refuse)?;
    }
    if definition.ephemeral_storage.is_some() && !definition.requires("FARGATE") {
        return refuse("ephemeralStorage is only supported for tasks that require FARGATE.");
    }
    let length = definition.to_json().map_or(usize::MAX, |document| document.to_string().len());
    if length > LARGEST {
        return refuse(format!("Actual length: '{length}'. Max allowed length is '{LARGEST}' bytes."));
    }
    Ok(())
}

/// Checks the sizes alone, as they are with what a request overrides.
pub(crate) fn check_overridden_sizes(definition: &Definition) -> Result<()> {
    check_task_size(definition)?;
    for one in &definition.container_definitions {
        container::check_size(definition, one)?;
    }
    check_sizes(definition)
}

fn check_task_size(definition: &Definition) -> Result<()> {
    if definition.task_cpu().is_some_and(|cpu| !CPU.contains(&cpu)) {
        return refuse("Invalid 'cpu' setting for task.");
    }
    if definition.task_memory().is_some_and(|memory| !(1..=MOST_MEMORY).contains(&memory)) {
        return refuse("Invalid 'memory' setting for task.");
    }
    Ok(())
}

fn check_task(definition: &Definition) -> Result<()> {
    one_of("networkMode", definition.network_mode.as_deref(), &["bridge", "host", "awsvpc", "none"])?;
    one_of("pidMode", definition.pid_mode.as_deref(), &["host", "task"])?;
    one_of("ipcMode", definition.ipc_mode.as_deref(), &["host", "task", "none"])?;
    for wanted in definition.requires_compatibilities.iter().flatten() {
        one_of("requiresCompatibilities", Some(wanted), &["EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"])?;
    }
    check_task_size(definition)?;
    if let Some(storage) = &definition.ephemeral_storage
        && !(21..=200).contains(&storage.size_in_gib)
    {
        return refuse("The ephemeral storage size must be between 21 and 200 GiB, inclusive.");
    }
    if let Some(platform) = &definition.runtime_platform {
        one_of("cpuArchitecture", platform.cpu_architecture.as_deref(), &["X86_64", "ARM64"])?;
        one_of("operatingSystemFamily", platform.operating_system_family.as_deref(), SYSTEMS)?;
    }
    let trusted = definition.trusted_execution_configuration.as_ref();
    if trusted.is_some_and(|trusted| trusted["isolationMode"] != "SHARED") {
        return refuse("trustedExecutionConfiguration supports isolationMode SHARED only.");
    }
    check_constraints(definition)
}

const SYSTEMS: &[&str] = &[
    "LINUX",
    "WINDOWS_SERVER_2016_FULL",
    "WINDOWS_SERVER_2019_CORE",
    "WINDOWS_SERVER_2019_FULL",
    "WINDOWS_SERVER_2004_CORE",
    "WINDOWS_SERVER_20H2_CORE",
    "WINDOWS_SERVER_2022_CORE",
    "WINDOWS_SERVER_2022_FULL",
    "WINDOWS_SERVER_2025_CORE",
    "WINDOWS_SERVER_2025_FULL",
];

fn check_constraints(definition: &Definition) -> Result<()> {
    let constraints = &definition.placement_constraints;
    if constraints.len() > MOST_CONSTRAINTS {
        return refuse(format!("Too many placement constraints. There can be at most {MOST_CONSTRAINTS}."));
    }
    for constraint in constraints {
        // One task of a definition says nothing about others: distinctInstance is for services and RunTask.
        one_of("placementConstraints.type", Some(&constraint.r#type), &["memberOf"])?;
        Constraint::read(&constraint.r#type, constraint.expression.as_deref())?;
    }
    Ok(())
}

/// What containers have together fits into the task.
fn check_sizes(definition: &Definition) -> Result<()> {
    let containers = &definition.container_definitions;
    if let Some(task) = definition.task_cpu()
        && containers.iter().map(|one| one.cpu).sum::<i64>() > task
    {
        return refuse("The sum of the 'cpu' settings of all containers cannot be greater than that of the task.");
    }
    let Some(task) = definition.task_memory() else {
        return Ok(());
    };
    if let Some(large) = containers.iter().find(|one| one.memory.is_some_and(|memory| memory > task)) {
        // The text is seen in reports of Pulumi's users.
        return refuse(format!("The 'memory' setting for container '{}' is greater than for the task.", large.name));
    }
    if containers.iter().map(|one| one.reserved_memory()).sum::<i64>() > task {
        return refuse("The sum of the memory of all containers cannot be greater than that of the task.");
    }
    Ok(())
}

fn check_proxy(definition: &Definition) -> Result<()> {
    let Some(proxy) = &definition.proxy_configuration else {
        return Ok(());
    };
    one_of("proxyConfiguration.type", proxy.r#type.as_deref(), &["APPMESH"])?;
    if definition.network_mode() != NetworkMode::Awsvpc {
        return refuse("proxyConfiguration is only supported when networkMode=awsvpc.");
    }
    if definition.container(&proxy.container_name).is_none() {
        return refuse(format!("Unknown container '{}' in proxyConfiguration.", proxy.container_name));
    }
    Ok(())
}
