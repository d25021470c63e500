//! `DescribeTasks`: what is known of up to 100 tasks of a cluster. Tasks that are over are known for about an hour.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html>

use std::collections::HashMap;

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};
use store::{Conn, container_instances};
use types::Timestamp;

use crate::arns;
use crate::clusters;
use crate::container_instances::ContainerInstance;
use crate::error::{Error, Result};
use crate::shapes::failure::Failure;
use crate::shapes::task::Task;
use crate::tags;
use crate::tasks;

/// How many one call may name.
const MOST: usize = 100;

/// The operation.
pub(crate) struct DescribeTasks;

#[derive(Debug, Deserialize)]
pub(crate) struct Input {
    cluster: Option<String>,
    tasks: Vec<String>,
    #[serde(default)]
    include: Vec<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Output {
    tasks: Vec<Task>,
    failures: Vec<Failure>,
}

impl Operation for DescribeTasks {
    type Call = Call;
    const NAME: &'static str = "DescribeTasks";
    const ACTION: &'static str = "ecs:DescribeTasks";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        if input.tasks.is_empty() {
            return Err(Error::InvalidParameter("Tasks cannot be empty.".to_owned()));
        }
        if input.tasks.len() > MOST {
            return Err(Error::InvalidParameter(format!("Tasks can not have more than {MOST} elements.")));
        }
        clusters::needs_in(call, Self::ACTION, input.cluster.as_deref(), "task", &input.tasks)
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        let registry = &call.ctx.registry;
        let mut conn = call.ctx.app.db().reader().await?;
        let cluster = clusters::find_in(&mut conn, registry, input.cluster.as_deref()).await?;
        let name = &cluster.row.name;
        let with_tags = input.include.iter().any(|include| include == "TAGS");
        let (mut found, mut failures, mut connected) = (Vec::new(), Vec::new(), HashMap::new());
        for given in &input.tasks {
            let row = match arns::in_cluster(registry, "task", name, given) {
                Some(id) => store::tasks::find(&mut conn, id).await?,
                None => None,
            };
            let Some(row) = row.filter(|row| row.cluster_id == cluster.row.cluster_id) else {
                failures.push(Failure::missing(arns::shown(registry, "task", name, given)));
                continue;
            };
            let tags = if with_tags {
                tags::list(&mut conn, registry, &tasks::resource(name, &row.task_id)).await?
            } else {
                Vec::new()
            };
            let task = tasks::Task::read(row);
            let away = !task.is_over() && is_away(&mut conn, &mut connected, &task, call.ctx.app.now()).await?;
            let shown = Task::new(registry, name, task, tags);
            found.push(if away { shown.away() } else { shown });
        }
        Ok(Output { tasks: found, failures })
    }
}

/// Whether the agent of a task is not connected. `known` are the hosts that were asked for already.
async fn is_away(
    conn: &mut Conn,
    known: &mut HashMap<String, bool>,
    task: &tasks::Task,
    now: Timestamp,
) -> Result<bool> {
    let Some(id) = &task.row.instance_id else {
        return Ok(false);
    };
    if let Some(connected) = known.get(id) {
        return Ok(!connected);
    }
    let host = container_instances::find(conn, id).await?.map(ContainerInstance::read);
    let connected = host.is_some_and(|host| host.is_connected(now));
    known.insert(id.clone(), connected);
    Ok(!connected)
}
