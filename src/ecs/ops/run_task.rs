//! `RunTask`: starts up to ten tasks of one definition, where placement finds room.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clusters::StrategyItem;
use crate::conditions::Asked;
use crate::error::{Error, Result};
use crate::shapes::failure::Failure;
use crate::shapes::task::Task;
use crate::tags::Tag;
use crate::task_definitions::{self, Named};
use crate::tasks::request::{self, Judged, PlacementConstraint, PlacementStrategy, Request, Where};

/// The most tasks of one call.
const MOST: i64 = 10;

/// The operation.
pub(crate) struct RunTask;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    cluster: Option<String>,
    task_definition: String,
    /// The revision that the name of a family means.
    #[serde(skip)]
    resolved: Option<String>,
    /// What counts of that revision.
    #[serde(skip)]
    named: Named,
    count: Option<i64>,
    launch_type: Option<String>,
    #[serde(default)]
    capacity_provider_strategy: Vec<StrategyItem>,
    platform_version: Option<String>,
    network_configuration: Option<Value>,
    #[serde(default)]
    overrides: Value,
    group: Option<String>,
    started_by: Option<String>,
    #[serde(default)]
    placement_constraints: Vec<PlacementConstraint>,
    #[serde(default)]
    placement_strategy: Vec<PlacementStrategy>,
    #[serde(default)]
    tags: Vec<Tag>,
    propagate_tags: Option<String>,
    #[serde(default, rename = "enableECSManagedTags")]
    enable_managed_tags: bool,
    #[serde(default)]
    enable_execute_command: bool,
    client_token: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Output {
    tasks: Vec<Task>,
    failures: Vec<Failure>,
}

impl Operation for RunTask {
    type Call = Call;
    const NAME: &'static str = "RunTask";
    const ACTION: &'static str = "ecs:RunTask";
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
        if !(1..=MOST).contains(&input.count.unwrap_or(1)) {
            return Err(Error::InvalidParameter(format!("count must be between 1 and {MOST}, inclusive.")));
        }
        let judged = Judged {
            operation: Self::NAME,
            action: Self::ACTION,
            cluster: input.cluster.as_deref(),
            task_definition: input.resolved.as_ref().unwrap_or(&input.task_definition),
            container_instances: &[],
            capacity_provider_strategy: &input.capacity_provider_strategy,
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
        let count = usize::try_from(input.count.unwrap_or(1)).unwrap_or(1);
        let request = Request {
            cluster: input.cluster,
            task_definition: input.task_definition,
            resolved: input.resolved,
            places: Where::Anywhere(count),
            launch_type: input.launch_type,
            capacity_provider_strategy: input.capacity_provider_strategy,
            platform_version: input.platform_version,
            network_configuration: input.network_configuration,
            overrides: input.overrides,
            group: input.group,
            started_by: input.started_by,
            placement_constraints: input.placement_constraints,
            placement_strategy: input.placement_strategy,
            tags: input.tags,
            propagate_tags: input.propagate_tags,
            enable_managed_tags: input.enable_managed_tags,
            enable_execute_command: input.enable_execute_command,
            client_token: input.client_token.filter(|token| !token.is_empty()),
        };
        let (tasks, failures) = request::start(call, request).await?;
        Ok(Output { tasks, failures })
    }
}
