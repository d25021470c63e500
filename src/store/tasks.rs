//! Table `tasks`: what runs, ran a moment ago, or is to run.

use types::{RegistryId, Timestamp};

use crate::conn::Lock;
use crate::row::Row;
use crate::value::{Value, list as list_of};
use crate::{Conn, Result};

/// A task of a cluster.
#[derive(Debug, Clone)]
pub struct TaskRow {
    /// 32 hexadecimal digits.
    pub task_id: String,
    /// The cluster.
    pub cluster_id: String,
    /// Where it is placed.
    pub instance_id: Option<String>,
    /// The service that it belongs to.
    pub service_id: Option<String>,
    /// The deployment of that service.
    pub deployment_id: Option<String>,
    /// Of its task definition.
    pub family: String,
    /// Of its task definition.
    pub revision: u64,
    /// `family:F`, `service:S`, or what the client said.
    pub group: String,
    /// What the client said.
    pub started_by: Option<String>,
    /// `EC2`, `FARGATE` or `EXTERNAL`.
    pub launch_type: String,
    /// `RUNNING` or `STOPPED`.
    pub desired_status: String,
    /// `PROVISIONING` … `STOPPED`.
    pub last_status: String,
    /// The token of the request that made it.
    pub client_token: Option<String>,
    /// Moves with each change.
    pub version: u64,
    /// Containers, stamps and reasons, as JSON.
    pub document: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was over.
    pub stopped_at: Option<Timestamp>,
}

fn read(row: &Row) -> Result<TaskRow> {
    Ok(TaskRow {
        task_id: row.text(0)?,
        cluster_id: row.text(1)?,
        instance_id: row.optional_text(2)?,
        service_id: row.optional_text(3)?,
        deployment_id: row.optional_text(4)?,
        family: row.text(5)?,
        revision: row.size(6)?,
        group: row.text(7)?,
        started_by: row.optional_text(8)?,
        launch_type: row.text(9)?,
        desired_status: row.text(10)?,
        last_status: row.text(11)?,
        client_token: row.optional_text(12)?,
        version: row.size(13)?,
        document: row.text(14)?,
        created_at: row.time(15)?,
        stopped_at: row.optional_time(16)?,
    })
}

/// Adds a task, of a capacity provider if one was asked for.
pub async fn insert(conn: &mut Conn, task: &TaskRow, capacity_provider: Option<&str>) -> Result<()> {
    conn.execute(
        "insert into tasks (task_id, cluster_id, instance_id, service_id, deployment_id, family, revision, task_group,
                            started_by, launch_type, desired_status, last_status, client_token, version, document,
                            created_at, capacity_provider)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1, $14, $15, $16)",
        [
            (&task.task_id).into(),
            (&task.cluster_id).into(),
            task.instance_id.clone().into(),
            task.service_id.clone().into(),
            task.deployment_id.clone().into(),
            (&task.family).into(),
            task.revision.into(),
            (&task.group).into(),
            task.started_by.clone().into(),
            (&task.launch_type).into(),
            (&task.desired_status).into(),
            (&task.last_status).into(),
            task.client_token.clone().into(),
            (&task.document).into(),
            task.created_at.into(),
            capacity_provider.into(),
        ],
    )
    .await?;
    Ok(())
}

/// The task of that id.
pub async fn find(conn: &mut Conn, task_id: &str) -> Result<Option<TaskRow>> {
    conn.optional(
        "select task_id, cluster_id, instance_id, service_id, deployment_id, family, revision, task_group, started_by,
                launch_type, desired_status, last_status, client_token, version, document, created_at, stopped_at
         from tasks
         where task_id = $1",
        [task_id.into()],
        read,
    )
    .await
}

/// The task of that id, held until the end of the transaction.
pub async fn lock(conn: &mut Conn, task_id: &str) -> Result<Option<TaskRow>> {
    let found = conn
        .all_locked(
            "select task_id, cluster_id, instance_id, service_id, deployment_id, family, revision, task_group,
                    started_by, launch_type, desired_status, last_status, client_token, version, document, created_at,
                    stopped_at
             from tasks
             where task_id = $1",
            Lock::NoKeyUpdate,
            [task_id.into()],
            read,
        )
        .await?;
    Ok(found.into_iter().next())
}

