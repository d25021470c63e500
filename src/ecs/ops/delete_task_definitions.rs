//! `DeleteTaskDefinitions`: puts up to ten inactive revisions down for deletion.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteTaskDefinitions.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::arns;
use crate::error::{Error, Result};
use crate::shapes::failure::Failure;
use crate::shapes::task_definition::TaskDefinition;
use crate::task_definitions::{self, Identifier, Undeletable};

/// How many one call may name.
const MOST: usize = 10;

/// The operation.
pub(crate) struct DeleteTaskDefinitions;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    task_definitions: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    task_definitions: Vec<TaskDefinition>,
    failures: Vec<Failure>,
}

impl Operation for DeleteTaskDefinitions {
    type Call = Call;
    const NAME: &'static str = "DeleteTaskDefinitions";
    const ACTION: &'static str = "ecs:DeleteTaskDefinitions";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        if !(1..=MOST).contains(&input.task_definitions.len()) {
            return Err(Error::InvalidParameter(format!("TaskDefinitions must have between 1 and {MOST} elements.")));
        }
        let registry = &call.ctx.registry;
        let named = input.task_definitions.iter().filter_map(|given| Identifier::read(registry, given).ok()?);
        let named = named.filter_map(|one| Some(task_definitions::resource(one.family, one.revision?)));
        let on = |resource: String| Resource::Arn(call.account().clone(), arns::arn(registry, &resource));
        let needs: Vec<Need> = named.map(|resource| Need::new(Self::ACTION, on(resource))).collect();
        // What names none is told so, to whoever may do it at all.
        Ok(if needs.is_empty() { vec![Need::new(Self::ACTION, Resource::Any)] } else { needs })
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        let (mut task_definitions, mut failures) = (Vec::new(), Vec::new());
        for given in input.task_definitions {
            match task_definitions::delete(call, grant, &given).await? {
                Ok(deleting) => task_definitions.push(TaskDefinition::new(deleting)?),
                Err(why) => failures.push(failure(call, given, why)),
            }
        }
        Ok(Output { task_definitions, failures })
    }
}

/// As ECS answers; its clients' tests compare these texts.
fn failure(call: &Call, given: String, why: Undeletable) -> Failure {
    let reason = match why {
        Undeletable::Invalid => {
            "The specified task definition identifier is invalid. Specify a valid name or ARN and try again."
        }
        Undeletable::Missing => {
            "The specified task definition does not exist. Specify a valid account, family, revision and try again."
        }
        Undeletable::Active => {
            "The specified task definition is still in ACTIVE status. Please deregister the target and try again."
        }
    };
    let registry = &call.ctx.registry;
    let arn = match Identifier::read(registry, &given) {
        Ok(Some(Identifier { family, revision: Some(revision) })) => {
            arns::arn(registry, &task_definitions::resource(family, revision)).to_string()
        }
        _ => given,
    };
    Failure { arn: Some(arn), reason: reason.to_owned(), detail: None }
}
