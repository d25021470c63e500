//! Table `service_tasks`: the tasks that a service has started and has not yet accounted for. A task that is here and is
//! over has ended since the service was looked at last.

use crate::row::Row;
use crate::value::list as list_of;
use crate::{Conn, Result};

/// A task that a service has started.
#[derive(Debug, Clone)]
pub struct ServiceTaskRow {
    /// The task.
    pub task_id: String,
    /// The service.
    pub service_id: String,
    /// Its deployment: 19 digits.
    pub deployment_id: String,
    /// Whether it was seen healthy.
    pub was_healthy: bool,
}

fn read(row: &Row) -> Result<ServiceTaskRow> {
    Ok(ServiceTaskRow {
        task_id: row.text(0)?,
        service_id: row.text(1)?,
        deployment_id: row.text(2)?,
        was_healthy: row.integer(3)? != 0,
    })
}

/// Adds a task.
pub async fn insert(conn: &mut Conn, task: &ServiceTaskRow) -> Result<()> {
    conn.execute(
        "insert into service_tasks (task_id, service_id, deployment_id, was_healthy)
         values ($1, $2, $3, $4)",
        [
            (&task.task_id).into(),
            (&task.service_id).into(),
            (&task.deployment_id).into(),
            i64::from(task.was_healthy).into(),
        ],
    )
    .await?;
    Ok(())
}

/// All of some services.
pub async fn list(conn: &mut Conn, service_ids: &[&str]) -> Result<Vec<ServiceTaskRow>> {
    // ix_service_tasks_service
    conn.all(
        "select task_id, service_id, deployment_id, was_healthy
         from service_tasks
         where service_id in (select value from json_each($1))
         order by task_id",
        [list_of(service_ids.iter().copied())],
        read,
    )
    .await
}

/// A task was seen healthy.
pub async fn update_healthy(conn: &mut Conn, task_id: &str) -> Result<()> {
    conn.execute(
        "update service_tasks
         set was_healthy = 1
         where task_id = $1",
        [task_id.into()],
    )
    .await?;
    Ok(())
}

/// A task was accounted for.
pub async fn delete(conn: &mut Conn, task_id: &str) -> Result<()> {
    conn.execute(
        "delete from service_tasks
         where task_id = $1",
        [task_id.into()],
    )
    .await?;
    Ok(())
}

/// Forgets all of a service.
pub async fn delete_all(conn: &mut Conn, service_id: &str) -> Result<()> {
    conn.execute(
        "delete from service_tasks
         where service_id = $1",
        [service_id.into()],
    )
    .await?;
    Ok(())
}
