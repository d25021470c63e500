//! `StartTask`: starts a task of one definition on each of up to ten named hosts.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StartTask.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::conditions::Asked;
use crate::error::{Error, Result};
use crate::shapes::failure::Failure;
use crate::shapes::task::Task;
use crate::tags::Tag;
use crate::task_definitions::{self, Named};
use crate::tasks::request::{self, Judged, Request, Where};

/// The most hosts of one call.
const MOST: usize = 10;

/// The operation.
pub(crate) struct StartTask;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    cluster: Option<String>,
    container_instances: Vec<String>,
    task_definition: String,
    /// The revision that the name of a family means.
    #[serde(skip)]
    resolved: Option<String>,
    /// What counts of that revision.
    #[serde(skip)]
    named: Named,
    network_configuration: Option<Value>,
    #[serde(default)]
    overrides: Value,
    group: Option<String>,
    started_by: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
    propagate_tags: Option<String>,
    #[serde(default, rename = "enableECSManagedTags")]
    enable_managed_tags: bool,
    #[serde(default)]
    enable_execute_command: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct Output {
    tasks: Vec<Task>,
    failures: Vec<Failure>,
}

impl Operation for StartTask {
    type Call = Call;
    const NAME: &'static str = "StartTask";
    const ACTION: &'static str = "ecs:StartTask";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    async fn resolve(call: &Call, input: &mut Input) -> Result<()> {
        input.resolved = task_definitions::newest(call, &input.task_definition).await;
        let given = input.resolved.as_ref().unwrap_or(&input.task_definition);
        input.named = task_definitions::named(call, given).await?;
        Ok(())
    }

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        if input.container_instances.is_empty() {
            return Err(Error::InvalidParameter("Container Instances cannot be empty.".to_owned()));
        }
        if input.container_instances.len() > MOST {
            return Err(Error::InvalidParameter(format!(
                "Container Instances can not have more than {MOST} elements."
            )));
        }
        let judged = Judged {
            operation: Self::NAME,
            action: Self::ACTION,
            cluster: input.cluster.as_deref(),
            task_definition: input.resolved.as_ref().unwrap_or(&input.task_definition),
            container_instances: &input.container_instances,
            capacity_provider_strategy: &[],
            named: &input.named,
            overrides: &input.overrides,
            tags: &input.tags,
            asked: Asked {
                enable_execute_command: Some(input.enable_execute_command),
                enable_managed_tags: Some(input.enable_managed_tags),
                propagate_tags: input.propagate_tags.as_deref(),
                network_configuration: input.network_configuration.as_ref(),
            },
        };
        request::needs(call, &judged)
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        let request = Request {
            cluster: input.cluster,
            task_definition: input.task_definition,
            resolved: input.resolved,
            places: Where::On(input.container_instances),
            network_configuration: input.network_configuration,
            overrides: input.overrides,
            group: input.group,
            started_by: input.started_by,
            tags: input.tags,
            propagate_tags: input.propagate_tags,
            enable_managed_tags: input.enable_managed_tags,
            enable_execute_command: input.enable_execute_command,
            ..Request::default()
        };
        let (tasks, failures) = request::start(call, request).await?;
        Ok(Output { tasks, failures })
    }
}
