//! `GetTaskProtection`: whether scale-in and deployments leave tasks alone.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_GetTaskProtection.html>
//!
//! Known difference: tasks must be named.

use app::Grant;
use app::api::Call;
use aws::{Epoch, Need, Operation};
use serde::{Deserialize, Serialize};

use crate::clusters;
use crate::error::{Error, Result};
use crate::services::protection::{self, Protected};
use crate::shapes::failure::Failure;

/// How many one call may name.
const MOST_TO_READ: usize = 100;

/// The operation.
pub(crate) struct GetTaskProtection;

#[derive(Debug, Deserialize)]
pub(crate) struct Input {
    cluster: String,
    #[serde(default)]
    tasks: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    protected_tasks: Vec<Task>,
    failures: Vec<Failure>,
}

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ProtectedTask.html>
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Task {
    task_arn: String,
    protection_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_date: Option<Epoch>,
}

impl From<Protected> for Task {
    fn from(task: Protected) -> Self {
        Self { task_arn: task.arn, protection_enabled: task.until.is_some(), expiration_date: task.until.map(Epoch) }
    }
}

/// What reading or setting the protection of tasks needs.
pub(super) fn needs(
    call: &Call,
    action: &'static str,
    cluster: &str,
    given: &[String],
    most: usize,
) -> Result<Vec<Need>> {
    if given.is_empty() {
        return Err(Error::InvalidParameter("Tasks cannot be empty.".to_owned()));
    }
    if given.len() > most {
        return Err(Error::InvalidParameter(format!("Tasks can not have more than {most} elements.")));
    }
    clusters::needs_in(call, action, Some(cluster), "task", given)
}

impl Operation for GetTaskProtection {
    type Call = Call;
    const NAME: &'static str = "GetTaskProtection";
    const ACTION: &'static str = "ecs:GetTaskProtection";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        needs(call, Self::ACTION, &input.cluster, &input.tasks, MOST_TO_READ)
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        let (found, failures) = protection::get(call, grant, &input.cluster, &input.tasks).await?;
        Ok(Output { protected_tasks: found.into_iter().map(Task::from).collect(), failures })
    }
}
