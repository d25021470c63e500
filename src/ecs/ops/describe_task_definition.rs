//! `DescribeTaskDefinition`: a revision, or the newest active one of a family.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTaskDefinition.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::shapes::task_definition::TaskDefinition;
use crate::tags::{self, Tag};
use crate::task_definitions;

/// The operation.
pub(crate) struct DescribeTaskDefinition;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    task_definition: String,
    #[serde(default)]
    include: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    task_definition: TaskDefinition,
    tags: Vec<Tag>,
}

impl Operation for DescribeTaskDefinition {
    type Call = Call;
    const NAME: &'static str = "DescribeTaskDefinition";
    const ACTION: &'static str = "ecs:DescribeTaskDefinition";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    /// AWS knows no resource for it.
    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        let registry = &call.ctx.registry;
        let mut conn = call.ctx.app.db().reader().await?;
        let found = task_definitions::look_up(&mut conn, registry, &input.task_definition).await?;
        let found = found.ok_or_else(|| Error::Client("Unable to describe task definition.".to_owned()))?;
        let tags = if input.include.iter().any(|include| include == "TAGS") {
            tags::list(&mut conn, registry, &found.resource()).await?
        } else {
            Vec::new()
        };
        Ok(Output { task_definition: TaskDefinition::new(found)?, tags })
    }
}
