//! What a request wants otherwise than the task definition says. It is kept as sent, since answers echo it, and read where
//! it matters.

use serde::Deserialize;

use super::Task;
use crate::error::{Error, Result};
use crate::task_definitions::container::{EnvironmentFile, KeyValuePair};
use crate::task_definitions::{Definition, compatibilities, normalize, size, validate};

/// The most characters that overrides may have as JSON.
pub(crate) const LONGEST: usize = 8192;

/// `TaskOverride` of the API.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Overrides {
    pub(crate) container_overrides: Vec<ContainerOverride>,
    pub(crate) cpu: Option<String>,
    pub(crate) memory: Option<String>,
    pub(crate) execution_role_arn: Option<String>,
    pub(crate) task_role_arn: Option<String>,
}

/// `ContainerOverride` of the API.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ContainerOverride {
    pub(crate) name: String,
    pub(crate) command: Option<Vec<String>>,
    pub(crate) environment: Vec<KeyValuePair>,
    pub(crate) environment_files: Vec<EnvironmentFile>,
    pub(crate) cpu: Option<i64>,
    pub(crate) memory: Option<i64>,
    pub(crate) memory_reservation: Option<i64>,
}

impl Overrides {
    /// Those of a task that exists.
    pub(crate) fn of(task: &Task) -> Result<Self> {
        Self::read(&task.document.overrides)
    }

    /// From what a client sent, with sizes in units and MiB.
    pub(crate) fn read(sent: &serde_json::Value) -> Result<Self> {
        if sent.is_null() {
            return Ok(Self::default());
        }
        let invalid = |error| Error::InvalidParameter(format!("Overrides are not valid: {error}"));
        let mut overrides = aws::structure::<Self, _>(sent).map_err(invalid)?;
        overrides.cpu = normalize::sized(overrides.cpu.take(), "cpu", size::cpu).map_err(refused)?;
        overrides.memory = normalize::sized(overrides.memory.take(), "memory", size::memory).map_err(refused)?;
        Ok(overrides)
    }

    /// Those of one container.
    pub(crate) fn of_container(&self, name: &str) -> Option<&ContainerOverride> {
        self.container_overrides.iter().find(|of_it| of_it.name == name)
    }

    /// Refuses overrides of what the definition does not have, and sizes that do not fit together or that a launch type does
    /// not have.
    pub(crate) fn check(&self, definition: &Definition, launch_type: &str) -> Result<()> {
        for of_it in &self.container_overrides {
            if definition.container(&of_it.name).is_none() {
                return Err(Error::InvalidParameter(
                    "Override for container named '".to_owned()
                        + &of_it.name
                        + "' is not a container in the TaskDefinition.",
                ));
            }
        }
        let changed = self.apply(definition);
        validate::check_overridden_sizes(&changed).map_err(refused)?;
        compatibilities::check(&changed, launch_type).map_err(Error::InvalidParameter)
    }

    /// The definition with sizes as the request wants them, for placement.
    pub(crate) fn apply(&self, definition: &Definition) -> Definition {
        let mut changed = definition.clone();
        changed.cpu = self.cpu.clone().or(changed.cpu);
        changed.memory = self.memory.clone().or(changed.memory);
        for container in &mut changed.container_definitions {
            let Some(of_it) = self.of_container(&container.name) else {
                continue;
            };
            container.cpu = of_it.cpu.unwrap_or(container.cpu);
            container.memory = of_it.memory.or(container.memory);
            container.memory_reservation = of_it.memory_reservation.or(container.memory_reservation);
        }
        changed
    }
}

/// What is wrong with a definition, said of a request.
fn refused(error: Error) -> Error {
    match error {
        Error::Client(message) => Error::InvalidParameter(message),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn definition() -> Definition {
        let container = |name: &str| json!({ "name": name, "image": name, "cpu": 64, "memory": 128 });
        let definition = json!({
            "networkMode": "awsvpc", "cpu": "256", "memory": "512",
            "containerDefinitions": [container("app"), container("side")],
        });
        serde_json::from_value(definition).unwrap()
    }

    fn check(sent: &Value, launch_type: &str) -> std::result::Result<(), String> {
        let checked = Overrides::read(sent).and_then(|overrides| overrides.check(&definition(), launch_type));
        checked.map_err(|error| match error {
            Error::InvalidParameter(message) => message,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn sizes_are_read_as_those_of_definitions() {
        let overrides = Overrides::read(&json!({ "cpu": "1 vCPU", "memory": "2 GB" })).unwrap();
        let applied = overrides.apply(&definition());
        assert_eq!((applied.task_cpu(), applied.task_memory()), (Some(1024), Some(2048)));
        assert_eq!((applied.cpu.as_deref(), applied.memory.as_deref()), (Some("1024"), Some("2048")));
        // Forms send empty texts.
        assert_eq!(
            Overrides::read(&json!({ "cpu": "", "memory": "" })).unwrap().apply(&definition()).task_cpu(),
            Some(256)
        );
    }

    #[test]
    fn sizes_that_do_not_fit_together_are_refused() {
        let app = |sizes: Value| {
            let mut container = json!({ "name": "app" });
            container.as_object_mut().unwrap().extend(sizes.as_object().unwrap().clone());
            json!({ "containerOverrides": [container] })
        };
        for (sent, text) in [
            (json!({ "cpu": "lots" }), "Invalid 'cpu' setting for task."),
            (json!({ "memory": "1 vCPU" }), "Invalid 'memory' setting for task."),
            (json!({ "cpu": "64" }), "Invalid 'cpu' setting for task."),
            (json!({ "memory": "100" }), "The 'memory' setting for container 'app' is greater than for the task."),
            (app(json!({ "memory": 513 })), "The 'memory' setting for container 'app' is greater than for the task."),
            (
                app(json!({ "memory": 400 })),
                "The sum of the memory of all containers cannot be greater than that of the task.",
            ),
            (app(json!({ "memory": 5 })), "Invalid setting for container 'app'. 'memory' must be at least 6 MiB."),
            (
                app(json!({ "memoryReservation": 128 })),
                "Invalid setting for container 'app'. The 'memory' value must be greater than 'memoryReservation' value.",
            ),
            (
                app(json!({ "cpu": 193 })),
                "The sum of the 'cpu' settings of all containers cannot be greater than that of the task.",
            ),
            (app(json!({ "cpu": -1 })), "Invalid setting for container 'app'. 'cpu' must be between 0 and 196608."),
        ] {
            assert_eq!(check(&sent, "EC2"), Err(text.to_owned()), "{sent}");
        }
        assert_eq!(check(&json!({ "cpu": "0.5 vCPU", "memory": "700" }), "EC2"), Ok(()));
        assert_eq!(check(&app(json!({ "memory": 300, "memoryReservation": 6 })), "EC2"), Ok(()));
    }

    #[test]
    fn fargate_has_sizes_of_its_own() {
        assert_eq!(check(&json!({ "cpu": ".5 vCPU", "memory": "1 GB" }), "FARGATE"), Ok(()));
        let refused = "No Fargate configuration exists for given values: 512 CPU, 700 memory.";
        assert_eq!(check(&json!({ "cpu": ".5 vCPU", "memory": "700" }), "FARGATE"), Err(refused.to_owned()));
    }
}
