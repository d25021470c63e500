//! Tasks for the tests of this module.

use acs::{ContainerDependency, Task as Wanted};

use super::Task;

/// A container of a task in a test.
#[derive(Debug, Clone)]
pub(super) struct Spec {
    pub(super) essential: bool,
    /// Which earlier ones it depends on, and how.
    pub(super) depends: Vec<(usize, &'static str)>,
}

pub(super) fn name(index: usize) -> String {
    format!("c{index}")
}

pub(super) fn wanted(specs: &[Spec]) -> Wanted {
    let container = |(index, spec): (usize, &Spec)| acs::Container {
        name: name(index),
        image: "image".to_owned(),
        essential: spec.essential,
        depends_on: spec
            .depends
            .iter()
            .map(|(on, condition)| ContainerDependency {
                container_name: name(*on),
                condition: (*condition).to_owned(),
            })
            .collect(),
        ..acs::Container::default()
    };
    Wanted {
        arn: "arn:aws:ecs:us-east-1:000000000000:task/default/0123456789abcdef0123456789abcdef".to_owned(),
        family: "family".to_owned(),
        version: "1".to_owned(),
        desired_status: "RUNNING".to_owned(),
        containers: specs.iter().enumerate().map(container).collect(),
        ..Wanted::default()
    }
}

pub(super) fn task(specs: &[Spec]) -> Task {
    Task::new(wanted(specs))
}
