//! `DeregisterTaskDefinition`: nothing new runs of a revision; what runs goes on.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeregisterTaskDefinition.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::shapes::task_definition::TaskDefinition;
use crate::task_definitions;

/// The operation.
pub(crate) struct DeregisterTaskDefinition;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    task_definition: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    task_definition: TaskDefinition,
}

impl Operation for DeregisterTaskDefinition {
    type Call = Call;
    const NAME: &'static str = "DeregisterTaskDefinition";
    const ACTION: &'static str = "ecs:DeregisterTaskDefinition";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    /// AWS knows no resource for it.
    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        let deregistered = task_definitions::deregister(call, grant, &input.task_definition).await?;
        Ok(Output { task_definition: TaskDefinition::new(deregistered)? })
    }
}
