//! `ExecuteCommand`: a command in a container that runs. No agent here runs one, so tasks are as those on AWS in which the agent
//! for it is not running, and the answer is the one that ECS gives then.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ExecuteCommand.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::Deserialize;

use crate::arns;
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
        let registry = &call.ctx.registry;
        let cluster = arns::cluster_name(registry, input.cluster.as_deref())?;
        let id = arns::in_cluster(registry, "task", cluster, &input.task).ok_or_else(missing)?;
        let cluster_arn = clusters::arn(call, input.cluster.as_deref())?.to_string();
        let arn = tasks::arn(registry, cluster, id);
        let mut need = Need::new(Self::ACTION, Resource::Arn(call.account().clone(), arn));
        if let Some(container) = &input.container {
            need = need.with("ecs:container-name", [container.clone()]);
        }
        Ok(vec![need.with("ecs:cluster", [cluster_arn])])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<()> {
        grant.require(Self::ACTION)?;
        let registry = &call.ctx.registry;
        let mut conn = call.ctx.app.db().reader().await?;
        let cluster = clusters::find_in(&mut conn, registry, input.cluster.as_deref()).await?;
        let id = arns::in_cluster(registry, "task", &cluster.row.name, &input.task).ok_or_else(missing)?;
        let found = store::tasks::find(&mut conn, id).await?;
        let row = found.filter(|row| row.cluster_id == cluster.row.cluster_id).ok_or_else(missing)?;
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