/// Which tasks of a cluster are wanted. What is none does not matter.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'f> {
    /// `RUNNING` or `STOPPED`.
    pub desired_status: &'f str,
    /// Those of a family.
    pub family: Option<&'f str>,
    /// Those of a group.
    pub group: Option<&'f str>,
    /// Those on a host.
    pub instance_id: Option<&'f str>,
    /// Those that somebody started.
    pub started_by: Option<&'f str>,
    /// Those of a launch type.
    pub launch_type: Option<&'f str>,
}

/// The statement of `list` with conditions for its filters.
macro_rules! listed {
    ($($condition:literal)*) => {
        concat!(
            "select task_id
             from tasks
             where cluster_id = $1 and desired_status = $2 and task_id > $3",
            $(" and ", $condition,)*
            " order by task_id
             limit $4"
        )
    };
}
/// The ids of tasks of a cluster after an id, at most `limit`.
pub async fn list(
    conn: &mut Conn,
    cluster_id: &str,
    filter: Filter<'_>,
    after: &str,
    limit: usize,
) -> Result<Vec<String>> {
    let Filter { desired_status, family, group, instance_id, started_by, launch_type } = filter;
    let mut arguments: Vec<Value> = vec![cluster_id.into(), desired_status.into(), after.into(), limit.into()];
    let filters = [family, group, instance_id, started_by, launch_type];
    if filters.iter().any(Option::is_some) {
        arguments.extend(filters.map(Value::from));
    }
    // No index serves a condition that may be absent, so what is asked for by the narrowest has a text of its own.
    let sql = match filter {
        // ix_tasks_instance
        Filter { instance_id: Some(_), .. } => listed!(
            "($5 is null or family = $5)"
            "($6 is null or task_group = $6)"
            "instance_id = $7"
            "($8 is null or started_by = $8)"
            "($9 is null or launch_type = $9)"
        ),
        // ix_tasks_started_by
        Filter { started_by: Some(_), .. } => listed!(
            "($5 is null or family = $5)"
            "($6 is null or task_group = $6)"
            "($7 is null or instance_id = $7)"
            "started_by = $8"
            "($9 is null or launch_type = $9)"
        ),
        // ix_tasks_group
        Filter { group: Some(_), .. } => listed!(
            "($5 is null or family = $5)"
            "task_group = $6"
            "($7 is null or instance_id = $7)"
            "($8 is null or started_by = $8)"
            "($9 is null or launch_type = $9)"
        ),
        // ix_tasks_family
        Filter { family: Some(_), .. } => listed!(
            "family = $5"
            "($6 is null or task_group = $6)"
            "($7 is null or instance_id = $7)"
            "($8 is null or started_by = $8)"
            "($9 is null or launch_type = $9)"
        ),
        // ix_tasks_cluster
        Filter { launch_type: Some(_), .. } => listed!(
            "($5 is null or family = $5)"
            "($6 is null or task_group = $6)"
            "($7 is null or instance_id = $7)"
            "($8 is null or started_by = $8)"
            "launch_type = $9"
        ),
        // ix_tasks_cluster
        _ => listed!(),
    };
    conn.all(sql, arguments, |row| row.text(0)).await
}

/// What a request with this token has made.
pub async fn list_of_token(conn: &mut Conn, cluster_id: &str, client_token: &str) -> Result<Vec<TaskRow>> {
    // ix_tasks_client_token
    conn.all(
        "select task_id, cluster_id, instance_id, service_id, deployment_id, family, revision, task_group, started_by,
                launch_type, desired_status, last_status, client_token, version, document, created_at, stopped_at
         from tasks
         where cluster_id = $1 and client_token = $2
         order by task_id",
        [cluster_id.into(), client_token.into()],
        read,
    )
    .await
}

/// The tasks on a host that are not over.
pub async fn list_of_instance(conn: &mut Conn, instance_id: &str) -> Result<Vec<TaskRow>> {
    // ix_tasks_on_host
    conn.all(
        "select task_id, cluster_id, instance_id, service_id, deployment_id, family, revision, task_group, started_by,
                launch_type, desired_status, last_status, client_token, version, document, created_at, stopped_at
         from tasks
         where instance_id = $1 and stopped_at is null
         order by task_id",
        [instance_id.into()],
        read,
    )
    .await
}

