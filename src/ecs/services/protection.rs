//! Protection of tasks: scale-in and deployments leave them alone for a while. Only tasks of services have it.

use std::time::Duration;

use app::Grant;
use app::api::Call;
use store::tasks as rows;
use types::Timestamp;

use crate::arns;
use crate::clusters::{self, write};
use crate::error::Result;
use crate::shapes::failure::Failure;
use crate::tasks::{self, STOPPED, Task};

/// A task, and until when it is protected.
#[derive(Debug, Clone)]
pub(crate) struct Protected {
    pub(crate) arn: String,
    pub(crate) until: Option<Timestamp>,
}

/// Which of the tasks that are named are protected.
pub(crate) async fn get(
    call: &Call,
    grant: &Grant,
    cluster: &str,
    given: &[String],
) -> Result<(Vec<Protected>, Vec<Failure>)> {
    grant.require("ecs:GetTaskProtection")?;
    let registry = &call.ctx.registry;
    let mut conn = call.ctx.app.db().reader().await?;
    let cluster = clusters::find_in(&mut conn, registry, Some(cluster)).await?;
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for one in given {
        let row = match arns::in_cluster(registry, "task", &cluster.row.name, one) {
            Some(id) => rows::find(&mut conn, id).await?,
            None => None,
        };
        let row = row.filter(|row| row.cluster_id == cluster.row.cluster_id);
        match named(call, &cluster.row.name, one, row) {
            Ok(task) => found.push(shown(call, &cluster.row.name, &task)),
            Err(failure) => failures.push(failure),
        }
    }
    Ok((found, failures))
}

/// Protects tasks for a while, or no longer.
pub(crate) async fn set(
    call: &Call,
    grant: &Grant,
    cluster: String,
    given: Vec<String>,
    period: Option<Duration>,
) -> Result<(Vec<Protected>, Vec<Failure>)> {
    grant.require("ecs:UpdateTaskProtection")?;
    let (registry, now) = (call.ctx.registry.clone(), call.ctx.app.now());
    let cluster = clusters::find(call, Some(&cluster)).await?;
    let (id, name) = (cluster.row.cluster_id.clone(), cluster.row.name.clone());
    let wanted = given.clone();
    let rows = write(call, move |conn| {
        Box::pin(async move {
            let ids = wanted.iter().map(|one| arns::in_cluster(&registry, "task", &name, one).map(str::to_owned));
            let ids: Vec<Option<String>> = ids.collect();
            // Everybody takes tasks in the order of their ids, and the job of the service after them.
            let mut order: Vec<&String> = ids.iter().flatten().collect();
            order.sort();
            order.dedup();
            let mut held = Vec::new();
            for task_id in order {
                let row = rows::lock(conn, task_id).await?;
                held.extend(row.filter(|row| row.cluster_id == id));
            }
            for row in &mut held {
                if is_protectable(row) {
                    let mut task = Task::read(row.clone());
                    task.document.protected_until = period.map(|period| now.after(period).micros());
                    tasks::save(conn, &mut task, now).await?;
                    *row = task.row;
                }
            }
            let found = |id: Option<String>| id.and_then(|id| held.iter().find(|row| row.task_id == id).cloned());
            Ok(ids.into_iter().map(found).collect::<Vec<_>>())
        })
    })
    .await?;
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for (one, row) in given.iter().zip(rows) {
        match named(call, &cluster.row.name, one, row) {
            Ok(task) => found.push(shown(call, &cluster.row.name, &task)),
            Err(failure) => failures.push(failure),
        }
    }
    Ok((found, failures))
}

fn is_protectable(row: &rows::TaskRow) -> bool {
    row.service_id.is_some() && row.desired_status != STOPPED
}

/// The task of that name, if it can have protection.
fn named(call: &Call, cluster: &str, given: &str, row: Option<rows::TaskRow>) -> Result<Task, Failure> {
    let registry = &call.ctx.registry;
    let arn = arns::shown(registry, "task", cluster, given);
    let Some(row) = row else {
        return Err(Failure::missing(arn));
    };
    let refused = |detail: &str| Failure {
        arn: Some(arn.clone()),
        reason: "TASK_NOT_VALID".to_owned(),
        detail: Some(detail.to_owned()),
    };
    if row.service_id.is_none() {
        return Err(refused("The specified task is not part of an Amazon ECS service."));
    }
    if row.desired_status == STOPPED {
        return Err(refused("The specified task is stopping or stopped."));
    }
    Ok(Task::read(row))
}

fn shown(call: &Call, cluster: &str, task: &Task) -> Protected {
    let until = task.document.protected_until.map(Timestamp::from_micros);
    Protected {
        arn: tasks::arn(&call.ctx.registry, cluster, &task.row.task_id).to_string(),
        until: until.filter(|until| *until > call.ctx.app.now()),
    }
}
