//! Whether a task can be run at all. The control plane checks definitions, so what is refused here is a mistake or another
//! control plane; a task that makes no sense must not keep the agent busy for ever.

use std::collections::BTreeSet;

use acs::Task;

use super::dependency;

/// Why a task cannot be run.
pub fn check(task: &Task) -> Result<(), String> {
    let refuse = |text: String| Err(format!("UnrecognizedTaskError: {text}"));
    if task.arn.is_empty() || task.arn.len() > 1024 {
        return refuse("a task without an ARN".to_owned());
    }
    if task.containers.is_empty() {
        return refuse("a task without containers".to_owned());
    }
    let names: BTreeSet<&str> = task.containers.iter().map(|container| container.name.as_str()).collect();
    if names.len() != task.containers.len() {
        return refuse("two containers of one name".to_owned());
    }
    if !task.containers.iter().any(|container| container.essential) {
        return refuse("no container is essential".to_owned());
    }
    for container in &task.containers {
        let wholesome = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
        if container.name.is_empty() || !container.name.chars().all(wholesome) {
            return refuse(format!("a container cannot be called '{}'", container.name.escape_debug()));
        }
        for (other, _) in dependency::of(container) {
            if !names.contains(other) {
                return refuse(format!("container '{}' depends on '{}', which is not there", container.name, other));
            }
        }
    }
    // Whoever depends on nothing that is left is taken away; what stays is in a circle.
    let mut left: Vec<&acs::Container> = task.containers.iter().collect();
    loop {
        let open: BTreeSet<&str> = left.iter().map(|container| container.name.as_str()).collect();
        let before = left.len();
        left.retain(|container| dependency::of(container).iter().any(|(other, _)| open.contains(other)));
        if left.is_empty() {
            return Ok(());
        }
        if left.len() == before {
            return refuse("containers depend on one another in a circle".to_owned());
        }
    }
}