/// The same, held until the end of the transaction.
pub async fn lock_of_instance(conn: &mut Conn, instance_id: &str) -> Result<Vec<TaskRow>> {
    // ix_tasks_on_host
    conn.all_locked(
        "select task_id, cluster_id, instance_id, service_id, deployment_id, family, revision, task_group, started_by,
                launch_type, desired_status, last_status, client_token, version, document, created_at, stopped_at
         from tasks
         where instance_id = $1 and stopped_at is null
         order by task_id",
        Lock::NoKeyUpdate,
        [instance_id.into()],
        read,
    )
    .await
}

/// What is wanted of the tasks on a host that are not over, and how they stand: id, desired and last status.
pub async fn list_status_of_instance(conn: &mut Conn, instance_id: &str) -> Result<Vec<(String, String, String)>> {
    // ix_tasks_on_host
    conn.all(
        "select task_id, desired_status, last_status
         from tasks
         where instance_id = $1 and stopped_at is null
         order by task_id",
        [instance_id.into()],
        |row| Ok((row.text(0)?, row.text(1)?, row.text(2)?)),
    )
    .await
}

/// The last tasks on a host that are over, at most `limit`.
pub async fn list_over_of_instance(conn: &mut Conn, instance_id: &str, limit: usize) -> Result<Vec<TaskRow>> {
    // ix_tasks_instance
    conn.all(
        "select task_id, cluster_id, instance_id, service_id, deployment_id, family, revision, task_group, started_by,
                launch_type, desired_status, last_status, client_token, version, document, created_at, stopped_at
         from tasks
         where instance_id = $1 and stopped_at is not null
         order by stopped_at desc, task_id
         limit $2",
        [instance_id.into(), limit.into()],
        read,
    )
    .await
}

/// The tasks of services that are not over.
pub async fn list_of_services(conn: &mut Conn, service_ids: &[&str]) -> Result<Vec<TaskRow>> {
    // ix_tasks_of_service
    conn.all(
        "select task_id, cluster_id, instance_id, service_id, deployment_id, family, revision, task_group, started_by,
                launch_type, desired_status, last_status, client_token, version, document, created_at, stopped_at
         from tasks
         where service_id in (select value from json_each($1)) and stopped_at is null
         order by task_id",
        [list_of(service_ids.iter().copied())],
        read,
    )
    .await
}

/// The tasks of these ids that are there.
pub async fn list_named(conn: &mut Conn, task_ids: &[&str]) -> Result<Vec<TaskRow>> {
    // pk_tasks
    conn.all(
        "select task_id, cluster_id, instance_id, service_id, deployment_id, family, revision, task_group, started_by,
                launch_type, desired_status, last_status, client_token, version, document, created_at, stopped_at
         from tasks
         where task_id in (select value from json_each($1))
         order by task_id",
        [list_of(task_ids.iter().copied())],
        read,
    )
    .await
}

/// How many tasks that are not over each host of a cluster has, by their groups.
pub async fn count_by_instance(conn: &mut Conn, cluster_id: &str) -> Result<Vec<(String, String, u64)>> {
    // ix_tasks_placed
    conn.all(
        "select instance_id, task_group, count(*)
         from tasks
         where cluster_id = $1 and stopped_at is null and instance_id is not null
         group by instance_id, task_group",
        [cluster_id.into()],
        |row| Ok((row.text(0)?, row.text(1)?, row.size(2)?)),
    )
    .await
}

/// How many tasks of a cluster that are not over have which launch type and last status.
pub async fn count_by_launch_type(conn: &mut Conn, cluster_id: &str) -> Result<Vec<(String, String, u64)>> {
    // ix_tasks_status
    conn.all(
        "select launch_type, last_status, count(*)
         from tasks
         where cluster_id = $1 and stopped_at is null
         group by launch_type, last_status",
        [cluster_id.into()],
        |row| Ok((row.text(0)?, row.text(1)?, row.size(2)?)),
    )
    .await
}

