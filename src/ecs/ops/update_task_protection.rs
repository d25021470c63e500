//! `UpdateTaskProtection`: has scale-in and deployments leave tasks alone for a while.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateTaskProtection.html>

use std::time::Duration;

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use super::get_task_protection::{Task, needs};
use crate::error::{Error, Result};
use crate::services::protection;
use crate::shapes::failure::Failure;

/// How many one call may name.
const MOST: usize = 10;
/// For how long, in minutes, if the client does not say.
const DEFAULT: i64 = 120;
/// For how long at most, in minutes.
const LONGEST: i64 = 2880;

/// The operation.
pub(crate) struct UpdateTaskProtection;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    cluster: String,
    tasks: Vec<String>,
    protection_enabled: bool,
    expires_in_minutes: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    protected_tasks: Vec<Task>,
    failures: Vec<Failure>,
}

impl Operation for UpdateTaskProtection {
    type Call = Call;
    const NAME: &'static str = "UpdateTaskProtection";
    const ACTION: &'static str = "ecs:UpdateTaskProtection";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        needs(call, Self::ACTION, &input.cluster, &input.tasks, MOST)
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        let minutes = input.expires_in_minutes.unwrap_or(DEFAULT);
        if !(1..=LONGEST).contains(&minutes) {
            return Err(Error::InvalidParameter(format!(
                "expiresInMinutes must be between 1 and {LONGEST}, inclusive."
            )));
        }
        let period = Duration::from_secs(60 * u64::try_from(minutes).unwrap_or_default());
        let period = input.protection_enabled.then_some(period);
        let (found, failures) = protection::set(call, grant, input.cluster, input.tasks, period).await?;
        Ok(Output { protected_tasks: found.into_iter().map(Task::from).collect(), failures })
    }
}
