//! `StopTask`: wants a task stopped. The answer shows what is wanted; that it has stopped is seen later.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::clusters::{self, write};
use crate::error::{Error, Result};
use crate::shapes::task::Task;
use crate::tags;
use crate::tasks;

/// The longest reason.
const LONGEST_REASON: usize = 255;

/// The operation.
pub(crate) struct StopTask;

#[derive(Debug, Deserialize)]
pub(crate) struct Input {
    cluster: Option<String>,
    task: String,
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Output {
    task: Task,
}

/// What is not here.
fn missing() -> Error {
    Error::InvalidParameter("The referenced task was not found.".to_owned())
}

impl Operation for StopTask {
    type Call = Call;
    const NAME: &'static str = "StopTask";
    const ACTION: &'static str = "ecs:StopTask";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        Ok(vec![tasks::need(call, Self::ACTION, input.cluster.as_deref(), &input.task, missing)?])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        if input.reason.as_ref().is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
            return Err(Error::InvalidParameter(format!("reason can not have more than {LONGEST_REASON} characters.")));
        }
        let (registry, now) = (call.ctx.registry.clone(), call.ctx.app.now());
        let (task, cluster, tags) = write(call, move |conn| {
            Box::pin(async move {
                let cluster = clusters::find_in(conn, &registry, input.cluster.as_deref()).await?;
                let name = cluster.row.name.clone();
                let row = tasks::find_in(conn, &cluster, &input.task, missing).await?;
                let reason = input.reason.as_deref().unwrap_or("Task stopped by user");
                let before = row.last_status.clone();
                let mut task = tasks::stop(conn, row, "UserInitiated", reason, now).await?;
                // What has begun thereby is seen later, too.
                task.row.last_status = before;
                let tags = tags::list(conn, &registry, &tasks::resource(&name, &task.row.task_id)).await?;
                Ok((task, name, tags))
            })
        })
        .await?;
        call.ctx.app.wake_agents();
        Ok(Output { task: Task::new(&call.ctx.registry, &cluster, task, tags) })
    }
}