/// How many tasks of a group that are not over each host of a cluster has.
pub async fn count_of_group(conn: &mut Conn, cluster_id: &str, group: &str) -> Result<Vec<(String, u64)>> {
    // ix_tasks_placed
    conn.all(
        "select instance_id, count(*)
         from tasks
         where cluster_id = $1 and task_group = $2 and stopped_at is null and instance_id is not null
         group by instance_id",
        [cluster_id.into(), group.into()],
        |row| Ok((row.text(0)?, row.size(1)?)),
    )
    .await
}

/// How many tasks of a cluster that are not over have which last status.
pub async fn count_of_cluster(conn: &mut Conn, cluster_id: &str) -> Result<Vec<(String, u64)>> {
    // ix_tasks_status
    conn.all(
        "select last_status, count(*)
         from tasks
         where cluster_id = $1 and stopped_at is null
         group by last_status",
        [cluster_id.into()],
        |row| Ok((row.text(0)?, row.size(1)?)),
    )
    .await
}

/// Whether a task of a cluster that is not over is of a capacity provider.
pub async fn use_provider(conn: &mut Conn, cluster_id: &str, capacity_provider: &str) -> Result<bool> {
    // ix_tasks_capacity_provider
    exists(
        conn,
        "select 1
         from tasks
         where cluster_id = $1 and capacity_provider = $2 and stopped_at is null
         limit 1",
        [cluster_id.into(), capacity_provider.into()],
    )
    .await
}

/// Whether a task that is not over is of a revision.
pub async fn use_definition(conn: &mut Conn, registry: &RegistryId, family: &str, revision: u64) -> Result<bool> {
    // ix_tasks_definition
    exists(
        conn,
        "select 1
         from tasks task
         join clusters cluster on cluster.cluster_id = task.cluster_id
         where task.family = $3
           and task.revision = $4
           and task.stopped_at is null
           and cluster.account_id = $1
           and cluster.region = $2
         limit 1",
        [(&registry.account).into(), (&registry.region).into(), family.into(), revision.into()],
    )
    .await
}

async fn exists<const N: usize>(conn: &mut Conn, sql: &'static str, arguments: [Value; N]) -> Result<bool> {
    Ok(conn.optional(sql, arguments, |_| Ok(())).await?.is_some())
}

/// Notes what became of a task.
pub async fn update(conn: &mut Conn, task: &TaskRow) -> Result<()> {
    conn.execute(
        "update tasks
         set instance_id = $2, desired_status = $3, last_status = $4, document = $5, stopped_at = $6,
             version = version + 1
         where task_id = $1",
        [
            (&task.task_id).into(),
            task.instance_id.clone().into(),
            (&task.desired_status).into(),
            (&task.last_status).into(),
            (&task.document).into(),
            task.stopped_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Forgets tasks that were over before a time, at most `limit`. Their ids and clusters.
pub async fn delete_stopped(conn: &mut Conn, before: Timestamp, limit: usize) -> Result<Vec<(String, String)>> {
    // ix_tasks_stopped
    conn.all(
        "delete from tasks
         where task_id in (
             select task_id
             from tasks
             where stopped_at < $1
             order by stopped_at
             limit $2
         )
         returning task_id, cluster_id",
        [before.into(), limit.into()],
        |row| Ok((row.text(0)?, row.text(1)?)),
    )
    .await
}

/// How many tasks of each deployment of a service run, and how many are to run and do not yet. What was told to stop does
/// not count.
pub async fn count_of_service(conn: &mut Conn, service_id: &str) -> Result<Vec<(String, u64, u64)>> {
    // ix_tasks_of_service
    conn.all(
        "select coalesce(deployment_id, ''), sum(case when last_status = 'RUNNING' then 1 else 0 end),
                sum(case when last_status = 'RUNNING' then 0 else 1 end)
         from tasks
         where service_id = $1 and stopped_at is null and desired_status = 'RUNNING'
         group by deployment_id",
        [service_id.into()],
        |row| Ok((row.text(0)?, row.size(1)?, row.size(2)?)),
    )
    .await
}
