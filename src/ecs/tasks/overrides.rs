//! What a request wants otherwise than the task definition says. It is kept as sent, since answers echo it, and read where
//! it matters.

use serde::Deserialize;

use super::Task;
use crate::error::{Error, Result};
use crate::task_definitions::Definition;
use crate::task_definitions::container::{EnvironmentFile, KeyValuePair};

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

    /// From what a client sent.
    pub(crate) fn read(sent: &serde_json::Value) -> Result<Self> {
        if sent.is_null() {
            return Ok(Self::default());
        }
        Self::deserialize(sent).map_err(|error| Error::InvalidParameter(format!("Overrides are not valid: {error}")))
    }

    /// Those of one container.
    pub(crate) fn of_container(&self, name: &str) -> Option<&ContainerOverride> {
        self.container_overrides.iter().find(|of_it| of_it.name == name)
    }

    /// Refuses overrides of what the definition does not have.
    pub(crate) fn check(&self, definition: &Definition) -> Result<()> {
        for of_it in &self.container_overrides {
            if definition.container(&of_it.name).is_none() {
                return Err(Error::InvalidParameter(
                    "Override for container named '".to_owned()
                        + &of_it.name
                        + "' is not a container in the TaskDefinition.",
                ));
            }
        }
        Ok(())
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
