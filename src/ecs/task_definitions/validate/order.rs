//! In which order containers start: what they wait for, link to and take volumes from exists, can come true, and has no
//! cycle.

use std::collections::HashMap;

use super::super::container::ContainerDefinition;
use super::super::definition::Definition;
use super::{one_of, refuse, refuse_setting};
use crate::error::Result;

pub(super) fn check(definition: &Definition) -> Result<()> {
    let containers = &definition.container_definitions;
    for container in containers {
        check_references(definition, container)?;
        check_dependencies(definition, container)?;
    }
    if has_cycle(containers) {
        return refuse("There is a cycle in the dependencies of the containers.");
    }
    Ok(())
}

fn check_references(definition: &Definition, container: &ContainerDefinition) -> Result<()> {
    for linked in container.linked() {
        if linked == container.name || definition.container(linked).is_none() {
            return refuse_setting(&container.name, &format!("It is linked to an unknown container '{linked}'."));
        }
    }
    for from in &container.volumes_from {
        let source = from.source_container.as_str();
        if source == container.name || definition.container(source).is_none() {
            return refuse_setting(&container.name, &format!("It has volumes from an unknown container '{source}'."));
        }
    }
    Ok(())
}

fn check_dependencies(definition: &Definition, container: &ContainerDefinition) -> Result<()> {
    let name = &container.name;
    for dependency in container.dependencies() {
        let (on, condition) = (dependency.container_name.as_str(), dependency.condition.as_str());
        one_of("dependsOn.condition", Some(condition), &["START", "COMPLETE", "SUCCESS", "HEALTHY"])?;
        let Some(target) = definition.container(on).filter(|target| target.name != *name) else {
            return refuse_setting(name, &format!("It depends on an unknown container '{on}'."));
        };
        // The task ends with it, so whoever waits for its end would never run.
        if matches!(condition, "COMPLETE" | "SUCCESS") && target.is_essential() {
            return refuse_setting(
                name,
                &format!("It depends on the end of container '{on}', which must not be essential then."),
            );
        }
        if condition == "HEALTHY" && !target.is_checked() {
            return refuse_setting(name, &format!("It depends on the health of container '{on}', which has no check."));
        }
    }
    Ok(())
}

/// What has to be there before a container starts.
fn before(container: &ContainerDefinition) -> impl Iterator<Item = &str> {
    let dependencies = container.dependencies().iter().map(|dependency| dependency.container_name.as_str());
    let volumes = container.volumes_from.iter().map(|from| from.source_container.as_str());
    dependencies.chain(container.linked()).chain(volumes)
}

/// Takes away, again and again, what waits for nothing that is left.
fn has_cycle(containers: &[ContainerDefinition]) -> bool {
    let mut left: HashMap<&str, Vec<&str>> =
        containers.iter().map(|container| (container.name.as_str(), before(container).collect())).collect();
    while !left.is_empty() {
        let free: Vec<&str> = left
            .iter()
            .filter(|(_, waits)| waits.iter().all(|name| !left.contains_key(name)))
            .map(|(name, _)| *name)
            .collect();
        if free.is_empty() {
            return true;
        }
        for name in free {
            left.remove(name);
        }
    }
    false
}
