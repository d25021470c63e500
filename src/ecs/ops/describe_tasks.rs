//! `DescribeTasks`: what is known of up to 100 tasks of a cluster. Tasks that are over are known for about an hour.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::arns;
use crate::clusters;
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
        let (mut found, mut failures) = (Vec::new(), Vec::new());
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
            found.push(Task::new(registry, name, tasks::Task::read(row), tags));
        }
        Ok(Output { tasks: found, failures })
    }
}
