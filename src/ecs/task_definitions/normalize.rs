//! Fills in what a definition leaves out, as ECS shows it afterwards. It refuses nothing but sizes that are none; the rest
//! is for `validate`, which looks at what comes out of here. Doing it twice changes nothing.

use types::RegistryId;

use super::container::{ContainerDefinition, HealthCheck, PortMapping};
use super::definition::{Definition, DockerVolumeConfiguration, NetworkMode};
use super::{roles, size};
use crate::error::{Error, Result};

/// Fills in defaults and writes sizes and roles in one way.
pub(crate) fn normalize(registry: &RegistryId, definition: &mut Definition) -> Result<()> {
    if definition.network_mode.is_none() {
        let mode = if definition.requires("FARGATE") { "awsvpc" } else { "bridge" };
        definition.network_mode = Some(mode.to_owned());
    }
    definition.cpu = sized(definition.cpu.take(), "cpu", size::cpu)?;
    definition.memory = sized(definition.memory.take(), "memory", size::memory)?;
    for role in [&mut definition.task_role_arn, &mut definition.execution_role_arn] {
        *role = role.take().filter(|given| !given.is_empty()).map(|given| roles::arn(registry, given));
    }
    let mode = definition.network_mode();
    for container in &mut definition.container_definitions {
        fill_container(container, mode);
    }
    for volume in &mut definition.volumes {
        if let Some(docker) = &mut volume.docker_volume_configuration {
            fill_volume(docker);
        }
    }
    Ok(())
}

/// `1 vCPU` → `1024`. None and empty are the same: forms send empty texts.
pub(crate) fn sized(given: Option<String>, member: &str, read: fn(&str) -> Option<i64>) -> Result<Option<String>> {
    match given.filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => match read(&text) {
            Some(size) => Ok(Some(size.to_string())),
            None => Err(Error::Client(format!("Invalid '{member}' setting for task."))),
        },
    }
}

fn fill_container(container: &mut ContainerDefinition, mode: NetworkMode) {
    container.essential.get_or_insert(true);
    for mapping in &mut container.port_mappings {
        fill_port(mapping, mode);
    }
    if let Some(HealthCheck { interval, timeout, retries, .. }) = &mut container.health_check {
        interval.get_or_insert(30);
        timeout.get_or_insert(5);
        retries.get_or_insert(3);
    }
}

fn fill_port(mapping: &mut PortMapping, mode: NetworkMode) {
    mapping.protocol.get_or_insert_with(|| "tcp".to_owned());
    // A range finds its ports when the task starts.
    if mapping.container_port_range.is_some() {
        return;
    }
    mapping.host_port = match (mode, mapping.host_port) {
        (NetworkMode::Awsvpc | NetworkMode::Host, None | Some(0)) => mapping.container_port,
        (_, None) => Some(0),
        (_, given) => given,
    };
}

fn fill_volume(docker: &mut DockerVolumeConfiguration) {
    docker.scope.get_or_insert_with(|| "task".to_owned());
    if docker.scope.as_deref() == Some("shared") {
        docker.autoprovision.get_or_insert(false);
    }
}
