//! `ExecuteCommand`: a command in a container that runs. No agent here runs one, so tasks are as those on AWS in which the agent
//! for it is not running, and the answer is the one that ECS gives then.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ExecuteCommand.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::clusters;
use crate::error::{Error, Result};
use crate::tasks::{self, RUNNING};

/// The operation.
pub(crate) struct ExecuteCommand;

#[derive(Debug, Deserialize)]
pub(crate) struct Input {
    cluster: Option<String>,
    container: Option<String>,
    /// Not looked at.
    #[serde(rename = "command")]
    _command: String,
    interactive: bool,
    task: String,
}

fn missing() -> Error {
    Error::InvalidParameter("The specified task was not found.".to_owned())
}

impl Operation for ExecuteCommand {
    type Call = Call;
    const NAME: &'static str = "ExecuteCommand";
    const ACTION: &'static str = "ecs:ExecuteCommand";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        let need = tasks::need(call, Self::ACTION, input.cluster.as_deref(), &input.task, missing)?;
        Ok(vec![match &input.container {
            Some(container) => need.with("ecs:container-name", [container.clone()]),
            None => need,
        }])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<()> {
        grant.require(Self::ACTION)?;
        let registry = &call.ctx.registry;
        let mut conn = call.ctx.app.db().reader().await?;
        let cluster = clusters::find_in(&mut conn, registry, input.cluster.as_deref()).await?;
        let row = tasks::find_in(&mut conn, &cluster, &input.task, missing).await?;
        if !input.interactive {
            return Err(Error::InvalidParameter("Interactive is the only mode supported currently.".to_owned()));
        }
        if row.last_status != RUNNING {
            return Err(Error::InvalidParameter("The specified task is not running.".to_owned()));
        }
        // The text of ECS.
        Err(Error::InvalidParameter(
            "The execute command failed because execute command was not enabled when the task was run or the execute \
             command agent isn\u{2019}t running. Wait and try again or run a new task with execute command enabled and \
             try again."
                .to_owned(),
        ))
    }
}
