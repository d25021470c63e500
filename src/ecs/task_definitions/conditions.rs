//! What policies may ask of a definition that is to be registered or run, beside its tags.

use aws::Need;

use super::{Definition, size};

/// A need with `ecs:privileged` (whether any container is), and what the definition says of `ecs:compute-compatibility`,
/// `ecs:task-cpu` (CPU units) and `ecs:task-memory` (MiB).
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html>
pub(crate) fn judged_by(need: Need, definition: &Definition) -> Need {
    let privileged = definition.container_definitions.iter().any(|container| container.privileged == Some(true));
    let mut need = need.with("ecs:privileged", [privileged.to_string()]);
    if let Some(compatibilities) = &definition.requires_compatibilities {
        need = need.with("ecs:compute-compatibility", compatibilities.iter().cloned());
    }
    sized(need, definition.cpu.as_deref(), definition.memory.as_deref())
}

/// A need with `ecs:task-cpu` (CPU units) and `ecs:task-memory` (MiB) of what is registered or run, as far as it says them.
pub(crate) fn sized(mut need: Need, cpu: Option<&str>, memory: Option<&str>) -> Need {
    // A policy compares numbers, however a client writes them.
    for (key, units) in [("ecs:task-cpu", cpu.and_then(size::cpu)), ("ecs:task-memory", memory.and_then(size::memory))]
    {
        if let Some(units) = units {
            need = need.with(key, [units.to_string()]);
        }
    }
    need
}
