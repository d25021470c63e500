//! `RegisterTaskDefinition`: adds a revision to a family.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html>
//!
//! Roles need not exist yet. `requiresCompatibilities` with `MANAGED_INSTANCES` is refused: there are none.

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::arns;
use crate::error::{Error, Result};
use crate::shapes::task_definition::TaskDefinition;
use crate::tags::{self, Tag};
use crate::task_definitions::{self, Definition, conditions, roles};

/// The operation.
pub(crate) struct RegisterTaskDefinition;

#[derive(Debug, Deserialize)]
pub(crate) struct Input {
    family: String,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(flatten, deserialize_with = "aws::structure")]
    definition: Definition,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    task_definition: TaskDefinition,
    tags: Vec<Tag>,
}

impl Operation for RegisterTaskDefinition {
    type Call = Call;
    const NAME: &'static str = "RegisterTaskDefinition";
    const ACTION: &'static str = "ecs:RegisterTaskDefinition";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        if input.family.is_empty() {
            return Err(Error::Client("Family should not be null or empty.".to_owned()));
        }
        if !arns::is_name(&input.family) {
            return Err(Error::Client("Family contains invalid characters.".to_owned()));
        }
        let registry = &call.ctx.registry;
        let arn = task_definitions::family_arn(registry, &input.family);
        let on = |action| {
            let need = Need::new(action, Resource::Arn(call.account().clone(), arn.clone()));
            need.with_request_tags(tags::pairs(&input.tags))
        };
        let mut needs = vec![conditions::judged_by(on(Self::ACTION), &input.definition)];
        if !input.tags.is_empty() {
            needs.push(on("ecs:TagResource").with("ecs:CreateAction", [Self::NAME.to_owned()]));
        }
        let roles = [&input.definition.task_role_arn, &input.definition.execution_role_arn];
        needs.extend(roles::needs(registry, roles.into_iter().map(Option::as_deref))?);
        Ok(needs)
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        let Input { family, tags, definition } = input;
        let registered = task_definitions::register(call, grant, &family, definition, tags.clone()).await?;
        Ok(Output { task_definition: TaskDefinition::new(registered)?, tags })
    }
}
