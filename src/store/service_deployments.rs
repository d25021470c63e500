//! Table `service_deployments`: each definition that a service had, and how it got there.

use types::Timestamp;

use crate::row::Row;
use crate::value::list as values;
use crate::{Conn, Result};

/// A deployment of a service.
#[derive(Debug, Clone)]
pub struct ServiceDeploymentRow {
    /// 19 digits.
    pub deployment_id: String,
    /// The service.
    pub service_id: String,
    /// `PRIMARY`, `ACTIVE`, `INACTIVE`.
    pub status: String,
    /// `IN_PROGRESS`, `COMPLETED`, `FAILED`.
    pub rollout: String,
    /// `PENDING` … `ROLLBACK_FAILED`.
    pub outcome: String,
    /// Everything else, as JSON.
    pub document: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was all there was, the last time.
    pub completed_at: Option<Timestamp>,
}

fn read(row: &Row) -> Result<ServiceDeploymentRow> {
    Ok(ServiceDeploymentRow {
        deployment_id: row.text(0)?,
        service_id: row.text(1)?,
        status: row.text(2)?,
        rollout: row.text(3)?,
        outcome: row.text(4)?,
        document: row.text(5)?,
        created_at: row.time(6)?,
        completed_at: row.optional_time(7)?,
    })
}

/// Adds a deployment.
pub async fn insert(conn: &mut Conn, deployment: &ServiceDeploymentRow) -> Result<()> {
    conn.execute(
        "insert into service_deployments (deployment_id, service_id, status, rollout, outcome, document, created_at,
                                          completed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        [
            (&deployment.deployment_id).into(),
            (&deployment.service_id).into(),
            (&deployment.status).into(),
            (&deployment.rollout).into(),
            (&deployment.outcome).into(),
            (&deployment.document).into(),
            deployment.created_at.into(),
            deployment.completed_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// The deployment of that id.
pub async fn find(conn: &mut Conn, deployment_id: &str) -> Result<Option<ServiceDeploymentRow>> {
    conn.optional(
        "select deployment_id, service_id, status, rollout, outcome, document, created_at, completed_at
         from service_deployments
         where deployment_id = $1",
        [deployment_id.into()],
        read,
    )
    .await
}

/// The deployments of a service that have tasks or are to have some, the newest first.
pub async fn list_shown(conn: &mut Conn, service_id: &str) -> Result<Vec<ServiceDeploymentRow>> {
    // ix_service_deployments_shown
    conn.all(
        "select deployment_id, service_id, status, rollout, outcome, document, created_at, completed_at
         from service_deployments
         where service_id = $1 and status <> 'INACTIVE'
         order by created_at desc, deployment_id desc",
        [service_id.into()],
        read,
    )
    .await
}

/// The same of some services, the newest of each first.
pub async fn list_shown_of(conn: &mut Conn, service_ids: &[&str]) -> Result<Vec<ServiceDeploymentRow>> {
    // ix_service_deployments_shown
    conn.all(
        "select deployment_id, service_id, status, rollout, outcome, document, created_at, completed_at
         from service_deployments
         where service_id in (select value from json_each($1)) and status <> 'INACTIVE'
         order by created_at desc, deployment_id desc",
        [values(service_ids.iter().copied())],
        read,
    )
    .await
}

/// Which deployments of some services have tasks, are to have some, or are what the service would go back to.
pub async fn list_needed(conn: &mut Conn, service_ids: &[&str]) -> Result<Vec<ServiceDeploymentRow>> {
    // ix_service_deployments_service, ix_service_deployments_completed; SQLite takes a cross join in the order in which it is
    // written.
    conn.all(
        "select deployment.deployment_id, deployment.service_id, deployment.status, deployment.rollout,
                deployment.outcome, deployment.document, deployment.created_at, deployment.completed_at
         from json_each($1) asked
         cross join service_deployments deployment
         where deployment.service_id = asked.value
           and (deployment.status <> 'INACTIVE'
               or deployment.completed_at = (
                   select max(other.completed_at)
                   from service_deployments other
                   where other.service_id = deployment.service_id
                     and other.completed_at is not null
                     and other.status <> 'PRIMARY'
               ))",
        [values(service_ids.iter().copied())],
        read,
    )
    .await
}

/// The deployment of a service that completed last, other than one.
pub async fn find_completed(
    conn: &mut Conn,
    service_id: &str,
    other_than: &str,
) -> Result<Option<ServiceDeploymentRow>> {
    // ix_service_deployments_completed
    conn.optional(
        "select deployment_id, service_id, status, rollout, outcome, document, created_at, completed_at
         from service_deployments
         where service_id = $1 and completed_at is not null and deployment_id <> $2
         order by completed_at desc
         limit 1",
        [service_id.into(), other_than.into()],
        read,
    )
    .await
}

/// Which deployments are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Filter<'f> {
    /// With one of these outcomes; empty: with any.
    pub outcomes: &'f [String],
    /// Made after that.
    pub created_after: Timestamp,
    /// Made before that.
    pub created_before: Timestamp,
}

/// The deployments of a service, the newest first, made before the one of that time and id, at most `limit`.
pub async fn list(
    conn: &mut Conn,
    service_id: &str,
    filter: Filter<'_>,
    before: (Timestamp, &str),
    limit: usize,
) -> Result<Vec<ServiceDeploymentRow>> {
    // ix_service_deployments_service
    let any = i64::from(filter.outcomes.is_empty());
    conn.all(
        "select deployment_id, service_id, status, rollout, outcome, document, created_at, completed_at
         from service_deployments
         where service_id = $1
           and (created_at, deployment_id) < ($2, $3)
           and ($4 = 1 or outcome in (select value from json_each($5)))
           and created_at > $6
           and created_at < $7
         order by created_at desc, deployment_id desc
         limit $8",
        [
            service_id.into(),
            before.0.into(),
            before.1.into(),
            any.into(),
            values(filter.outcomes.iter().map(String::as_str)),
            filter.created_after.into(),
            filter.created_before.into(),
            limit.into(),
        ],
        read,
    )
    .await
}

/// Notes what became of a deployment.
pub async fn update(conn: &mut Conn, deployment: &ServiceDeploymentRow) -> Result<()> {
    conn.execute(
        "update service_deployments
         set status = $2, rollout = $3, outcome = $4, document = $5, completed_at = $6
         where deployment_id = $1",
        [
            (&deployment.deployment_id).into(),
            (&deployment.status).into(),
            (&deployment.rollout).into(),
            (&deployment.outcome).into(),
            (&deployment.document).into(),
            deployment.completed_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Forgets what a service had before its newest `keep` deployments, but not what it could go back to.
pub async fn delete_old(conn: &mut Conn, service_id: &str, keep: usize, last_completed: &str) -> Result<()> {
    // ix_service_deployments_service
    conn.execute(
        "delete from service_deployments
         where service_id = $1
           and status = 'INACTIVE'
           and deployment_id <> $3
           and deployment_id not in (
               select deployment_id
               from service_deployments
               where service_id = $1
               order by created_at desc, deployment_id desc
               limit $2
           )",
        [service_id.into(), keep.into(), last_completed.into()],
    )
    .await?;
    Ok(())
}

/// Forgets all deployments of a service.
pub async fn delete_all(conn: &mut Conn, service_id: &str) -> Result<()> {
    conn.execute(
        "delete from service_deployments
         where service_id = $1",
        [service_id.into()],
    )
    .await?;
    Ok(())
}
